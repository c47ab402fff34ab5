//! The memory driver's writing: each write leaves behind how to undo it, until the whole batch has succeeded.

use super::state::{Content, Key, Series, State, place, weight};
use crate::driver::{Outcome, Take, Write};
use crate::{Entry, Error, Limit, Owner, Trim};
use bytes::Bytes;
use std::sync::Arc;

type Undo = Box<dyn FnOnce(&mut State)>;

/// Applies all writes, or none and says why.
pub(super) fn batch(state: &mut State, writes: Vec<Write>) -> Result<Vec<Outcome>, Error> {
    let used = state.used;
    let mut undo = Vec::new();
    let result: Result<Vec<_>, _> = writes.into_iter().map(|write| apply(state, write, &mut undo)).collect();
    if result.is_err() {
        undo.into_iter().rev().for_each(|undo| undo(state));
        state.used = used;
    }
    result
}

fn apply(state: &mut State, write: Write, undo: &mut Vec<Undo>) -> Result<Outcome, Error> {
    match write {
        Write::ExpectDocument { store, owner, expected } => {
            let key = (store, owner);
            let found = state.documents.get(&key).cloned();
            expect(key.0, found, expected).map(Outcome::from)
        }
        Write::PutDocument { store, owner, value } => put_document(state, (store, owner), value, undo),
        Write::DeleteDocument { store, owner } => Ok(delete_document(state, (store, owner), undo)),
        Write::ExpectMap { store, owner, key, expected } => {
            let at = (store, owner);
            let found = state.maps.get(&at).and_then(|map| map.get(&key)).cloned();
            expect(at.0, found, expected).map(Outcome::from)
        }
        Write::PutMap { store, owner, key, value, max_keys } => {
            put_map(state, (store, owner), key, value, max_keys, undo)
        }
        Write::DeleteMap { store, owner, key } => Ok(delete_map(state, (store, owner), key, undo)),
        Write::ClearMap { store, owner } => Ok(clear_map(state, (store, owner), undo)),
        Write::Append { if_new: true, store, owner, entry, .. } if has(state, &store, &owner, &entry.id) => {
            Ok(0.into())
        }
        Write::Append { store, owner, entry, limit, .. } => append(state, (store, owner), entry, limit, undo),
        Write::ReplaceEntry { store, owner, id, value } => replace(state, (store, owner), id, value, undo),
        Write::DeleteEntries { store, owner, ids } => {
            let taken = take(state, (store, owner), Take::Ids(ids), undo);
            Ok(Outcome::from(taken.changed))
        }
        Write::TakeEntries { store, owner, which } => Ok(take(state, (store, owner), which, undo)),
        Write::TrimLog { store, owner, rule, limit } => Ok(trim(state, (store, owner), rule, limit, undo)),
        Write::CommitBlob { store, owner, key, upload, chunks, tail } => {
            commit_blob(state, (store, owner), key, upload, chunks, tail, undo)
        }
        Write::DeleteBlob { store, owner, key } => Ok(delete_blob(state, (store, owner), key, undo)),
        Write::Erase { owner } => Ok(erase(state, &owner, undo)),
    }
}

fn expect(store: Arc<str>, found: Option<Bytes>, expected: Option<Bytes>) -> Result<u64, Error> {
    let reason = match (&found, &expected) {
        _ if found == expected => return Ok(0),
        (Some(_), None) => "it exists already",
        (None, Some(_)) => "it does not exist",
        _ => "it has another value",
    };
    Err(Error::Conflict { store, reason })
}

fn charge(state: &mut State, bytes: u64) -> Result<(), Error> {
    state.used += bytes;
    if state.used > state.limit { Err(Error::Full { place: place() }) } else { Ok(()) }
}

fn put_document(state: &mut State, key: Key, value: Bytes, undo: &mut Vec<Undo>) -> Result<Outcome, Error> {
    delete_document(state, key.clone(), undo);
    charge(state, value.len() as u64)?;
    state.documents.insert(key.clone(), value);
    undo.push(Box::new(move |state| drop(state.documents.remove(&key))));
    Ok(1.into())
}

fn delete_document(state: &mut State, key: Key, undo: &mut Vec<Undo>) -> Outcome {
    let Some(old) = state.documents.remove(&key) else { return 0.into() };
    state.used -= old.len() as u64;
    undo.push(Box::new(move |state| drop(state.documents.insert(key, old))));
    1.into()
}

