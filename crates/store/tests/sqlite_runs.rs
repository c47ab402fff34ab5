//! What the SQLite driver keeps of logs to find entries by their peers.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use rusqlite::Connection;
use stonechat_store::{Entry, Log, Owner, Store, Trim, sqlite::Options};

fn juliet() -> Owner {
    Owner::account("juliet@capulet.example")
}

/// Runs without an entry, and entries that are not in a run of their peer.
fn wrong(conn: &Connection) -> i64 {
    let sql = "WITH extent AS (
            SELECT series, first, peer, lead(first) OVER (PARTITION BY series ORDER BY first) AS next FROM run
        ), member AS (
            SELECT entry.peer AS peer, extent.peer AS of_run, first FROM entry LEFT JOIN extent
                ON extent.series = entry.series AND position >= first AND (next IS NULL OR position < next)
        ) SELECT (SELECT count(*) FROM member WHERE first IS NULL OR peer IS NOT of_run)
            + (SELECT count(*) FROM extent WHERE NOT EXISTS (SELECT 1 FROM entry WHERE entry.series = extent.series
                AND position >= first AND (next IS NULL OR position < next)))";
    conn.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Numbers below `below` that look random and are the same each time.
fn random(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

/// An entry of one of the last ids, of one of two peers or none.
fn entry(state: &mut u64, number: u64) -> Entry {
    let at = jiff::Timestamp::from_microsecond(i64::try_from(random(state, 50)).unwrap()).unwrap();
    let entry = Entry::new(format!("{}", number - random(state, 2)), at, "x");
    match random(state, 3) {
        0 => entry,
        peer => entry.peer(format!("{peer}")),
    }
}

/// Commits batches at once, some of which fail for an id that is there: so some are undone, together or alone. How many failed.
async fn append(store: &Store, log: &Log, state: &mut u64, number: &mut u64) -> u32 {
    let mut batches = Vec::new();
    for _ in 0..3 {
        let mut batch = store.batch();
        for _ in 0..random(state, 5) {
            *number += 1;
            batch = batch.append(log, &juliet(), entry(state, *number));
        }
        batches.push(tokio::spawn(batch.commit()));
    }
    let mut failed = 0;
    for batch in batches {
        match batch.await.unwrap() {
            Ok(_) => {}
            Err(error) if error.is_conflict() => failed += 1,
            Err(error) => panic!("{error:?}"),
        }
    }
    failed
}

#[tokio::test]
async fn every_run_has_an_entry_and_every_entry_a_run_of_its_peer() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("db");
    let store = Store::sqlite(&file, Options::default()).unwrap();
    let log = store.log("log");
    let conn = Connection::open(&file).unwrap();
    let (mut state, mut number, mut failed) = (1, 0, 0);
    for round in 0..400 {
        failed += append(&store, &log, &mut state, &mut number).await;
        assert_eq!(wrong(&conn), 0, "appended in round {round}");
        let recent = |_| format!("{}", number - random(&mut state, 20).min(number));
        let ids: Vec<_> = (0..round % 9).map(recent).collect();
        let limit = u32::try_from(random(&mut state, 9)).unwrap();
        match round % 5 {
            0 => drop(log.delete(&juliet(), ids).await.unwrap()),
            1 => drop(log.take_ids(&juliet(), ids).await.unwrap()),
            2 => drop(log.take(&juliet(), limit).await.unwrap()),
            3 => _ = log.trim(&juliet(), Trim::KeepNewest(random(&mut state, 20)), limit * 9).await.unwrap(),
            _ => {
                let time = jiff::Timestamp::from_microsecond(i64::from(limit)).unwrap();
                _ = log.trim(&juliet(), Trim::OlderThan(time), 100).await.unwrap();
            }
        }
        assert_eq!(wrong(&conn), 0, "removed in round {round}");
    }
    assert!(failed > 100 && log.count(&juliet()).await.unwrap() > 0);
}
