//! The SASL errors of RFC 6120 §6.5.

use core::fmt;
use core::str::FromStr;

use crate::mechanism::UnknownMechanism;

/// A SASL error condition (RFC 6120 §6.5), the child of `<failure/>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Failure {
    /// §6.5.1: the client gave up with `<abort/>`.
    Aborted,
    /// §6.5.2: the account is closed for the time being.
    AccountDisabled,
    /// §6.5.3: the credentials have expired.
    CredentialsExpired,
    /// §6.5.4: the mechanism needs TLS first.
    EncryptionRequired,
    /// §6.5.5: the base64 is wrong.
    IncorrectEncoding,
    /// §6.5.6: the authorization identity is malformed or not the client's to use.
    InvalidAuthzid,
    /// §6.5.7: no such mechanism here.
    InvalidMechanism,
    /// §6.5.8: the message breaks the mechanism's syntax.
    MalformedRequest,
    /// §6.5.9: the server's policy asks for a stronger mechanism.
    MechanismTooWeak,
    /// §6.5.10: wrong credentials, or any failure that is better not explained.
    NotAuthorized,
    /// §6.5.11: the server cannot tell now; try later.
    TemporaryAuthFailure,
}

impl Failure {
    /// Every condition, in the order of RFC 6120.
    pub const ALL: [Self; 11] = [
        Self::Aborted,
        Self::AccountDisabled,
        Self::CredentialsExpired,
        Self::EncryptionRequired,
        Self::IncorrectEncoding,
        Self::InvalidAuthzid,
        Self::InvalidMechanism,
        Self::MalformedRequest,
        Self::MechanismTooWeak,
        Self::NotAuthorized,
        Self::TemporaryAuthFailure,
    ];

    /// The name of the condition's element in `urn:ietf:params:xml:ns:xmpp-sasl`.
    #[must_use]
    pub const fn element_name(self) -> &'static str {
        match self {
            Self::Aborted => "aborted",
            Self::AccountDisabled => "account-disabled",
            Self::CredentialsExpired => "credentials-expired",
            Self::EncryptionRequired => "encryption-required",
            Self::IncorrectEncoding => "incorrect-encoding",
            Self::InvalidAuthzid => "invalid-authzid",
            Self::InvalidMechanism => "invalid-mechanism",
            Self::MalformedRequest => "malformed-request",
            Self::MechanismTooWeak => "mechanism-too-weak",
            Self::NotAuthorized => "not-authorized",
            Self::TemporaryAuthFailure => "temporary-auth-failure",
        }
    }

    /// The condition of an element that was received. A condition that nobody here knows is `not-authorized`
    /// (RFC 6120 §6.5).
    #[must_use]
    pub fn from_element_name(name: &str) -> Self {
        name.parse().unwrap_or(Self::NotAuthorized)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.element_name())
    }
}

/// The name is not a condition of RFC 6120 §6.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown SASL error condition")]
pub struct UnknownCondition;

impl FromStr for Failure {
    type Err = UnknownCondition;

    fn from_str(name: &str) -> Result<Self, UnknownCondition> {
        Self::ALL.into_iter().find(|failure| failure.element_name() == name).ok_or(UnknownCondition)
    }
}

impl From<UnknownMechanism> for Failure {
    fn from(_: UnknownMechanism) -> Self {
        Self::InvalidMechanism
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_condition_reads_back_from_its_element() {
        for failure in Failure::ALL {
            assert_eq!(Failure::from_element_name(failure.element_name()), failure);
        }
    }

    #[test]
    fn an_unknown_condition_counts_as_not_authorized() {
        assert_eq!(Failure::from_element_name("too-many-moons"), Failure::NotAuthorized);
    }
}
