//! What the memory driver keeps.

use crate::driver::Kind;
use crate::{Entry, Owner, Query, Usage};
use bytes::Bytes;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

/// A store of one owner.
pub(super) type Key = (Arc<str>, Owner);

pub(super) fn key(store: &str, owner: &Owner) -> Key {
    (Arc::from(store), owner.clone())
}

pub(super) fn place() -> Arc<str> {
    Arc::from("the memory store")
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) closed: bool,
    pub(super) limit: u64,
    pub(super) used: u64,
    pub(super) documents: BTreeMap<Key, Bytes>,
    pub(super) maps: BTreeMap<Key, BTreeMap<String, Bytes>>,
    pub(super) logs: BTreeMap<Key, Series>,
    pub(super) blobs: BTreeMap<Key, BTreeMap<String, u64>>,
    pub(super) contents: HashMap<u64, Content>,
    pub(super) next_content: u64,
}

/// The bytes of a blob or of an upload.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) committed: bool,
    pub(super) length: u64,
    pub(super) chunks: Vec<Bytes>,
}

/// A log of one owner.
#[derive(Debug, Default)]
pub(super) struct Series {
    pub(super) next: u64,
    pub(super) bytes: u64,
    pub(super) entries: BTreeMap<u64, Entry>,
    pub(super) positions: HashMap<String, u64>,
}

impl Series {
    pub(super) fn usage(&self) -> Usage {
        Usage { entries: self.entries.len() as u64, bytes: self.bytes }
    }

    pub(super) fn insert(&mut self, position: u64, entry: Entry) {
        self.bytes += entry.value.len() as u64;
        self.positions.insert(entry.id.clone(), position);
        self.entries.insert(position, entry);
    }

    pub(super) fn remove(&mut self, position: u64) -> Option<Entry> {
        let entry = self.entries.remove(&position)?;
        self.positions.remove(&entry.id);
        self.bytes -= entry.value.len() as u64;
        Some(entry)
    }

    /// Gives an entry another value; the result is the old one.
    pub(super) fn replace(&mut self, id: &str, value: Bytes) -> Option<Bytes> {
        let entry = self.entries.get_mut(self.positions.get(id)?)?;
        self.bytes = self.bytes - entry.value.len() as u64 + value.len() as u64;
        Some(std::mem::replace(&mut entry.value, value))
    }

    /// The matching entries in log order, or the id that the query names and the log does not have.
    pub(super) fn matching<'a>(
        &'a self,
        query: &'a Query,
    ) -> Result<impl DoubleEndedIterator<Item = &'a Entry>, String> {
        let position = |id: &String| self.positions.get(id).copied().ok_or_else(|| id.clone());
        let positions = |ids: &[String]| ids.iter().map(position).collect::<Result<Vec<u64>, String>>();
        let after = positions(&query.after)?.into_iter().max();
        let before = positions(&query.before)?.into_iter().min();
        Ok(self
            .entries
            .iter()
            .filter(move |(position, _)| {
                after.is_none_or(|after| **position > after)
                    && before.is_none_or(|before| **position < before)
            })
            .map(|(_, entry)| entry)
            .filter(|entry| query.start.is_none_or(|start| entry.at >= start))
            .filter(|entry| query.end.is_none_or(|end| entry.at <= end))
            .filter(|entry| query.peer.is_none() || query.peer == entry.peer))
    }
}

/// What an entry counts towards the driver's limit.
pub(super) fn weight(entry: &Entry) -> u64 {
    (entry.id.len() + entry.peer.as_ref().map_or(0, String::len) + entry.value.len()) as u64
}

impl State {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            closed: false,
            limit,
            used: 0,
            documents: BTreeMap::new(),
            maps: BTreeMap::new(),
            logs: BTreeMap::new(),
            blobs: BTreeMap::new(),
            contents: HashMap::new(),
            next_content: 1,
        }
    }

    pub(super) fn owners(&self, kind: Kind, store: &str, after: Option<&Owner>, limit: u32) -> Vec<Owner> {
        match kind {
            Kind::Document => owners(&self.documents, store, after, limit, |_| true),
            Kind::Map => owners(&self.maps, store, after, limit, |map| !map.is_empty()),
            Kind::Log => owners(&self.logs, store, after, limit, |log| !log.entries.is_empty()),
            Kind::Blob => owners(&self.blobs, store, after, limit, |blobs| !blobs.is_empty()),
        }
    }

    pub(super) fn stores_of(&self, owner: &Owner) -> Vec<(Kind, Arc<str>)> {
        let mut stores = Vec::new();
        let mut add = |kind, (store, of): &Key, filled: bool| {
            if of == owner && filled {
                stores.push((kind, store.clone()));
            }
        };
        self.documents.keys().for_each(|key| add(Kind::Document, key, true));
        self.maps.iter().for_each(|(key, map)| add(Kind::Map, key, !map.is_empty()));
        self.logs.iter().for_each(|(key, log)| add(Kind::Log, key, !log.entries.is_empty()));
        self.blobs.iter().for_each(|(key, blobs)| add(Kind::Blob, key, !blobs.is_empty()));
        stores
    }
}

fn owners<T>(
    stores: &BTreeMap<Key, T>,
    store: &str,
    after: Option<&Owner>,
    limit: u32,
    filled: impl Fn(&T) -> bool,
) -> Vec<Owner> {
    let first = match after {
        Some(owner) => Bound::Excluded(key(store, owner)),
        // The least key of all owners.
        None => Bound::Included(key(store, &Owner::account(""))),
    };
    stores
        .range((first, Bound::Unbounded))
        .take_while(|((name, _), _)| &**name == store)
        .filter(|(_, data)| filled(data))
        .map(|((_, owner), _)| owner.clone())
        .take(limit as usize)
        .collect()
}
