//! Rules for logs.
#![allow(missing_docs, reason = "the name of a rule says it")]

use super::{juliet, romeo};
use crate::{Entry, Error, Limit, Log, MAX_PAGE_BYTES, Page, Query, Store, Trim, Usage};
use jiff::Timestamp;
use std::collections::BTreeSet;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time that exists")
}

fn entry(id: impl ToString, second: i64) -> Entry {
    Entry::new(id.to_string(), at(second), format!("value {}", id.to_string()))
}

fn ids(page: &Page) -> Vec<&str> {
    page.entries.iter().map(|entry| &*entry.id).collect()
}

/// A log of Juliet's with entries 0 to 9, one each second from 100.
async fn ten(store: &Store) -> Result<Log, Error> {
    let log = store.log("archive");
    for number in 0..10 {
        log.append(&juliet(), entry(number, 100 + number)).await?;
    }
    Ok(log)
}

pub async fn a_log_keeps_the_order_of_appending_whatever_the_times(store: Store) -> Result<(), Error> {
    let log = store.log("archive");
    let times = [50, 40, 60, 60, -7, 61];
    for (number, time) in times.into_iter().enumerate() {
        log.append(&juliet(), entry(number, time)).await?;
    }
    let page = log.range(&juliet(), &Query::default()).await?;
    assert_eq!(ids(&page), ["0", "1", "2", "3", "4", "5"]);
    assert_eq!(page.entries[4], entry(4, -7));
    let middle = Query::default().start(at(40)).end(at(60));
    assert_eq!(ids(&log.range(&juliet(), &middle).await?), ["0", "1", "2", "3"]);
    let early = Query::default().end(at(40)).backwards();
    assert_eq!(ids(&log.range(&juliet(), &early).await?), ["1", "4"]);
    Ok(())
}

pub async fn an_id_is_in_a_log_once(store: Store) -> Result<(), Error> {
    let log = store.log("archive");
    log.append(&juliet(), entry("same", 1)).await?;
    log.append(&romeo(), entry("same", 1)).await?;
    store.log("other").append(&juliet(), entry("same", 1)).await?;
    assert!(log.append(&juliet(), entry("same", 2)).await.is_err_and(|error| error.is_conflict()));
    assert_eq!(log.usage(&juliet()).await?, Usage { entries: 1, bytes: 10 });
    assert_eq!(log.get(&juliet(), "same").await?, Some(entry("same", 1)));
    assert_eq!(log.get(&juliet(), "none").await?, None);
    Ok(())
}

pub async fn a_range_excludes_its_ids_and_includes_its_times(store: Store) -> Result<(), Error> {
    let log = ten(&store).await?;
    let query = Query::default().after("2").before("5");
    assert_eq!(ids(&log.range(&juliet(), &query).await?), ["3", "4"]);
    let query = Query::default().start(at(102)).end(at(104));
    assert_eq!(ids(&log.range(&juliet(), &query).await?), ["2", "3", "4"]);
    assert_eq!(log.count_matching(&juliet(), &query.clone().limit(1)).await?, 3);
    let query = query.after("2").before("9");
    assert_eq!(ids(&log.range(&juliet(), &query).await?), ["3", "4"]);
    let both = Query::default().after("4").after("2").before("5").before("9");
    assert_eq!(ids(&log.range(&juliet(), &both).await?), [""; 0]);
    let both = Query::default().after("2").after("1").before("9").before("5");
    assert_eq!(ids(&log.range(&juliet(), &both).await?), ["3", "4"]);
    let nothing = Query::default().after("5").before("5");
    assert_eq!(ids(&log.range(&juliet(), &nothing).await?), [""; 0]);
    assert_eq!(log.count_matching(&romeo(), &Query::default()).await?, 0);
    Ok(())
}

