//! What a driver implements: one way to write (batches) and a few ways to read.
//!
//! A driver is a [`Driver`], which is [`Maps`] + [`Documents`] + [`Logs`] + [`Blobs`] + [`Driver::commit`]. The handles
//! ([`Document`](crate::Document), [`Map`](crate::Map), …) check arguments and limits, so a driver sees only what
//! is within them. What a driver promises:
//!
//! - **Order.** The writes of a batch take effect one after the other, and each sees those before it. A
//!   precondition is a write that changes nothing and may fail.
//! - **Atomic.** Either all of a batch is there, for every reader and after every crash, or nothing.
//! - **Alone.** A batch that fails takes no other batch with it, however many share a transaction.
//! - **Durable.** `commit` returns `Ok` only when the batch survives the loss of power.
//! - **Read what you wrote.** A read that starts after `commit` returned sees the batch.
//! - **Cancel.** A future that is dropped leaves the batch written whole or not at all.
//! - **No hanging.** When what serves the driver is gone, calls fail with [`Error::Closed`].
//!
//! For a driver over SQL in another process (PostgreSQL, say): one task takes batches from a bounded channel, wraps
//! each in a savepoint of a common transaction, answers after the commit, and repeats each alone if the common
//! transaction fails. The tables of the SQLite driver (`sqlite/schema.rs`) carry over; the rules that a driver has
//! to pass are in the `contract` module (feature `contract`).

use crate::{Entry, Error, Limit, Owner, Page, Query, Trim, Usage};
use async_trait::async_trait;
use bytes::Bytes;
use std::{fmt::Debug, sync::Arc};

/// The kinds of stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// One value for each owner.
    Document,
    /// Keys and values for each owner.
    Map,
    /// Entries in order for each owner.
    Log,
    /// Streams of bytes by key for each owner.
    Blob,
}

/// One step of a batch. `store` is the declared name; names of different kinds are different stores.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Write {
    /// Fails with [`Error::Conflict`] unless the document has this value (`None`: does not exist).
    ExpectDocument {
        /// The declared name.
        store: Arc<str>,
        /// Whose.
        owner: Owner,
        /// What has to be there.
        expected: Option<Bytes>,
    },
    /// Sets the document. Outcome: 1.
    PutDocument {
        /// The declared name.
        store: Arc<str>,
        /// Whose.
        owner: Owner,
        /// The new value.
        value: Bytes,
    },
    /// Removes the document. Outcome: how many there were.
    DeleteDocument {
        /// The declared name.
        store: Arc<str>,
        /// Whose.
        owner: Owner,
    },
    /// Fails with [`Error::Conflict`] unless the key has this value (`None`: is not there).
    ExpectMap {
        /// The declared name.
        store: Arc<str>,
        /// Whose.
        owner: Owner,
        /// Which key.
        key: String,
        /// What has to be there.
        expected: Option<Bytes>,
    },
    /// Sets a key's value. Fails with [`Error::Quota`] if the key is new and the owner has `max_keys` already.
    /// Outcome: 1.
    PutMap {
        /// The declared name.
        store: Arc<str>,
        /// Whose.
        owner: Owner,
        /// Which key.
        key: String,
        /// The new value.
        value: Bytes,
        /// How many keys the owner may have.
        max_keys: Option<u64>,
    },
    /// Removes a key. Outcome: how many there were.
    DeleteMap {
        /// The declared name.
        store: Arc<str>,
        /// Whose.
        owner: Owner,
        /// Which key.
        key: String,
    },
    /// Removes all keys. Outcome: how many there were.
    ClearMap {
        /// The declared name.
        store: Arc<str>,
        /// Whose.
        owner: Owner,
    },
    /// Appends an entry. Fails with [`Error::Conflict`] if its id is in the log already, with [`Error::Quota`] if the
    /// log would exceed the limit. Outcome: 1.
    Append {
        /// The declared name.
        store: Arc<str>,
        /// Whose.
        owner: Owner,
        /// What to append; its time is in whole microseconds.
        entry: Entry,
        /// What the log may hold with this entry in it.
        limit: Option<Limit>,
        /// Whether an entry that has the id already is left as it is, with outcome 0, and no [`Error::Conflict`].
        if_new: bool,
    },
    /// Gives an entry another value; it keeps its place, time and peer. Outcome: how many there were.
    ReplaceEntry {
        /// The declared name.
        store: Arc<str>,
        /// Whose.
        owner: Owner,
        /// Which.
        id: String,
        /// The new value.
        value: Bytes,
    },
    /// Removes the entries with these ids. Outcome: how many there were.
    DeleteEntries {
        /// The declared name.
        store: Arc<str>,
        /// Whose.
        owner: Owner,
        /// Which.
        ids: Vec<String>,
    },
    /// Removes entries and returns them in log order.
    TakeEntries {
        /// The declared name.
        store: Arc<str>,
        /// Whose.
        owner: Owner,
        /// Which.
        which: Take,
    },
    /// Removes entries that match the rule, the oldest first, at most `limit`. Outcome: how many.
    TrimLog {
        /// The declared name.
        store: Arc<str>,
        /// Whose.
        owner: Owner,
        /// Which.
        rule: Trim,
        /// How many at most.
        limit: u32,
    },
    /// Gives an upload its name, in place of a blob that had it. Fails with [`Error::Conflict`] if the upload does
    /// not exist (any more). Outcome: 1.
    CommitBlob {
        /// The declared name.
        store: Arc<str>,
        /// Whose.
        owner: Owner,
        /// Under which key.
        key: String,
        /// What [`Blobs::begin_upload`] returned.
        upload: u64,
        /// How many chunks were uploaded before; the index of `tail`.
        chunks: u64,
        /// The bytes after the last uploaded chunk; fewer than [`CHUNK`](crate::CHUNK).
        tail: Bytes,
    },
    /// Removes a blob. Outcome: how many there were.
    DeleteBlob {
        /// The declared name.
        store: Arc<str>,
        /// Whose.
        owner: Owner,
        /// Which.
        key: String,
    },
    /// Removes everything of an owner, in every store of every kind. No outcome.
    Erase {
        /// Whose.
        owner: Owner,
    },
}

