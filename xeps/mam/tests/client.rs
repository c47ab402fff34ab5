//! XEP-0313, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use stonechat_extension::client::RequestError;
use stonechat_extension::client::test_host::{Started, TestClient, check};
use stonechat_stanza::{Stanza, StanzaError, rsm};
use stonechat_xep_mam::client::{Archive, Event, Page, Position};
use stonechat_xep_mam::{CLIENT, Filter, Metadata, Query};

const ACCOUNT: &str = "juliet@example.com";

fn client(position: Position) -> TestClient {
    let mut client = TestClient::configured(&[&CLIENT], &[("mam", "page = 2\nfirst = 3\noverlap = 2")]);
    assert!(client.service::<Archive>().restore(position));
    client.connect(false);
    client
}

/// The request that the client has sent, with its query.
fn asked(client: &mut TestClient) -> (Stanza, Query) {
    let request = client.sent().expect("a query");
    let query = request.get::<Query>().unwrap().expect("a query");
    (request, query)
}

fn result(from: &str, queryid: &str, id: &str, message: &str) -> String {
    format!(
        "<message from='{from}' to='juliet@example.com/balcony'><result xmlns='urn:xmpp:mam:2' queryid='{queryid}' id='{id}'>\
        <forwarded xmlns='urn:xmpp:forward:0'><delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:0{}:00Z'/>{message}</forwarded></result></message>",
        id.len() % 10
    )
}

fn of_romeo(id: &str) -> String {
    format!(
        "<message xmlns='jabber:client' from='romeo@example.net/orchard' to='juliet@example.com' id='m{id}' type='chat'><body>{id}</body></message>"
    )
}

/// Answers a query with messages of Romeo's that have these ids.
fn answer(client: &mut TestClient, (request, query): &(Stanza, Query), ids: &[&str], complete: bool) {
    for id in ids {
        client.receive(&result(ACCOUNT, query.queryid.as_deref().unwrap(), id, &of_romeo(id)));
    }
    fin(client, request, ids, complete);
}

fn fin(client: &mut TestClient, request: &Stanza, ids: &[&str], complete: bool) {
    let ends = match ids {
        [first, .., last] => format!("<first>{first}</first><last>{last}</last>"),
        [one] => format!("<first>{one}</first><last>{one}</last>"),
        [] => String::new(),
    };
    let fin = format!(
        "<fin xmlns='urn:xmpp:mam:2' complete='{complete}'><set xmlns='http://jabber.org/protocol/rsm'>{ends}</set></fin>"
    );
    let to = request.to().map(|to| format!("from='{to}'")).unwrap_or_default();
    client.receive(&format!("<iq type='result' {to} id='{}'>{fin}</iq>", request.id().unwrap()));
}

fn events(client: &mut TestClient) -> Vec<String> {
    std::iter::from_fn(|| client.event::<Event>())
        .map(|event| match event {
            Event::Message(message) => message.id,
            Event::Gap => "gap".to_owned(),
            Event::Synced => "synced".to_owned(),
            Event::Failed(error) => format!("failed: {error}"),
            _ => "something else".to_owned(),
        })
        .collect()
}

fn live(client: &mut TestClient, id: &str, by: &str) -> bool {
    client.receive(&format!("<message from='romeo@example.net/orchard' type='chat'><body>{id}</body><stanza-id xmlns='urn:xmpp:sid:0' by='{by}' id='{id}'/></message>"));
    client.stanza().is_some()
}

/// The position of a client that has caught up to here.
fn position(ids: &[&str]) -> Position {
    let mut client = client(Position::default());
    let query = asked(&mut client);
    answer(&mut client, &query, ids, true);
    client.service::<Archive>().position()
}

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn without_a_position_it_begins_with_the_last_messages() {
    let mut client = client(Position::default());
    let query = asked(&mut client);
    assert_eq!(query.1.set, Some(rsm::Request::last(3)));
    answer(&mut client, &query, &["7", "8", "9"], false);
    assert_eq!(events(&mut client), ["7", "8", "9", "synced"]);
    assert!(client.sent().is_none());
}

