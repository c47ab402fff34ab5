//! What other extensions use of the roster.

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::point::Point;
use stonechat_extension::{Account, Cx, Host};
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Stanza, StanzaError};

use super::{Contact, Snapshot};

/// The rosters of a host's accounts. Get it with `host.service::<dyn Roster>()` and `.needs("roster")` in the manifest.
///
/// Owners are accounts of the host that is passed; whether there is such an account is the caller's to know.
#[async_trait]
pub trait Roster: Send + Sync + 'static {
    /// The roster of an account, from memory while the account is connected, else from the store.
    ///
    /// # Errors
    /// [`Error::Store`] and [`Error::Damaged`].
    async fn load(&self, host: &Arc<Host>, owner: &BareJid) -> Result<Arc<Snapshot>, Error>;

    /// The roster of a connected account, for those who must not wait. It is there from the time when a session of the account is
    /// bound. `None` means that nothing is known: fail closed.
    fn cached(&self, account: &Account) -> Option<Arc<Snapshot>>;

    /// What is kept of one contact: the default for one who is not known. Cheaper than [`Roster::load`] when the
    /// owner is not connected.
    ///
    /// # Errors
    /// As [`Roster::load`].
    async fn contact(&self, host: &Arc<Host>, owner: &BareJid, contact: &BareJid) -> Result<Contact, Error>;

    /// Changes what is kept of one contact, and gives what it was and is. `change` is a pure function, called under the roster's
    /// lock and perhaps more than once. When this returns, the change is durable and has been pushed to the interested
    /// sessions; what `cx` is told to send after it follows the pushes. A change of the subscription request alone is not pushed.
    ///
    /// Not cancelled when the future is dropped, except that pushes may then wait for the next change.
    ///
    /// # Errors
    /// [`Error::Full`] and [`Error::TooManyRequests`] when the change goes beyond a limit; else as [`Roster::load`]. Nothing has
    /// changed then.
    async fn update(
        &self,
        cx: &mut Cx<'_>,
        owner: &BareJid,
        contact: &BareJid,
        change: Change,
    ) -> Result<Updated, Error>;
}

/// Decides from what is kept of a contact what it becomes.
pub type Change = Arc<dyn Fn(&Contact) -> Outcome + Send + Sync>;

/// What a [`Change`] wants.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// What becomes of the contact. One that is not listed and has no request is forgotten.
    pub contact: Contact,
    /// A stanza for the interested sessions, delivered right before the push (RFC 6121 §3.1.6, §3.2.3, §3.3.3).
    pub announce: Option<Stanza>,
    /// Push the item even if nothing has changed.
    pub push_anyway: bool,
}

/// What an update did.
#[derive(Debug, Clone)]
pub struct Updated {
    /// The contact before the change.
    pub before: Contact,
    /// The contact after it.
    pub after: Contact,
}

/// An item was removed from a roster at the owner's request (RFC 6121 §2.5). The subscriptions that existed are still to
/// be cancelled: that is the job of the extension that owns them.
#[derive(Debug)]
pub struct Removed {
    /// Whose roster it was.
    pub owner: BareJid,
    /// The contact.
    pub contact: BareJid,
    /// What was kept of it.
    pub was: Contact,
}

impl Point for Removed {
    const NAME: &'static str = "roster::Removed";
}

/// An item of a roster was added, changed or removed, and that is durable. What it is now is for who hears of it to [ask](Roster::contact),
/// as it may have changed again. Fired after the interested sessions were told.
#[derive(Debug)]
pub struct Changed {
    /// Whose roster it is.
    pub owner: BareJid,
    /// The contact.
    pub contact: BareJid,
}

impl Point for Changed {
    const NAME: &'static str = "roster::Changed";
}

/// Why a roster could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The owner's: the roster has as many items as it may.
    #[error("the roster is full")]
    Full,
    /// Too many subscription requests wait for an answer, in all or from that contact's domain.
    #[error("too many subscription requests wait for an answer")]
    TooManyRequests,
    /// The storage's: it cannot be read or written.
    #[error("the roster's store: {0}")]
    Store(#[from] stonechat_store::Error),
    /// The storage's: what is stored cannot be understood.
    #[error("the roster of {owner} is damaged at {place}: {why}")]
    Damaged {
        /// Whose roster.
        owner: String,
        /// The contact, or `the version`.
        place: String,
        /// What is wrong.
        why: String,
    },
    /// A change panicked.
    #[error("a change of a roster failed")]
    Failed,
}

impl From<Error> for StanzaError {
    fn from(error: Error) -> Self {
        match error {
            Error::Full => Self::resource_constraint().with_text("the roster is full"),
            Error::TooManyRequests => Self::resource_constraint(),
            Error::Store(_) | Error::Damaged { .. } | Error::Failed => Self::internal_server_error(),
        }
    }
}
