//! Documents: one value for each owner.

use crate::driver::{Driver, Kind, Write};
use crate::{Batch, Error, MAX_PAGE, Owner};
use bytes::Bytes;
use std::sync::Arc;

/// A store of one value for each owner: credentials, a vCard, settings. Cheap to clone.
///
/// Every write is a batch of one; see [`Batch::commit`] for its errors and for what cancelling means. Every read
/// fails with [`Error::Io`], [`Error::Corrupt`], [`Error::Busy`] or [`Error::Closed`] only, and may be cancelled freely.
#[derive(Clone, Debug)]
pub struct Document {
    pub(crate) driver: Arc<dyn Driver>,
    pub(crate) name: Arc<str>,
}

impl Document {
    /// The declared name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The owner's value.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn get(&self, owner: &Owner) -> Result<Option<Bytes>, Error> {
        self.driver.document(&self.name, owner).await
    }

    /// Sets the owner's value, up to [`MAX_VALUE`](crate::MAX_VALUE) bytes.
    ///
    /// # Errors
    /// As [`Batch::commit`].
    pub async fn put(&self, owner: &Owner, value: impl Into<Bytes>) -> Result<(), Error> {
        self.batch().put_document(self, owner, value).commit().await.map(drop)
    }

    /// Sets the owner's value if there is none yet. Of several who try at once, one succeeds.
    ///
    /// # Errors
    /// [`Error::Conflict`] if there is one; else as [`Batch::commit`].
    pub async fn create(&self, owner: &Owner, value: impl Into<Bytes>) -> Result<(), Error> {
        let batch = self.batch().expect_document_absent(self, owner);
        batch.put_document(self, owner, value).commit().await.map(drop)
    }

    /// Sets the owner's value if it is still `old`.
    ///
    /// # Errors
    /// [`Error::Conflict`] if it is not; else as [`Batch::commit`].
    pub async fn replace(
        &self,
        owner: &Owner,
        old: impl Into<Bytes>,
        new: impl Into<Bytes>,
    ) -> Result<(), Error> {
        let batch = self.batch().expect_document(self, owner, old);
        batch.put_document(self, owner, new).commit().await.map(drop)
    }

    /// Removes the owner's value; returns whether there was one.
    ///
    /// # Errors
    /// As [`Batch::commit`].
    pub async fn delete(&self, owner: &Owner) -> Result<bool, Error> {
        Ok(self.batch().delete_document(self, owner).commit().await?.changed() > 0)
    }

    /// Up to `limit` (at most [`MAX_PAGE`]) owners that have a value, in order, those after `after`. A
    /// shorter answer than asked for is the last.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn owners(&self, after: Option<&Owner>, limit: u32) -> Result<Vec<Owner>, Error> {
        self.driver.owners(Kind::Document, &self.name, after, limit.min(MAX_PAGE)).await
    }

    fn batch(&self) -> Batch {
        Batch::new(self.driver.clone())
    }
}

impl Batch {
    /// Sets a document.
    pub fn put_document(self, document: &Document, owner: &Owner, value: impl Into<Bytes>) -> Self {
        let (store, value) = (document.name.clone(), value.into());
        let size = value.len();
        let write = Write::PutDocument { store, owner: owner.clone(), value };
        self.push(&document.driver, &document.name, size, write)
    }

    /// Removes a document, if it is there.
    pub fn delete_document(self, document: &Document, owner: &Owner) -> Self {
        let write = Write::DeleteDocument { store: document.name.clone(), owner: owner.clone() };
        self.push(&document.driver, &document.name, 0, write)
    }

    /// Fails the batch with [`Error::Conflict`] unless the document has this value at this point of the batch.
    pub fn expect_document(self, document: &Document, owner: &Owner, value: impl Into<Bytes>) -> Self {
        self.expect_document_is(document, owner, Some(value.into()))
    }

    /// Fails the batch with [`Error::Conflict`] if the document exists at this point of the batch.
    pub fn expect_document_absent(self, document: &Document, owner: &Owner) -> Self {
        self.expect_document_is(document, owner, None)
    }

    fn expect_document_is(self, document: &Document, owner: &Owner, expected: Option<Bytes>) -> Self {
        let size = expected.as_ref().map_or(0, Bytes::len);
        let write = Write::ExpectDocument { store: document.name.clone(), owner: owner.clone(), expected };
        self.push(&document.driver, &document.name, size, write)
    }
}
