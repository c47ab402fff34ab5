//! Rules for batches and for the store as a whole.
#![allow(missing_docs, reason = "the name of a rule says it")]

use super::{juliet, romeo};
use crate::{Entry, Error, Limit, MAX_VALUE, Owner, Query, Record, Store, Trim};
use jiff::Timestamp;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

fn entry(id: &str) -> Entry {
    Entry::new(id, Timestamp::UNIX_EPOCH, "value")
}

/// Puts something of an owner into a store of each kind.
async fn fill(store: &Store, owner: &Owner) -> Result<(), Error> {
    store.document("document").put(owner, "old").await?;
    store.map("map").put(owner, "key", "old").await?;
    store.map("map").put(owner, "other", "old").await?;
    for id in ["1", "2", "3"] {
        store.log("log").append(owner, entry(id)).await?;
    }
    let mut writer = store.blob("blob").writer(owner, "key").await?;
    writer.write(b"old").await?;
    writer.commit().await.map(drop)
}

async fn records(store: &Store, owner: &Owner) -> Result<Vec<Record>, Error> {
    let mut export = store.export(owner);
    let mut records = Vec::new();
    while let Some(record) = export.next().await? {
        records.push(record);
    }
    Ok(records)
}

pub async fn a_failed_batch_leaves_no_trace_of_any_kind(store: Store) -> Result<(), Error> {
    fill(&store, &juliet()).await?;
    let before = records(&store, &juliet()).await?;
    let usage = store.log("log").usage(&juliet()).await?;
    let (document, map, log) = (store.document("document"), store.map("map"), store.log("log"));
    let blob = store.blob("blob");
    let mut writer = blob.writer(&juliet(), "new").await?;
    writer.write(b"new").await?;
    let batch = store
        .batch()
        .put_document(&document, &juliet(), "new")
        .delete_document(&document, &juliet())
        .put_map(&map, &juliet(), "key", "new")
        .put_map(&map, &juliet(), "new", "new")
        .delete_map(&map, &juliet(), "other")
        .clear_map(&map, &juliet())
        .append(&log, &juliet(), entry("4"))
        .delete_entries(&log, &juliet(), vec!["2".to_owned()])
        .trim(&log, &juliet(), Trim::KeepNewest(1), 10)
        .delete_blob(&blob, &juliet(), "key")
        .commit_blob(writer)
        .erase(&juliet())
        .put_document(&document, &romeo(), "new")
        .expect_document(&document, &romeo(), "something else");
    let error = batch.commit().await.expect_err("the last expectation fails");
    assert!(matches!(&error, Error::Conflict { store, .. } if &**store == "document"), "{error:?}");
    assert_eq!(records(&store, &juliet()).await?, before);
    assert_eq!(records(&store, &romeo()).await?, []);
    assert_eq!(log.usage(&juliet()).await?, usage);
    log.append(&juliet(), entry("4")).await?;
    Ok(())
}

pub async fn writes_of_a_batch_see_those_before_them(store: Store) -> Result<(), Error> {
    let (document, map, log) = (store.document("document"), store.map("map"), store.log("log"));
    let limit = Limit { max_entries: 1, max_bytes: 100 };
    let committed = store
        .batch()
        .expect_document_absent(&document, &juliet())
        .put_document(&document, &juliet(), "1")
        .expect_document(&document, &juliet(), "1")
        .put_map(&map, &juliet(), "key", "1")
        .expect_map(&map, &juliet(), "key", "1")
        .delete_map(&map, &juliet(), "key")
        .expect_map_absent(&map, &juliet(), "key")
        .append_if_below(&log, &juliet(), entry("1"), limit)
        .delete_entries(&log, &juliet(), vec!["1".to_owned()])
        .append_if_below(&log, &juliet(), entry("1"), limit)
        .commit()
        .await?;
    assert_eq!(committed.changed(), 6);
    let changed: Vec<u64> = committed.outcomes().iter().map(|outcome| outcome.changed).collect();
    assert_eq!(changed, [0, 1, 0, 1, 0, 1, 0, 1, 1, 1]);
    let twice = store.batch().append(&log, &romeo(), entry("1")).append(&log, &romeo(), entry("1"));
    assert!(twice.commit().await.is_err_and(|error| error.is_conflict()));
    assert_eq!(log.count(&romeo()).await?, 0);
    assert_eq!(store.batch().commit().await?.changed(), 0, "an empty batch does nothing");
    Ok(())
}

