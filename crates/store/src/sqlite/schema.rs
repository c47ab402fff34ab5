//! The tables, and the way from each version to the next.
//!
//! A log's `position` is its order: the entry's time in microseconds, or one more than the last position where that is
//! not less. So a range of times is a range of positions, up to `max_skew`, the most that a position of the series is
//! ahead of its time; no index over times is needed. Removed logs (`owner` is null) and blobs wait there for the collector.
//!
//! A `run` is a part of a log whose entries have all the same peer, or none: it begins at the position `first` and ends where
//! the next one begins. Every entry is in a run of its peer, and every run has an entry, but for those of removed logs.

use super::failure::Failure;
use rusqlite::{Connection, TransactionBehavior};

/// The newest schema version that this program knows.
pub const VERSION: u32 = STEPS.len() as u32;

/// Marks the file as ours: "StCh".
pub(super) const APPLICATION_ID: i32 = 0x5374_4368;

/// Step `n` makes version `n + 1` out of version `n`. A step that was released never changes.
const STEPS: &[&str] = &[
    "
CREATE TABLE document (
    store TEXT NOT NULL, owner TEXT NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (store, owner)
) STRICT, WITHOUT ROWID;

CREATE TABLE map (
    store TEXT NOT NULL, owner TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL,
    PRIMARY KEY (store, owner, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE series (
    id INTEGER PRIMARY KEY AUTOINCREMENT, store TEXT NOT NULL, owner TEXT,
    last_position INTEGER NOT NULL, max_skew INTEGER NOT NULL,
    entries INTEGER NOT NULL, bytes INTEGER NOT NULL,
    UNIQUE (store, owner)
) STRICT;
CREATE INDEX series_removed ON series (id) WHERE owner IS NULL;

CREATE TABLE entry (
    series INTEGER NOT NULL, position INTEGER NOT NULL,
    id TEXT NOT NULL, at INTEGER NOT NULL, peer TEXT, value BLOB NOT NULL,
    PRIMARY KEY (series, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX entry_id ON entry (series, id);
CREATE INDEX entry_peer ON entry (series, peer, position) WHERE peer IS NOT NULL;

CREATE TABLE blob (
    id INTEGER PRIMARY KEY AUTOINCREMENT, store TEXT, owner TEXT, key TEXT,
    state INTEGER NOT NULL, chunks INTEGER NOT NULL, length INTEGER NOT NULL, touched INTEGER NOT NULL,
    UNIQUE (store, owner, key)
) STRICT;
CREATE INDEX blob_uncommitted ON blob (state, touched) WHERE state <> 1;

CREATE TABLE chunk (
    blob INTEGER NOT NULL, position INTEGER NOT NULL, data BLOB NOT NULL,
    UNIQUE (blob, position)
) STRICT;
",
    // Entries lie in the order in which they were written, whoever's they are, so that a commit of many touches few pages: only the
    // indexes grow in a place for each log, and that over ids at its end where ids sort by time. That no two entries of a log have the
    // same position is the writer's doing; to have it checked at each entry costs a search.
    "
DROP INDEX entry_id;
DROP INDEX entry_peer;
ALTER TABLE entry RENAME TO clustered_entry;
CREATE TABLE entry (
    series INTEGER NOT NULL, position INTEGER NOT NULL,
    id TEXT NOT NULL, at INTEGER NOT NULL, peer TEXT, value BLOB NOT NULL
) STRICT;
INSERT INTO entry (series, position, id, at, peer, value)
    SELECT series, position, id, at, peer, value FROM clustered_entry;
DROP TABLE clustered_entry;
CREATE INDEX entry_position ON entry (series, position);
CREATE UNIQUE INDEX entry_id ON entry (id, series);
CREATE INDEX entry_peer ON entry (series, peer, position) WHERE peer IS NOT NULL;
",
    // What is said in a conversation comes in bursts, so that only the first of each has to be found by its peer.
    // That the index is unique tells SQLite that runs in its order need no sorting.
    "
CREATE TABLE run (
    series INTEGER NOT NULL, first INTEGER NOT NULL, peer TEXT,
    PRIMARY KEY (series, first)
) STRICT, WITHOUT ROWID;
INSERT INTO run (series, first, peer)
    SELECT series, position, peer FROM (
        SELECT series, position, peer, lag(peer) OVER log AS peer_before, row_number() OVER log AS number
            FROM entry WINDOW log AS (PARTITION BY series ORDER BY position)
    ) WHERE number = 1 OR peer IS NOT peer_before;
CREATE UNIQUE INDEX run_peer ON run (series, peer, first) WHERE peer IS NOT NULL;
DROP INDEX entry_peer;
",
];

/// The states of a blob.
pub(super) const UPLOADING: i64 = 0;
pub(super) const COMMITTED: i64 = 1;
pub(super) const REMOVED: i64 = 2;

/// The version of the file's schema; 0 for an empty file.
pub(super) fn version(conn: &Connection) -> Result<u32, Failure> {
    Ok(conn.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Whether the file is ours, or empty.
pub(super) fn is_ours(conn: &Connection) -> Result<bool, Failure> {
    let id: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(id == APPLICATION_ID || (id == 0 && tables == 0 && version(conn)? == 0))
}

/// Brings the file to [`VERSION`], each step in a transaction of its own.
pub(super) fn migrate(conn: &mut Connection) -> Result<(), Failure> {
    loop {
        let step = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version = version(&step)?;
        let Some(sql) = STEPS.get(version as usize) else { return Ok(()) };
        step.execute_batch(sql)?;
        step.pragma_update(None, "application_id", APPLICATION_ID)?;
        step.pragma_update(None, "user_version", version + 1)?;
        step.commit()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_the_first_version_are_there_in_the_last() {
        let mut conn = Connection::open_in_memory().expect("it opens");
        conn.execute_batch(STEPS[0]).expect("the first version is made");
        conn.pragma_update(None, "user_version", 1).expect("it is marked");
        conn.execute_batch(
            "INSERT INTO entry (series, position, id, at, peer, value) VALUES
                (2, 5, 'a', 5, NULL, x'01'), (1, 7, 'b', 6, 'juliet@example.org', x'02'), (1, 4, 'a', 4, NULL, x'03'),
                (1, 12, 'd', 9, NULL, x'05'), (1, 8, 'c', 8, 'juliet@example.org', x'04')",
        )
        .expect("entries are written");
        migrate(&mut conn).expect("it is migrated");
        assert_eq!(version(&conn).expect("it has a version"), VERSION);
        let sql = "SELECT series || ',' || position || ',' || id || ',' || at || ',' || ifnull(peer, '') || ',' || hex(value)
            FROM entry ORDER BY series, position";
        let entries = [
            "1,4,a,4,,03",
            "1,7,b,6,juliet@example.org,02",
            "1,8,c,8,juliet@example.org,04",
            "1,12,d,9,,05",
            "2,5,a,5,,01",
        ];
        assert_eq!(rows(&conn, sql), entries);
        let sql = "SELECT series || ',' || first || ',' || ifnull(peer, '') FROM run ORDER BY series, first";
        assert_eq!(rows(&conn, sql), ["1,4,", "1,7,juliet@example.org", "1,12,", "2,5,"]);
        let again = "INSERT INTO entry (series, position, id, at, value) VALUES (1, 9, 'a', 9, x'')";
        assert!(conn.execute_batch(again).is_err(), "an id is there once in a log");
    }

    fn rows(conn: &Connection, sql: &str) -> Vec<String> {
        let mut select = conn.prepare(sql).expect("it is a query");
        let rows = select.query_map([], |row| row.get(0)).expect("it runs");
        rows.collect::<Result<_, _>>().expect("each is a text")
    }
}
