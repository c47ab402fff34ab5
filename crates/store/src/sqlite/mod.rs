//! The SQLite driver: one file in WAL mode, one writer thread with group commit, readers of their own.
//!
//! All writes go through a bounded queue to one thread, which commits what has gathered in one transaction (should
//! a batch fail, again with each in a savepoint of its own), and answers when the transaction is on the disk (`synchronous=FULL`). So 256 tasks that each
//! wait for their own durable row share a few flushes. Reads run on a few threads with connections of their own and
//! never wait for the writer; reads of a few rows run on the caller's thread as long as they find these in memory. Checkpoints run on another connection in quiet moments; only where it is never quiet
//! the writer has to (`wal_autocheckpoint`, at 64 MiB).
//!
//! **Who may open the file.** A server opens it with [`Access::Exclusive`] and holds a lock on `<file>.lock`, so a second
//! server is refused with [`Error::InUse`]; the lock ends with the process, however that ends. Tools open it with
//! [`Access::Shared`] and read and write beside a running server: SQLite's own locks order their transactions.
//! What a server caches is its own concern. A schema is migrated only by whoever holds the lock.
//!
//! **Removing** an owner's logs and blobs takes effect at once, in one short transaction; their space is freed in
//! steps between other writes. The file must be on a local disk: WAL needs shared memory.
//!
//! The file, its `-wal` and `-shm` belong together: copy all three, or use SQLite's own backup.

mod appends;
mod apply;
mod apply_log;
mod blob;
mod checkpoint;
mod counters;
mod failure;
mod garbage;
mod inline;
mod open;
mod options;
mod queue;
mod read;
mod read_log;
mod readers;
mod schema;
mod threads;
mod writer;
#[cfg(test)]
mod writer_tests;

pub use options::{Access, Options};
pub use schema::VERSION as SCHEMA_VERSION;

use crate::driver::{Driver, Found, Kind, Outcome, Read, Write};
use crate::{Error, Owner};
use async_trait::async_trait;
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use threads::Threads;
use writer::Work;

/// Keeps records in one SQLite file; see the [module](self).
///
/// Dropping it writes what is queued and joins its threads, which blocks for as long as that takes: a moment, unless
/// the disk is slow. [`Store::close`](crate::Store::close) does the same without blocking.
#[derive(Debug)]
pub struct Sqlite {
    threads: Threads,
}

impl Sqlite {
    /// Opens a file, and makes it if it is not there.
    ///
    /// # Errors
    /// As [`Store::sqlite`](crate::Store::sqlite).
    pub fn open(path: &Path, options: Options) -> Result<Self, Error> {
        Ok(Self { threads: Threads::start(path, &options)? })
    }
}

#[async_trait]
impl Driver for Sqlite {
    fn place(&self) -> Arc<str> {
        self.threads.place().clone()
    }

    async fn commit(&self, writes: Arc<Vec<Write>>) -> Result<Vec<Outcome>, Error> {
        self.threads.write(Work::Batch(writes)).await
    }

    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Found>, Error> {
        let few = reads.iter().all(|read| !matches!(read, Read::Page { limit, .. } if *limit > read::FEW));
        let run = move |conn: &Connection| read::together(conn, &reads);
        if few { self.threads.read_few(run).await } else { self.threads.read(run).await }
    }

    async fn owners(
        &self,
        kind: Kind,
        store: &str,
        after: Option<&Owner>,
        limit: u32,
    ) -> Result<Vec<Owner>, Error> {
        let (store, after) = (store.to_owned(), after.map_or(String::new(), |owner| owner.key().to_owned()));
        self.threads.read(move |conn| read::owners(conn, kind, &store, &after, limit)).await
    }

    async fn stores_of(&self, owner: &Owner) -> Result<Vec<(Kind, Arc<str>)>, Error> {
        let owner = owner.clone();
        self.threads.read(move |conn| read::stores_of(conn, &owner)).await
    }

    async fn close(&self) -> Result<(), Error> {
        self.threads.close().await
    }
}
