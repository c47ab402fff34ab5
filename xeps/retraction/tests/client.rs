//! XEP-0424, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use stonechat_extension::client::test_host::{TestClient, check};
use stonechat_stanza::{Stanza, message};
use stonechat_xep_retraction::client::Retracted;
use stonechat_xep_retraction::{CLIENT, retract};

fn retracts(client: &mut TestClient, from: &str, kind: message::Type, id: &str) -> Option<Retracted> {
    let request = retract("juliet@example.com".parse().unwrap(), kind, id);
    client.receive(
        &request.with_from(from.parse::<stonechat_stanza::jid::Jid>().unwrap()).with_id("r1").to_string(),
    );
    client.event()
}

const WRONG: &str = "<message type='chat' from='romeo@example.net/orchard' to='juliet@example.com' id='wrong-recipient-1'><body>x</body>\
    <origin-id xmlns='urn:xmpp:sid:0' id='origin-1'/></message>";

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn a_request_is_that_of_the_example() {
    // Example 4.
    let request = retract("lord@capulet.example".parse().unwrap(), message::Type::Chat, "wrong-recipient-1")
        .with_id("retract-message-1");
    let expected = "<message type='chat' to='lord@capulet.example' id='retract-message-1'>\
        <retract id='wrong-recipient-1' xmlns='urn:xmpp:message-retract:1'/>\
        <fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:message-retract:1'/>\
        <body>/me retracted a previous message, but it's unsupported by your client.</body>\
        <store xmlns='urn:xmpp:hints'/></message>";
    assert_eq!(request.to_element(), Stanza::parse(expected.as_bytes()).unwrap().to_element());
}

#[test]
fn a_retraction_by_the_author_is_told() {
    let mut client = TestClient::with(&[&CLIENT]);
    client.receive(WRONG);
    let told =
        retracts(&mut client, "romeo@example.net/phone", message::Type::Chat, "wrong-recipient-1").unwrap();
    assert_eq!(
        (told.id.as_str(), told.author.as_str(), told.verified),
        ("wrong-recipient-1", "romeo@example.net", true)
    );
    client.receive("<message from='romeo@example.net/orchard' id='r2'><apply-to id='origin-1' xmlns='urn:xmpp:fasten:0'><retract xmlns='urn:xmpp:message-retract:0'/></apply-to></message>");
    let told: Retracted = client.event().unwrap();
    assert!(told.verified && told.id == "origin-1");
}

#[test]
fn a_retraction_by_anybody_else_is_ignored() {
    // §5.
    let mut client = TestClient::with(&[&CLIENT]);
    let handle = client.handle();
    let mine =
        Stanza::parse(b"<message to='romeo@example.net' id='mine' type='chat'><body>x</body></message>")
            .unwrap();
    let _sent = client.start(async move { handle.send(mine).await.is_ok() });
    assert_eq!(retracts(&mut client, "romeo@example.net/orchard", message::Type::Chat, "mine"), None);

    client.receive("<message from='room@muc.example/romeo' type='groupchat' id='own'><body>x</body><stanza-id xmlns='urn:xmpp:sid:0' by='room@muc.example' id='room-1'/></message>");
    assert_eq!(retracts(&mut client, "room@muc.example/tybalt", message::Type::Groupchat, "room-1"), None);
    assert!(
        retracts(&mut client, "room@muc.example/romeo", message::Type::Groupchat, "room-1").unwrap().verified
    );
    assert!(
        !retracts(&mut client, "room@muc.example/romeo", message::Type::Groupchat, "own").unwrap().verified
    );
}

#[test]
fn of_a_message_that_is_not_remembered_the_author_is_told() {
    let mut client = TestClient::with(&[&CLIENT]);
    client.receive(WRONG);
    // Of another conversation than that with its author.
    let told = retracts(&mut client, "eve@example.net/x", message::Type::Chat, "wrong-recipient-1").unwrap();
    assert_eq!((told.peer.as_str(), told.verified), ("eve@example.net", false));
}
