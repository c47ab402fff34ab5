//! How an account is written to its document.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stonechat_extension::AccountError;
use stonechat_jid::BareJid;
use stonechat_sasl::scram::Credentials;

use super::Account;

/// The document: JSON.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub(super) credentials: Credentials,
    #[serde(default)]
    pub(super) disabled: bool,
    /// How often what proves the account was made void.
    #[serde(default)]
    generation: u64,
    /// RFC 3339, UTC.
    created: String,
}

impl Record {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self { credentials, disabled: false, generation: 0, created: Timestamp::now().to_string() }
    }

    pub(super) fn set_credentials(&mut self, credentials: Credentials) {
        self.credentials = credentials;
        self.generation = self.generation.saturating_add(1);
    }

    /// What was issued before an account was disabled is void also when its owner is let in again.
    pub(super) fn set_disabled(&mut self, disabled: bool) {
        self.disabled = disabled;
        self.generation = self.generation.saturating_add(u64::from(disabled));
    }

    pub(super) fn read(bytes: &[u8], account: &BareJid) -> Result<Self, AccountError> {
        serde_json::from_slice(bytes).map_err(|error| {
            AccountError::Failed(format!("the document of {account} cannot be read: {error}"))
        })
    }

    pub(super) fn write(&self) -> Result<Vec<u8>, AccountError> {
        serde_json::to_vec(self).map_err(|error| AccountError::Failed(error.to_string()))
    }

    pub(super) fn into_account(self) -> Result<Account, AccountError> {
        let created =
            self.created.parse().map_err(|error: jiff::Error| AccountError::Failed(error.to_string()))?;
        let epoch = format!("{}/{}", self.created, self.generation);
        Ok(Account { credentials: self.credentials, disabled: self.disabled, created, epoch })
    }
}
