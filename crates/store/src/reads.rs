//! Reads that belong together.

use crate::driver::{Driver, Found, Read};
use crate::{Document, Error, Log, MAX_PAGE, Map, Owner, Usage};
use bytes::Bytes;
use std::sync::Arc;

/// Several reads over any stores and owners of one database, which see the same moment, for the price of one.
///
/// ```
/// # use stonechat_store::{Owner, Store};
/// # async fn example() -> Result<(), stonechat_store::Error> {
/// let store = Store::memory();
/// let (version, items) = (store.document("roster-version"), store.map("roster"));
/// let juliet = Owner::account("juliet@example.org");
/// let mut found = store.reads().document(&version, &juliet).page(&items, &juliet, 50).run().await?;
/// let (version, items) = (found.document(), found.page());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "nothing is read before it is run"]
pub struct Reads {
    driver: Arc<dyn Driver>,
    reads: Vec<Read>,
    error: Option<Error>,
}

impl Reads {
    pub(crate) fn new(driver: Arc<dyn Driver>) -> Self {
        Self { driver, reads: Vec::new(), error: None }
    }

    /// Reads the owner's value; [`Results::document`] has it.
    pub fn document(self, document: &Document, owner: &Owner) -> Self {
        let read = Read::Document { store: document.name.clone(), owner: owner.clone() };
        self.push(&document.driver, &document.name, read)
    }

    /// Reads up to `limit` (at most [`MAX_PAGE`]) keys and values in byte order of the keys, the first; [`Results::page`] has them.
    pub fn page(self, map: &Map, owner: &Owner, limit: u32) -> Self {
        let read = Read::Page { store: map.name.clone(), owner: owner.clone(), limit: limit.min(MAX_PAGE) };
        self.push(&map.driver, &map.name, read)
    }

    /// Reads how much a log holds; [`Results::usage`] has it.
    pub fn usage(self, log: &Log, owner: &Owner) -> Self {
        let read = Read::Usage { store: log.name.clone(), owner: owner.clone() };
        self.push(&log.driver, &log.name, read)
    }

    fn push(mut self, driver: &Arc<dyn Driver>, store: &Arc<str>, read: Read) -> Self {
        if Arc::ptr_eq(&self.driver, driver) {
            self.reads.push(read);
        } else {
            self.error.get_or_insert(Error::OtherStore { store: store.clone() });
        }
        self
    }

    /// Reads. May be cancelled freely.
    ///
    /// # Errors
    /// [`Error::OtherStore`] for a handle of another database; else if they cannot be read.
    pub async fn run(self) -> Result<Results, Error> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(Results(self.driver.read(self.reads).await?)),
        }
    }
}

/// What [`Reads`] have found. Each kind is handed out in the order in which it was asked for.
#[derive(Debug)]
pub struct Results(Vec<Found>);

impl Results {
    /// The next document; `None` where there is none.
    pub fn document(&mut self) -> Option<Bytes> {
        match self.take(|found| matches!(found, Found::Document(_))) {
            Some(Found::Document(document)) => document,
            _ => None,
        }
    }

    /// The next page of a map. One that is shorter than was asked for is all of it.
    pub fn page(&mut self) -> Vec<(String, Bytes)> {
        match self.take(|found| matches!(found, Found::Page(_))) {
            Some(Found::Page(page)) => page,
            _ => Vec::new(),
        }
    }

    /// What the next log holds.
    pub fn usage(&mut self) -> Usage {
        match self.take(|found| matches!(found, Found::Usage(_))) {
            Some(Found::Usage(usage)) => usage,
            _ => Usage::default(),
        }
    }

    fn take(&mut self, wanted: impl Fn(&Found) -> bool) -> Option<Found> {
        let at = self.0.iter().position(wanted)?;
        Some(self.0.remove(at))
    }
}
