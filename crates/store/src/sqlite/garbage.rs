//! Freeing the space of what was removed, in steps short enough to go between other writes.

use super::apply::optional;
use super::failure::Failure;
use super::schema::{REMOVED, UPLOADING};
use jiff::Timestamp;
use rusqlite::{Connection, params};

/// Entries, and runs of them, removed in one step.
const ENTRIES: u32 = 500;
/// Chunks (of 64 KiB) removed in one step.
const CHUNKS: u32 = 16;
/// An upload that nobody has touched for a day was left by a process that is gone.
const ABANDONED_AFTER: i64 = 24 * 60 * 60;

/// Marks the uploads that processes left behind when they were killed. Others may be in the middle of theirs.
pub(super) fn sweep(conn: &Connection) -> Result<(), Failure> {
    let sql = "UPDATE blob SET state = ?1 WHERE state = ?2 AND touched < ?3";
    let before = Timestamp::now().as_second() - ABANDONED_AFTER;
    conn.prepare_cached(sql)?.execute(params![REMOVED, UPLOADING, before])?;
    Ok(())
}

/// Does one step; returns whether there may be more to do.
pub(super) fn collect(conn: &Connection) -> Result<bool, Failure> {
    let series = "SELECT id FROM series WHERE owner IS NULL LIMIT 1";
    if let Some(series) = optional::<i64>(conn, series, [])? {
        collect_series(conn, series)?;
        return Ok(true);
    }
    let blob = "SELECT id FROM blob WHERE state = 2 LIMIT 1";
    if let Some(blob) = optional::<i64>(conn, blob, [])? {
        collect_blob(conn, blob)?;
        return Ok(true);
    }
    Ok(false)
}

fn collect_series(conn: &Connection, series: i64) -> Result<(), Failure> {
    let step = conn.unchecked_transaction()?;
    let sql = "DELETE FROM entry WHERE series = ?1 AND position IN
        (SELECT position FROM entry WHERE series = ?1 ORDER BY position LIMIT ?2)";
    let entries = step.prepare_cached(sql)?.execute(params![series, ENTRIES])?;
    let sql = "DELETE FROM run WHERE series = ?1 AND first IN
        (SELECT first FROM run WHERE series = ?1 ORDER BY first LIMIT ?2)";
    let runs = step.prepare_cached(sql)?.execute(params![series, ENTRIES])?;
    if entries.max(runs) < ENTRIES as usize {
        step.prepare_cached("DELETE FROM series WHERE id = ?1")?.execute([series])?;
    }
    Ok(step.commit()?)
}

fn collect_blob(conn: &Connection, blob: i64) -> Result<(), Failure> {
    let step = conn.unchecked_transaction()?;
    let sql = "DELETE FROM chunk WHERE rowid IN (SELECT rowid FROM chunk WHERE blob = ?1 LIMIT ?2)";
    let removed = step.prepare_cached(sql)?.execute(params![blob, CHUNKS])?;
    if removed < CHUNKS as usize {
        step.prepare_cached("DELETE FROM blob WHERE id = ?1")?.execute([blob])?;
    }
    Ok(step.commit()?)
}
