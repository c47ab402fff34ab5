//! Why authentication failed (RFC 6120 §6.5).

use std::fmt;

use stonechat_stanza::payload::Builder;
use stonechat_stanza::{Element, ns};

use crate::Text;

/// Why authentication failed (RFC 6120 §6.5).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("authentication failed: {condition}")]
pub struct Failure {
    /// The reason.
    pub condition: Condition,
    /// An explanation for people.
    pub text: Option<Text>,
}

impl Failure {
    /// A failure of this condition without text.
    pub fn new(condition: Condition) -> Self {
        Self { condition, text: None }
    }

    /// The same failure with an English explanation for people.
    #[must_use]
    pub fn with_text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(Text::english(text));
        self
    }

    pub(super) fn to_element(&self) -> Element {
        Builder::new("failure", ns::SASL)
            .flag(self.condition.name(), true)
            .children(self.text.as_ref().map(|text| text.to_element(ns::SASL)))
            .build()
    }

    pub(super) fn read(element: &Element) -> Self {
        let mut failure = Self::new(Condition::NotAuthorized);
        for child in element.children().filter(|child| child.has_ns(ns::SASL)) {
            if child.name() == "text" {
                failure.text = Some(Text::from_element(child));
            } else if let Some(condition) = Condition::of_name(child.name()) {
                failure.condition = condition;
            }
        }
        failure
    }
}

impl From<Condition> for Failure {
    fn from(condition: Condition) -> Self {
        Self::new(condition)
    }
}

macro_rules! conditions {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// The defined conditions of a SASL failure (RFC 6120 §6.5), all of them. One that is not known is
        /// `not-authorized`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Condition {
            $($(#[$doc])* $variant,)*
        }

        impl Condition {
            /// All conditions.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The element name of the condition.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            fn of_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

conditions! {
    /// The client gave up (§6.5.1).
    Aborted = "aborted";
    /// The account is disabled for now (§6.5.2).
    AccountDisabled = "account-disabled";
    /// The credentials were right once (§6.5.3).
    CredentialsExpired = "credentials-expired";
    /// Not without TLS (§6.5.4).
    EncryptionRequired = "encryption-required";
    /// The base64 is not base64 (§6.5.5).
    IncorrectEncoding = "incorrect-encoding";
    /// The identity to act as is not valid, or not allowed (§6.5.6).
    InvalidAuthzid = "invalid-authzid";
    /// No mechanism named, or one that is not offered (§6.5.7).
    InvalidMechanism = "invalid-mechanism";
    /// The data breaks the mechanism's syntax, or comes out of turn (§6.5.8).
    MalformedRequest = "malformed-request";
    /// The mechanism is weaker than policy demands for this identity (§6.5.9).
    MechanismTooWeak = "mechanism-too-weak";
    /// The credentials are wrong, or nobody has them (§6.5.10).
    NotAuthorized = "not-authorized";
    /// Something is out of order here; trying again later may help (§6.5.11).
    TemporaryAuthFailure = "temporary-auth-failure";
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
