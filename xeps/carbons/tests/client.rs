//! XEP-0280, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use stonechat_extension::client::RequestError;
use stonechat_extension::client::test_host::{TestClient, check};
use stonechat_xep_carbons::client::{Carbons, Event};
use stonechat_xep_carbons::{CLIENT, Direction};

fn online() -> TestClient {
    let mut client = TestClient::with(&[&CLIENT]);
    client.connect(false);
    let request = client.sent().unwrap();
    assert!(request.to_string().contains("<enable xmlns='urn:xmpp:carbons:2'/>"), "{request}");
    client.receive(&request.reply().to_string());
    assert!(matches!(client.event(), Some(Event::Enabled)));
    client
}

fn wrapped(from: &str, name: &str, message: &str) -> String {
    format!(
        "<message from='{from}' to='juliet@example.com/balcony' type='chat'><{name} xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>{message}</forwarded></{name}></message>"
    )
}

const RECEIVED: &str = "<message xmlns='jabber:client' from='romeo@example.net/orchard' to='juliet@example.com/phone' type='chat'><body>What man art thou?</body></message>";
const SENT: &str = "<message xmlns='jabber:client' from='juliet@example.com/phone' to='romeo@example.net/orchard' type='chat'><body>Neither, fair saint</body></message>";

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn a_new_session_enables_carbons_and_a_resumed_one_has_them() {
    // Example 4 (§4).
    let mut client = online();
    client.disconnect(true);
    client.connect(true);
    assert!(client.sent().is_none());
    client.disconnect(true);
    client.connect(false);
    assert!(client.sent().is_some());
    let mut quiet = TestClient::configured(&[&CLIENT], &[("carbons", "enable = false")]);
    quiet.connect(false);
    assert!(quiet.sent().is_none());
}

#[test]
fn what_is_refused_is_told() {
    let mut client = TestClient::with(&[&CLIENT]);
    client.connect(false);
    let refusal = client.sent().unwrap().error_reply(&stonechat_stanza::StanzaError::not_allowed()).unwrap();
    client.receive(&refusal.to_string());
    assert!(matches!(client.event(), Some(Event::Failed(RequestError::Refused(_)))));
}

#[test]
fn copies_of_the_own_account_are_told_and_are_no_messages_of_ours() {
    // §7, §8.
    let mut client = online();
    for (name, message, expected) in
        [("received", RECEIVED, Direction::Received), ("sent", SENT, Direction::Sent)]
    {
        client.receive(&wrapped("juliet@example.com", name, message));
        let Some(Event::Copy { direction, message, delay: None }) = client.event() else { panic!("no copy") };
        assert_eq!(direction, expected);
        assert!(message.to_string().contains("<body>"));
        assert!(client.stanza().is_none());
    }
}

#[test]
fn copies_from_anybody_else_are_dropped() {
    // §11.
    let mut client = online();
    for from in ["eve@example.net/x", "example.com", "juliet@example.com/phone", "romeo@example.net"] {
        client.receive(&wrapped(from, "received", RECEIVED));
        client.receive(&wrapped(from, "sent", SENT));
    }
    assert!(client.event::<Event>().is_none());
    client.run("app ← nothing");
}

#[test]
fn a_copy_of_what_is_not_the_account_s_is_dropped() {
    let mut client = online();
    for (name, message) in
        [("sent", RECEIVED), ("received", SENT), ("received", "<presence xmlns='jabber:client' from='a@b'/>")]
    {
        client.receive(&wrapped("juliet@example.com", name, message));
    }
    assert!(client.event::<Event>().is_none());
    client.run("app ← nothing");
}

#[test]
fn copies_can_be_switched_off_and_on() {
    // §5.
    let mut client = online();
    let carbons = client.service::<Carbons>();
    let done = client.start(async move {
        carbons.disable().await?;
        carbons.enable().await
    });
    for name in ["disable", "enable"] {
        let request = client.sent().unwrap();
        assert!(request.has("urn:xmpp:carbons:2", name), "{request}");
        client.receive(&request.reply().to_string());
    }
    assert_eq!(done.outcome(), Some(Ok(())));
}
