//! The handle to a database.

use crate::driver::Driver;
use crate::{Batch, Blob, Document, Error, Export, Log, Map, Owner, Reads, memory};
use std::sync::Arc;

/// A database: a cheap handle to a driver, shared by its clones.
///
/// Stores need no creation: a store is a kind and a name, and is there as soon as something is put into it. When the
/// last handle (of this or of any store in it) goes, what is queued is written and the driver ends; [`close`](Store::close)
/// does the same where waiting for it must not block.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) driver: Arc<dyn Driver>,
}

impl Store {
    /// A database over this driver.
    pub fn new(driver: impl Driver) -> Self {
        Self { driver: Arc::new(driver) }
    }

    /// An empty database in memory, which holds up to [`memory::DEFAULT_LIMIT`] bytes and is gone with its last handle.
    pub fn memory() -> Self {
        Self::new(memory::Memory::new())
    }

    /// Opens the SQLite database in this file, and makes it if it is not there.
    ///
    /// Blocks while it opens, migrates and checks the file: call it at start, not in an async task that serves.
    ///
    /// # Errors
    /// [`Error::InUse`] if another server has it, [`Error::NewerSchema`], [`Error::Foreign`] or [`Error::Corrupt`] for
    /// what is in the file, [`Error::Io`], [`Error::Full`] or [`Error::Busy`] if it cannot be opened.
    #[cfg(feature = "sqlite")]
    pub fn sqlite(path: impl AsRef<std::path::Path>, options: crate::sqlite::Options) -> Result<Self, Error> {
        Ok(Self::new(crate::sqlite::Sqlite::open(path.as_ref(), options)?))
    }

    /// The document store with this name: one value for each owner.
    pub fn document(&self, name: &str) -> Document {
        Document { driver: self.driver.clone(), name: Arc::from(name) }
    }

    /// The map store with this name: keys and values for each owner.
    pub fn map(&self, name: &str) -> Map {
        Map { driver: self.driver.clone(), name: Arc::from(name) }
    }

    /// The log store with this name: entries in order for each owner.
    pub fn log(&self, name: &str) -> Log {
        Log { driver: self.driver.clone(), name: Arc::from(name) }
    }

    /// The blob store with this name: streams of bytes by key for each owner.
    pub fn blob(&self, name: &str) -> Blob {
        Blob { driver: self.driver.clone(), name: Arc::from(name) }
    }

    /// An empty batch: writes that belong together.
    pub fn batch(&self) -> Batch {
        Batch::new(self.driver.clone())
    }

    /// No reads yet: reads that belong together.
    pub fn reads(&self) -> Reads {
        Reads::new(self.driver.clone())
    }

    /// Removes everything of an owner in all stores, atomically.
    ///
    /// # Errors
    /// As [`Batch::commit`].
    ///
    /// # Cancel safety
    /// As [`Batch::commit`].
    pub async fn erase(&self, owner: &Owner) -> Result<(), Error> {
        self.batch().erase(owner).commit().await.map(drop)
    }

    /// All records of an owner, page by page.
    pub fn export(&self, owner: &Owner) -> Export {
        Export::new(self.clone(), owner.clone())
    }

    /// The file or the driver's name, for messages.
    pub fn place(&self) -> Arc<str> {
        self.driver.place()
    }

    /// Writes what is queued, ends the driver's threads, and returns when they have ended. Calls after it fail with
    /// [`Error::Closed`], on every handle.
    ///
    /// # Errors
    /// [`Error::Closed`] if the driver had died before.
    ///
    /// # Cancel safety
    /// The closing goes on when the future is dropped.
    pub async fn close(&self) -> Result<(), Error> {
        self.driver.close().await
    }
}
