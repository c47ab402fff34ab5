//! XEP-0333, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use stonechat_extension::client::test_host::{TestClient, check};
use stonechat_stanza::Stanza;
use stonechat_xep_markers::client::{Markers, Read};
use stonechat_xep_markers::{CLIENT, Displayed};

const MARKABLE: &str = "<markable xmlns='urn:xmpp:chat-markers:0'/>";

fn answering(who: &str) -> TestClient {
    let mut client = TestClient::configured(&[&CLIENT], &[("markers", &format!("answer = '{who}'"))]);
    client.connect(false);
    client
}

fn displayed(client: &mut TestClient, message: &str) -> Option<Stanza> {
    let markers = client.service::<Markers>();
    let message = Stanza::parse(message.as_bytes()).unwrap();
    let told = client.start(async move { markers.displayed(&message).await }).outcome().unwrap().unwrap();
    let sent = client.sent();
    assert_eq!(told, sent.is_some());
    sent
}

fn of_romeo(content: &str) -> String {
    format!(
        "<message from='romeo@montegue.lit/orchard' id='the-msg-1' type='chat'><body>Hi. How are you?</body>{content}</message>"
    )
}

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn what_asks_and_was_displayed_is_told() {
    // Examples 3 and 4.
    let marker = displayed(&mut answering("everyone"), &of_romeo(MARKABLE)).unwrap();
    assert_eq!(marker.to().unwrap().as_str(), "romeo@montegue.lit/orchard");
    assert_eq!(marker.get::<Displayed>().unwrap().unwrap().id, "the-msg-1");
}

#[test]
fn what_does_not_ask_or_is_our_own_is_not_told() {
    // §6.
    let mut client = answering("everyone");
    assert!(displayed(&mut client, &of_romeo("")).is_none());
    assert!(
        displayed(
            &mut client,
            &format!("<message from='juliet@example.com/other' id='1' type='chat'>{MARKABLE}</message>")
        )
        .is_none()
    );
    assert!(
        displayed(&mut client, &format!("<message from='a@b/c' type='chat'>{MARKABLE}</message>")).is_none()
    );
    assert!(
        displayed(&mut client, &format!("<message from='a@b/c' id='1' type='error'>{MARKABLE}</message>"))
            .is_none()
    );
}

#[test]
fn only_who_may_see_our_presence_gets_markers() {
    // §8.
    for who in ["contacts", "nobody"] {
        assert!(displayed(&mut answering(who), &of_romeo(MARKABLE)).is_none(), "{who}");
    }
    let mut client = TestClient::with(&[&CLIENT, &stonechat_xep_roster::CLIENT]);
    client.connect(false);
    let id = client.sent().unwrap().id().unwrap().to_owned();
    client.receive(&format!("<iq type='result' id='{id}'><query xmlns='jabber:iq:roster'><item jid='romeo@montegue.lit' subscription='from'/></query></iq>"));
    assert!(displayed(&mut client, &of_romeo(MARKABLE)).is_some());
}

#[test]
fn in_a_room_the_room_s_id_is_told_to_the_room() {
    // §5.
    let message = |by: &str| {
        format!(
            "<message from='room@muc.example/romeo' id='own' type='groupchat'>{MARKABLE}<stanza-id xmlns='urn:xmpp:sid:0' by='{by}' id='room-1'/></message>"
        )
    };
    let marker = displayed(&mut answering("contacts"), &message("room@muc.example")).unwrap();
    assert_eq!(
        (marker.to().unwrap().as_str(), marker.get::<Displayed>().unwrap().unwrap().id.as_str()),
        ("room@muc.example", "room-1")
    );
    assert!(displayed(&mut answering("contacts"), &message("eve@example.com")).is_none());
}

#[test]
fn what_is_sent_asks_and_a_marker_does_not() {
    let mut client = answering("contacts");
    let mut send = |xml: &str| {
        let (handle, message) = (client.handle(), Stanza::parse(xml.as_bytes()).unwrap());
        let _sent = client.start(async move { handle.send(message).await.is_ok() });
        client.sent().unwrap().has("urn:xmpp:chat-markers:0", "markable")
    };
    assert!(send("<message to='a@b' type='chat'><body>x</body></message>"));
    assert!(!send(
        "<message to='a@b' type='chat'><body>x</body><displayed xmlns='urn:xmpp:chat-markers:0' id='1'/></message>"
    ));
    assert!(!send("<message to='a@b' type='chat'><subject>x</subject></message>"));
}

#[test]
fn markers_of_the_peer_and_of_our_other_devices_are_told() {
    let mut client = answering("contacts");
    let marker = "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>";
    client.receive(&format!("<message from='romeo@montegue.lit/orchard'>{marker}</message>"));
    let romeo: stonechat_stanza::jid::BareJid = "romeo@montegue.lit".parse().unwrap();
    assert_eq!(client.event(), Some(Read { peer: romeo.clone(), by: romeo.clone().into(), id: "1".into() }));
    client.receive(&format!(
        "<message from='juliet@example.com/phone' to='romeo@montegue.lit'>{marker}</message>"
    ));
    assert_eq!(
        client.event(),
        Some(Read { peer: romeo, by: "juliet@example.com".parse().unwrap(), id: "1".into() })
    );
    assert!(client.sent().is_none());
}
