//! Writing to logs.

use super::counters::{Series, stored};
use super::failure::{Failure, signed};
use super::read_log::{ENTRY_COLUMNS, entry};
use crate::driver::Take;
use crate::{Entry, Owner, Trim};
use rusqlite::{Connection, OptionalExtension, params};

pub(super) fn replace(
    conn: &Connection,
    store: &str,
    owner: &Owner,
    (id, value): (&str, &[u8]),
) -> Result<u64, Failure> {
    let Some(series) = stored(conn, store, owner)? else { return Ok(0) };
    let length = "SELECT length(value) FROM entry WHERE series = ?1 AND id = ?2";
    let Some(length) = super::apply::optional::<i64>(conn, length, params![series.id, id])? else {
        return Ok(0);
    };
    let sql = "UPDATE entry SET value = ?3 WHERE series = ?1 AND id = ?2";
    conn.prepare_cached(sql)?.execute(params![series.id, id, value])?;
    let sql = "UPDATE series SET bytes = bytes + ?2 - ?3 WHERE id = ?1";
    conn.prepare_cached(sql)?.execute(params![series.id, signed(value.len() as u64), length])?;
    Ok(1)
}

pub(super) fn delete(conn: &Connection, store: &str, owner: &Owner, ids: &[String]) -> Result<u64, Failure> {
    let Some(series) = stored(conn, store, owner)? else { return Ok(0) };
    let positions = positions_of(conn, &series, ids)?;
    remove(conn, &series, &positions)
}

pub(super) fn take(
    conn: &Connection,
    store: &str,
    owner: &Owner,
    which: &Take,
) -> Result<Vec<Entry>, Failure> {
    let Some(series) = stored(conn, store, owner)? else { return Ok(Vec::new()) };
    let positions = match which {
        Take::Oldest(limit) => oldest(conn, &series, *limit, i64::MAX, i64::MAX)?,
        Take::Ids(ids) => positions_of(conn, &series, ids)?,
    };
    let sql = format!("SELECT {ENTRY_COLUMNS} FROM entry WHERE series = ?1 AND position = ?2");
    let mut select = conn.prepare_cached(&sql)?;
    let mut entries = Vec::with_capacity(positions.len());
    for position in &positions {
        let mut rows = select.query(params![series.id, position])?;
        if let Some(row) = rows.next()? {
            entries.push(entry(row)?);
        }
    }
    remove(conn, &series, &positions)?;
    Ok(entries)
}

pub(super) fn trim(
    conn: &Connection,
    store: &str,
    owner: &Owner,
    rule: Trim,
    limit: u32,
) -> Result<u64, Failure> {
    let Some(series) = stored(conn, store, owner)? else { return Ok(0) };
    let positions = match rule {
        Trim::OlderThan(time) => {
            // What is finer than a microsecond is rounded up: an entry at the same whole one is older then.
            let micros = -(-time.as_nanosecond()).div_euclid(1_000);
            let time = i64::try_from(micros).unwrap_or(i64::MAX);
            oldest(conn, &series, limit, time.saturating_add(series.max_skew), time)?
        }
        Trim::KeepNewest(keep) => {
            let surplus = series.entries.saturating_sub(keep).min(u64::from(limit));
            oldest(conn, &series, u32::try_from(surplus).unwrap_or(limit), i64::MAX, i64::MAX)?
        }
    };
    remove(conn, &series, &positions)
}

/// The first positions below `end` of entries from before `time`.
fn oldest(conn: &Connection, series: &Series, limit: u32, end: i64, time: i64) -> Result<Vec<i64>, Failure> {
    let sql = "SELECT position FROM entry WHERE series = ?1 AND position < ?2 AND at < ?3
        ORDER BY position LIMIT ?4";
    let mut select = conn.prepare_cached(sql)?;
    let rows = select.query_map(params![series.id, end, time, limit], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The positions of the ids that are there, in log order, each once.
fn positions_of(conn: &Connection, series: &Series, ids: &[String]) -> Result<Vec<i64>, Failure> {
    let mut positions = Vec::with_capacity(ids.len());
    for id in ids {
        let sql = "SELECT position FROM entry WHERE series = ?1 AND id = ?2";
        positions.extend(super::apply::optional::<i64>(conn, sql, params![series.id, id])?);
    }
    positions.sort_unstable();
    positions.dedup();
    Ok(positions)
}

/// Removes the entries at these positions, which are in log order.
fn remove(conn: &Connection, series: &Series, positions: &[i64]) -> Result<u64, Failure> {
    let length = "SELECT length(value) FROM entry WHERE series = ?1 AND position = ?2";
    let delete = "DELETE FROM entry WHERE series = ?1 AND position = ?2";
    let (mut entries, mut bytes) = (0, 0);
    for position in positions {
        let row = params![series.id, position];
        bytes += super::apply::optional::<i64>(conn, length, row)?.unwrap_or(0);
        entries += conn.prepare_cached(delete)?.execute(row)? as u64;
    }
    remove_empty_runs(conn, series, positions)?;
    let sql = "UPDATE series SET entries = entries - ?2, bytes = bytes - ?3 WHERE id = ?1";
    conn.prepare_cached(sql)?.execute(params![series.id, signed(entries), bytes])?;
    Ok(entries)
}

/// Removes those runs that lost their last entry at one of these positions, so that reading meets no empty ones.
fn remove_empty_runs(conn: &Connection, series: &Series, positions: &[i64]) -> Result<(), Failure> {
    let find = "SELECT first, (SELECT min(first) FROM run WHERE series = ?1 AND first > ?2) FROM run
        WHERE series = ?1 AND first <= ?2 ORDER BY first DESC LIMIT 1";
    let mut find = conn.prepare_cached(find)?;
    let delete = "DELETE FROM run WHERE series = ?1 AND first = ?2 AND NOT EXISTS
        (SELECT 1 FROM entry WHERE series = ?1 AND position >= ?2 AND position < ?3)";
    let mut delete = conn.prepare_cached(delete)?;
    let mut end = i64::MIN;
    for position in positions {
        if *position < end {
            continue;
        }
        let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?));
        let Some((first, next)) = find.query_row(params![series.id, position], row).optional()? else {
            continue;
        };
        end = next.unwrap_or(i64::MAX);
        delete.execute(params![series.id, first, end])?;
    }
    Ok(())
}
