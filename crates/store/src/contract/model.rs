//! Random batches beside a simple model: what a store should be, written for plainness alone.
#![allow(missing_docs, reason = "the name of a rule says it")]

use super::random::{Action, Step, action};
use crate::{Batch, Entry, Error, Limit, Owner, Page, Query, Store, Trim};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;
use std::collections::BTreeMap;

/// What one owner has.
#[derive(Clone, Debug, Default, PartialEq)]
struct Data {
    document: Option<u8>,
    map: BTreeMap<u8, u8>,
    log: Vec<Entry>,
}

/// Whether a batch succeeds, and why not.
#[derive(Debug, PartialEq)]
enum Verdict {
    Done(u64),
    Conflict,
    Quota,
}

type Model = [Data; 2];

fn run_batch(model: &mut Model, steps: &[Step]) -> Verdict {
    let mut changed = model.clone();
    let mut count = 0;
    for step in steps {
        match run_step(&mut changed, step) {
            Verdict::Done(one) => count += one,
            failed => return failed,
        }
    }
    *model = changed;
    Verdict::Done(count)
}

fn run_step(model: &mut Model, step: &Step) -> Verdict {
    let expect = |holds: bool| if holds { Verdict::Done(0) } else { Verdict::Conflict };
    match step {
        Step::PutDocument(owner, value) => {
            model[usize::from(*owner)].document = Some(*value);
            Verdict::Done(1)
        }
        Step::DeleteDocument(owner) => {
            Verdict::Done(model[usize::from(*owner)].document.take().is_some().into())
        }
        Step::ExpectDocument(owner, value) => expect(model[usize::from(*owner)].document == *value),
        Step::PutMap(owner, key, value, max) => {
            let map = &mut model[usize::from(*owner)].map;
            if !map.contains_key(key) && max.is_some_and(|max| map.len() as u64 >= max) {
                return Verdict::Quota;
            }
            map.insert(*key, *value);
            Verdict::Done(1)
        }
        Step::DeleteMap(owner, key) => {
            Verdict::Done(model[usize::from(*owner)].map.remove(key).is_some().into())
        }
        Step::ClearMap(owner) => {
            Verdict::Done(std::mem::take(&mut model[usize::from(*owner)].map).len() as u64)
        }
        Step::ExpectMap(owner, key, value) => {
            expect(model[usize::from(*owner)].map.get(key) == value.as_ref())
        }
        Step::Append(owner, entry, limit) => append(&mut model[usize::from(*owner)].log, entry, *limit),
        Step::DeleteEntries(owner, ids) => {
            remove(&mut model[usize::from(*owner)].log, |_, entry| ids.contains(&entry.id), u32::MAX)
        }
        Step::Replace(owner, id, value) => {
            let log = &mut model[usize::from(*owner)].log;
            let entry = log.iter_mut().find(|entry| entry.id == *id);
            Verdict::Done(u64::from(entry.map(|entry| entry.value = value.clone().into()).is_some()))
        }
        Step::Trim(owner, rule, limit) => {
            let log = &mut model[usize::from(*owner)].log;
            let length = log.len() as u64;
            let matches = |index: usize, entry: &Entry| match rule {
                Trim::OlderThan(time) => entry.at < *time,
                Trim::KeepNewest(keep) => index as u64 + keep < length,
            };
            remove(log, matches, *limit)
        }
        Step::Erase(owner) => {
            model[usize::from(*owner)] = Data::default();
            Verdict::Done(0)
        }
    }
}

fn append(log: &mut Vec<Entry>, entry: &Entry, limit: Option<Limit>) -> Verdict {
    if log.iter().any(|other| other.id == entry.id) {
        return Verdict::Conflict;
    }
    let bytes = log.iter().chain([entry]).map(|entry| entry.value.len() as u64).sum::<u64>();
    if limit.is_some_and(|limit| log.len() as u64 >= limit.max_entries || bytes > limit.max_bytes) {
        return Verdict::Quota;
    }
    log.push(entry.clone());
    Verdict::Done(1)
}

