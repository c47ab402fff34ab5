//! A process that is killed while it commits loses nothing that it had acknowledged, and leaves no half batch.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use stonechat_store::sqlite::{Access, Options};
use stonechat_store::{Entry, Owner, Query, Store};

/// Set in the child: the file to write to.
const FILE: &str = "STONECHAT_STORE_CRASH_FILE";
/// Set in the child: the number of its first batch, so that no two children write the same one.
const ROUND: &str = "STONECHAT_STORE_CRASH_ROUND";
const ROUNDS: u64 = 24;
const TASKS: u64 = 16;
/// How many entries of how many owners one batch has.
const OWNERS: u64 = 3;

fn owner(number: u64) -> Owner {
    Owner::account(&format!("user{number}@example.org"))
}

/// Commits numbered batches from many tasks until it is killed, and prints each number once it is acknowledged.
#[test]
fn child_commits_until_it_is_killed() {
    let Ok(file) = std::env::var(FILE) else { return };
    let round: u64 = std::env::var(ROUND).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let store = Store::sqlite(file, Options::default()).unwrap();
    let tasks: Vec<_> =
        (0..TASKS).map(|task| runtime.spawn(commit_forever(store.clone(), round, task))).collect();
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
}

async fn commit_forever(store: Store, round: u64, task: u64) {
    let (log, map, last) = (store.log("log"), store.map("map"), store.document("last"));
    for count in 0.. {
        let name = format!("{round}.{task}.{count}");
        let mut batch = store.batch().put_map(&map, &owner(0), &name, "x");
        for number in 0..OWNERS {
            let at = jiff::Timestamp::now();
            batch = batch.append(&log, &owner(number), Entry::new(name.clone(), at, vec![b'x'; 300]));
        }
        batch = batch.put_document(&last, &owner(100 + task), name.clone());
        batch.commit().await.unwrap();
        // One write for each line, so that a line is whole or absent.
        std::io::stdout().write_all(format!("done {name}\n").as_bytes()).unwrap();
    }
}

fn start(file: &Path, round: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_commits_until_it_is_killed", "--nocapture", "--test-threads=1"])
        .env(FILE, file)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Reads so many acknowledgements, kills the child (SIGKILL) and returns all that it had printed.
fn kill_after(mut child: Child, wanted: usize) -> Vec<String> {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let acknowledged = |line: Option<std::io::Result<String>>| {
        Some(line?.ok()?.rsplit_once("done ").map(|(_, name)| name.to_owned()))
    };
    let mut done = Vec::new();
    while done.len() < wanted {
        done.extend(acknowledged(lines.next()).expect("the child goes on until it is killed"));
    }
    child.kill().unwrap();
    while let Some(line) = acknowledged(lines.next()) {
        done.extend(line);
    }
    child.wait().unwrap();
    done
}

#[tokio::test]
async fn killed_at_any_moment_it_keeps_what_was_acknowledged_and_no_half_batch() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crash.db");
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        // From the first commit to the middle of a heavy load, at moments that have nothing to do with commits.
        let wanted = 1 + usize::try_from(round * round * 3).unwrap();
        acknowledged.extend(kill_after(start(&file, round), wanted));
        let store = Store::sqlite(&file, Options { readers: 1, ..Options::default() }).unwrap();
        check(&store, &acknowledged).await;
        store.close().await.unwrap();
    }
    assert!(acknowledged.len() as u64 > ROUNDS * ROUNDS);
}

async fn check(store: &Store, acknowledged: &[String]) {
    let whole: Vec<String> =
        store.map("map").all(&owner(0)).await.unwrap().into_iter().map(|(key, _)| key).collect();
    for name in acknowledged {
        assert!(whole.binary_search(name).is_ok(), "{name} was acknowledged and is lost");
    }
    for number in 0..OWNERS {
        let mut ids = ids(store, &owner(number)).await;
        let usage = store.log("log").usage(&owner(number)).await.unwrap();
        assert_eq!((usage.entries, usage.bytes), (ids.len() as u64, 300 * ids.len() as u64));
        ids.sort_unstable();
        assert_eq!(ids, whole, "owner {number} has another set of batches than the map");
    }
    for task in 0..TASKS {
        if let Some(last) = store.document("last").get(&owner(100 + task)).await.unwrap() {
            assert!(whole.binary_search(&String::from_utf8(last.to_vec()).unwrap()).is_ok());
        }
    }
}

async fn ids(store: &Store, owner: &Owner) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    loop {
        let query =
            Query { after: ids.last().cloned().into_iter().collect(), limit: 1_000, ..Query::default() };
        let page = store.log("log").range(owner, &query).await.unwrap();
        ids.extend(page.entries.into_iter().map(|entry| entry.id));
        if page.complete {
            return ids;
        }
    }
}

#[tokio::test]
async fn a_lock_ends_with_the_process_that_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("crash.db");
    let mut child = start(&file, 0);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while !lines.next().unwrap().unwrap().contains("done ") {}
    let error = Store::sqlite(&file, Options::default()).unwrap_err();
    assert!(matches!(error, stonechat_store::Error::InUse { .. }), "{error:?}");
    // A tool may write beside it.
    let tool = Store::sqlite(&file, Options::shared()).unwrap();
    tool.document("tool").put(&owner(0), "was here").await.unwrap();
    tool.close().await.unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let options = Options { access: Access::Exclusive, ..Options::default() };
    let store = Store::sqlite(&file, options).unwrap();
    assert!(store.document("tool").get(&owner(0)).await.unwrap().is_some());
}
