//! Storage for XMPP servers: four kinds of stores, written in atomic and durable batches.
//!
//! | kind | holds | for |
//! |---|---|---|
//! | [`Document`] | one value for each owner | credentials, a vCard, settings |
//! | [`Map`] | keys and values for each owner | a roster, a block list |
//! | [`Log`] | entries with id, time and peer, in order | offline messages, an archive |
//! | [`Blob`] | streams of bytes by key | uploads, avatars |
//!
//! An [`Owner`] is an account or a host. Values are bytes, whose meaning is the caller's. A [`Batch`] writes to any of
//! them together, with preconditions, and [`Batch::commit`] returns when all of it is durable. An owner's data is
//! erased ([`Store::erase`]) and exported ([`Store::export`]) as a whole, so no store can be forgotten.
//!
//! Drivers: memory ([`Store::memory`], for tests) and SQLite (`Store::sqlite`, feature `sqlite`, on by default). Another
//! database is another implementation of [`driver::Driver`], and passes the rules in `contract` (feature `contract`).
//!
//! Left out: queries into values, caches, encryption at rest, and replication.
//!
//! ```
//! use stonechat_store::{Entry, Limit, Owner, Query, Store};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let store = Store::memory(); // or Store::sqlite("stonechat.db", sqlite::Options::default())?
//! let juliet = Owner::account("juliet@example.org");
//!
//! // Of two that create the same account, one gets an error.
//! let accounts = store.document("accounts");
//! accounts.create(&juliet, "first").await?;
//! assert!(accounts.create(&juliet, "second").await.is_err_and(|error| error.is_conflict()));
//!
//! // Offline messages with a quota that holds however many send at once.
//! let offline = store.log("offline");
//! let limit = Limit { max_entries: 1, max_bytes: 10_000 };
//! let message = |id: &str| Entry::new(id, "2026-01-01T12:00:00Z".parse().unwrap(), "<message/>");
//! offline.append_if_below(&juliet, message("1"), limit).await?;
//! let refused = offline.append_if_below(&juliet, message("2"), limit).await;
//! assert!(refused.is_err_and(|error| error.is_quota()));
//! assert_eq!(offline.range(&juliet, &Query::default()).await?.entries[0].id, "1");
//!
//! store.erase(&juliet).await?;
//! assert_eq!(accounts.get(&juliet).await?, None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })
//! # }
//! ```

mod batch;
mod blob;
#[cfg(feature = "contract")]
pub mod contract;
mod document;
pub mod driver;
mod error;
mod export;
mod log;
mod map;
pub mod memory;
mod owner;
mod query;
mod reads;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod store;

pub use batch::{Batch, Committed};
pub use blob::{Blob, BlobReader, BlobWriter};
pub use document::Document;
pub use error::{Cause, Error, Fault};
pub use export::{Export, Record};
pub use log::{Entry, Limit, Log, Trim, Usage};
pub use map::Map;
pub use owner::Owner;
pub use query::{Page, PageBuilder, Query};
pub use reads::{Reads, Results};
pub use store::Store;

/// How many bytes one value (with its key, id and peer) may have: 16 MiB. What is larger is a blob.
pub const MAX_VALUE: usize = 16 << 20;
/// How many bytes the values of one batch may have together: 64 MiB.
pub const MAX_BATCH_BYTES: usize = 64 << 20;
/// How many writes and preconditions one batch may have.
pub const MAX_BATCH_WRITES: usize = 100_000;
/// How many records one read returns at most; a larger limit is cut to this.
pub const MAX_PAGE: u32 = 1_000;
/// A page of a log ends early rather than exceed so many bytes of values: 8 MiB. One entry always fits.
pub const MAX_PAGE_BYTES: usize = 8 << 20;
/// The bytes of a blob are kept in chunks of this size: 64 KiB.
pub const CHUNK: usize = 64 << 10;
