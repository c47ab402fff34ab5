//! Queries (XEP-0313 §4, §5).

mod common;

use common::{Found, all, ask, configured, host, page};
use stonechat_extension::test_host::TestHost;
use stonechat_stanza::error::Condition;
use stonechat_stanza::{StanzaError, rsm};
use stonechat_xep_mam::{Filter, Metadata, Query};

fn bodies(found: &Found) -> Vec<String> {
    found.bodies()
}

fn with(filter: Filter) -> Query {
    Query { form: Some(filter.to_form()), ..Query::default() }
}

/// Ten messages, a minute apart: the even ones with `b`, the others with `c`, those from 5 on from another resource.
async fn ten(section: &str) -> TestHost {
    let host = configured(section).await;
    host.run("a/1, a/2, b/1, c/1 online").await;
    for number in 0..10 {
        let from = if number < 5 { "a/1" } else { "a/2" };
        let to = ["b", "c"][number % 2];
        host.run(&format!("{from} → {to}/1: <body>{number}</body>\n later 60")).await;
    }
    host
}

fn numbers(range: impl IntoIterator<Item = u32>) -> Vec<String> {
    range.into_iter().map(|number| number.to_string()).collect()
}

async fn refused(host: &TestHost, query: &Query) -> Condition {
    let error: StanzaError = ask(host, "a/1", query).await.map(|_| ()).expect_err("it is refused");
    error.condition
}

#[tokio::test(start_paused = true)]
async fn without_conditions_it_is_everything_with_its_count() {
    let host = ten("").await;
    let query = Query { queryid: Some("f27".into()), ..Query::default() };
    let found = ask(&host, "a/1", &query).await.unwrap();
    assert_eq!(bodies(&found), numbers(0..10));
    assert!(found.results.iter().all(|result| result.queryid.as_deref() == Some("f27")));
    assert!(found.fin.complete && found.fin.stable);
    let set = &found.fin.set;
    assert_eq!(set.count, Some(10));
    assert_eq!(set.first.as_ref().unwrap().uid, found.ids()[0]);
    assert_eq!(set.first.as_ref().unwrap().index, Some(0));
    assert_eq!(set.last.as_deref(), found.ids().last().copied());
}

#[tokio::test(start_paused = true)]
async fn an_empty_archive_is_complete() {
    let host = host().await;
    host.run("a/1 online").await;
    let found = all(&host, "a/1").await;
    assert!(found.results.is_empty() && found.fin.complete);
    assert_eq!(found.fin.set, rsm::Response { count: Some(0), ..rsm::Response::default() });
}

/// §4.1.1.
#[tokio::test(start_paused = true)]
async fn with_asks_for_one_correspondent_or_one_resource_of_it() {
    let host = ten("").await;
    host.run("a/1 → a: <body>to me</body>").await;
    for (jid, expected) in [
        ("b@example.org", numbers([0, 2, 4, 6, 8])),
        ("c@example.org/1", numbers([1, 3, 5, 7, 9])),
        ("c@example.org/2", vec![]),
        ("d@example.org", vec![]),
        ("a@example.org", vec!["to me".to_owned()]),
        ("example.org", vec![]),
    ] {
        let filter = Filter { with: jid.parse().ok(), ..Filter::default() };
        let found = ask(&host, "a/1", &with(filter)).await.unwrap();
        assert_eq!(bodies(&found), expected, "{jid}");
        assert!(found.fin.complete, "{jid}");
        assert_eq!(found.fin.set.count, None, "nothing is counted for it");
    }
    let filter = Filter { with: "a@example.org/2".parse().ok(), ..Filter::default() };
    let found = ask(&host, "b/1", &with(filter)).await.unwrap();
    assert_eq!(bodies(&found), numbers([6, 8]));
}

