//! Accounts in memory.

use std::collections::BTreeMap;

use async_trait::async_trait;
use parking_lot::Mutex;
use stonechat_jid::BareJid;

use crate::accounts::{AccountError, Accounts};

/// Accounts of a test, with their passwords. A real server keeps no passwords.
#[derive(Debug, Default)]
pub struct MemoryAccounts(Mutex<BTreeMap<BareJid, Known>>);

#[derive(Debug, Clone)]
struct Known {
    password: String,
    /// How often it was changed.
    changes: u64,
}

impl MemoryAccounts {
    /// The password of an account.
    #[must_use]
    pub fn password(&self, account: &BareJid) -> Option<String> {
        self.0.lock().get(account).map(|known| known.password.clone())
    }
}

#[async_trait]
impl Accounts for MemoryAccounts {
    async fn exists(&self, account: &BareJid) -> Result<bool, AccountError> {
        Ok(self.0.lock().contains_key(account))
    }

    async fn epoch(&self, account: &BareJid) -> Result<Option<String>, AccountError> {
        Ok(self.0.lock().get(account).map(|known| known.changes.to_string()))
    }

    async fn create(&self, account: &BareJid, password: &str) -> Result<(), AccountError> {
        if password.is_empty() {
            return Err(AccountError::NotAcceptable("the password is empty".to_owned()));
        }
        let mut accounts = self.0.lock();
        if accounts.contains_key(account) {
            return Err(AccountError::Exists);
        }
        accounts.insert(account.clone(), Known { password: password.to_owned(), changes: 0 });
        Ok(())
    }

    async fn set_password(&self, account: &BareJid, password: &str) -> Result<(), AccountError> {
        if password.is_empty() {
            return Err(AccountError::NotAcceptable("the password is empty".to_owned()));
        }
        let mut accounts = self.0.lock();
        let known = accounts.get_mut(account).ok_or(AccountError::Unknown)?;
        password.clone_into(&mut known.password);
        known.changes += 1;
        Ok(())
    }

    async fn remove(&self, account: &BareJid) -> Result<bool, AccountError> {
        Ok(self.0.lock().remove(account).is_some())
    }
}