fn put_map(
    state: &mut State,
    at: Key,
    key: String,
    value: Bytes,
    max_keys: Option<u64>,
    undo: &mut Vec<Undo>,
) -> Result<Outcome, Error> {
    let map = state.maps.entry(at.clone()).or_default();
    if !map.contains_key(&key) && max_keys.is_some_and(|max| map.len() as u64 >= max) {
        return Err(Error::Quota { store: at.0 });
    }
    delete_map(state, at.clone(), key.clone(), undo);
    charge(state, (key.len() + value.len()) as u64)?;
    state.maps.entry(at.clone()).or_default().insert(key.clone(), value);
    undo.push(Box::new(move |state| drop(state.maps.get_mut(&at).and_then(|map| map.remove(&key)))));
    Ok(1.into())
}

fn delete_map(state: &mut State, at: Key, key: String, undo: &mut Vec<Undo>) -> Outcome {
    let Some(old) = state.maps.get_mut(&at).and_then(|map| map.remove(&key)) else { return 0.into() };
    state.used -= (key.len() + old.len()) as u64;
    undo.push(Box::new(move |state| drop(state.maps.entry(at).or_default().insert(key, old))));
    1.into()
}

fn clear_map(state: &mut State, at: Key, undo: &mut Vec<Undo>) -> Outcome {
    let Some(map) = state.maps.remove(&at) else { return 0.into() };
    state.used -= map.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum::<u64>();
    let keys = map.len() as u64;
    undo.push(Box::new(move |state| drop(state.maps.insert(at, map))));
    keys.into()
}

fn has(state: &State, store: &Arc<str>, owner: &Owner, id: &str) -> bool {
    let series = state.logs.get(&(store.clone(), owner.clone()));
    series.is_some_and(|series| series.positions.contains_key(id))
}

fn append(
    state: &mut State,
    at: Key,
    entry: Entry,
    limit: Option<Limit>,
    undo: &mut Vec<Undo>,
) -> Result<Outcome, Error> {
    let series = state.logs.entry(at.clone()).or_default();
    if series.positions.contains_key(&entry.id) {
        return Err(Error::Conflict { store: at.0, reason: "an entry with this id exists already" });
    }
    let (entries, bytes) = (series.usage().entries + 1, series.bytes + entry.value.len() as u64);
    if limit.is_some_and(|limit| entries > limit.max_entries || bytes > limit.max_bytes) {
        return Err(Error::Quota { store: at.0 });
    }
    let position = series.next;
    let weight = weight(&entry);
    series.next += 1;
    series.insert(position, entry);
    undo.push(Box::new(move |state| {
        state.logs.get_mut(&at).and_then(|series| series.remove(position));
    }));
    charge(state, weight)?;
    Ok(1.into())
}

fn replace(
    state: &mut State,
    at: Key,
    id: String,
    value: Bytes,
    undo: &mut Vec<Undo>,
) -> Result<Outcome, Error> {
    let Some(series) = state.logs.get_mut(&at) else { return Ok(0.into()) };
    let length = value.len() as u64;
    let Some(old) = series.replace(&id, value) else { return Ok(0.into()) };
    state.used -= old.len() as u64;
    undo.push(Box::new(move |state| drop(state.logs.get_mut(&at).and_then(|log| log.replace(&id, old)))));
    charge(state, length)?;
    Ok(1.into())
}

fn take(state: &mut State, at: Key, which: Take, undo: &mut Vec<Undo>) -> Outcome {
    let Some(series) = state.logs.get(&at) else { return Outcome::default() };
    let mut positions: Vec<u64> = match which {
        Take::Oldest(limit) => series.entries.keys().take(limit as usize).copied().collect(),
        Take::Ids(ids) => ids.iter().filter_map(|id| series.positions.get(id)).copied().collect(),
    };
    positions.sort_unstable();
    positions.dedup();
    remove_entries(state, at, positions, undo)
}

