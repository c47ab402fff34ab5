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
    /// RFC 3339, UTC.
    created: String,
}

impl Record {
    pub(super) fn new(credentials: Credentials) -> Self {
        Self { credentials, disabled: false, created: Timestamp::now().to_string() }
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
        Ok(Account { credentials: self.credentials, disabled: self.disabled, created })
    }
}
