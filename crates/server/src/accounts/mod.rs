//! The accounts of all hosts: who may log in, and with which keys.
//!
//! An account is one document of the store `accounts`: SCRAM keys for SHA-1, SHA-256 and SHA-512, never the password.
//! Keys are derived on the blocking threads of the runtime, a bounded number at a time.

mod derive;
mod name;
mod policy;
mod record;
mod secret;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use async_trait::async_trait;
use jiff::Timestamp;
use stonechat_extension::{AccountError, Accounts};
use stonechat_jid::BareJid;
use stonechat_sasl::scram::{Credentials, Decoy};
use stonechat_store::{Document, Owner, Store};

pub(crate) use derive::Derivations;
pub use policy::PasswordPolicy;

use record::Record;

/// What is known of an account.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Account {
    /// The keys that prove a password.
    pub credentials: Credentials,
    /// Nobody can log in for the time being.
    pub disabled: bool,
    /// When it was created.
    pub created: Timestamp,
    /// A text that changes whenever what proves the account is made void: by a new password, when it is disabled, when it is
    /// created anew. Tokens that were issued under another one are worth nothing.
    pub epoch: String,
}

/// The accounts of all hosts, in a store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct AccountStore {
    documents: Document,
    secrets: Document,
    policy: Arc<ArcSwap<PasswordPolicy>>,
    derivations: Derivations,
    /// How often an account was changed or removed since the start.
    changes: Arc<AtomicU64>,
}

/// How often a change is tried again when somebody else changed the same account in between.
const ATTEMPTS: usize = 8;

impl AccountStore {
    /// The accounts in this store. For new passwords `policy` holds.
    #[must_use]
    pub fn new(store: &Store, policy: PasswordPolicy) -> Self {
        Self {
            documents: store.document("accounts"),
            secrets: store.document("decoys"),
            policy: Arc::new(ArcSwap::from_pointee(policy)),
            derivations: Derivations::default(),
            changes: Arc::default(),
        }
    }

    /// Sets what holds for passwords from now on.
    pub fn set_policy(&self, policy: PasswordPolicy) {
        self.policy.store(Arc::new(policy));
    }

    pub(crate) const fn derivations(&self) -> &Derivations {
        &self.derivations
    }

    /// Counts what becomes of accounts: while it stays the same, no account is another than it was.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::SeqCst)
    }

    fn note_change(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
    }

    /// What is known of an account; `None` when there is none of that name.
    ///
    /// # Errors
    /// [`AccountError::Failed`].
    pub async fn find(&self, account: &BareJid) -> Result<Option<Account>, AccountError> {
        let found = self.documents.get(&owner(account)).await.map_err(failed)?;
        found.map(|bytes| Record::read(&bytes, account).and_then(Record::into_account)).transpose()
    }

    /// The keys of an account.
    ///
    /// # Errors
    /// [`AccountError::Failed`].
    pub async fn credentials(&self, account: &BareJid) -> Result<Option<Credentials>, AccountError> {
        Ok(self.find(account).await?.map(|account| account.credentials))
    }

    /// Up to `limit` accounts of a host, in order, those after `after`. Fewer than asked for are the last.
    ///
    /// # Errors
    /// [`AccountError::Failed`].
    pub async fn list(
        &self,
        domain: &str,
        after: Option<&BareJid>,
        limit: usize,
    ) -> Result<Vec<BareJid>, AccountError> {
        const PAGE: u32 = 500;
        let mut found = Vec::new();
        let mut after = after.map(owner);
        while found.len() < limit {
            let owners = self.documents.owners(after.as_ref(), PAGE).await.map_err(failed)?;
            let last = owners.len() < PAGE as usize;
            after = owners.last().cloned();
            let accounts = owners.iter().filter(|owner| owner.is_account());
            let jids = accounts.filter_map(|owner| BareJid::parse(owner.as_str()).ok());
            let room = limit - found.len();
            found.extend(jids.filter(|jid| jid.domain() == domain).take(room));
            if last {
                break;
            }
        }
        Ok(found)
    }

    /// Lets nobody log in to an account, or lets its owner in again. Sessions that are connected are not ended by this.
    ///
    /// # Errors
    /// [`AccountError::Unknown`], [`AccountError::Failed`].
    pub async fn set_disabled(&self, account: &BareJid, disabled: bool) -> Result<(), AccountError> {
        self.change(account, |record| record.set_disabled(disabled)).await
    }

    /// Keys for accounts of this host that do not exist, the same after a restart. `iterations` are those of real accounts.
    ///
    /// # Errors
    /// [`AccountError::Failed`].
    pub async fn decoy(&self, domain: &str, iterations: u32) -> Result<Decoy, AccountError> {
        secret::decoy(&self.secrets, domain, iterations).await
    }

    /// Changes an account, also when others change it at the same time.
    async fn change(&self, account: &BareJid, change: impl Fn(&mut Record)) -> Result<(), AccountError> {
        let owner = owner(account);
        for _ in 0..ATTEMPTS {
            let old = self.documents.get(&owner).await.map_err(failed)?.ok_or(AccountError::Unknown)?;
            let mut record = Record::read(&old, account)?;
            change(&mut record);
            match self.documents.replace(&owner, old, record.write()?).await {
                Err(error) if error.is_conflict() => {}
                result => {
                    // Also when it failed, as it may have been written for all that is known.
                    self.note_change();
                    return result.map_err(failed);
                }
            }
        }
        Err(AccountError::Failed(format!("{account} is being changed by others all the time")))
    }

    async fn derive(&self, password: &str) -> Result<Credentials, AccountError> {
        let policy = self.policy.load_full();
        let password = policy.prepare(password)?;
        self.derivations.run(move || policy.derive(&password)).await.ok_or_else(broken)?
    }
}

#[async_trait]
impl Accounts for AccountStore {
    async fn exists(&self, account: &BareJid) -> Result<bool, AccountError> {
        Ok(self.documents.get(&owner(account)).await.map_err(failed)?.is_some())
    }

    async fn epoch(&self, account: &BareJid) -> Result<Option<String>, AccountError> {
        Ok(self.find(account).await?.map(|account| account.epoch))
    }

    async fn create(&self, account: &BareJid, password: &str) -> Result<(), AccountError> {
        name::check(account)?;
        if self.exists(account).await? {
            return Err(AccountError::Exists);
        }
        let record = Record::new(self.derive(password).await?).write()?;
        self.documents.create(&owner(account), record).await.map_err(|error| match error {
            error if error.is_conflict() => AccountError::Exists,
            error => failed(error),
        })
    }

    async fn set_password(&self, account: &BareJid, password: &str) -> Result<(), AccountError> {
        if !self.exists(account).await? {
            return Err(AccountError::Unknown);
        }
        let credentials = self.derive(password).await?;
        self.change(account, |record| record.set_credentials(credentials.clone())).await
    }

    async fn remove(&self, account: &BareJid) -> Result<bool, AccountError> {
        let removed = self.documents.delete(&owner(account)).await;
        self.note_change();
        removed.map_err(failed)
    }
}

fn owner(account: &BareJid) -> Owner {
    Owner::account(account.as_str())
}

#[allow(clippy::needless_pass_by_value, reason = "it is made for map_err")]
fn failed(error: stonechat_store::Error) -> AccountError {
    AccountError::Failed(error.to_string())
}

fn broken() -> AccountError {
    AccountError::Failed("a key derivation did not come to an end".to_owned())
}

#[cfg(test)]
mod tests;
