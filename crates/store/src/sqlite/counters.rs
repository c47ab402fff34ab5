//! The counters of logs. They always agree with the entries, so quotas cost no counting.

use super::failure::{Failure, signed, unsigned};
use crate::Owner;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// The counters of one log.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) id: i64,
    pub(super) last_position: i64,
    pub(super) max_skew: i64,
    pub(super) entries: u64,
    pub(super) bytes: u64,
    /// The peer of the last run, or none if that has none. A log without entries has no run.
    pub(super) last_peer: Option<String>,
}

/// The counters of the logs that a transaction appends to: each is read once and written once, however many entries it gets.
pub(super) struct Counters<'conn> {
    conn: &'conn Connection,
    known: HashMap<(Arc<str>, Owner), Series>,
}

impl<'conn> Counters<'conn> {
    pub(super) fn new(conn: &'conn Connection) -> Self {
        Self { conn, known: HashMap::new() }
    }

    /// The counters of a log, which is made when it is new. They are as they are left only if the transaction, or the savepoint that
    /// these are for, is not undone.
    pub(super) fn of(&mut self, store: &Arc<str>, owner: &Owner) -> Result<&mut Series, Failure> {
        Ok(match self.known.entry((store.clone(), owner.clone())) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(match stored(self.conn, store, owner)? {
                Some(series) => series,
                None => new(self.conn, store, owner)?,
            }),
        })
    }

    /// Writes what has changed: before anything else looks at the counters, and before the transaction ends.
    pub(super) fn write(&mut self) -> Result<(), Failure> {
        let sql =
            "UPDATE series SET last_position = ?2, max_skew = ?3, entries = ?4, bytes = ?5 WHERE id = ?1";
        for (_, series) in self.known.drain() {
            let Series { id, last_position, max_skew, entries, bytes, last_peer: _ } = series;
            let row = params![id, last_position, max_skew, signed(entries), signed(bytes)];
            self.conn.prepare_cached(sql)?.execute(row)?;
        }
        Ok(())
    }
}

/// The counters in the database.
pub(super) fn stored(conn: &Connection, store: &str, owner: &Owner) -> Result<Option<Series>, Failure> {
    let sql = "SELECT id, last_position, max_skew, entries, bytes,
            (SELECT peer FROM run WHERE series = id ORDER BY first DESC LIMIT 1)
        FROM series WHERE store = ?1 AND owner = ?2";
    let row = |row: &rusqlite::Row<'_>| {
        Ok(Series {
            id: row.get(0)?,
            last_position: row.get(1)?,
            max_skew: row.get(2)?,
            entries: unsigned(row.get(3)?),
            bytes: unsigned(row.get(4)?),
            last_peer: row.get(5)?,
        })
    };
    Ok(conn.prepare_cached(sql)?.query_row(params![store, owner.key()], row).optional()?)
}

fn new(conn: &Connection, store: &str, owner: &Owner) -> Result<Series, Failure> {
    let sql = "INSERT INTO series (store, owner, last_position, max_skew, entries, bytes)
        VALUES (?1, ?2, ?3, 0, 0, 0)";
    conn.prepare_cached(sql)?.execute(params![store, owner.key(), i64::MIN])?;
    let id = conn.last_insert_rowid();
    Ok(Series { id, last_position: i64::MIN, max_skew: 0, entries: 0, bytes: 0, last_peer: None })
}