fn remove(log: &mut Vec<Entry>, matches: impl Fn(usize, &Entry) -> bool, limit: u32) -> Verdict {
    let before = log.len();
    let (mut index, mut removed) = (0, 0);
    log.retain(|entry| {
        let goes = removed < limit && matches(index, entry);
        index += 1;
        removed += u32::from(goes);
        !goes
    });
    Verdict::Done((before - log.len()) as u64)
}

/// The page for a query; `None` if it names an unknown id.
fn page(log: &[Entry], query: &Query) -> Option<Page> {
    let find = |id: &String| log.iter().position(|entry| entry.id == *id);
    let after: Vec<usize> = query.after.iter().map(find).collect::<Option<_>>()?;
    let before: Vec<usize> = query.before.iter().map(find).collect::<Option<_>>()?;
    let first = after.into_iter().max().map_or(0, |index| index + 1);
    let last = before.into_iter().min().unwrap_or(log.len());
    let in_range = log.iter().take(last).skip(first).filter(|entry| {
        query.start.is_none_or(|start| start <= entry.at)
            && query.end.is_none_or(|end| entry.at <= end)
            && (query.peer.is_none() || query.peer == entry.peer)
    });
    let all: Vec<Entry> = in_range.cloned().collect();
    let limit = query.limit as usize;
    let complete = all.len() <= limit;
    let surplus = all.len().saturating_sub(limit);
    let kept = if query.backwards { &all[surplus..] } else { &all[..all.len() - surplus] };
    Some(Page { entries: kept.to_vec(), complete })
}

fn text(number: u8) -> String {
    format!("{number}")
}

fn add(batch: Batch, store: &Store, owners: &[Owner; 2], step: &Step) -> Batch {
    let (document, map, log) = (store.document("document"), store.map("map"), store.log("log"));
    let owner = |number: &u8| &owners[usize::from(*number)];
    match step {
        Step::PutDocument(o, value) => batch.put_document(&document, owner(o), text(*value)),
        Step::DeleteDocument(o) => batch.delete_document(&document, owner(o)),
        Step::ExpectDocument(o, Some(value)) => batch.expect_document(&document, owner(o), text(*value)),
        Step::ExpectDocument(o, None) => batch.expect_document_absent(&document, owner(o)),
        Step::PutMap(o, key, value, Some(max)) => {
            batch.put_map_below(&map, owner(o), &text(*key), text(*value), *max)
        }
        Step::PutMap(o, key, value, None) => batch.put_map(&map, owner(o), &text(*key), text(*value)),
        Step::DeleteMap(o, key) => batch.delete_map(&map, owner(o), &text(*key)),
        Step::ClearMap(o) => batch.clear_map(&map, owner(o)),
        Step::ExpectMap(o, key, Some(value)) => batch.expect_map(&map, owner(o), &text(*key), text(*value)),
        Step::ExpectMap(o, key, None) => batch.expect_map_absent(&map, owner(o), &text(*key)),
        Step::Append(o, entry, Some(limit)) => batch.append_if_below(&log, owner(o), entry.clone(), *limit),
        Step::Append(o, entry, None) => batch.append(&log, owner(o), entry.clone()),
        Step::DeleteEntries(o, ids) => batch.delete_entries(&log, owner(o), ids.clone()),
        Step::Replace(o, id, value) => batch.replace_entry(&log, owner(o), id, value.clone()),
        Step::Trim(o, rule, limit) => batch.trim(&log, owner(o), *rule, *limit),
        Step::Erase(o) => batch.erase(owner(o)),
    }
}

