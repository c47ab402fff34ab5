//! Everything of one owner, page by page.

use crate::driver::Kind;
use crate::{Entry, Error, Owner, Query, Store};
use bytes::Bytes;
use std::{collections::VecDeque, sync::Arc};

/// One record of an owner, as an [`Export`] finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Record {
    /// The value in a document store.
    Document {
        /// The declared name.
        store: Arc<str>,
        /// The value.
        value: Bytes,
    },
    /// One key of a map store.
    Map {
        /// The declared name.
        store: Arc<str>,
        /// The key.
        key: String,
        /// Its value.
        value: Bytes,
    },
    /// One entry of a log store.
    Log {
        /// The declared name.
        store: Arc<str>,
        /// The entry.
        entry: Entry,
    },
    /// One blob; its bytes come from [`Blob::reader`](crate::Blob::reader).
    Blob {
        /// The declared name.
        store: Arc<str>,
        /// The blob's key.
        key: String,
        /// How many bytes it has.
        length: u64,
    },
}

/// Records read at once.
const PAGE: u32 = 100;

/// All records of an owner: store by store, in each by key or in log order.
///
/// Each page is read as the store is at that moment, so what changes meanwhile may be missing or in its newer form.
/// A log that is trimmed meanwhile goes on with what is left.
#[derive(Debug)]
pub struct Export {
    store: Store,
    owner: Owner,
    stores: Option<VecDeque<(Kind, Arc<str>)>>,
    page: VecDeque<Record>,
    /// What the last page of the first store ended with: one key, or the ids of a log, of which the last that is still
    /// there counts.
    after: Vec<String>,
}

impl Export {
    pub(crate) fn new(store: Store, owner: Owner) -> Self {
        Self { store, owner, stores: None, page: VecDeque::new(), after: Vec::new() }
    }

    /// The next record, or `None` after the last.
    ///
    /// # Errors
    /// If it cannot be read; the next call tries again.
    ///
    /// # Cancel safety
    /// Cancel safe: a dropped call has taken nothing.
    pub async fn next(&mut self) -> Result<Option<Record>, Error> {
        loop {
            if let Some(record) = self.page.pop_front() {
                return Ok(Some(record));
            }
            let Some(stores) = &mut self.stores else {
                self.stores = Some(self.store.driver.stores_of(&self.owner).await?.into());
                continue;
            };
            let Some((kind, name)) = stores.front().cloned() else { return Ok(None) };
            let (records, after) = self.read_page(kind, &name).await?;
            self.page = records.into();
            if after.is_empty() {
                self.stores.iter_mut().for_each(|stores| drop(stores.pop_front()));
            }
            self.after = after;
        }
    }

    /// One page of a store, and what the next page starts after if there may be one.
    async fn read_page(&self, kind: Kind, name: &Arc<str>) -> Result<(Vec<Record>, Vec<String>), Error> {
        let after = self.after.last().map(String::as_str);
        match kind {
            Kind::Document => {
                let value = self.store.document(name).get(&self.owner).await?;
                let record = value.map(|value| Record::Document { store: name.clone(), value });
                Ok((record.into_iter().collect(), Vec::new()))
            }
            Kind::Map => {
                let page = self.store.map(name).page(&self.owner, after, PAGE).await?;
                let next = next_key(page.last().map(|(key, _)| key), page.len());
                let record = |(key, value)| Record::Map { store: name.clone(), key, value };
                Ok((page.into_iter().map(record).collect(), next))
            }
            Kind::Blob => {
                let page = self.store.blob(name).keys(&self.owner, after, PAGE).await?;
                let next = next_key(page.last().map(|(key, _)| key), page.len());
                let record = |(key, length)| Record::Blob { store: name.clone(), key, length };
                Ok((page.into_iter().map(record).collect(), next))
            }
            Kind::Log => self.read_log(name).await,
        }
    }

    async fn read_log(&self, name: &Arc<str>) -> Result<(Vec<Record>, Vec<String>), Error> {
        let mut query = Query { limit: PAGE, ..Query::default() };
        let log = self.store.log(name);
        let mut behind = self.after.iter().rev();
        let page = loop {
            query.after = behind.next().cloned().into_iter().collect();
            match log.range(&self.owner, &query).await {
                // Removed since it was read: then those before it, or all before it, are the way back.
                Err(Error::UnknownEntry { .. }) => continue,
                page => break page?,
            }
        };
        let next = match page.complete {
            true => Vec::new(),
            false => page.entries.iter().map(|entry| entry.id.clone()).collect(),
        };
        let record = |entry| Record::Log { store: name.clone(), entry };
        Ok((page.entries.into_iter().map(record).collect(), next))
    }
}

/// The key that the next page starts after, if the page was full.
fn next_key(last: Option<&String>, length: usize) -> Vec<String> {
    last.filter(|_| length == PAGE as usize).cloned().into_iter().collect()
}
