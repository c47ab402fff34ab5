//! Logs: entries in order for each owner.

use crate::driver::{Driver, Kind, Take, Write};
use crate::{Batch, Error, MAX_PAGE, Owner, Page, Query};
use bytes::Bytes;
use jiff::Timestamp;
use std::sync::Arc;

/// One entry of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Names the entry; unique among the owner's entries in this log.
    pub id: String,
    /// When it happened. Kept in whole microseconds; what is finer is cut off.
    pub at: Timestamp,
    /// With whom, to query by.
    pub peer: Option<String>,
    /// What is kept.
    pub value: Bytes,
}

impl Entry {
    /// An entry without a peer.
    pub fn new(id: impl Into<String>, at: Timestamp, value: impl Into<Bytes>) -> Self {
        Self { id: id.into(), at, peer: None, value: value.into() }
    }

    /// The same entry with this peer.
    #[must_use]
    pub fn peer(mut self, peer: impl Into<String>) -> Self {
        self.peer = Some(peer.into());
        self
    }

    /// How many bytes it takes, of the most that a store takes: [`MAX_VALUE`](crate::MAX_VALUE).
    pub fn size(&self) -> usize {
        self.id.len() + self.peer.as_ref().map_or(0, String::len) + self.value.len()
    }
}

/// Cuts a time to whole microseconds, towards the past.
pub(crate) fn whole_microseconds(at: Timestamp) -> Timestamp {
    let micros = at.as_nanosecond().div_euclid(1_000);
    i64::try_from(micros).ok().and_then(|micros| Timestamp::from_microsecond(micros).ok()).unwrap_or(at)
}

/// What a log of one owner may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many entries.
    pub max_entries: u64,
    /// How many bytes of values.
    pub max_bytes: u64,
}

/// What a log of one owner holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// How many entries.
    pub entries: u64,
    /// How many bytes their values have together.
    pub bytes: u64,
}

/// Which entries to trim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Trim {
    /// Those that happened before this time.
    OlderThan(Timestamp),
    /// All but the last so many.
    KeepNewest(u64),
}

/// A store of entries in order for each owner: offline messages, an archive. Cheap to clone.
///
/// The order is the order of appending, whatever the times say, so a clock that steps back does not reorder it. Every
/// write is a batch of one; see [`Batch::commit`] for its errors and for what cancelling means. Every read fails with
/// [`Error::Io`], [`Error::Corrupt`], [`Error::Busy`] or [`Error::Closed`] only unless it says more, and may be
/// cancelled freely.
#[derive(Clone, Debug)]
pub struct Log {
    pub(crate) driver: Arc<dyn Driver>,
    pub(crate) name: Arc<str>,
}

impl Log {
    /// The declared name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Appends an entry.
    ///
    /// # Errors
    /// [`Error::Conflict`] if the owner has an entry with its id in this log; else as [`Batch::commit`].
    pub async fn append(&self, owner: &Owner, entry: Entry) -> Result<(), Error> {
        self.batch().append(self, owner, entry).commit().await.map(drop)
    }

    /// Appends an entry if the log, with it, holds no more than the limit. Exact, however many append at once.
    ///
    /// # Errors
    /// [`Error::Quota`] if it would hold more; else as [`append`](Self::append).
    pub async fn append_if_below(&self, owner: &Owner, entry: Entry, limit: Limit) -> Result<(), Error> {
        self.batch().append_if_below(self, owner, entry, limit).commit().await.map(drop)
    }

    /// The entries that the query asks for, in the order of the log.
    ///
    /// # Errors
    /// [`Error::UnknownEntry`] if `after` or `before` is no id in the log; or if they cannot be read.
    pub async fn range(&self, owner: &Owner, query: &Query) -> Result<Page, Error> {
        let query = Query { limit: query.limit.min(MAX_PAGE), ..query.clone() };
        self.driver.log_page(&self.name, owner, &query).await
    }