#[test]
fn after_an_absence_it_catches_up_page_by_page() {
    // §4.3.2.
    let mut client = client(position(&["1"]));
    let query = asked(&mut client);
    assert_eq!(query.1.set, Some(rsm::Request::after("1", 2)));
    answer(&mut client, &query, &["2", "3"], false);
    let query = asked(&mut client);
    assert_eq!(query.1.set, Some(rsm::Request::after("3", 2)));
    answer(&mut client, &query, &["4"], true);
    assert_eq!(events(&mut client), ["2", "3", "4", "synced"]);
    assert!(client.sent().is_none());
    client.disconnect(true);
    client.connect(true);
    assert!(client.sent().is_none(), "a resumed session has missed nothing");
}

#[test]
fn a_break_in_the_middle_of_a_page_neither_loses_nor_repeats() {
    let mut client = client(position(&["1"]));
    let (_, query) = asked(&mut client);
    client.receive(&result(ACCOUNT, query.queryid.as_deref().unwrap(), "2", &of_romeo("2")));
    client.disconnect(false);
    client.connect(false);
    let query = asked(&mut client);
    assert_eq!(query.1.set, Some(rsm::Request::after("2", 2)));
    answer(&mut client, &query, &["3"], true);
    assert_eq!(events(&mut client), ["2", "3", "synced"]);
}

#[test]
fn what_comes_live_meanwhile_is_told_once() {
    let mut client = client(position(&["1"]));
    let query = asked(&mut client);
    assert!(live(&mut client, "3", ACCOUNT));
    answer(&mut client, &query, &["2", "3"], true);
    assert_eq!(events(&mut client), ["2", "synced"]);
    assert!(!live(&mut client, "2", ACCOUNT), "as offline storage would give it");
    assert!(live(&mut client, "4", ACCOUNT));
    assert!(live(&mut client, "2", "eve@example.net"), "an id that somebody else has given says nothing");
}

#[test]
fn the_position_survives_a_restart_and_what_came_live_is_not_told_again() {
    let mut first = client(position(&["1"]));
    let query = asked(&mut first);
    answer(&mut first, &query, &[], true);
    assert!(
        live(&mut first, "2", ACCOUNT) && live(&mut first, "3", ACCOUNT) && live(&mut first, "4", ACCOUNT)
    );
    let mut second = client(first.service::<Archive>().position());
    let query = asked(&mut second);
    // It stays behind by the overlap, so that what was overtaken is found.
    assert_eq!(query.1.set, Some(rsm::Request::after("2", 2)));
    answer(&mut second, &query, &["2a", "3"], false);
    let query = asked(&mut second);
    answer(&mut second, &query, &["4", "5"], true);
    assert_eq!(events(&mut second), ["2a", "5", "synced"]);
}

#[test]
fn what_the_client_has_sent_itself_is_not_told() {
    let mut client = client(position(&["1"]));
    let query = asked(&mut client);
    let (handle, mine) =
        (client.handle(), b"<message to='romeo@example.net' id='mine' type='chat'><body>x</body></message>");
    let mine = Stanza::parse(mine).unwrap();
    let _sent = client.start(async move { handle.send(mine).await.is_ok() });
    client.sent();
    for (id, message) in [("2", "mine"), ("3", "of-another-device")] {
        let message = format!(
            "<message xmlns='jabber:client' from='juliet@example.com/balcony' to='romeo@example.net' id='{message}'><body>x</body></message>"
        );
        client.receive(&result(ACCOUNT, query.1.queryid.as_deref().unwrap(), id, &message));
    }
    fin(&mut client, &query.0, &["2", "3"], true);
    assert_eq!(events(&mut client), ["3", "synced"]);
}

#[test]
fn when_the_last_message_is_gone_it_goes_on_by_time() {
    // §4.1.3, §4.3.1: `item-not-found`.
    let mut client = client(position(&["1"]));
    let (request, _) = asked(&mut client);
    client.receive(&request.error_reply(&StanzaError::item_not_found()).unwrap().to_string());
    let query = asked(&mut client);
    let filter = Filter::read(query.1.form.as_ref().unwrap()).unwrap();
    assert_eq!(filter.start.map(|start| start.to_string()).as_deref(), Some("2010-07-10T22:51:00Z"));
    assert_eq!(query.1.set, Some(rsm::Request::first(2)));
    answer(&mut client, &query, &["8", "9"], false);
    let query = asked(&mut client);
    answer(&mut client, &query, &[], true);
    assert_eq!(events(&mut client), ["gap", "8", "9", "synced"]);
}