pub async fn a_failing_batch_takes_no_other_with_it(store: Store) -> Result<(), Error> {
    store.document("taken").put(&juliet(), "x").await?;
    let tasks: Vec<_> = (0..60)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let batch = store.batch().append(&store.log("log"), &juliet(), entry(&format!("{number}")));
                let batch = match number % 3 {
                    0 => batch.expect_document_absent(&store.document("taken"), &juliet()),
                    _ => batch,
                };
                batch.commit().await
            })
        })
        .collect();
    for (number, task) in tasks.into_iter().enumerate() {
        let result = task.await.expect("the task ends");
        assert_eq!(result.is_err(), number % 3 == 0, "{number}: {result:?}");
    }
    assert_eq!(store.log("log").count(&juliet()).await?, 40);
    Ok(())
}

pub async fn handles_of_another_store_are_refused(store: Store) -> Result<(), Error> {
    let other = Store::memory();
    let batch = store.batch().put_document(&store.document("ours"), &juliet(), "x").put_document(
        &other.document("theirs"),
        &juliet(),
        "x",
    );
    let error = batch.commit().await.expect_err("a handle is foreign");
    assert!(matches!(&error, Error::OtherStore { store } if &**store == "theirs"), "{error:?}");
    assert_eq!(store.document("ours").get(&juliet()).await?, None);
    Ok(())
}

pub async fn what_is_too_large_is_refused(store: Store) -> Result<(), Error> {
    let document = store.document("document");
    let large = bytes::Bytes::from(vec![0; MAX_VALUE]);
    document.put(&juliet(), large.clone()).await?;
    assert_eq!(document.get(&juliet()).await?, Some(large.clone()));
    let error = document.put(&juliet(), vec![0; MAX_VALUE + 1]).await.expect_err("a byte too many");
    assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
    let batch = (0..5).fold(store.batch(), |batch, _| batch.put_document(&document, &romeo(), large.clone()));
    let error = batch.commit().await.expect_err("too much together");
    assert!(matches!(error, Error::TooLarge { .. }), "{error:?}");
    assert_eq!(document.get(&romeo()).await?, None);
    Ok(())
}

pub async fn a_cancelled_commit_is_whole_or_absent(store: Store) -> Result<(), Error> {
    let (one, two) = (store.map("one"), store.map("two"));
    for number in 0..40 {
        let key = format!("{number}");
        let batch = store.batch().put_map(&one, &juliet(), &key, "x").put_map(&two, &juliet(), &key, "x");
        let mut commit = pin!(batch.commit());
        for _ in 0..number % 3 {
            if commit.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                break;
            }
        }
    }
    // Later than all that were queued.
    store.document("last").put(&juliet(), "x").await?;
    let (one, two) = (one.all(&juliet()).await?, two.all(&juliet()).await?);
    assert_eq!(one, two);
    let polled = (0..40).filter(|number| number % 3 > 0).count();
    assert_eq!(one.len(), polled, "what was polled was queued, what was not was not");
    Ok(())
}

pub async fn erasing_removes_one_owner_everywhere(store: Store) -> Result<(), Error> {
    fill(&store, &juliet()).await?;
    fill(&store, &romeo()).await?;
    let kept = records(&store, &romeo()).await?;
    store.erase(&juliet()).await?;
    assert_eq!(records(&store, &juliet()).await?, []);
    assert_eq!(records(&store, &romeo()).await?, kept);
    assert_eq!(store.log("log").count(&juliet()).await?, 0);
    assert_eq!(store.log("log").get(&juliet(), "1").await?, None);
    assert_eq!(store.log("log").owners(None, 9).await?, [romeo()]);
    fill(&store, &juliet()).await?;
    assert_eq!(records(&store, &juliet()).await?, kept, "the name is free again");
    Ok(())
}

pub async fn an_export_has_every_record(store: Store) -> Result<(), Error> {
    fill(&store, &romeo()).await?;
    let (map, log) = (store.map("map"), store.log("log"));
    for number in 0..250 {
        let batch = store.batch().put_map(&map, &juliet(), &format!("{number:03}"), "x");
        batch.append(&log, &juliet(), entry(&format!("{number}"))).commit().await?;
    }
    store.document("empty").put(&juliet(), "").await?;
    store.document("removed").put(&juliet(), "").await?;
    store.document("removed").delete(&juliet()).await?;
    let records = records(&store, &juliet()).await?;
    let of_map = records.iter().filter_map(|record| match record {
        Record::Map { key, .. } => key.parse().ok(),
        _ => None,
    });
    assert_eq!(of_map.collect::<Vec<u32>>(), (0..250).collect::<Vec<_>>());
    let of_log = records.iter().filter_map(|record| match record {
        Record::Log { entry, .. } => entry.id.parse().ok(),
        _ => None,
    });
    assert_eq!(of_log.collect::<Vec<u32>>(), (0..250).collect::<Vec<_>>());
    assert_eq!(records.len(), 501);
    Ok(())
}