pub async fn a_range_backwards_ends_with_the_last_in_log_order(store: Store) -> Result<(), Error> {
    let log = ten(&store).await?;
    let last = log.range(&juliet(), &Query::default().backwards().limit(3)).await?;
    assert_eq!((ids(&last), last.complete), (vec!["7", "8", "9"], false));
    let first = log.range(&juliet(), &Query::default().before("2").backwards().limit(3)).await?;
    assert_eq!((ids(&first), first.complete), (vec!["0", "1"], true));
    let exact = log.range(&juliet(), &Query::default().limit(10)).await?;
    assert_eq!((exact.entries.len(), exact.complete), (10, true));
    let none = log.range(&juliet(), &Query::default().limit(0)).await?;
    assert_eq!((none.entries.len(), none.complete), (0, false));
    Ok(())
}

pub async fn paging_in_both_directions_meets_every_entry_once(store: Store) -> Result<(), Error> {
    let log = ten(&store).await?;
    let mut forwards = Vec::new();
    loop {
        let after = forwards.last().cloned().into_iter().collect();
        let query = Query { after, limit: 3, ..Query::default() };
        let page = log.range(&juliet(), &query).await?;
        forwards.extend(page.entries.into_iter().map(|entry| entry.id));
        if page.complete {
            break;
        }
    }
    let mut backwards: Vec<String> = Vec::new();
    loop {
        let before = backwards.first().cloned().into_iter().collect();
        let query = Query { before, limit: 3, backwards: true, ..Query::default() };
        let page = log.range(&juliet(), &query).await?;
        backwards.splice(0..0, page.entries.into_iter().map(|entry| entry.id));
        if page.complete {
            break;
        }
    }
    let all: Vec<String> = (0..10).map(|number| number.to_string()).collect();
    assert_eq!((&forwards, &backwards), (&all, &all));
    Ok(())
}

pub async fn a_range_by_peer_has_only_that_peer(store: Store) -> Result<(), Error> {
    let log = store.log("archive");
    for (number, peer) in ["romeo", "nurse", "", "romeo"].into_iter().enumerate() {
        let entry = entry(number, 10);
        let entry = if peer.is_empty() { entry } else { entry.peer(peer) };
        log.append(&juliet(), entry).await?;
    }
    let romeo = Query::default().peer("romeo");
    let page = log.range(&juliet(), &romeo).await?;
    assert_eq!((ids(&page), page.entries[1].peer.as_deref()), (vec!["0", "3"], Some("romeo")));
    assert_eq!(ids(&log.range(&juliet(), &romeo.clone().backwards().limit(1)).await?), ["3"]);
    assert_eq!(ids(&log.range(&juliet(), &romeo.clone().after("0")).await?), ["3"]);
    assert_eq!(log.count_matching(&juliet(), &romeo).await?, 2);
    assert_eq!(log.count_matching(&juliet(), &Query::default().peer("")).await?, 0);
    Ok(())
}

pub async fn an_unknown_id_in_a_query_is_an_error(store: Store) -> Result<(), Error> {
    let log = ten(&store).await?;
    for owner in [juliet(), romeo()] {
        for query in [Query::default().after("none"), Query::default().before("none")] {
            let error = log.range(&owner, &query).await.expect_err("the id is unknown");
            assert!(matches!(error, Error::UnknownEntry { ref id, .. } if id == "none"), "{error:?}");
            assert!(log.count_matching(&owner, &query).await.is_err());
        }
    }
    Ok(())
}

pub async fn a_page_of_large_values_ends_early_and_says_so(store: Store) -> Result<(), Error> {
    let log = store.log("archive");
    for number in 0..3 {
        let large = Entry::new(format!("{number}"), at(number), vec![b'x'; MAX_PAGE_BYTES / 2 + 1]);
        log.append(&juliet(), large).await?;
    }
    let page = log.range(&juliet(), &Query::default()).await?;
    assert_eq!((ids(&page), page.complete), (vec!["0"], false));
    let page = log.range(&juliet(), &Query::default().after("1")).await?;
    assert_eq!((ids(&page), page.complete), (vec!["2"], true));
    Ok(())
}