#[test]
fn a_server_without_an_archive_is_told_and_one_that_leads_nowhere_ends() {
    let mut without = client(Position::default());
    let (request, _) = asked(&mut without);
    without.receive(&request.error_reply(&StanzaError::service_unavailable()).unwrap().to_string());
    let events_of = events(&mut without);
    assert!(matches!(&events_of[..], [failed] if failed.starts_with("failed")), "{events_of:?}");

    let mut endless = client(position(&["1"]));
    let query = asked(&mut endless);
    answer(&mut endless, &query, &["2"], false);
    let query = asked(&mut endless);
    answer(&mut endless, &query, &["2"], false);
    assert_eq!(events(&mut endless), ["2", "synced"]);
}

#[test]
fn results_of_anybody_else_or_without_a_query_are_dropped() {
    // §8.2.
    let mut client = client(position(&["1"]));
    let query = asked(&mut client);
    let queryid = query.1.queryid.clone().unwrap();
    for from in ["eve@example.net/x", "example.com", "juliet@example.com/other", "romeo@example.net"] {
        client.receive(&result(from, &queryid, "66", &of_romeo("66")));
    }
    client.receive(&result(ACCOUNT, "another", "67", &of_romeo("67")));
    answer(&mut client, &query, &["2"], true);
    client.receive(&result(ACCOUNT, &queryid, "68", &of_romeo("68")));
    assert_eq!(events(&mut client), ["2", "synced"]);
    client.run("app ← nothing");
}

fn idle() -> TestClient {
    let mut client = TestClient::configured(&[&CLIENT], &[("mam", "sync = false")]);
    client.connect(false);
    assert!(client.sent().is_none());
    client
}

fn page(client: &mut TestClient, of: Option<&str>) -> Started<Result<Page, RequestError>> {
    let archive = client.service::<Archive>();
    let of = of.map(|of| of.parse().unwrap());
    let filter = Filter { with: Some("romeo@example.net".parse().unwrap()), ..Filter::default() };
    client.start(async move { archive.page(of, &filter, rsm::Request::last(2)).await })
}

#[test]
fn a_page_has_its_messages_and_no_more_than_were_asked_for() {
    let mut client = idle();
    let started = page(&mut client, None);
    let query = asked(&mut client);
    let filter = Filter::read(query.1.form.as_ref().unwrap()).unwrap();
    assert_eq!(filter.with.unwrap(), "romeo@example.net");
    answer(&mut client, &query, &["7", "8", "9"], false);
    let page = started.outcome().unwrap().unwrap();
    let ids: Vec<_> = page.messages.iter().map(|message| message.id.as_str()).collect();
    assert_eq!((ids, page.complete, page.set.last.as_deref()), (vec!["7", "8"], false, Some("9")));
    assert_eq!(events(&mut client), [] as [&str; 0], "nothing of it is told");
    assert_eq!(client.service::<Archive>().position(), Position::default());
}

#[test]
fn a_page_of_another_archive_comes_from_there_alone() {
    let mut client = idle();
    let started = page(&mut client, Some("room@muc.example.com"));
    let query = asked(&mut client);
    let queryid = query.1.queryid.clone().unwrap();
    for (from, id) in [(ACCOUNT, "1"), ("room@muc.example.com/eve", "2"), ("room@muc.example.com", "3")] {
        client.receive(&result(from, &queryid, id, &of_romeo(id)));
    }
    fin(&mut client, &query.0, &["3"], true);
    let page = started.outcome().unwrap().unwrap();
    let ids: Vec<_> = page.messages.iter().map(|message| message.id.as_str()).collect();
    assert_eq!(ids, ["3"]);
}

#[test]
fn the_bounds_of_an_archive_are_told() {
    // Examples 25 and 26 (§5).
    let mut client = idle();
    let archive = client.service::<Archive>();
    let started = client.start(async move { archive.metadata(None).await });
    let request = client.sent().unwrap();
    assert!(request.get::<Metadata>().unwrap().is_some());
    let answer = "<metadata xmlns='urn:xmpp:mam:2'><start id='YWxwaGEg' timestamp='2008-08-22T21:09:04Z'/><end id='b21lZ2Eg' timestamp='2020-04-20T14:34:21Z'/></metadata>";
    client.receive(&format!("<iq type='result' id='{}'>{answer}</iq>", request.id().unwrap()));
    let metadata = started.outcome().unwrap().unwrap();
    assert_eq!(metadata.end.unwrap().id, "b21lZ2Eg");
}