async fn run(store: &Store, owners: &[Owner; 2], model: &mut Model, action: &Action) -> Result<(), Error> {
    let log = store.log("log");
    match action {
        Action::Batch(steps) => {
            let batch = steps.iter().fold(store.batch(), |batch, step| add(batch, store, owners, step));
            let verdict = match batch.commit().await {
                Ok(committed) => Verdict::Done(committed.changed()),
                Err(error) if error.is_conflict() => Verdict::Conflict,
                Err(error) if error.is_quota() => Verdict::Quota,
                Err(error) => return Err(error),
            };
            assert_eq!(verdict, run_batch(model, steps));
        }
        Action::Take(owner, limit) => {
            let taken = log.take(&owners[usize::from(*owner)], *limit).await?;
            let mine = &mut model[usize::from(*owner)].log;
            let expected: Vec<Entry> = mine.drain(..mine.len().min(*limit as usize)).collect();
            assert_eq!(taken, expected);
        }
        Action::TakeIds(owner, ids) => {
            let taken = log.take_ids(&owners[usize::from(*owner)], ids.clone()).await?;
            let mine = &mut model[usize::from(*owner)].log;
            let expected: Vec<Entry> = mine.extract_if(.., |entry| ids.contains(&entry.id)).collect();
            assert_eq!(taken, expected);
        }
        Action::Query(owner, query) => {
            let expected = page(&model[usize::from(*owner)].log, query);
            let all = Query { limit: u32::MAX, ..query.clone() };
            let count = page(&model[usize::from(*owner)].log, &all).map(|page| page.entries.len() as u64);
            let owner = &owners[usize::from(*owner)];
            match log.range(owner, query).await {
                Err(Error::UnknownEntry { .. }) => assert_eq!(expected, None),
                page => assert_eq!(Some(page?), expected),
            }
            match log.count_matching(owner, query).await {
                Err(Error::UnknownEntry { .. }) => assert_eq!(count, None),
                found => assert_eq!(Some(found?), count),
            }
        }
    }
    Ok(())
}

async fn compare(store: &Store, owner: &Owner, data: &Data) -> Result<(), Error> {
    let document = store.document("document").get(owner).await?;
    assert_eq!(document, data.document.map(|value| text(value).into()));
    let map = store.map("map").all(owner).await?;
    let expected: Vec<_> = data.map.iter().map(|(key, value)| (text(*key), text(*value).into())).collect();
    assert_eq!(map, expected);
    let log = store.log("log");
    assert_eq!(log.range(owner, &Query::default()).await?.entries, data.log);
    for peer in ["peer0", "peer1"] {
        let query = Query::default().peer(peer);
        assert_eq!(Some(log.range(owner, &query).await?), page(&data.log, &query));
    }
    let usage = log.usage(owner).await?;
    let bytes = data.log.iter().map(|entry| entry.value.len() as u64).sum::<u64>();
    assert_eq!((usage.entries, usage.bytes), (data.log.len() as u64, bytes));
    Ok(())
}

pub async fn random_batches_do_what_a_simple_model_does(store: Store) -> Result<(), Error> {
    let handle = tokio::runtime::Handle::current();
    let test = move || {
        let config = Config { cases: 150, failure_persistence: None, ..Config::default() };
        let cases = Cell::new(0);
        let run_case = |actions: Vec<Action>| {
            // Owners nobody has used, instead of a fresh store.
            let number = cases.replace(cases.get() + 1);
            let owners = ["a", "b"].map(|name| Owner::account(&format!("{name}@{number}")));
            let result: Result<(), Error> = handle.block_on(async {
                let mut model = Model::default();
                for action in &actions {
                    run(&store, &owners, &mut model, action).await?;
                    for (owner, data) in owners.iter().zip(&model) {
                        compare(&store, owner, data).await?;
                    }
                }
                Ok(())
            });
            result.map_err(|error| TestCaseError::fail(format!("{error:?}")))
        };
        if let Err(error) = TestRunner::new(config).run(&vec(action(), 1..30), run_case) {
            panic!("{error}");
        }
    };
    tokio::task::spawn_blocking(test).await.expect("the model and the store agree");
    Ok(())
}