pub async fn times_are_kept_in_whole_microseconds(store: Store) -> Result<(), Error> {
    let log = store.log("archive");
    let nanosecond = |nanos| Timestamp::from_nanosecond(nanos).expect("a time that exists");
    for (id, given, kept) in [("after", 1_999, 1_000), ("before", -1, -1_000), ("whole", 5_000, 5_000)] {
        log.append(&juliet(), Entry::new(id, nanosecond(given), "")).await?;
        let entry = log.get(&juliet(), id).await?.expect("it was appended");
        assert_eq!(entry.at, nanosecond(kept), "{id}");
    }
    for extreme in [Timestamp::MIN, Timestamp::MAX] {
        log.append(&juliet(), Entry::new(extreme.to_string(), extreme, "")).await?;
    }
    assert_eq!(log.count_matching(&juliet(), &Query::default().start(at(1))).await?, 1);
    assert_eq!(log.count_matching(&juliet(), &Query::default().end(at(-1))).await?, 1);
    log.append(&juliet(), entry("behind the end of time", 7)).await?;
    assert_eq!(log.count(&juliet()).await?, 6);
    Ok(())
}

pub async fn a_log_with_a_limit_never_exceeds_it(store: Store) -> Result<(), Error> {
    let by_count = Limit { max_entries: 7, max_bytes: u64::MAX };
    let by_bytes = Limit { max_entries: u64::MAX, max_bytes: 7 * 10 };
    for (name, limit) in [("count", by_count), ("bytes", by_bytes)] {
        let tries: Vec<_> = (0..20)
            .map(|number| {
                let log = store.log(name);
                let entry = Entry::new(format!("{number}"), at(number), "0123456789");
                tokio::spawn(async move { log.append_if_below(&juliet(), entry, limit).await })
            })
            .collect();
        let mut kept = 0;
        for attempt in tries {
            match attempt.await.expect("the task ends") {
                Ok(()) => kept += 1,
                Err(error) => assert!(error.is_quota(), "{error:?}"),
            }
        }
        let usage = store.log(name).usage(&juliet()).await?;
        assert_eq!((kept, usage), (7, Usage { entries: 7, bytes: 70 }), "{name}");
        store.log(name).take(&juliet(), 1).await?;
        store.log(name).append_if_below(&juliet(), Entry::new("new", at(1), "0123456789"), limit).await?;
    }
    Ok(())
}

pub async fn usage_follows_every_removal(store: Store) -> Result<(), Error> {
    let log = ten(&store).await?;
    assert_eq!(log.usage(&juliet()).await?, Usage { entries: 10, bytes: 70 });
    let some = vec!["3".to_owned(), "none".to_owned(), "3".to_owned(), "8".to_owned()];
    assert_eq!(log.delete(&juliet(), some).await?, 2);
    assert_eq!(log.take(&juliet(), 1).await?, [entry(0, 100)]);
    assert_eq!(log.trim(&juliet(), Trim::KeepNewest(5), 1).await?, 1);
    assert_eq!(log.usage(&juliet()).await?, Usage { entries: 6, bytes: 42 });
    assert_eq!((log.count(&juliet()).await?, log.bytes(&juliet()).await?), (6, 42));
    assert_eq!(ids(&log.range(&juliet(), &Query::default()).await?), ["2", "4", "5", "6", "7", "9"]);
    Ok(())
}

