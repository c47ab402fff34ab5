//! Writing blobs: uploads nobody sees, then a name for them.

use super::apply::{number, optional};
use super::failure::{Failure, signed};
use super::schema::{COMMITTED, REMOVED, UPLOADING};
use crate::{CHUNK, Error, Owner};
use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use std::sync::Arc;

pub(super) fn begin(conn: &Connection) -> Result<u64, Failure> {
    let sql = "INSERT INTO blob (state, chunks, length, touched) VALUES (?1, 0, 0, ?2)";
    conn.prepare_cached(sql)?.execute(params![UPLOADING, Timestamp::now().as_second()])?;
    Ok(super::failure::unsigned(conn.last_insert_rowid()))
}

pub(super) fn upload(conn: &Connection, upload: u64, index: u64, data: &Bytes) -> Result<(), Failure> {
    let sql = "UPDATE blob SET chunks = chunks + 1, length = length + ?4, touched = ?5
        WHERE id = ?1 AND state = ?2 AND chunks = ?3";
    let now = Timestamp::now().as_second();
    let row = params![number(upload), UPLOADING, signed(index), signed(data.len() as u64), now];
    if conn.prepare_cached(sql)?.execute(row)? == 0 {
        return Err(gone(&Arc::from("uploads")).into());
    }
    insert_chunk(conn, upload, index, data)
}

fn insert_chunk(conn: &Connection, blob: u64, index: u64, data: &Bytes) -> Result<(), Failure> {
    let sql = "INSERT INTO chunk (blob, position, data) VALUES (?1, ?2, ?3)";
    conn.prepare_cached(sql)?.execute(params![number(blob), signed(index), &data[..]])?;
    Ok(())
}

/// Lets the collector have an upload that was not committed.
pub(super) fn discard(conn: &Connection, upload: u64) -> Result<(), Failure> {
    let sql = "UPDATE blob SET state = ?3 WHERE id = ?1 AND state = ?2";
    conn.prepare_cached(sql)?.execute(params![number(upload), UPLOADING, REMOVED])?;
    Ok(())
}

pub(super) fn commit(
    conn: &Connection,
    (store, owner, key): (&Arc<str>, &Owner, &str),
    id: u64,
    chunks: u64,
    tail: &Bytes,
) -> Result<u64, Failure> {
    if tail.is_empty() {
        let sql = "SELECT chunks FROM blob WHERE id = ?1 AND state = ?2";
        if optional::<i64>(conn, sql, params![number(id), UPLOADING])? != Some(signed(chunks)) {
            return Err(gone(store).into());
        }
    } else {
        upload(conn, id, chunks, tail).map_err(|failure| match failure {
            Failure::Rule(_) => gone(store).into(),
            other => other,
        })?;
    }
    delete(conn, store, owner, key)?;
    let sql = "UPDATE blob SET state = ?2, store = ?3, owner = ?4, key = ?5 WHERE id = ?1";
    conn.prepare_cached(sql)?.execute(params![number(id), COMMITTED, store, owner.key(), key])?;
    Ok(1)
}

pub(super) fn delete(conn: &Connection, store: &str, owner: &Owner, key: &str) -> Result<u64, Failure> {
    let sql = "UPDATE blob SET state = ?4, store = NULL, owner = NULL, key = NULL
        WHERE store = ?1 AND owner = ?2 AND key = ?3";
    Ok(conn.prepare_cached(sql)?.execute(params![store, owner.key(), key, REMOVED])? as u64)
}

pub(super) fn delete_all(conn: &Connection, store: &str, owner: &Owner) -> Result<u64, Failure> {
    let sql = "UPDATE blob SET state = ?3, store = NULL, owner = NULL, key = NULL
        WHERE store = ?1 AND owner = ?2";
    Ok(conn.prepare_cached(sql)?.execute(params![store, owner.key(), REMOVED])? as u64)
}

/// The bytes from `offset` to the end of their chunk, at most `max`.
pub(super) fn read(
    conn: &Connection,
    store: &str,
    id: u64,
    offset: u64,
    max: usize,
) -> Result<Bytes, Failure> {
    let (index, skip) = (offset / CHUNK as u64, offset % CHUNK as u64);
    let sql = "SELECT substr(data, ?3, ?4) FROM chunk WHERE blob = ?1 AND position = ?2";
    let row = params![number(id), signed(index), signed(skip + 1), signed(max as u64)];
    match optional::<Vec<u8>>(conn, sql, row)? {
        Some(bytes) => Ok(bytes.into()),
        None if length(conn, id)? == Some(signed(offset)) => Ok(Bytes::new()),
        None => Err(gone(&Arc::from(store)).into()),
    }
}

fn length(conn: &Connection, id: u64) -> Result<Option<i64>, Failure> {
    let sql = "SELECT length FROM blob WHERE id = ?1 AND state = ?2";
    optional(conn, sql, params![number(id), COMMITTED])
}

fn gone(store: &Arc<str>) -> Error {
    Error::Conflict { store: store.clone(), reason: "the blob was deleted or replaced meanwhile" }
}
