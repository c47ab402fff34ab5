//! Reading logs.

use super::Sqlite;
use super::apply::optional;
use super::failure::{Failure, unsigned};
use crate::driver::Logs;
use crate::{Entry, Error, Owner, Page, PageBuilder, Query, Usage};
use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const ENTRY_COLUMNS: &str = "entry.id, entry.at, entry.peer, entry.value";

const FORWARDS: &str = "ASC";
const BACKWARDS: &str = "DESC";

/// An entry from its [`ENTRY_COLUMNS`].
pub(super) fn entry(row: &Row<'_>) -> Result<Entry, Failure> {
    let at: i64 = row.get(1)?;
    let corrupt = |_| Failure::Corrupt(format!("an entry has the impossible time {at}"));
    let at = Timestamp::from_microsecond(at).map_err(corrupt)?;
    let value: Vec<u8> = row.get(3)?;
    Ok(Entry { id: row.get(0)?, at, peer: row.get(2)?, value: Bytes::from(value) })
}

/// A query in the table's terms; the bounds of `position` are outside the range, those of `at` inside.
struct Bounds {
    series: i64,
    above: i64,
    below: i64,
    start: i64,
    end: i64,
    peer: Option<String>,
}

impl Bounds {
    /// `None` for a log that was never written.
    fn new(
        conn: &Connection,
        store: &Arc<str>,
        owner: &Owner,
        query: &Query,
    ) -> Result<Option<Self>, Failure> {
        let sql = "SELECT id, max_skew FROM series WHERE store = ?1 AND owner = ?2";
        let row = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let found = conn.prepare_cached(sql)?.query_row(params![store, owner.key()], row).optional()?;
        let Some((series, max_skew)) = found else {
            return match query.after.iter().chain(&query.before).next() {
                Some(id) => Err(unknown(store, id).into()),
                None => Ok(None),
            };
        };
        let after = positions(conn, store, series, &query.after)?.into_iter().max().unwrap_or(i64::MIN);
        let before = positions(conn, store, series, &query.before)?.into_iter().min().unwrap_or(i64::MAX);
        let start = query.start.map_or(i64::MIN, ceiling);
        let end = query.end.map_or(i64::MAX, floor);
        // A position is never less than its entry's time, and ahead of it by `max_skew` at most.
        let above = after.max(start.saturating_sub(1));
        let below = before.min(end.saturating_add(max_skew).saturating_add(1));
        Ok(Some(Self { series, above, below, start, end, peer: query.peer.clone() }))
    }

    /// Runs `SELECT columns` over the range and hands each row to `each` until that returns `false`.
    fn select(
        &self,
        conn: &Connection,
        (columns, order): (&str, &str),
        mut each: impl FnMut(&Row<'_>) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        let mut select = conn.prepare_cached(&selection(columns, order, self.peer.is_some()))?;
        let mut rows =
            select.query(params![self.series, self.above, self.below, self.start, self.end, self.peer])?;
        while let Some(row) = rows.next()? {
            if !each(row)? {
                break;
            }
        }
        Ok(())
    }
}

/// Selects a range, of all peers or of one.
fn selection(columns: &str, order: &str, of_peer: bool) -> String {
    if of_peer {
        return selection_of_peer(columns, order);
    }
    format!(
        "SELECT {columns} FROM entry WHERE series = ?1 AND position > ?2 AND position < ?3
            AND at >= ?4 AND at <= ?5 AND ?6 IS NULL ORDER BY position {order}"
    )
}

/// Goes through the runs of the peer, from the run on that the range begins in, and in each through its part of the range.
fn selection_of_peer(columns: &str, order: &str) -> String {
    format!(
        "SELECT {columns} FROM run INDEXED BY run_peer CROSS JOIN entry INDEXED BY entry_position
            WHERE run.series = ?1 AND run.peer = ?6 AND run.first < ?3
            AND run.first >= ifnull((SELECT max(first) FROM run WHERE series = ?1 AND first <= ?2), ?2)
            AND entry.series = ?1 AND position >= max(run.first, ?2 + 1)
            AND position < min(?3, ifnull(
                (SELECT min(first) FROM run AS next WHERE next.series = ?1 AND next.first > run.first), ?3))
            AND at >= ?4 AND at <= ?5 ORDER BY run.first {order}, position {order}"
    )
}

/// The least whole microsecond that is not before the time.
fn ceiling(time: Timestamp) -> i64 {
    i64::try_from(-(-time.as_nanosecond()).div_euclid(1_000)).unwrap_or(i64::MAX)
}

/// The greatest whole microsecond that is not after the time.
fn floor(time: Timestamp) -> i64 {
    i64::try_from(time.as_nanosecond().div_euclid(1_000)).unwrap_or(i64::MIN)
}

fn unknown(store: &Arc<str>, id: &str) -> Error {
    Error::UnknownEntry { store: store.clone(), id: id.to_owned() }
}

fn positions(conn: &Connection, store: &Arc<str>, series: i64, ids: &[String]) -> Result<Vec<i64>, Failure> {
    let sql = "SELECT position FROM entry WHERE series = ?1 AND id = ?2";
    let position = |id: &String| match optional(conn, sql, params![series, id])? {
        Some(position) => Ok(position),
        None => Err(unknown(store, id).into()),
    };
    ids.iter().map(position).collect()
}

fn page(conn: &Connection, store: &Arc<str>, owner: &Owner, query: &Query) -> Result<Page, Failure> {
    let mut page = PageBuilder::new(query);
    let order = if query.backwards { BACKWARDS } else { FORWARDS };
    if let Some(bounds) = Bounds::new(conn, store, owner, query)? {
        bounds.select(conn, (ENTRY_COLUMNS, order), |row| Ok(page.push(entry(row)?)))?;
    }
    Ok(page.finish())
}

fn count(conn: &Connection, store: &Arc<str>, owner: &Owner, query: &Query) -> Result<u64, Failure> {
    let mut count = 0;
    if let Some(bounds) = Bounds::new(conn, store, owner, query)? {
        bounds.select(conn, ("count(*)", FORWARDS), |row| {
            count = unsigned(row.get(0)?);
            Ok(true)
        })?;
    }
    Ok(count)
}

pub(super) fn usage(conn: &Connection, store: &Arc<str>, owner: &Owner) -> Result<Usage, Failure> {
    let sql = "SELECT entries, bytes FROM series WHERE store = ?1 AND owner = ?2";
    let row = |row: &Row<'_>| Ok(Usage { entries: unsigned(row.get(0)?), bytes: unsigned(row.get(1)?) });
    let usage = conn.prepare_cached(sql)?.query_row(params![store, owner.key()], row).optional()?;
    Ok(usage.unwrap_or_default())
}

fn by_ids(conn: &Connection, store: &Arc<str>, owner: &Owner, ids: &[String]) -> Result<Vec<Entry>, Failure> {
    let sql = format!(
        "SELECT {ENTRY_COLUMNS}, position FROM entry
            WHERE series = (SELECT id FROM series WHERE store = ?1 AND owner = ?2) AND id = ?3"
    );
    let mut select = conn.prepare_cached(&sql)?;
    let mut found = BTreeMap::new();
    for id in ids {
        let mut rows = select.query(params![store, owner.key(), id])?;
        if let Some(row) = rows.next()? {
            found.insert(row.get::<_, i64>(4)?, entry(row)?);
        }
    }
    Ok(found.into_values().collect())
}

impl Sqlite {
    /// Runs a read of several statements on one state of the file.
    async fn read_log<T: Send + 'static>(
        &self,
        store: &str,
        owner: &Owner,
        read: impl FnOnce(&Connection, &Arc<str>, &Owner) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        let (store, owner) = (Arc::from(store), owner.clone());
        let in_snapshot = move |conn: &Connection| {
            let snapshot = conn.unchecked_transaction()?;
            let result = read(&snapshot, &store, &owner)?;
            snapshot.commit()?;
            Ok(result)
        };
        self.threads.read(in_snapshot).await
    }
}

