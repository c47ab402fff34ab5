//! The writes of a batch as statements. Runs inside the writer's savepoint.

use super::appends::Appends;
use super::failure::{Failure, signed, unsigned};
use super::{apply_log as log, blob};
use crate::driver::{Kind, Outcome, Write};
use crate::{Error, Owner};
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};
use std::sync::Arc;

/// Applies all writes in order; after an error, the caller rolls back to its savepoint. It writes the appends at the end.
pub(super) fn batch<'a>(appends: &mut Appends<'a>, writes: &'a [Write]) -> Result<Vec<Outcome>, Failure> {
    writes.iter().map(|write| apply(appends, write)).collect()
}

/// Whether a write looks at what is in logs.
const fn looks_at_logs(write: &Write) -> bool {
    matches!(
        write,
        Write::ReplaceEntry { .. }
            | Write::DeleteEntries { .. }
            | Write::TakeEntries { .. }
            | Write::TrimLog { .. }
            | Write::Erase { .. }
    )
}

fn apply<'a>(appends: &mut Appends<'a>, write: &'a Write) -> Result<Outcome, Failure> {
    let conn = appends.conn;
    if looks_at_logs(write) {
        appends.write()?;
    }
    let changed = match write {
        Write::ExpectDocument { store, owner, expected } => {
            expect(store, super::read::document(conn, store, owner)?, expected.as_ref())?
        }
        Write::PutDocument { store, owner, value } => put_document(conn, store, owner, value)?,
        Write::DeleteDocument { store, owner } => delete_all(conn, Kind::Document, store, owner)?,
        Write::ExpectMap { store, owner, key, expected } => {
            expect(store, super::read::map_value(conn, store, owner, key)?, expected.as_ref())?
        }
        Write::PutMap { store, owner, key, value, max_keys } => {
            put_map(conn, store, owner, (key, value), *max_keys)?
        }
        Write::DeleteMap { store, owner, key } => {
            let sql = "DELETE FROM map WHERE store = ?1 AND owner = ?2 AND key = ?3";
            conn.prepare_cached(sql)?.execute(params![store, owner.key(), key])? as u64
        }
        Write::ClearMap { store, owner } => delete_all(conn, Kind::Map, store, owner)?,
        Write::Append { store, owner, entry, limit, if_new } => {
            appends.append((store, owner), entry, (*limit, *if_new))?
        }
        Write::ReplaceEntry { store, owner, id, value } => log::replace(conn, store, owner, (id, value))?,
        Write::DeleteEntries { store, owner, ids } => log::delete(conn, store, owner, ids)?,
        Write::TakeEntries { store, owner, which } => {
            let entries = log::take(conn, store, owner, which)?;
            return Ok(Outcome { changed: entries.len() as u64, entries });
        }
        Write::TrimLog { store, owner, rule, limit } => log::trim(conn, store, owner, *rule, *limit)?,
        Write::CommitBlob { store, owner, key, upload, chunks, tail } => {
            blob::commit(conn, (store, owner, key), *upload, *chunks, tail)?
        }
        Write::DeleteBlob { store, owner, key } => blob::delete(conn, store, owner, key)?,
        Write::Erase { owner } => erase(conn, owner)?,
    };
    Ok(changed.into())
}

fn expect(store: &Arc<str>, found: Option<Bytes>, expected: Option<&Bytes>) -> Result<u64, Failure> {
    let reason = match (&found, expected) {
        (found, expected) if found.as_ref() == expected => return Ok(0),
        (Some(_), None) => "it exists already",
        (None, Some(_)) => "it does not exist",
        _ => "it has another value",
    };
    Err(Error::Conflict { store: store.clone(), reason }.into())
}

fn put_document(conn: &Connection, store: &str, owner: &Owner, value: &Bytes) -> Result<u64, Failure> {
    let sql = "INSERT INTO document (store, owner, value) VALUES (?1, ?2, ?3)
        ON CONFLICT DO UPDATE SET value = excluded.value";
    conn.prepare_cached(sql)?.execute(params![store, owner.key(), &value[..]])?;
    Ok(1)
}

fn put_map(
    conn: &Connection,
    store: &Arc<str>,
    owner: &Owner,
    (key, value): (&str, &Bytes),
    max_keys: Option<u64>,
) -> Result<u64, Failure> {
    if let Some(max) = max_keys {
        let others = "SELECT count(*) FROM map WHERE store = ?1 AND owner = ?2 AND key <> ?3";
        let others: i64 =
            conn.prepare_cached(others)?.query_row(params![store, owner.key(), key], |row| row.get(0))?;
        if unsigned(others) >= max && super::read::map_value(conn, store, owner, key)?.is_none() {
            return Err(Error::Quota { store: store.clone() }.into());
        }
    }
    let sql = "INSERT INTO map (store, owner, key, value) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT DO UPDATE SET value = excluded.value";
    conn.prepare_cached(sql)?.execute(params![store, owner.key(), key, &value[..]])?;
    Ok(1)
}

/// Removes what an owner has in one store. Logs and blobs are only taken from the owner; the collector removes them.
fn delete_all(conn: &Connection, kind: Kind, store: &str, owner: &Owner) -> Result<u64, Failure> {
    let sql = match kind {
        Kind::Document => "DELETE FROM document WHERE store = ?1 AND owner = ?2",
        Kind::Map => "DELETE FROM map WHERE store = ?1 AND owner = ?2",
        Kind::Log => "UPDATE series SET owner = NULL WHERE store = ?1 AND owner = ?2",
        Kind::Blob => return blob::delete_all(conn, store, owner),
    };
    Ok(conn.prepare_cached(sql)?.execute(params![store, owner.key()])? as u64)
}

fn erase(conn: &Connection, owner: &Owner) -> Result<u64, Failure> {
    for (kind, store) in super::read::stores_of(conn, owner)? {
        delete_all(conn, kind, &store, owner)?;
    }
    // A log that is empty now is not listed, yet names the owner.
    let sql = "SELECT DISTINCT store FROM series";
    let mut stores = conn.prepare_cached(sql)?;
    let stores = stores.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    for store in stores {
        delete_all(conn, Kind::Log, &store, owner)?;
    }
    Ok(0)
}

/// A row's number that is there or not.
pub(super) fn optional<T: rusqlite::types::FromSql>(
    conn: &Connection,
    sql: &str,
    params: impl rusqlite::Params,
) -> Result<Option<T>, Failure> {
    Ok(conn.prepare_cached(sql)?.query_row(params, |row| row.get(0)).optional()?)
}

/// A driver's number as SQLite has it.
pub(super) fn number(id: u64) -> i64 {
    signed(id)
}