/// Which entries [`Write::TakeEntries`] takes.
#[derive(Clone, Debug)]
pub enum Take {
    /// The first so many.
    Oldest(u32),
    /// Those with these ids.
    Ids(Vec<String>),
}

/// What one write did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// How many records were put or removed.
    pub changed: u64,
    /// The entries taken, for [`Write::TakeEntries`].
    pub entries: Vec<Entry>,
}

impl From<u64> for Outcome {
    fn from(changed: u64) -> Self {
        Self { changed, entries: Vec::new() }
    }
}

/// One of several reads that see the same moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Read {
    /// The owner's value. Found: [`Found::Document`].
    Document {
        /// The declared name.
        store: Arc<str>,
        /// Whose.
        owner: Owner,
    },
    /// The first keys with values in byte order. Found: [`Found::Page`].
    Page {
        /// The declared name.
        store: Arc<str>,
        /// Whose.
        owner: Owner,
        /// How many at most.
        limit: u32,
    },
    /// What a log holds, from counters. Found: [`Found::Usage`].
    Usage {
        /// The declared name.
        store: Arc<str>,
        /// Whose.
        owner: Owner,
    },
}

/// What one [`Read`] found.
#[derive(Clone, Debug)]
pub enum Found {
    /// A document.
    Document(Option<Bytes>),
    /// Keys with values.
    Page(Vec<(String, Bytes)>),
    /// What a log holds.
    Usage(Usage),
}

/// A committed blob, as [`Blobs::find_blob`] found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobInfo {
    /// The driver's own number for these bytes; a blob that replaces them has another.
    pub id: u64,
    /// How many bytes.
    pub length: u64,
}

/// Reads documents.
#[async_trait]
pub trait Documents: Send + Sync {
    /// The owner's value in this store.
    async fn document(&self, store: &str, owner: &Owner) -> Result<Option<Bytes>, Error>;
}

