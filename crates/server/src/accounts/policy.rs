//! What a new password has to be like.

use stonechat_extension::AccountError;
use stonechat_sasl::prep::{self, Purpose, saslprep};
use stonechat_sasl::scram::{self, Credentials, Hash};
use zeroize::Zeroizing;

use crate::config::Authentication;

/// What holds for new passwords. Whatever it says, a password is not empty and at most 1023 bytes long
/// ([`stonechat_sasl::prep::MAX_BYTES`]), and survives SASLprep (RFC 4013).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The least number of characters.
    pub minimum_length: usize,
    /// PBKDF2 iterations of the keys.
    pub iterations: u32,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self::from(&Authentication::default())
    }
}

impl From<&Authentication> for PasswordPolicy {
    fn from(config: &Authentication) -> Self {
        Self { minimum_length: config.minimum_password_length, iterations: config.iterations }
    }
}

impl PasswordPolicy {
    /// The password in the form that keys are made of.
    pub(super) fn prepare(&self, password: &str) -> Result<Zeroizing<String>, AccountError> {
        let prepared = saslprep(password, Purpose::Stored).map_err(|error| {
            AccountError::NotAcceptable(match error {
                prep::Error::Empty => "the password is empty".to_owned(),
                prep::Error::TooLong => format!("the password is longer than {} bytes", prep::MAX_BYTES),
                error => format!("the password cannot be used: {error}"),
            })
        })?;
        if prepared.chars().count() < self.minimum_length {
            let least = self.minimum_length;
            return Err(AccountError::NotAcceptable(format!(
                "the password has fewer than {least} characters"
            )));
        }
        Ok(prepared)
    }

    pub(super) fn derive(&self, password: &str) -> Result<Credentials, AccountError> {
        Credentials::generate(
            password,
            &Hash::ALL,
            self.iterations.clamp(scram::MIN_ITERATIONS, scram::MAX_ITERATIONS),
        )
        .map_err(|error| AccountError::Failed(error.to_string()))
    }
}