/// §4.1.1, page by page.
#[tokio::test(start_paused = true)]
async fn messages_of_a_resource_are_paged_in_both_directions() {
    let host = ten("").await;
    let form = Some(Filter { with: "c@example.org/1".parse().ok(), ..Filter::default() }.to_form());
    let query = |set| Query { form: form.clone(), set: Some(set), ..Query::default() };
    let first = ask(&host, "a/1", &query(rsm::Request::first(2))).await.unwrap();
    assert_eq!((bodies(&first), first.fin.complete), (numbers([1, 3]), false));
    let next = ask(&host, "a/1", &query(rsm::Request::after(first.ids()[1], 9))).await.unwrap();
    assert_eq!((bodies(&next), next.fin.complete), (numbers([5, 7, 9]), true));
    let last = ask(&host, "a/1", &query(rsm::Request::last(2))).await.unwrap();
    assert_eq!((bodies(&last), last.fin.complete), (numbers([7, 9]), false));
    let before = ask(&host, "a/1", &query(rsm::Request::before(last.ids()[0], 3))).await.unwrap();
    assert_eq!((bodies(&before), before.fin.complete), (numbers([1, 3, 5]), true));
}

/// §4.1.2: "equal to or later", "equal to or earlier".
#[tokio::test(start_paused = true)]
async fn start_and_end_include_their_moments() {
    let host = ten("").await;
    let time = |text: &str| Some(format!("2026-01-01T{text}Z").parse().unwrap());
    for (start, end, expected) in [
        (time("12:03:00"), None, numbers(3..10)),
        (None, time("12:03:00"), numbers(0..4)),
        (time("12:03:00"), time("12:03:00"), numbers([3])),
        (time("12:03:01"), time("12:03:59"), vec![]),
        (time("11:00:00"), time("12:00:30"), numbers([0])),
    ] {
        let found = ask(&host, "a/1", &with(Filter { start, end, ..Filter::default() })).await.unwrap();
        assert_eq!(bodies(&found), expected, "{start:?} {end:?}");
    }
}

/// §4.1.3.
#[tokio::test(start_paused = true)]
async fn before_id_after_id_and_ids_ask_for_known_messages() {
    let host = ten("").await;
    let everything = all(&host, "a/1").await;
    let ids = everything.ids();
    let id = |at: usize| Some(ids[at].to_owned());
    let between = Filter { after_id: id(2), before_id: id(6), ..Filter::default() };
    assert_eq!(bodies(&ask(&host, "a/1", &with(between.clone())).await.unwrap()), numbers(3..6));
    let first = Query { set: Some(rsm::Request::first(2)), ..with(between.clone()) };
    assert_eq!(bodies(&ask(&host, "a/1", &first).await.unwrap()), numbers(3..5));
    let last = Query { set: Some(rsm::Request::last(2)), ..with(between.clone()) };
    assert_eq!(bodies(&ask(&host, "a/1", &last).await.unwrap()), numbers(4..6));
    // A page outside of the bounds has nothing.
    let outside = Query { set: Some(rsm::Request::after(ids[7], 9)), ..with(between) };
    assert_eq!(bodies(&ask(&host, "a/1", &outside).await.unwrap()), numbers([]));
    let some = Filter { ids: vec![ids[7].into(), ids[1].into(), ids[7].into()], ..Filter::default() };
    let found = ask(&host, "a/1", &with(some.clone())).await.unwrap();
    assert_eq!((bodies(&found), found.fin.complete), (numbers([1, 7]), true));
    let of_b = Filter { with: "b@example.org".parse().ok(), ..some };
    assert_eq!(bodies(&ask(&host, "a/1", &with(of_b)).await.unwrap()), numbers([]));
}