/// Reads maps.
#[async_trait]
pub trait Maps: Send + Sync {
    /// The value of a key.
    async fn map_value(&self, store: &str, owner: &Owner, key: &str) -> Result<Option<Bytes>, Error>;

    /// Up to `limit` keys with values in byte order of the keys, those after `after`, in one snapshot.
    async fn map_page(
        &self,
        store: &str,
        owner: &Owner,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, Bytes)>, Error>;

    /// How many keys the owner has.
    async fn map_count(&self, store: &str, owner: &Owner) -> Result<u64, Error>;
}

/// Reads logs.
#[async_trait]
pub trait Logs: Send + Sync {
    /// The entries that the query asks for; `query.limit` is within [`MAX_PAGE`](crate::MAX_PAGE). A page stops
    /// early, and is not complete, once its values exceed [`MAX_PAGE_BYTES`](crate::MAX_PAGE_BYTES).
    async fn log_page(&self, store: &str, owner: &Owner, query: &Query) -> Result<Page, Error>;

    /// How many entries match; `limit` and `backwards` do not matter.
    async fn log_count(&self, store: &str, owner: &Owner, query: &Query) -> Result<u64, Error>;

    /// What the log holds, from counters, without reading it.
    async fn log_usage(&self, store: &str, owner: &Owner) -> Result<Usage, Error>;

    /// The entries with these ids that are there, in log order, each once.
    async fn log_entries(&self, store: &str, owner: &Owner, ids: Vec<String>) -> Result<Vec<Entry>, Error>;
}

/// Reads blobs, and takes the bytes of those that are not committed yet.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// The committed blob with this key.
    async fn find_blob(&self, store: &str, owner: &Owner, key: &str) -> Result<Option<BlobInfo>, Error>;

    /// Up to `max` bytes from `offset` of the blob with this number: at least one if there are any, fewer than asked
    /// for where that suits the driver. Fails with [`Error::Conflict`] if these bytes are gone.
    async fn read_blob(&self, store: &str, id: u64, offset: u64, max: usize) -> Result<Bytes, Error>;

    /// Up to `limit` keys in byte order, those after `after`, with lengths.
    async fn blob_keys(
        &self,
        store: &str,
        owner: &Owner,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, u64)>, Error>;

    /// Begins an upload: bytes that nobody sees until [`Write::CommitBlob`]. Returns its number.
    async fn begin_upload(&self) -> Result<u64, Error>;

    /// Adds chunk `index` (from 0, in order); each has [`CHUNK`](crate::CHUNK) bytes. Fails with
    /// [`Error::Conflict`] if the upload does not exist (any more).
    async fn upload(&self, upload: u64, index: u64, data: Bytes) -> Result<(), Error>;

    /// Forgets an upload soon. Does nothing if it is committed; must not block.
    fn discard_upload(&self, upload: u64);
}

/// Keeps records: see the [module](self) for what it promises.
#[async_trait]
pub trait Driver: Documents + Maps + Logs + Blobs + Debug + 'static {
    /// The file or service, for errors.
    fn place(&self) -> Arc<str>;

    /// Applies the writes in order, atomically, and returns when they are durable, with one outcome for each. They are shared with who
    /// asks, who may ask for the same again.
    async fn commit(&self, writes: Arc<Vec<Write>>) -> Result<Vec<Outcome>, Error>;

    /// Answers all reads from one snapshot, in order.
    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Found>, Error>;

    /// Up to `limit` owners with something in this store, in order of [`Owner::key`], those after `after`.
    async fn owners(
        &self,
        kind: Kind,
        store: &str,
        after: Option<&Owner>,
        limit: u32,
    ) -> Result<Vec<Owner>, Error>;

    /// The stores where the owner has something, ordered.
    async fn stores_of(&self, owner: &Owner) -> Result<Vec<(Kind, Arc<str>)>, Error>;

    /// Writes what is queued, and ends. Every call after it fails with [`Error::Closed`]; a second close does nothing.
    async fn close(&self) -> Result<(), Error>;
}