#[async_trait]
impl Logs for Sqlite {
    async fn log_page(&self, store: &str, owner: &Owner, query: &Query) -> Result<Page, Error> {
        let query = query.clone();
        self.read_log(store, owner, move |conn, store, owner| page(conn, store, owner, &query)).await
    }

    async fn log_count(&self, store: &str, owner: &Owner, query: &Query) -> Result<u64, Error> {
        let query = query.clone();
        self.read_log(store, owner, move |conn, store, owner| count(conn, store, owner, &query)).await
    }

    async fn log_usage(&self, store: &str, owner: &Owner) -> Result<Usage, Error> {
        let (store, owner) = (Arc::from(store), owner.clone());
        self.threads.read_few(move |conn| usage(conn, &store, &owner)).await
    }

    async fn log_entries(&self, store: &str, owner: &Owner, ids: Vec<String>) -> Result<Vec<Entry>, Error> {
        self.read_log(store, owner, move |conn, store, owner| by_ids(conn, store, owner, &ids)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Store;
    use crate::sqlite::Options;

    /// So that a page costs the same wherever it is and however long the log.
    #[tokio::test]
    async fn a_page_begins_where_an_index_says_and_nothing_is_sorted() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("plans.db");
        Store::sqlite(&file, Options::default()).expect("it opens").close().await.expect("it closes");
        let conn = Connection::open(&file).expect("it opens");
        let entries = "SEARCH entry USING INDEX entry_position (series=? AND position>? AND position<?)";
        let of_all = [entries];
        let of_peer = [
            "SEARCH run USING COVERING INDEX run_peer (series=? AND peer=? AND first>? AND first<?)",
            "SCALAR SUBQUERY 1",
            "SEARCH run USING PRIMARY KEY (series=? AND first<?)",
            entries,
            "CORRELATED SCALAR SUBQUERY 2",
            "SEARCH next USING PRIMARY KEY (series=? AND first>?)",
        ];
        for (columns, order) in
            [(ENTRY_COLUMNS, FORWARDS), (ENTRY_COLUMNS, BACKWARDS), ("count(*)", FORWARDS)]
        {
            assert_eq!(plan(&conn, &selection(columns, order, false)), of_all, "{columns} {order}");
            assert_eq!(plan(&conn, &selection(columns, order, true)), of_peer, "{columns} {order}");
        }
    }

    fn plan(conn: &Connection, sql: &str) -> Vec<String> {
        let mut plan = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("it compiles");
        let nothing = rusqlite::types::Null;
        let steps = plan.query_map([nothing; 6], |row| row.get::<_, String>(3)).expect("it runs");
        steps.map(|step| step.expect("a step")).collect()
    }
}
