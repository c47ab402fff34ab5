//! What goes wrong with a connection, and whose fault it is.

use std::fmt;

use stonechat_sasl::client as sasl;
use stonechat_stanza::StanzaError;
use stonechat_stream::{Condition, StreamError, codec, negotiation::client as negotiation};

/// Why there is no connection, or none any more.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server could not be found or reached, or the connection broke.
    #[error("{0}")]
    Network(String),
    /// The server's certificate is not that of the domain, or nobody trusted has signed it; or TLS failed otherwise.
    #[error("TLS: {0}")]
    Tls(String),
    /// The server refused the login, with this condition of RFC 6120 §6.5 and its words.
    #[error("the server refuses the login: {condition}{}", text.as_ref().map(|text| format!(" ({text})")).unwrap_or_default())]
    Refused {
        /// The condition.
        condition: String,
        /// The server's explanation.
        text: Option<String>,
    },
    /// No mechanism that the server offers and the policy allows.
    #[error("{0}")]
    NoMechanism(#[from] sasl::ChooseError),
    /// The mechanism came to no good end: the server, or somebody between, did what it must not.
    #[error("{0}")]
    Mechanism(#[from] sasl::Error),
    /// The server wants more than a mechanism before it lets the client in (XEP-0388 §2.6.3).
    #[error("the server asks for a further step of authentication, which is not supported")]
    MoreSteps,
    /// The stream did not come about.
    #[error("{0}")]
    Negotiation(#[from] negotiation::Error),
    /// The server did not bind a resource.
    #[error("the server does not begin a session: {0}")]
    Bind(StanzaError),
    /// The server sent what is not to be read as XMPP, or more than the limits allow.
    #[error("the server sends what cannot be read: {0}")]
    Xml(#[from] codec::Error),
    /// The server broke a rule of the protocol.
    #[error("the server breaks the protocol: {0}")]
    Protocol(&'static str),
    /// The server ended the stream with an error.
    #[error("the server ended the stream: {0}")]
    Stream(StreamError),
    /// The server ended the stream.
    #[error("the server ended the stream")]
    Ended,
    /// The login took too long.
    #[error("the login took too long")]
    LoginTimeout,
    /// The server has not been heard of for too long.
    #[error("the server does not answer any more")]
    Silent,
}

/// Whose fault an [`Error`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The user's: the password is wrong, or the account may not log in.
    Credentials,
    /// The server's, by mistake or intent, or that of somebody on the way to it.
    Server,
    /// Nobody's: the network does not carry.
    Network,
    /// Both are right and do not match: what one demands the other does not have or not allow.
    Policy,
    /// The program's.
    Local,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Credentials => "credentials",
            Self::Server => "server",
            Self::Network => "network",
            Self::Policy => "policy",
            Self::Local => "local",
        })
    }
}

impl Error {
    /// Whose fault it is.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Network(_) | Self::Silent | Self::LoginTimeout => Fault::Network,
            Self::Refused { condition, .. } => match condition.as_str() {
                "not-authorized" | "account-disabled" | "credentials-expired" => Fault::Credentials,
                "temporary-auth-failure" => Fault::Server,
                "aborted" | "incorrect-encoding" | "malformed-request" => Fault::Local,
                _ => Fault::Policy,
            },
            Self::NoMechanism(error) => match error {
                sasl::ChooseError::BindingTypesMissing | sasl::ChooseError::PlusMissing => Fault::Server,
                _ => Fault::Policy,
            },
            Self::Mechanism(error) => mechanism_fault(error),
            Self::MoreSteps => Fault::Policy,
            Self::Negotiation(error) => match error.fault() {
                negotiation::Fault::Policy => Fault::Policy,
                negotiation::Fault::Local => Fault::Local,
                _ => Fault::Server,
            },
            Self::Bind(_)
            | Self::Tls(_)
            | Self::Xml(_)
            | Self::Protocol(_)
            | Self::Stream(_)
            | Self::Ended => Fault::Server,
        }
    }

    /// Whether trying again without changing anything is pointless, or dangerous: the client does not.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            // Somebody may be trying passwords or proofs on us.
            Self::Mechanism(_) | Self::NoMechanism(_) => true,
            Self::Stream(error) | Self::Negotiation(negotiation::Error::Refused(error)) => {
                // With `conflict` another client has taken our place; to take it back would go on for ever.
                matches!(error.condition, Condition::Conflict | Condition::HostUnknown | Condition::HostGone)
            }
            _ => !matches!(self.fault(), Fault::Network | Fault::Server),
        }
    }
}

fn mechanism_fault(error: &sasl::Error) -> Fault {
    match error {
        sasl::Error::Username(_)
        | sasl::Error::Password(_)
        | sasl::Error::KeysOutdated
        | sasl::Error::Refused(_) => Fault::Credentials,
        sasl::Error::Inexpressible
        | sasl::Error::Login
        | sasl::Error::NoRandomness
        | sasl::Error::OutOfOrder => Fault::Local,
        sasl::Error::TooFewIterations(_)
        | sasl::Error::TooManyIterations(_)
        | sasl::Error::DowngradeProtectionMissing => Fault::Policy,
        _ => Fault::Server,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(condition: &str) -> Error {
        Error::Refused { condition: condition.to_owned(), text: None }
    }

    #[test]
    fn a_wrong_password_is_final_and_a_broken_network_is_not() {
        assert_eq!(
            (refused("not-authorized").fault(), refused("not-authorized").is_final()),
            (Fault::Credentials, true)
        );
        assert!(!refused("temporary-auth-failure").is_final());
        assert!(!Error::Network("refused".into()).is_final() && !Error::Silent.is_final());
        assert!(Error::from(sasl::Error::SignatureMismatch).is_final());
        assert_eq!(Error::from(sasl::Error::SignatureMismatch).fault(), Fault::Server);
        assert!(Error::Stream(StreamError::conflict()).is_final());
        assert!(!Error::Stream(StreamError::system_shutdown()).is_final());
        assert!(Error::from(negotiation::Error::TlsUnavailable).is_final());
    }
}
