//! Any pages of any archive, beside a plain model.

mod common;

use common::{ask, configured};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use stonechat_extension::test_host::TestHost;
use stonechat_stanza::rsm;
use stonechat_xep_mam::{Filter, Query};

const LIMIT: usize = 7;
const COUNT: usize = 24;

/// A message of the archive, as the model has it.
#[derive(Debug, Clone)]
struct Message {
    id: String,
    peer: &'static str,
    /// Minutes after the first.
    minute: usize,
}

/// What is asked; messages are named by their numbers.
#[derive(Debug, Clone)]
struct Asked {
    with: Option<&'static str>,
    start: Option<usize>,
    end: Option<usize>,
    after_id: Option<usize>,
    before_id: Option<usize>,
    after: Option<usize>,
    before: Option<Option<usize>>,
    max: Option<u32>,
    flip: bool,
}

const PEERS: [&str; 3] = ["b@example.org", "c@example.org", "b@example.org/1"];

fn asked() -> impl Strategy<Value = Asked> {
    let number = || prop::option::weighted(0.25, 0..COUNT);
    let with = prop::option::of(prop::sample::select(PEERS.to_vec()));
    let before = prop::option::of(prop::option::of(0..COUNT));
    let max = prop::option::of(0..12_u32);
    (with, number(), number(), number(), number(), number(), before, max, any::<bool>()).prop_map(
        |(with, start, end, after_id, before_id, after, before, max, flip)| Asked {
            with,
            start,
            end,
            after_id,
            before_id,
            after,
            before,
            max,
            flip,
        },
    )
}

fn query(asked: &Asked, archive: &[Message]) -> Query {
    let id = |number: Option<usize>| number.map(|number| archive[number].id.clone());
    let time = |minute: Option<usize>| {
        minute.map(|minute| format!("2026-01-01T12:{minute:02}:00Z").parse().expect("a time"))
    };
    let filter = Filter {
        with: asked.with.map(|with| with.parse().expect("an address")),
        start: time(asked.start),
        end: time(asked.end),
        after_id: id(asked.after_id),
        before_id: id(asked.before_id),
        ..Filter::default()
    };
    let before = asked.before.map(|before| id(before).unwrap_or_default());
    let set = rsm::Request { max: asked.max, after: id(asked.after), before, index: None };
    Query { form: Some(filter.to_form()), set: Some(set), flip_page: asked.flip, ..Query::default() }
}

/// The numbers of the messages on the page, as they are sent, and whether it is complete.
fn model(asked: &Asked, archive: &[Message]) -> (Vec<usize>, bool) {
    let is_peer =
        |message: &Message| asked.with.is_none_or(|with| with.split('/').next() == Some(message.peer));
    let before = asked.before.flatten();
    let matching: Vec<usize> = (0..archive.len())
        .filter(|&at| is_peer(&archive[at]))
        .filter(|&at| asked.start.is_none_or(|start| archive[at].minute >= start))
        .filter(|&at| asked.end.is_none_or(|end| archive[at].minute <= end))
        .filter(|&at| [asked.after_id, asked.after].into_iter().flatten().all(|bound| at > bound))
        .filter(|&at| [asked.before_id, before].into_iter().flatten().all(|bound| at < bound))
        .collect();
    let size = asked.max.map_or(LIMIT, |max| LIMIT.min(max as usize)).min(matching.len());
    let complete = size == matching.len();
    let mut page = match asked.before {
        Some(_) => matching[matching.len() - size..].to_vec(),
        None => matching[..size].to_vec(),
    };
    if asked.flip {
        page.reverse();
    }
    (page, complete)
}

async fn archive() -> (TestHost, Vec<Message>) {
    let host = configured(&format!("max-page = {LIMIT}")).await;
    host.run("a/1, b/1, c/1 online").await;
    for number in 0..COUNT {
        let to = ["b/1", "c/1"][number / 2 % 2];
        // Some share a moment.
        let later = if number % 3 == 0 { "later 60" } else { "" };
        host.run(&format!("a/1 → {to}: <body>{number}</body>\n {later}")).await;
    }
    let mut messages = Vec::new();
    let mut minute = 0;
    let mut set = rsm::Request::first(50);
    while messages.len() < COUNT {
        let query = Query { set: Some(set), ..Query::default() };
        let found = ask(&host, "a/1", &query).await.expect("an answer");
        set = rsm::Request::after(found.fin.set.last.clone().expect("more"), 50);
        for id in found.ids() {
            let number = messages.len();
            messages.push(Message { id: id.to_owned(), peer: PEERS[number / 2 % 2], minute });
            minute += usize::from(number % 3 == 0);
        }
    }
    (host, messages)
}

#[test]
fn any_page_is_that_of_a_plain_model() {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    let (host, messages) = runtime.block_on(archive());
    let config = Config { cases: 600, failure_persistence: None, ..Config::default() };
    let run = |asked: Asked| {
        let found = runtime.block_on(ask(&host, "a/1", &query(&asked, &messages))).expect("an answer");
        let (page, complete) = model(&asked, &messages);
        let ids: Vec<&str> = page.iter().map(|&at| messages[at].id.as_str()).collect();
        prop_assert_eq!(found.ids(), ids);
        prop_assert_eq!(found.fin.complete, complete);
        Ok(())
    };
    TestRunner::new(config).run(&asked(), run).unwrap_or_else(|error| panic!("{error}"));
}
