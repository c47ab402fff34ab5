//! Accounts: who may log in. The server has them; extensions use them through this trait.

use async_trait::async_trait;
use stonechat_jid::BareJid;

/// Why something could not be done with an account.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccountError {
    /// There is an account of that name already.
    #[error("the account exists")]
    Exists,
    /// There is no such account.
    #[error("there is no such account")]
    Unknown,
    /// The name or the password is not acceptable; the text says why, to the person who chose it.
    #[error("{0}")]
    NotAcceptable(String),
    /// The accounts cannot be reached; for the operator.
    #[error("accounts: {0}")]
    Failed(String),
}

/// The accounts of all hosts of a server. The domain of an address says which host it belongs to.
///
/// What has to follow from a change (ending sessions, telling extensions, erasing data) is the job of
/// [`Host::create_account`](crate::Host::create_account) and its neighbours, so use those.
#[async_trait]
pub trait Accounts: Send + Sync + 'static {
    /// Whether there is such an account.
    ///
    /// # Errors
    /// [`AccountError::Failed`].
    async fn exists(&self, account: &BareJid) -> Result<bool, AccountError>;

    /// A text that changes whenever what proves the account is made void: by a new password, when it is disabled, when it is created
    /// anew. It is no secret, and the same as in [`Claim::epoch`](crate::login::Claim::epoch). `None` if there is no such account.
    ///
    /// # Errors
    /// [`AccountError::Failed`].
    async fn epoch(&self, account: &BareJid) -> Result<Option<String>, AccountError>;

    /// Creates an account; two creations at the same time succeed once.
    ///
    /// # Errors
    /// [`AccountError::Exists`], [`AccountError::NotAcceptable`], [`AccountError::Failed`].
    async fn create(&self, account: &BareJid, password: &str) -> Result<(), AccountError>;

    /// Changes the password. Sessions that are connected are not ended by this.
    ///
    /// # Errors
    /// [`AccountError::Unknown`], [`AccountError::NotAcceptable`], [`AccountError::Failed`].
    async fn set_password(&self, account: &BareJid, password: &str) -> Result<(), AccountError>;

    /// Removes the account, so that nobody can log in to it; says whether there was one.
    ///
    /// # Errors
    /// [`AccountError::Failed`].
    async fn remove(&self, account: &BareJid) -> Result<bool, AccountError>;
}