/// §4.1.3, §4.3.2 and example 21.
#[tokio::test(start_paused = true)]
async fn an_unknown_id_is_not_found() {
    let host = ten("").await;
    let foreign = all(&host, "b/1").await.ids()[0].to_owned();
    let known = all(&host, "a/1").await.ids()[0].to_owned();
    for id in ["none".to_owned(), foreign] {
        let some = Some(id.clone());
        for query in [
            with(Filter { before_id: some.clone(), ..Filter::default() }),
            with(Filter { after_id: some, ..Filter::default() }),
            with(Filter { ids: vec![known.clone(), id.clone()], ..Filter::default() }),
            page(rsm::Request::after(id.clone(), 5)),
            page(rsm::Request::before(id.clone(), 5)),
        ] {
            assert_eq!(refused(&host, &query).await, Condition::ItemNotFound, "{query:?}");
        }
    }
    let node = Query { node: Some("princely_musings".into()), ..Query::default() };
    assert_eq!(refused(&host, &node).await, Condition::ItemNotFound);
}

/// §4.3.
#[tokio::test(start_paused = true)]
async fn pages_go_forwards_and_backwards_to_a_complete_one() {
    let host = ten("").await;
    let mut forwards = Vec::new();
    let mut set = rsm::Request::first(4);
    for (count, complete) in [(4, false), (4, false), (2, true)] {
        let found = ask(&host, "a/1", &page(set)).await.unwrap();
        assert_eq!((found.results.len(), found.fin.complete), (count, complete));
        set = rsm::Request::after(found.fin.set.last.clone().unwrap(), 4);
        forwards.extend(bodies(&found));
    }
    assert_eq!(forwards, numbers(0..10));
    let mut set = rsm::Request::last(4);
    let mut backwards = Vec::new();
    for (count, complete) in [(4, false), (4, false), (2, true)] {
        let found = ask(&host, "a/1", &page(set)).await.unwrap();
        assert_eq!((found.results.len(), found.fin.complete), (count, complete));
        assert_eq!(found.fin.set.first.as_ref().unwrap().index, None);
        set = rsm::Request::before(found.fin.set.first.clone().unwrap().uid, 4);
        backwards.splice(0..0, bodies(&found));
    }
    assert_eq!(backwards, numbers(0..10));
}

/// §4.3.1: the server's own limits, and XEP-0059 §2.7.
#[tokio::test(start_paused = true)]
async fn a_page_is_limited_in_messages_and_bytes() {
    let host = ten("max-page = 3").await;
    let found = ask(&host, "a/1", &page(rsm::Request::first(100))).await.unwrap();
    assert_eq!((bodies(&found), found.fin.complete), (numbers(0..3), false));
    let found = ask(&host, "a/1", &page(rsm::Request::last(100))).await.unwrap();
    assert_eq!((bodies(&found), found.fin.complete), (numbers(7..10), false));
    let none = ask(&host, "a/1", &page(rsm::Request::count())).await.unwrap();
    assert_eq!((none.results.len(), none.fin.set.count, none.fin.complete), (0, Some(10), false));

    let host = ten("max-page-bytes = 250").await;
    let found = all(&host, "a/1").await;
    assert_eq!((bodies(&found), found.fin.complete), (numbers(0..2), false));
    let found = ask(&host, "a/1", &page(rsm::Request::last(9))).await.unwrap();
    assert_eq!((bodies(&found), found.fin.complete), (numbers(8..10), false));
    let host = ten("max-page-bytes = 0").await;
    assert_eq!(bodies(&all(&host, "a/1").await), numbers([0]), "one is always there");
}

/// §4.3.4.
#[tokio::test(start_paused = true)]
async fn a_flipped_page_has_the_same_messages_the_other_way_round() {
    let host = ten("").await;
    let query = Query { flip_page: true, ..page(rsm::Request::last(3)) };
    let found = ask(&host, "a/1", &query).await.unwrap();
    assert_eq!(bodies(&found), numbers([9, 8, 7]));
    assert_eq!(found.fin.set.first.as_ref().unwrap().uid, found.ids()[2]);
    assert_eq!(found.fin.set.last.as_deref(), Some(found.ids()[0]));
}