pub async fn an_export_goes_on_when_entries_vanish_meanwhile(store: Store) -> Result<(), Error> {
    let log = store.log("log");
    for number in 0..350 {
        log.append(&juliet(), entry(&format!("{number}"))).await?;
    }
    let mut export = store.export(&juliet());
    let mut exported: Vec<u32> = Vec::new();
    while let Some(Record::Log { entry, .. }) = export.next().await? {
        exported.push(entry.id.parse().expect("ids are numbers"));
        match exported.len() {
            // The last of the first page, in which the second would begin; then all that was read, and more.
            50 => drop(log.delete(&juliet(), vec!["98".to_owned(), "99".to_owned()]).await?),
            150 => drop(log.trim(&juliet(), Trim::KeepNewest(100), 1_000).await?),
            _ => {}
        }
    }
    let expected: Vec<u32> = (0..200).chain(250..350).collect();
    assert_eq!(exported, expected);
    Ok(())
}

pub async fn a_closed_store_refuses_every_call(store: Store) -> Result<(), Error> {
    fill(&store, &juliet()).await?;
    let mut writer = store.blob("blob").writer(&juliet(), "late").await?;
    store.close().await?;
    store.close().await?;
    let closed =
        |result: Result<(), Error>| assert!(matches!(result, Err(Error::Closed { .. })), "{result:?}");
    closed(store.document("document").get(&juliet()).await.map(drop));
    closed(store.document("document").put(&juliet(), "x").await);
    closed(store.log("log").range(&juliet(), &Query::default()).await.map(drop));
    closed(store.erase(&juliet()).await);
    closed(store.export(&juliet()).next().await.map(drop));
    closed(writer.write(&[0; 2 * crate::CHUNK]).await);
    Ok(())
}

pub async fn an_entry_that_is_to_be_new_is_appended_once(store: Store) -> Result<(), Error> {
    let log = store.log("log");
    log.append(&juliet(), entry("2")).await?;
    let usage = log.usage(&juliet()).await?;
    let other = Entry::new("2", Timestamp::UNIX_EPOCH, "another value");
    let batch = store.batch().append_if_new(&log, &juliet(), other.clone());
    assert_eq!(batch.commit().await?.changed(), 0);
    assert_eq!(log.usage(&juliet()).await?, usage);
    let ids = ["1", "2", "3", "1"];
    let batch = ids.iter().fold(store.batch(), |batch, id| batch.append_if_new(&log, &juliet(), entry(id)));
    let changed: Vec<_> = batch.commit().await?.outcomes().iter().map(|outcome| outcome.changed).collect();
    assert_eq!(changed, [1, 0, 1, 0]);
    let page = log.range(&juliet(), &Query::default()).await?;
    assert_eq!(page.entries, [entry("2"), entry("1"), entry("3")]);
    assert_eq!(log.usage(&juliet()).await?.entries, 3);
    assert_eq!(store.batch().append_if_new(&log, &romeo(), other).commit().await?.changed(), 1);
    Ok(())
}

pub async fn a_batch_that_failed_can_be_tried_again(store: Store) -> Result<(), Error> {
    let (document, log) = (store.document("document"), store.log("log"));
    let mut batch =
        store.batch().expect_document(&document, &juliet(), "ready").append(&log, &juliet(), entry("1"));
    assert!(batch.try_commit().await.is_err_and(|error| error.is_conflict()));
    assert!(!batch.is_empty());
    document.put(&juliet(), "ready").await?;
    assert_eq!(batch.try_commit().await?.changed(), 1);
    assert_eq!(log.count(&juliet()).await?, 1);
    let mut wrong = store.batch().append(&Store::memory().log("log"), &juliet(), entry("2")).erase(&juliet());
    assert!(matches!(wrong.try_commit().await, Err(Error::OtherStore { .. })));
    assert!(wrong.is_empty());
    Ok(())
}
