//! What can go wrong, sorted by whose fault it is.

use std::sync::Arc;

/// The cause a driver hands on, with its own type erased.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a call on a store failed. Whoever gets one from a commit knows that nothing of the batch was written,
/// except after [`Io`](Error::Io) and [`Closed`](Error::Closed), where the outcome is not known.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A precondition of the batch did not hold, or an appended entry's id is taken.
    #[error("conflict in store {store:?}: {reason}")]
    Conflict {
        /// The store's declared name.
        store: Arc<str>,
        /// Which condition failed.
        reason: &'static str,
    },
    /// An entry that a query or a deletion names is not in the log.
    #[error("store {store:?} has no entry {id:?} of this owner")]
    UnknownEntry {
        /// The log's declared name.
        store: Arc<str>,
        /// The id that was asked for.
        id: String,
    },
    /// One value, or one batch, is larger than a store takes.
    #[error("{bytes} bytes for store {store:?} exceed the limit of {max}")]
    TooLarge {
        /// The store's declared name.
        store: Arc<str>,
        /// How large it is.
        bytes: u64,
        /// How large it may be.
        max: u64,
    },
    /// A batch names a handle that belongs to another `Store`.
    #[error("a batch names store {store:?} of another database")]
    OtherStore {
        /// The foreign handle's declared name.
        store: Arc<str>,
    },
    /// The owner has used up what it may keep in this store.
    #[error("the owner's quota in store {store:?} is used up")]
    Quota {
        /// The store's declared name.
        store: Arc<str>,
    },
    /// The disk, or the memory a memory store may take, is full.
    #[error("{place} is full")]
    Full {
        /// The file or driver.
        place: Arc<str>,
    },
    /// Another process kept the database locked for longer than the configured wait.
    #[error("{place} stayed locked by another process")]
    Busy {
        /// The file.
        place: Arc<str>,
    },
    /// Another server has this file open for itself.
    #[error("{file} is in use by another server")]
    InUse {
        /// The file.
        file: Arc<str>,
    },
    /// The file was written by a newer program.
    #[error("{file} has schema version {found}, but this program knows versions up to {known}")]
    NewerSchema {
        /// The file.
        file: Arc<str>,
        /// The version it has.
        found: u32,
        /// The newest version that this program knows.
        known: u32,
    },
    /// The file is a database, but not one of ours.
    #[error("{file} is not a Stonechat database")]
    Foreign {
        /// The file.
        file: Arc<str>,
    },
    /// What is stored is damaged.
    #[error("{place} is damaged: {detail}")]
    Corrupt {
        /// The file.
        place: Arc<str>,
        /// What the check or the read found.
        detail: String,
    },
    /// Reading or writing failed. After this from a commit it is not known whether the batch is kept.
    #[error("{doing} {place} failed")]
    Io {
        /// The file.
        place: Arc<str>,
        /// What was being done.
        doing: &'static str,
        /// The cause.
        #[source]
        source: Cause,
    },
    /// The store was closed, or the thread that serves it has died. After this from a commit it is not known
    /// whether the batch is kept.
    #[error("{place} is closed")]
    Closed {
        /// The file or driver.
        place: Arc<str>,
    },
}

/// Whose fault an [`Error`] is, which decides what to answer and whom to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The code that called: it lost a race it has to expect, or asked for what cannot be.
    Caller,
    /// The owner of the data: its quota is used up.
    Owner,
    /// Whoever runs the server: a full disk, a second server, a newer schema.
    Operator,
    /// The storage itself: damage, failing reads and writes, a dead thread.
    Storage,
}

impl Error {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Conflict { .. } | Self::UnknownEntry { .. } => Fault::Caller,
            Self::TooLarge { .. } | Self::OtherStore { .. } => Fault::Caller,
            Self::Quota { .. } => Fault::Owner,
            Self::Full { .. } | Self::Busy { .. } | Self::InUse { .. } => Fault::Operator,
            Self::NewerSchema { .. } | Self::Foreign { .. } => Fault::Operator,
            Self::Corrupt { .. } | Self::Io { .. } | Self::Closed { .. } => Fault::Storage,
        }
    }

    /// Whether a precondition failed ([`Error::Conflict`]).
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }

    /// Whether a quota stopped it ([`Error::Quota`]).
    pub fn is_quota(&self) -> bool {
        matches!(self, Self::Quota { .. })
    }
}
