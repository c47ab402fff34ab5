//! XEP-0030 and XEP-0115, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use std::sync::Arc;

use stonechat_extension::client::RequestError;
use stonechat_extension::client::test_host::{Started, TestClient, check};
use stonechat_stanza::{Stanza, presence};
use stonechat_xep_disco::client::Disco;
use stonechat_xep_disco::{CLIENT, Caps, Info, Item, verification};

const EXODUS: &str = "<identity category='client' name='Exodus 0.9.1' type='pc'/><feature var='http://jabber.org/protocol/caps'/>\
    <feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/>";
const VER: &str = "QgayPKawpkPSDYmwT/WM94uAlu0=";

fn client() -> TestClient {
    TestClient::with(&[&CLIENT])
}

fn presence(client: &mut TestClient, from: &str, hash: &str, ver: &str) {
    client.receive(&format!("<presence from='{from}'><c xmlns='http://jabber.org/protocol/caps' {hash} node='http://code.google.com/p/exodus' ver='{ver}'/></presence>"));
}

fn of(client: &mut TestClient, who: &str) -> Started<Result<Arc<Info>, RequestError>> {
    let (disco, who) = (client.service::<Disco>(), who.parse().unwrap());
    client.start(async move { disco.of(&who).await })
}

fn answer(client: &mut TestClient, children: &str) {
    let request = client.sent().expect("it asks");
    let mut result = request.reply();
    result
        .push_bytes(
            format!("<query xmlns='http://jabber.org/protocol/disco#info'>{children}</query>").as_bytes(),
        )
        .unwrap();
    client.receive(&result.to_string());
}

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn whoever_asks_gets_what_the_extensions_have_declared() {
    // XEP-0030 §3.1, §4.1.
    let mut client = client();
    client.run(
        "server → <iq type='get' id='1' from='romeo@example.net/orchard'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>
         server ← <iq type='result' id='1'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='client' type='pc' name='Stonechat'/><feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/disco#items'/></query></iq>
         server → <iq type='get' id='2' from='romeo@example.net/orchard'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>
         server ← <iq type='result' id='2'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>
         server → <iq type='get' id='3' from='romeo@example.net/orchard'><query xmlns='http://jabber.org/protocol/disco#info' node='other'/></iq>
         server ← <iq type='error' id='3'><error><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    );
}

#[test]
fn available_presence_says_what_the_client_can_do_and_is_right() {
    // XEP-0115 §4, §8.1.
    let mut client = client();
    let handle = client.handle();
    let mut send = |kind| {
        let (handle, stanza) = (handle.clone(), Stanza::presence(kind));
        let _sent = client.start(async move { handle.send(stanza).await.is_ok() });
        client.sent().unwrap().get::<Caps>().unwrap()
    };
    assert_eq!(send(presence::Type::Unavailable), None);
    let caps = send(presence::Type::Available).unwrap();
    client.receive(&format!("<iq type='get' id='1' from='a@b/c'><query xmlns='http://jabber.org/protocol/disco#info' node='{}#{}'/></iq>", caps.node, caps.ver));
    let info = client.sent().unwrap().get::<Info>().unwrap().unwrap();
    assert_eq!(verification(&info), Some(caps.ver));
}

#[test]
fn what_a_string_stands_for_is_asked_once() {
    // XEP-0115 §1.2.
    let mut client = client();
    presence(&mut client, "romeo@montague.lit/orchard", "hash='sha-1'", VER);
    presence(&mut client, "nurse@capulet.lit/chamber", "hash='sha-1'", VER);
    let romeo = of(&mut client, "romeo@montague.lit/orchard");
    answer(&mut client, EXODUS);
    assert!(romeo.outcome().unwrap().unwrap().has("http://jabber.org/protocol/muc"));
    let nurse = of(&mut client, "nurse@capulet.lit/chamber");
    assert!(client.sent().is_none());
    assert!(nurse.outcome().unwrap().unwrap().has("http://jabber.org/protocol/muc"));
}

#[test]
fn what_does_not_fit_its_string_counts_for_the_one_alone() {
    // XEP-0115 §5.4, §9.2: nobody poisons what is known of others.
    for hash in ["hash='sha-1'", "hash='sha-256'", ""] {
        let mut client = client();
        presence(&mut client, "eve@example.net/x", hash, VER);
        presence(&mut client, "nurse@capulet.lit/chamber", "hash='sha-1'", VER);
        let eve = of(&mut client, "eve@example.net/x");
        answer(&mut client, "<identity category='client' type='pc'/><feature var='urn:evil'/>");
        assert!(eve.outcome().unwrap().unwrap().has("urn:evil"));
        assert!(of(&mut client, "eve@example.net/x").outcome().is_some(), "it is known of her");
        let nurse = of(&mut client, "nurse@capulet.lit/chamber");
        answer(&mut client, EXODUS);
        assert!(!nurse.outcome().unwrap().unwrap().has("urn:evil"));
    }
}

#[test]
fn new_presence_and_a_new_session_make_what_was_said_void() {
    let mut client = client();
    presence(&mut client, "eve@example.net/x", "", "1");
    let eve = of(&mut client, "eve@example.net/x");
    answer(&mut client, "<feature var='urn:a'/>");
    assert!(eve.outcome().unwrap().is_ok());
    let known = |client: &TestClient| {
        client.service::<Disco>().known(&"eve@example.net/x".parse().unwrap()).is_some()
    };
    assert!(known(&client));
    presence(&mut client, "eve@example.net/x", "", "2");
    assert!(!known(&client));
    let eve = of(&mut client, "eve@example.net/x");
    answer(&mut client, "<feature var='urn:b'/>");
    assert!(eve.outcome().unwrap().is_ok() && known(&client));
    client.receive("<presence from='eve@example.net/x' type='unavailable'/>");
    assert!(!known(&client));
}

#[test]
fn a_session_that_says_nothing_is_asked_without_a_node() {
    let mut client = client();
    let started = of(&mut client, "romeo@montague.lit/orchard");
    answer(&mut client, EXODUS);
    assert!(started.outcome().unwrap().is_ok());
}

#[test]
fn items_are_asked_for() {
    // XEP-0030 §4.1.
    let mut client = client();
    let disco = client.service::<Disco>();
    let started = client.start(async move { disco.items("shakespeare.lit".parse().unwrap(), None).await });
    let request = client.sent().unwrap();
    let mut result = request.reply();
    result.push_bytes(b"<query xmlns='http://jabber.org/protocol/disco#items'><item jid='people.shakespeare.lit' name='Directory'/></query>").unwrap();
    client.receive(&result.to_string());
    let expected =
        Item { jid: "people.shakespeare.lit".parse().unwrap(), node: None, name: Some("Directory".into()) };
    assert_eq!(started.outcome().unwrap().unwrap().items, [expected]);
}
