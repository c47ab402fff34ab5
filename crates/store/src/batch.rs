//! Batches: writes that belong together.

use crate::blob::Upload;
use crate::driver::{Driver, Outcome, Write};
use crate::{Entry, Error, MAX_BATCH_BYTES, MAX_BATCH_WRITES, MAX_VALUE, Owner};
use std::sync::Arc;

/// Several writes over any stores and owners of one database, which happen together or not at all.
///
/// The writes take effect in the order in which they were added, and each sees those before it. An error in adding one
/// (a value too large, a handle of another database) is reported by [`commit`](Batch::commit).
///
/// ```
/// # use stonechat_store::{Entry, Owner, Store};
/// # use jiff::Timestamp;
/// # async fn example() -> Result<(), stonechat_store::Error> {
/// let store = Store::memory();
/// let (accounts, welcome) = (store.document("accounts"), store.log("offline"));
/// let juliet = Owner::account("juliet@example.org");
/// store
///     .batch()
///     .expect_document_absent(&accounts, &juliet)
///     .put_document(&accounts, &juliet, "credentials")
///     .append(&welcome, &juliet, Entry::new("1", Timestamp::UNIX_EPOCH, "<message/>"))
///     .commit()
///     .await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a batch does nothing until it is committed"]
pub struct Batch {
    driver: Arc<dyn Driver>,
    writes: Arc<Vec<Write>>,
    bytes: usize,
    error: Option<Error>,
    pub(crate) uploads: Vec<Upload>,
}

impl Batch {
    pub(crate) fn new(driver: Arc<dyn Driver>) -> Self {
        Self { driver, writes: Arc::default(), bytes: 0, error: None, uploads: Vec::new() }
    }

    /// Removes everything of an owner in all stores.
    pub fn erase(mut self, owner: &Owner) -> Self {
        if self.error.is_none() {
            Arc::make_mut(&mut self.writes).push(Write::Erase { owner: owner.clone() });
        }
        self
    }

    /// How many writes and preconditions the batch has.
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// Whether the batch has no writes.
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    pub(crate) fn push(
        mut self,
        driver: &Arc<dyn Driver>,
        store: &Arc<str>,
        size: usize,
        write: Write,
    ) -> Self {
        self.bytes = self.bytes.saturating_add(size);
        let too_large = |bytes: usize, max: usize| Error::TooLarge {
            store: store.clone(),
            bytes: bytes as u64,
            max: max as u64,
        };
        if !Arc::ptr_eq(&self.driver, driver) {
            self.refuse(Error::OtherStore { store: store.clone() });
        } else if size > MAX_VALUE {
            self.refuse(too_large(size, MAX_VALUE));
        } else if self.bytes > MAX_BATCH_BYTES || self.writes.len() >= MAX_BATCH_WRITES {
            self.refuse(too_large(self.bytes, MAX_BATCH_BYTES));
        } else if self.error.is_none() {
            Arc::make_mut(&mut self.writes).push(write);
        }
        self
    }

    pub(crate) fn refuse(&mut self, error: Error) {
        self.error.get_or_insert(error);
        self.writes = Arc::default();
    }

    /// Applies the batch and returns when it is durable.
    ///
    /// # Errors
    /// [`Error::Conflict`] and [`Error::Quota`] for a precondition, [`Error::TooLarge`] and [`Error::OtherStore`] for a
    /// batch that cannot be; [`Error::Full`], [`Error::Busy`], [`Error::Io`], [`Error::Corrupt`] or [`Error::Closed`] if it
    /// cannot be written. Nothing of it is written then, except that after `Io` and `Closed` nobody knows.
    ///
    /// # Cancel safety
    /// A dropped call never leaves half a batch. Once the driver has taken the batch (at the first poll, unless its
    /// queue is full) it is applied as if somebody waited for it; before that, nothing is written.
    pub async fn commit(mut self) -> Result<Committed, Error> {
        self.try_commit().await
    }

    /// As [`commit`](Self::commit), but the batch is still there should it fail, to be tried again.
    ///
    /// # Errors
    /// As [`commit`](Self::commit). What is wrong with the batch itself is told once: it is [empty](Self::is_empty) then.
    ///
    /// # Cancel safety
    /// As [`commit`](Self::commit).
    pub async fn try_commit(&mut self) -> Result<Committed, Error> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        if self.writes.is_empty() {
            return Ok(Committed { outcomes: Vec::new() });
        }
        let outcomes = self.driver.commit(Arc::clone(&self.writes)).await?;
        self.uploads.drain(..).for_each(Upload::keep);
        Ok(Committed { outcomes })
    }
}

/// What a committed batch did.
#[derive(Clone, Debug, PartialEq)]
pub struct Committed {
    outcomes: Vec<Outcome>,
}

impl Committed {
    /// How many records were put or removed in all. Preconditions and erasing count nothing.
    pub fn changed(&self) -> u64 {
        self.outcomes.iter().map(|outcome| outcome.changed).sum()
    }

    /// What each write of the batch did, in order.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    pub(crate) fn into_entries(self) -> Vec<Entry> {
        self.outcomes.into_iter().flat_map(|outcome| outcome.entries).collect()
    }
}
