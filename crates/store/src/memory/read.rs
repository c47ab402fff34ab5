//! The memory driver's reading, and its uploads.

use super::apply::remove_content;
use super::state::{Content, Series, key, place};
use super::{Memory, State};
use crate::driver::{BlobInfo, Blobs, Documents, Found, Logs, Maps, Read};
use crate::{Entry, Error, Owner, Page, PageBuilder, Query, Usage};
use async_trait::async_trait;
use bytes::Bytes;
use std::collections::BTreeSet;
use std::ops::Bound;

#[async_trait]
impl Documents for Memory {
    async fn document(&self, store: &str, owner: &Owner) -> Result<Option<Bytes>, Error> {
        self.with(|state| Ok(state.documents.get(&key(store, owner)).cloned()))
    }
}

/// One of several reads of the state.
pub(super) fn one(state: &State, read: &Read) -> Found {
    match read {
        Read::Document { store, owner } => Found::Document(state.documents.get(&key(store, owner)).cloned()),
        Read::Page { store, owner, limit } => {
            let map = state.maps.get(&key(store, owner)).into_iter().flatten().take(*limit as usize);
            Found::Page(map.map(|(key, value)| (key.clone(), value.clone())).collect())
        }
        Read::Usage { store, owner } => {
            Found::Usage(state.logs.get(&key(store, owner)).map(Series::usage).unwrap_or_default())
        }
    }
}

#[async_trait]
impl Maps for Memory {
    async fn map_value(&self, store: &str, owner: &Owner, name: &str) -> Result<Option<Bytes>, Error> {
        self.with(|state| Ok(state.maps.get(&key(store, owner)).and_then(|map| map.get(name)).cloned()))
    }

    async fn map_page(
        &self,
        store: &str,
        owner: &Owner,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, Bytes)>, Error> {
        self.with(|state| {
            let Some(map) = state.maps.get(&key(store, owner)) else { return Ok(Vec::new()) };
            let page = map.range::<str, _>((behind(after), Bound::Unbounded)).take(limit as usize);
            Ok(page.map(|(key, value)| (key.clone(), value.clone())).collect())
        })
    }

    async fn map_count(&self, store: &str, owner: &Owner) -> Result<u64, Error> {
        self.with(|state| Ok(state.maps.get(&key(store, owner)).map_or(0, |map| map.len() as u64)))
    }
}

fn behind(after: Option<&str>) -> Bound<&str> {
    after.map_or(Bound::Unbounded, Bound::Excluded)
}

#[async_trait]
impl Logs for Memory {
    async fn log_page(&self, store: &str, owner: &Owner, query: &Query) -> Result<Page, Error> {
        self.with(|state| {
            with_series(state, store, owner, |series| {
                let mut matching = series.matching(query)?;
                let mut page = PageBuilder::new(query);
                let mut next = || if query.backwards { matching.next_back() } else { matching.next() };
                while let Some(entry) = next() {
                    if !page.push(entry.clone()) {
                        break;
                    }
                }
                Ok(page.finish())
            })
        })
    }

    async fn log_count(&self, store: &str, owner: &Owner, query: &Query) -> Result<u64, Error> {
        self.with(|state| {
            with_series(state, store, owner, |series| Ok(series.matching(query)?.count() as u64))
        })
    }

    async fn log_usage(&self, store: &str, owner: &Owner) -> Result<Usage, Error> {
        self.with(|state| Ok(state.logs.get(&key(store, owner)).map(Series::usage).unwrap_or_default()))
    }

    async fn log_entries(&self, store: &str, owner: &Owner, ids: Vec<String>) -> Result<Vec<Entry>, Error> {
        self.with(|state| {
            let Some(series) = state.logs.get(&key(store, owner)) else { return Ok(Vec::new()) };
            let positions: BTreeSet<u64> =
                ids.iter().filter_map(|id| series.positions.get(id)).copied().collect();
            Ok(positions.iter().filter_map(|position| series.entries.get(position)).cloned().collect())
        })
    }
}

/// Runs a query on a log; a log that was never written is empty.
fn with_series<T>(
    state: &State,
    store: &str,
    owner: &Owner,
    query: impl FnOnce(&Series) -> Result<T, String>,
) -> Result<T, Error> {
    let empty = Series::default();
    let series = state.logs.get(&key(store, owner)).unwrap_or(&empty);
    query(series).map_err(|id| Error::UnknownEntry { store: store.into(), id })
}

#[async_trait]
impl Blobs for Memory {
    async fn find_blob(&self, store: &str, owner: &Owner, name: &str) -> Result<Option<BlobInfo>, Error> {
        self.with(|state| {
            let id = state.blobs.get(&key(store, owner)).and_then(|blobs| blobs.get(name)).copied();
            Ok(id.map(|id| BlobInfo { id, length: length(state, id) }))
        })
    }

    async fn read_blob(&self, store: &str, id: u64, offset: u64, max: usize) -> Result<Bytes, Error> {
        self.with(|state| {
            let Some(content) = state.contents.get(&id) else { return Err(gone(store)) };
            let mut skip = usize::try_from(offset).unwrap_or(usize::MAX);
            for chunk in &content.chunks {
                if skip < chunk.len() {
                    return Ok(chunk.slice(skip..chunk.len().min(skip.saturating_add(max))));
                }
                skip -= chunk.len();
            }
            Ok(Bytes::new())
        })
    }

    async fn blob_keys(
        &self,
        store: &str,
        owner: &Owner,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, u64)>, Error> {
        self.with(|state| {
            let Some(blobs) = state.blobs.get(&key(store, owner)) else { return Ok(Vec::new()) };
            let page = blobs.range::<str, _>((behind(after), Bound::Unbounded)).take(limit as usize);
            Ok(page.map(|(key, id)| (key.clone(), length(state, *id))).collect())
        })
    }

    async fn begin_upload(&self) -> Result<u64, Error> {
        self.with(|state| {
            let id = state.next_content;
            state.next_content += 1;
            state.contents.insert(id, Content::default());
            Ok(id)
        })
    }

    async fn upload(&self, upload: u64, index: u64, data: Bytes) -> Result<(), Error> {
        self.with(|state| {
            let (used, length) = (state.used, data.len() as u64);
            if used + length > state.limit {
                return Err(Error::Full { place: place() });
            }
            match state.contents.get_mut(&upload) {
                Some(content) if !content.committed && content.chunks.len() as u64 == index => {
                    content.length += length;
                    content.chunks.push(data);
                    state.used += length;
                    Ok(())
                }
                _ => Err(gone("uploads")),
            }
        })
    }

    fn discard_upload(&self, upload: u64) {
        let mut state = self.state.lock();
        if state.contents.get(&upload).is_some_and(|content| !content.committed) {
            remove_content(&mut state, upload);
        }
    }
}

fn length(state: &State, id: u64) -> u64 {
    state.contents.get(&id).map_or(0, |content| content.length)
}

fn gone(store: &str) -> Error {
    Error::Conflict { store: store.into(), reason: "the blob was deleted or replaced meanwhile" }
}