/// §4.1.5, and XEP-0059 §2.6.
#[tokio::test(start_paused = true)]
async fn what_is_not_supported_is_refused() {
    let host = ten("").await;
    let search = Filter::default().to_form();
    let search = search.with_field(stonechat_stanza::forms::Field::bare("{http://example.com/}search"));
    let query = Query { form: Some(search), ..Query::default() };
    assert_eq!(refused(&host, &query).await, Condition::FeatureNotImplemented);
    assert_eq!(refused(&host, &page(rsm::Request::at(3, 5))).await, Condition::FeatureNotImplemented);
}

/// Examples 14 and 15.
#[tokio::test(start_paused = true)]
async fn the_form_is_given_to_who_asks() {
    let host = host().await;
    host.run(
        "a/1 online
         a/1 → <iq type='get' id='form1'><query xmlns='urn:xmpp:mam:2'/></iq>
         a/1 ← <iq type='result' id='form1'><query xmlns='urn:xmpp:mam:2'><x xmlns='jabber:x:data' type='form'><field type='hidden' var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field><field type='jid-single' var='with'/><field type='text-single' var='start'/><field type='text-single' var='end'/><field type='text-single' var='before-id'/><field type='text-single' var='after-id'/><field type='list-multi' var='ids'><validate xmlns='http://jabber.org/protocol/xdata-validate' datatype='xs:string'><open/></validate></field></x></query></iq>",
    )
    .await;
}

/// §5, examples 25 and 26.
#[tokio::test(start_paused = true)]
async fn metadata_are_the_first_and_the_last_message() {
    let ask = "<iq type='get' id='1'><metadata xmlns='urn:xmpp:mam:2'/></iq>";
    let empty = host().await;
    empty.run("a/1 online").await;
    let answer = empty.client("a/1").ask(ask).await.get::<Metadata>().unwrap().unwrap();
    assert_eq!(answer, Metadata::default());
    let host = ten("").await;
    let found = all(&host, "a/1").await;
    let answer = host.client("a/1").ask(ask).await.get::<Metadata>().unwrap().unwrap();
    let (start, end) = (answer.start.unwrap(), answer.end.unwrap());
    assert_eq!(
        (start.id.as_str(), start.timestamp.to_string().as_str()),
        (found.ids()[0], "2026-01-01T12:00:00Z")
    );
    assert_eq!(
        (end.id.as_str(), end.timestamp.to_string().as_str()),
        (found.ids()[9], "2026-01-01T12:09:00Z")
    );
}

/// §8.1: "the error condition SHOULD be 'forbidden'", and it does not tell who exists.
#[tokio::test(start_paused = true)]
async fn nobody_reads_the_archive_of_somebody_else() {
    let host = ten("").await;
    for to in ["b@example.org", "nobody@example.org"] {
        for request in [
            "type='set' id='1'><query xmlns='urn:xmpp:mam:2'/>",
            "type='get' id='1'><query xmlns='urn:xmpp:mam:2'/>",
            "type='get' id='1'><metadata xmlns='urn:xmpp:mam:2'/>",
            "type='get' id='1'><prefs xmlns='urn:xmpp:mam:2'/>",
            "type='set' id='1'><prefs xmlns='urn:xmpp:mam:2' default='never'/>",
        ] {
            let answer = host.client("a/1").ask(&format!("<iq to='{to}' {request}</iq>")).await;
            assert_eq!(answer.error().unwrap().condition, Condition::Forbidden, "{to} {request}");
        }
    }
    // With the own address it is the own archive.
    let answer = host
        .client("a/1")
        .ask("<iq to='a@example.org' type='set' id='1'><query xmlns='urn:xmpp:mam:2'/></iq>")
        .await;
    assert!(answer.error().is_none());
}

#[tokio::test(start_paused = true)]
async fn strange_query_ids_come_back_as_they_are() {
    let host = ten("").await;
    let queryid = "<'&\">\n";
    let query = Query { queryid: Some(queryid.into()), ..page(rsm::Request::first(1)) };
    let found = ask(&host, "a/1", &query).await.unwrap();
    assert_eq!(found.results[0].queryid.as_deref(), Some(queryid));
}
