//! The defined conditions (RFC 6120 §4.9.3).

use std::fmt;

use super::StreamError;

/// Whose doing a stream error is, seen from the side that raises it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The other side broke a rule of XML, of XMPP or of this service.
    Peer,
    /// The side that raises the error cannot serve, or will not for now.
    Local,
}

macro_rules! conditions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $constructor:ident;)*) => {
        /// The defined conditions of RFC 6120 §4.9.3, all of them.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Condition {
            $($(#[$doc])* $variant,)*
            /// The service is elsewhere: `domainpart` or `domainpart:port` (§4.9.3.19); see
            /// [`StreamError::other_host`] for the parts.
            SeeOtherHost(String),
        }

        impl Condition {
            /// The element name of the condition, in the namespace `urn:ietf:params:xml:ns:xmpp-streams`.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::SeeOtherHost(_) => "see-other-host",
                }
            }

            pub(super) fn plain(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)*
                    // RFC 3920's name, which old peers still send (RFC 6120 §4.9.3.13).
                    "xml-not-well-formed" => Some(Self::NotWellFormed),
                    _ => None,
                }
            }

            #[cfg(test)]
            pub(super) const PLAIN: &[Self] = &[$(Self::$variant),*];
        }

        impl StreamError {
            $($(#[$doc])* pub fn $constructor() -> Self { Self::new(Condition::$variant) })*
        }
    };
}

conditions! {
    /// XML that cannot be processed; the more specific conditions are better (§4.9.3.1).
    BadFormat = "bad-format", bad_format;
    /// A namespace prefix that is not accepted, or none where one is needed (§4.9.3.2).
    BadNamespacePrefix = "bad-namespace-prefix", bad_namespace_prefix;
    /// Another stream of the same entity is in the way or has taken this one's place (§4.9.3.3).
    Conflict = "conflict", conflict;
    /// The other side does not answer any more (§4.9.3.4).
    ConnectionTimeout = "connection-timeout", connection_timeout;
    /// The domain is no longer served here (§4.9.3.5).
    HostGone = "host-gone", host_gone;
    /// The domain is not served here (§4.9.3.6).
    HostUnknown = "host-unknown", host_unknown;
    /// An address that is needed is missing or not valid (§4.9.3.7).
    ImproperAddressing = "improper-addressing", improper_addressing;
    /// A defect of this side (§4.9.3.8).
    InternalServerError = "internal-server-error", internal_server_error;
    /// A `from` that is not what was authorised (§4.9.3.9).
    InvalidFrom = "invalid-from", invalid_from;
    /// A stream or content namespace that is not supported (§4.9.3.10).
    InvalidNamespace = "invalid-namespace", invalid_namespace;
    /// XML that violates a schema (§4.9.3.11).
    InvalidXml = "invalid-xml", invalid_xml;
    /// Stanzas before authentication, or a step of negotiation that is not allowed (§4.9.3.12).
    NotAuthorized = "not-authorized", not_authorized;
    /// XML that is not well-formed or not namespace-well-formed (§4.9.3.13).
    NotWellFormed = "not-well-formed", not_well_formed;
    /// A rule of the service is violated, such as a limit (§4.9.3.14).
    PolicyViolation = "policy-violation", policy_violation;
    /// Someone else who is needed for authentication cannot be reached (§4.9.3.15).
    RemoteConnectionFailed = "remote-connection-failed", remote_connection_failed;
    /// Connect anew: features, keys or certificates have changed (§4.9.3.16).
    Reset = "reset", reset;
    /// This side lacks resources to serve the stream (§4.9.3.17).
    ResourceConstraint = "resource-constraint", resource_constraint;
    /// A comment, processing instruction, DTD or entity (§4.9.3.18, §11.1).
    RestrictedXml = "restricted-xml", restricted_xml;
    /// The server is going down (§4.9.3.20).
    SystemShutdown = "system-shutdown", system_shutdown;
    /// None of the others; to be used with an application-specific condition (§4.9.3.21).
    UndefinedCondition = "undefined-condition", undefined_condition;
    /// Not UTF-8 (§4.9.3.22).
    UnsupportedEncoding = "unsupported-encoding", unsupported_encoding;
    /// A mandatory feature that this side does not support (§4.9.3.23).
    UnsupportedFeature = "unsupported-feature", unsupported_feature;
    /// A child of the stream that this side knows nothing about (§4.9.3.24).
    UnsupportedStanzaType = "unsupported-stanza-type", unsupported_stanza_type;
    /// A version of XMPP that is not supported (§4.9.3.25).
    UnsupportedVersion = "unsupported-version", unsupported_version;
}

impl Condition {
    /// Whose doing it is, seen from the side that raises it.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Conflict
            | Self::InternalServerError
            | Self::RemoteConnectionFailed
            | Self::Reset
            | Self::ResourceConstraint
            | Self::SystemShutdown
            | Self::SeeOtherHost(_) => Fault::Local,
            _ => Fault::Peer,
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::SeeOtherHost(host) => write!(f, " ({host})"),
            _ => Ok(()),
        }
    }
}
