//! Rules for logs that are read by peer.
#![allow(missing_docs, reason = "the name of a rule says it")]

use super::juliet;
use crate::{Entry, Error, Log, Query, Store, Trim};
use jiff::Timestamp;

/// Bursts of one, of several, in turn, without a peer, and one peer that comes back.
const PEERS: [&str; 16] = ["a", "a", "b", "a", "b", "b", "", "b", "", "", "a", "c", "a", "b", "b", "b"];

fn at(second: usize) -> Timestamp {
    i64::try_from(second)
        .ok()
        .and_then(|second| Timestamp::from_second(second).ok())
        .expect("a time that exists")
}

fn entry(number: usize, peer: &str) -> Entry {
    let entry = Entry::new(number.to_string(), at(number), "x");
    if peer.is_empty() { entry } else { entry.peer(peer) }
}

/// A log of Juliet's with an entry for each of [`PEERS`], numbered from 0, one a second.
async fn log_of(store: &Store) -> Result<Log, Error> {
    let log = store.log("archive");
    for (number, peer) in PEERS.into_iter().enumerate() {
        log.append(&juliet(), entry(number, peer)).await?;
    }
    Ok(log)
}

async fn ids(log: &Log, query: &Query) -> Result<Vec<String>, Error> {
    Ok(log.range(&juliet(), query).await?.entries.into_iter().map(|entry| entry.id).collect())
}

async fn ids_of(log: &Log, peer: &str) -> Result<Vec<String>, Error> {
    let forwards = ids(log, &Query::default().peer(peer)).await?;
    assert_eq!(ids(log, &Query::default().peer(peer).backwards()).await?, forwards);
    Ok(forwards)
}

/// The ranges from and to each entry, by id and by time.
fn ranges() -> impl Iterator<Item = Query> {
    let bounds = || (0..PEERS.len()).map(Some).chain([None]);
    bounds().flat_map(move |first| bounds().map(move |last| (first, last))).flat_map(|(first, last)| {
        let by_id = Query {
            after: first.map(|number| number.to_string()).into_iter().collect(),
            before: last.map(|number| number.to_string()).into_iter().collect(),
            ..Query::default()
        };
        [by_id, Query { start: first.map(at), end: last.map(at), ..Query::default() }]
    })
}

pub async fn every_range_by_peer_has_what_the_same_range_of_all_has_of_that_peer(
    store: Store,
) -> Result<(), Error> {
    let log = log_of(&store).await?;
    for range in ranges() {
        let all = log.range(&juliet(), &range).await?.entries;
        for peer in ["a", "b", "c", "d"] {
            let expected: Vec<_> =
                all.iter().filter(|entry| entry.peer.as_deref() == Some(peer)).cloned().collect();
            let query = range.clone().peer(peer);
            assert_eq!(log.count_matching(&juliet(), &query).await?, expected.len() as u64, "{query:?}");
            for limit in [2, 100] {
                let (query, kept) = (query.clone().limit(limit), expected.len().min(limit as usize));
                let first = log.range(&juliet(), &query).await?;
                assert_eq!(first.entries, expected[..kept], "{query:?}");
                let last = log.range(&juliet(), &query.clone().backwards()).await?;
                assert_eq!(last.entries, expected[expected.len() - kept..], "{query:?}");
                assert_eq!([first.complete, last.complete], [kept == expected.len(); 2], "{query:?}");
            }
        }
    }
    Ok(())
}

pub async fn a_peer_is_found_after_others_were_removed_and_when_it_comes_again(
    store: Store,
) -> Result<(), Error> {
    let log = log_of(&store).await?;
    // One of a burst, a whole one between two of the same peer, and the last.
    let some = ["4", "11", "13", "14", "15"].map(str::to_owned).to_vec();
    assert_eq!(log.delete(&juliet(), some).await?, 5);
    assert_eq!(ids_of(&log, "a").await?, ["0", "1", "3", "10", "12"]);
    assert_eq!(ids_of(&log, "b").await?, ["2", "5", "7"]);
    assert_eq!(ids_of(&log, "c").await?, [""; 0]);
    log.append(&juliet(), entry(16, "a")).await?;
    log.append(&juliet(), entry(17, "b")).await?;
    assert_eq!(log.trim(&juliet(), Trim::OlderThan(at(2)), 9).await?, 2);
    assert_eq!(log.take(&juliet(), 2).await?, [entry(2, "b"), entry(3, "a")]);
    assert_eq!(ids_of(&log, "a").await?, ["10", "12", "16"]);
    assert_eq!(ids_of(&log, "b").await?, ["5", "7", "17"]);
    log.take_ids(&juliet(), vec!["17".to_owned(), "7".to_owned()]).await?;
    log.append(&juliet(), entry(18, "b")).await?;
    assert_eq!(ids_of(&log, "b").await?, ["5", "18"]);
    assert_eq!(log.trim(&juliet(), Trim::KeepNewest(0), 100).await?, 8);
    for (number, peer) in [(19, "b"), (20, ""), (21, "b")] {
        log.append(&juliet(), entry(number, peer)).await?;
    }
    assert_eq!((ids_of(&log, "a").await?, ids_of(&log, "b").await?.len()), (Vec::new(), 2));
    store.erase(&juliet()).await?;
    log.append(&juliet(), entry(22, "b")).await?;
    assert_eq!(ids_of(&log, "b").await?, ["22"]);
    Ok(())
}

pub async fn what_a_failed_batch_appended_is_not_found_by_its_peer(store: Store) -> Result<(), Error> {
    let log = log_of(&store).await?;
    let before = (ids_of(&log, "a").await?, ids_of(&log, "b").await?);
    let batch = store.batch().append(&log, &juliet(), entry(16, "a")).append(&log, &juliet(), entry(17, "c"));
    let failed = batch.append(&log, &juliet(), entry(0, "b")).commit().await;
    assert!(failed.is_err_and(|error| error.is_conflict()));
    assert_eq!((ids_of(&log, "a").await?, ids_of(&log, "b").await?), before);
    log.append(&juliet(), entry(16, "b")).await?;
    assert_eq!(ids_of(&log, "b").await?.last().map(String::as_str), Some("16"));
    assert_eq!(ids_of(&log, "c").await?, ["11"]);
    Ok(())
}
