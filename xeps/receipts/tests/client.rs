//! XEP-0184, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use stonechat_extension::client::test_host::{TestClient, check};
use stonechat_stanza::Stanza;
use stonechat_xep_receipts::CLIENT;
use stonechat_xep_receipts::client::Delivered;

const ASKS: &str = "<message from='northumberland@shakespeare.lit/westminster' id='richard2-4.1.247' to='juliet@example.com/balcony' type='chat'>\
    <body>My lord, dispatch; read o'er these articles.</body><request xmlns='urn:xmpp:receipts'/></message>";

fn answering(who: &str) -> TestClient {
    TestClient::configured(&[&CLIENT], &[("receipts", &format!("answer = '{who}'"))])
}

/// A client whose roster lets Northumberland see its presence, or not.
fn with_contact(subscription: &str) -> TestClient {
    let mut client = TestClient::with(&[&CLIENT, &stonechat_xep_roster::CLIENT]);
    client.connect(false);
    let id = client.sent().unwrap().id().unwrap().to_owned();
    client.receive(&format!("<iq type='result' id='{id}'><query xmlns='jabber:iq:roster'><item jid='northumberland@shakespeare.lit' subscription='{subscription}'/></query></iq>"));
    client
}

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn a_message_that_asks_is_answered() {
    // Examples 3 and 4.
    let mut client = answering("everyone");
    client.receive(ASKS);
    let receipt = client.sent().unwrap();
    assert_eq!(receipt.children().count(), 1, "nothing else is in it");
    assert_ne!(receipt.id(), None);
    assert_eq!(receipt.to().unwrap().as_str(), "northumberland@shakespeare.lit/westminster");
    assert!(
        receipt.to_string().contains("<received xmlns='urn:xmpp:receipts' id='richard2-4.1.247'/>"),
        "{receipt}"
    );
    assert!(client.stanza().is_some(), "the application has the message");
}

#[test]
fn only_who_may_see_our_presence_gets_receipts() {
    // §8.
    for (subscription, answered) in [("both", true), ("from", true), ("to", false), ("none", false)] {
        let mut client = with_contact(subscription);
        client.receive(ASKS);
        assert_eq!(client.sent().is_some(), answered, "{subscription}");
    }
    for mut client in [answering("contacts"), answering("nobody")] {
        client.receive(ASKS);
        assert!(client.sent().is_none());
    }
    assert!(answering("nobody").tables().info().features.is_empty());
}

#[test]
fn what_does_not_ask_or_may_not_is_not_answered() {
    let mut client = answering("everyone");
    let request = "<request xmlns='urn:xmpp:receipts'/>";
    for message in [
        "<message from='a@b/c' id='1' type='chat'><body>x</body></message>".to_owned(),
        format!("<message from='a@b/c' type='chat'>{request}</message>"),
        format!("<message from='a@b/c' id='1' type='error'>{request}</message>"),
        format!("<message from='a@b/c' id='1' type='groupchat'>{request}</message>"),
        format!("<message from='juliet@example.com/other' id='1' type='chat'>{request}</message>"),
        format!(
            "<message from='a@b/c' id='1' type='chat'>{request}<received xmlns='urn:xmpp:receipts' id='2'/></message>"
        ),
    ] {
        client.receive(&message);
        assert!(client.sent().is_none(), "{message}");
    }
}

#[test]
fn receipts_are_told_with_whom_they_are_of() {
    let mut client = answering("contacts");
    client.receive("<message from='kingrichard@royalty.england.lit/throne' id='bi29sg183b4v' to='juliet@example.com/balcony'><received xmlns='urn:xmpp:receipts' id='richard2-4.1.247'/></message>");
    let expected =
        Delivered { by: "kingrichard@royalty.england.lit".parse().unwrap(), id: "richard2-4.1.247".into() };
    assert_eq!(client.event(), Some(expected));
    client.receive("<message from='juliet@example.com/other' to='a@b'><received xmlns='urn:xmpp:receipts' id='1'/></message>");
    client.receive("<message from='a@b/c'><received xmlns='urn:xmpp:receipts'/></message>");
    assert_eq!(client.event::<Delivered>(), None);
}

fn sent(client: &mut TestClient, message: &str) -> Stanza {
    let (handle, message) = (client.handle(), Stanza::parse(message.as_bytes()).unwrap());
    let _sending = client.start(async move { handle.send(message).await.is_ok() });
    client.sent().unwrap()
}

#[test]
fn what_has_content_asks_and_has_an_id() {
    // §5.1.
    let mut client = answering("contacts");
    let asks = |message: &Stanza| message.has("urn:xmpp:receipts", "request");
    let message = sent(&mut client, "<message to='a@b' type='chat'><body>x</body></message>");
    assert!(asks(&message) && message.id().is_some());
    let message = sent(&mut client, "<message to='a@b' id='mine'><body>x</body></message>");
    assert!(asks(&message) && message.id() == Some("mine"));
    for other in [
        "<message to='a@b' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
        "<message to='a@b' type='groupchat'><body>x</body></message>",
        "<message to='a@b' type='chat'><body>x</body><received xmlns='urn:xmpp:receipts' id='1'/></message>",
        "<presence/>",
    ] {
        assert!(!asks(&sent(&mut client, other)), "{other}");
    }
    let mut quiet = TestClient::configured(&[&CLIENT], &[("receipts", "request = false")]);
    assert!(!asks(&sent(&mut quiet, "<message to='a@b' type='chat'><body>x</body></message>")));
}