pub async fn trimming_removes_the_oldest_first_in_steps(store: Store) -> Result<(), Error> {
    let log = ten(&store).await?;
    assert_eq!(log.trim(&juliet(), Trim::OlderThan(at(105)), 3).await?, 3);
    assert_eq!(log.trim(&juliet(), Trim::OlderThan(at(105)), 3).await?, 2);
    assert_eq!(log.trim(&juliet(), Trim::OlderThan(at(105)), 3).await?, 0);
    assert_eq!(log.trim(&juliet(), Trim::KeepNewest(2), 2).await?, 2);
    assert_eq!(log.trim(&juliet(), Trim::KeepNewest(2), 2).await?, 1);
    assert_eq!(log.trim(&juliet(), Trim::KeepNewest(2), 2).await?, 0);
    assert_eq!(ids(&log.range(&juliet(), &Query::default()).await?), ["8", "9"]);
    assert_eq!(log.trim(&romeo(), Trim::KeepNewest(0), 9).await?, 0);
    Ok(())
}

pub async fn trimming_by_time_finds_old_entries_at_late_positions(store: Store) -> Result<(), Error> {
    let log = store.log("archive");
    for (number, time) in [500, 10, 600, 20].into_iter().enumerate() {
        log.append(&juliet(), entry(number, time)).await?;
    }
    assert_eq!(log.trim(&juliet(), Trim::OlderThan(at(30)), 10).await?, 2);
    assert_eq!(ids(&log.range(&juliet(), &Query::default()).await?), ["0", "2"]);
    Ok(())
}

pub async fn no_entry_is_taken_twice(store: Store) -> Result<(), Error> {
    let log = ten(&store).await?;
    let takers: Vec<_> = (0..8)
        .map(|_| {
            let log = log.clone();
            tokio::spawn(async move { log.take(&juliet(), 2).await })
        })
        .collect();
    let mut taken = Vec::new();
    for taker in takers {
        taken.extend(taker.await.expect("the task ends")?.into_iter().map(|entry| entry.id));
    }
    let different: BTreeSet<_> = taken.iter().collect();
    assert_eq!((taken.len(), different.len(), log.count(&juliet()).await?), (10, 10, 0));
    Ok(())
}

pub async fn entries_asked_for_by_id_come_in_log_order_each_once(store: Store) -> Result<(), Error> {
    let log = ten(&store).await?;
    let wanted = ["7", "2", "none", "7", "4"].map(str::to_owned).to_vec();
    assert_eq!(log.entries(&juliet(), wanted.clone()).await?, [entry(2, 102), entry(4, 104), entry(7, 107)]);
    assert_eq!(log.entries(&romeo(), wanted).await?, []);
    assert_eq!(log.entries(&juliet(), Vec::new()).await?, []);
    Ok(())
}

pub async fn a_replaced_value_leaves_the_entry_where_it_was(store: Store) -> Result<(), Error> {
    let log = ten(&store).await?;
    assert_eq!(log.replace(&juliet(), "4", "gone").await?, 1);
    assert_eq!(log.replace(&juliet(), "none", "gone").await?, 0);
    assert_eq!(log.replace(&romeo(), "4", "gone").await?, 0);
    let page = log.range(&juliet(), &Query::default().after("3").limit(2)).await?;
    assert_eq!(page.entries, [Entry { value: "gone".into(), ..entry(4, 104) }, entry(5, 105)]);
    assert_eq!(log.usage(&juliet()).await?, Usage { entries: 10, bytes: 67 });
    let failed =
        store.batch().replace_entry(&log, &juliet(), "5", "lost").append(&log, &juliet(), entry(6, 1));
    assert!(failed.commit().await.is_err_and(|error| error.is_conflict()));
    assert_eq!(log.get(&juliet(), "5").await?, Some(entry(5, 105)));
    assert_eq!(log.usage(&juliet()).await?, Usage { entries: 10, bytes: 67 });
    Ok(())
}

pub async fn taken_ids_come_in_log_order(store: Store) -> Result<(), Error> {
    let log = ten(&store).await?;
    let wanted = ["7", "2", "none", "7", "4"].map(str::to_owned).to_vec();
    let taken = log.take_ids(&juliet(), wanted).await?;
    assert_eq!(taken, [entry(2, 102), entry(4, 104), entry(7, 107)]);
    assert_eq!(log.count(&juliet()).await?, 7);
    Ok(())
}