fn trim(state: &mut State, at: Key, rule: Trim, limit: u32, undo: &mut Vec<Undo>) -> Outcome {
    let Some(series) = state.logs.get(&at) else { return Outcome::default() };
    let limit = limit as usize;
    let positions: Vec<u64> = match rule {
        Trim::OlderThan(time) => {
            let old = series.entries.iter().filter(|(_, entry)| entry.at < time);
            old.map(|(position, _)| *position).take(limit).collect()
        }
        Trim::KeepNewest(keep) => {
            let surplus = series.entries.len().saturating_sub(usize::try_from(keep).unwrap_or(usize::MAX));
            series.entries.keys().copied().take(surplus.min(limit)).collect()
        }
    };
    let removed = remove_entries(state, at, positions, undo);
    removed.changed.into()
}

fn remove_entries(state: &mut State, at: Key, positions: Vec<u64>, undo: &mut Vec<Undo>) -> Outcome {
    let Some(series) = state.logs.get_mut(&at) else { return Outcome::default() };
    let removed: Vec<(u64, Entry)> = positions
        .into_iter()
        .filter_map(|position| series.remove(position).map(|entry| (position, entry)))
        .collect();
    let entries: Vec<Entry> = removed.iter().map(|(_, entry)| entry.clone()).collect();
    state.used -= entries.iter().map(weight).sum::<u64>();
    undo.push(Box::new(move |state| {
        let series = state.logs.entry(at).or_default();
        removed.into_iter().for_each(|(position, entry)| series.insert(position, entry));
    }));
    Outcome { changed: entries.len() as u64, entries }
}

fn commit_blob(
    state: &mut State,
    at: Key,
    key: String,
    upload: u64,
    chunks: u64,
    tail: Bytes,
    undo: &mut Vec<Undo>,
) -> Result<Outcome, Error> {
    let content = state.contents.get(&upload);
    if content.is_none_or(|content| content.committed || content.chunks.len() as u64 != chunks) {
        return Err(Error::Conflict { store: at.0, reason: "the upload is not there any more" });
    }
    delete_blob(state, at.clone(), key.clone(), undo);
    charge(state, tail.len() as u64)?;
    if let Some(content) = state.contents.get_mut(&upload) {
        content.committed = true;
        content.length += tail.len() as u64;
        content.chunks.push(tail);
    }
    state.blobs.entry(at.clone()).or_default().insert(key.clone(), upload);
    undo.push(Box::new(move |state| {
        state.blobs.get_mut(&at).and_then(|blobs| blobs.remove(&key));
        if let Some(content) = state.contents.get_mut(&upload) {
            let tail = content.chunks.pop().map_or(0, |tail| tail.len() as u64);
            content.length -= tail;
            content.committed = false;
        }
    }));
    Ok(1.into())
}

fn delete_blob(state: &mut State, at: Key, key: String, undo: &mut Vec<Undo>) -> Outcome {
    let Some(id) = state.blobs.get_mut(&at).and_then(|blobs| blobs.remove(&key)) else { return 0.into() };
    let content = remove_content(state, id);
    undo.push(Box::new(move |state| {
        state.blobs.entry(at).or_default().insert(key, id);
        state.contents.insert(id, content);
    }));
    1.into()
}

/// Removes the bytes of a blob or an upload.
pub(super) fn remove_content(state: &mut State, id: u64) -> Content {
    let content = state.contents.remove(&id).unwrap_or_default();
    state.used -= content.length;
    content
}

fn erase(state: &mut State, owner: &Owner, undo: &mut Vec<Undo>) -> Outcome {
    let of_owner = |(_, of): &&Key| of == owner;
    for key in state.documents.keys().filter(of_owner).cloned().collect::<Vec<_>>() {
        delete_document(state, key, undo);
    }
    for key in state.maps.keys().filter(of_owner).cloned().collect::<Vec<_>>() {
        clear_map(state, key, undo);
    }
    for key in state.logs.keys().filter(of_owner).cloned().collect::<Vec<_>>() {
        let series: Series = state.logs.remove(&key).unwrap_or_default();
        state.used -= series.entries.values().map(weight).sum::<u64>();
        undo.push(Box::new(move |state| drop(state.logs.insert(key, series))));
    }
    for at in state.blobs.keys().filter(of_owner).cloned().collect::<Vec<_>>() {
        for key in state.blobs.get(&at).map(|blobs| blobs.keys().cloned().collect()).unwrap_or(vec![]) {
            delete_blob(state, at.clone(), key, undo);
        }
    }
    Outcome::default()
}