    /// The entry with this id.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn get(&self, owner: &Owner, id: &str) -> Result<Option<Entry>, Error> {
        Ok(self.driver.log_entries(&self.name, owner, vec![id.to_owned()]).await?.pop())
    }

    /// The entries with these ids that are there, in the order of the log, each once; of the ids, those beyond [`MAX_PAGE`] are ignored.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn entries(&self, owner: &Owner, mut ids: Vec<String>) -> Result<Vec<Entry>, Error> {
        ids.truncate(MAX_PAGE as usize);
        self.driver.log_entries(&self.name, owner, ids).await
    }

    /// How many entries match the query, on all pages. Reads as many; [`usage`](Self::usage) does not.
    ///
    /// # Errors
    /// As [`range`](Self::range).
    pub async fn count_matching(&self, owner: &Owner, query: &Query) -> Result<u64, Error> {
        self.driver.log_count(&self.name, owner, query).await
    }

    /// How many entries and bytes the owner has in this log. Takes the same short time for every log.
    ///
    /// # Errors
    /// If it cannot be read.
    pub async fn usage(&self, owner: &Owner) -> Result<Usage, Error> {
        self.driver.log_usage(&self.name, owner).await
    }

    /// How many entries the owner has in this log.
    ///
    /// # Errors
    /// As [`usage`](Self::usage).
    pub async fn count(&self, owner: &Owner) -> Result<u64, Error> {
        Ok(self.usage(owner).await?.entries)
    }

    /// How many bytes the values of the owner's entries have together.
    ///
    /// # Errors
    /// As [`usage`](Self::usage).
    pub async fn bytes(&self, owner: &Owner) -> Result<u64, Error> {
        Ok(self.usage(owner).await?.bytes)
    }

    /// Removes entries that match the rule, the oldest first, at most `limit` of them; returns how many. Fewer than
    /// `limit` means that none is left.
    ///
    /// # Errors
    /// As [`Batch::commit`].
    pub async fn trim(&self, owner: &Owner, rule: Trim, limit: u32) -> Result<u64, Error> {
        Ok(self.batch().trim(self, owner, rule, limit).commit().await?.changed())
    }

    /// Removes the oldest entries, at most `limit` and [`MAX_PAGE`] of them, and returns them in order. No entry is
    /// ever taken twice. What is taken is in no store any more: to keep it until it is delivered, read it with
    /// [`range`](Self::range) and [`delete`](Self::delete) it afterwards.
    ///
    /// # Errors
    /// As [`Batch::commit`].
    ///
    /// # Cancel safety
    /// Not cancel safe: what was taken is lost with the future.
    pub async fn take(&self, owner: &Owner, limit: u32) -> Result<Vec<Entry>, Error> {
        self.take_which(owner, Take::Oldest(limit.min(MAX_PAGE))).await
    }

    /// Removes the entries with these ids and returns those that were there, in the order of the log.
    ///
    /// # Errors
    /// As [`Batch::commit`].
    ///
    /// # Cancel safety
    /// Not cancel safe: what was taken is lost with the future.
    pub async fn take_ids(&self, owner: &Owner, ids: Vec<String>) -> Result<Vec<Entry>, Error> {
        self.take_which(owner, Take::Ids(ids)).await
    }

    async fn take_which(&self, owner: &Owner, which: Take) -> Result<Vec<Entry>, Error> {
        let write = Write::TakeEntries { store: self.name.clone(), owner: owner.clone(), which };
        let committed = self.batch().push(&self.driver, &self.name, 0, write).commit().await?;
        Ok(committed.into_entries())
    }

    /// Gives the entry with this id another value; it keeps its place, time and peer. Returns how many were there: 0 or 1.
    ///
    /// # Errors
    /// As [`Batch::commit`].
    pub async fn replace(&self, owner: &Owner, id: &str, value: impl Into<Bytes>) -> Result<u64, Error> {
        Ok(self.batch().replace_entry(self, owner, id, value).commit().await?.changed())
    }

    /// Removes the entries with these ids; returns how many were there.
    ///
    /// # Errors
    /// As [`Batch::commit`].
    pub async fn delete(&self, owner: &Owner, ids: Vec<String>) -> Result<u64, Error> {
        Ok(self.batch().delete_entries(self, owner, ids).commit().await?.changed())
    }

    /// Up to `limit` (at most [`MAX_PAGE`]) owners that have an entry, in order, those after `after`. A
    /// shorter answer than asked for is the last.
    ///
    /// # Errors
    /// If they cannot be read.
    pub async fn owners(&self, after: Option<&Owner>, limit: u32) -> Result<Vec<Owner>, Error> {
        self.driver.owners(Kind::Log, &self.name, after, limit.min(MAX_PAGE)).await
    }

    fn batch(&self) -> Batch {
        Batch::new(self.driver.clone())
    }
}

impl Batch {
    /// Appends an entry to a log; fails the batch with [`Error::Conflict`] if its id is there already.
    pub fn append(self, log: &Log, owner: &Owner, entry: Entry) -> Self {
        self.append_as(log, owner, entry, None, false)
    }

    /// Appends an entry to a log; fails the batch with [`Error::Quota`] if the log would hold more than the limit.
    pub fn append_if_below(self, log: &Log, owner: &Owner, entry: Entry, limit: Limit) -> Self {
        self.append_as(log, owner, entry, Some(limit), false)
    }

    /// Appends an entry to a log, if its id is not there already: what may have been written before is written once.
    pub fn append_if_new(self, log: &Log, owner: &Owner, entry: Entry) -> Self {
        self.append_as(log, owner, entry, None, true)
    }

    fn append_as(
        self,
        log: &Log,
        owner: &Owner,
        mut entry: Entry,
        limit: Option<Limit>,
        if_new: bool,
    ) -> Self {
        entry.at = whole_microseconds(entry.at);
        let size = entry.size();
        let write = Write::Append { store: log.name.clone(), owner: owner.clone(), entry, limit, if_new };
        self.push(&log.driver, &log.name, size, write)
    }

    /// Gives the entry with this id another value, if it is there; it keeps its place, time and peer.
    pub fn replace_entry(self, log: &Log, owner: &Owner, id: &str, value: impl Into<Bytes>) -> Self {
        let (id, value) = (id.to_owned(), value.into());
        let size = id.len() + value.len();
        let write = Write::ReplaceEntry { store: log.name.clone(), owner: owner.clone(), id, value };
        self.push(&log.driver, &log.name, size, write)
    }

    /// Removes the entries with these ids from a log, where they are there.
    pub fn delete_entries(self, log: &Log, owner: &Owner, ids: Vec<String>) -> Self {
        let size = ids.iter().map(String::len).sum();
        let write = Write::DeleteEntries { store: log.name.clone(), owner: owner.clone(), ids };
        self.push(&log.driver, &log.name, size, write)
    }

    /// Removes entries that match the rule from a log, the oldest first, at most `limit` of them.
    pub fn trim(self, log: &Log, owner: &Owner, rule: Trim, limit: u32) -> Self {
        let write = Write::TrimLog { store: log.name.clone(), owner: owner.clone(), rule, limit };
        self.push(&log.driver, &log.name, 0, write)
    }
}
