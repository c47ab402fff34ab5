//! RFC 6121 §3 and §4, the client's side, on the test client.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

use std::sync::Arc;

use stonechat_extension::client::test_host::{TestClient, check};
use stonechat_stanza::jid::BareJid;
use stonechat_xep_presence::client::{Event, Presence};
use stonechat_xep_presence::{Availability, CLIENT, Show};

fn online() -> TestClient {
    let mut client = TestClient::with(&[&CLIENT]);
    client.run(
        "connects
         server ← <presence/>",
    );
    client
}

fn bare(text: &str) -> BareJid {
    text.parse().unwrap()
}

#[test]
fn the_contract_of_client_extensions_holds() {
    check(&[&CLIENT]);
}

#[test]
fn a_new_session_becomes_available_and_a_resumed_one_is() {
    let mut client = online();
    client.run(
        "disconnects
         resumes
         server ← nothing
         loses the session
         connects
         server ← <presence/>
         server ← nothing",
    );
    let mut quiet = TestClient::configured(&[&CLIENT], &[("presence", "available = false")]);
    quiet.run(
        "connects
         server ← nothing",
    );
}

#[test]
fn the_roster_comes_before_the_presence() {
    // §2.2.
    let mut client = TestClient::with(&[&CLIENT, &stonechat_xep_roster::CLIENT]);
    client.connect(false);
    let request = client.sent().unwrap();
    assert!(client.sent().is_none());
    client.receive(&format!("<iq type='result' id='{}'/>", request.id().unwrap()));
    client.run("server ← <presence/>");
}

#[test]
fn the_own_presence_is_told_now_and_in_later_sessions() {
    let mut client = online();
    let presence = client.service::<Presence>();
    let away = Availability { show: Some(Show::Away), status: Some("I shall return!".into()), priority: 1 };
    let service = Arc::clone(&presence);
    let told = client.start(async move { service.set(away).await });
    assert_eq!(told.outcome(), Some(Ok(())));
    client.run(
        "server ← <presence><show>away</show><status>I shall return!</status><priority>1</priority></presence>
         loses the session
         connects
         server ← <presence><show>away</show></presence>",
    );
    let _left = client.start(async move { presence.leave(Some("bye")).await });
    client.run(
        "server ← <presence type='unavailable'><status>bye</status></presence>
         loses the session
         connects
         server ← nothing",
    );
}

#[test]
fn the_presence_of_contacts_is_known_by_session() {
    // §4.2.3, §4.4.3, §4.5.3.
    let mut client = online();
    let presence = client.service::<Presence>();
    let romeo = bare("romeo@example.net");
    client.receive("<presence from='romeo@example.net/orchard'><priority>1</priority></presence>");
    client.receive(
        "<presence from='romeo@example.net/phone'><show>dnd</show><status>courting</status></presence>",
    );
    let sessions: Vec<_> = presence.sessions(&romeo).into_iter().map(|(name, _)| name).collect();
    assert_eq!(sessions, ["orchard", "phone"]);
    assert!(
        matches!(client.event(), Some(Event::Available { from, .. }) if from == "romeo@example.net/orchard")
    );
    let Some(Event::Available { availability, .. }) = client.event() else { panic!("no event") };
    assert_eq!((availability.show, availability.status.as_deref()), (Some(Show::Dnd), Some("courting")));
    client.receive(
        "<presence type='unavailable' from='romeo@example.net/orchard'><status>gone</status></presence>",
    );
    assert_eq!(presence.of(&romeo).unwrap().show, Some(Show::Dnd));
    let gone = Event::Unavailable {
        from: "romeo@example.net/orchard".parse().unwrap(),
        status: Some("gone".into()),
    };
    assert_eq!(client.event(), Some(gone));
    client.receive("<presence type='unavailable' from='romeo@example.net'/>");
    assert_eq!(presence.of(&romeo), None);
}

#[test]
fn with_the_session_all_presence_is_gone() {
    let mut client = online();
    let presence = client.service::<Presence>();
    client.receive("<presence from='romeo@example.net/orchard'/>");
    client.disconnect(true);
    client.connect(true);
    assert!(presence.of(&bare("romeo@example.net")).is_some());
    client.disconnect(false);
    assert_eq!(presence.of(&bare("romeo@example.net")), None);
}

#[test]
fn people_in_rooms_are_no_contacts() {
    let mut client = online();
    client.receive("<presence from='room@muc.example.com/nurse'><x xmlns='http://jabber.org/protocol/muc#user'/></presence>");
    assert_eq!(client.event::<Event>(), None);
    assert_eq!(client.service::<Presence>().of(&bare("room@muc.example.com")), None);
}

#[test]
fn subscriptions_are_asked_for_granted_and_ended() {
    // §3.1 to §3.4.
    let mut client = online();
    let presence = client.service::<Presence>();
    let nurse = || bare("nurse@example.com");
    let done = client.start(async move {
        presence.subscribe(nurse(), Some("It is I")).await?;
        presence.approve(nurse()).await?;
        presence.deny(nurse()).await?;
        presence.unsubscribe(nurse()).await.map(drop)
    });
    client.run(
        "server ← <presence type='subscribe' to='nurse@example.com'><status>It is I</status></presence>
         server ← <presence type='subscribed' to='nurse@example.com'/>
         server ← <presence type='unsubscribed' to='nurse@example.com'/>
         server ← <presence type='unsubscribe' to='nurse@example.com'/>",
    );
    assert_eq!(done.outcome(), Some(Ok(())));
}

#[test]
fn what_others_do_about_subscriptions_is_told() {
    let mut client = online();
    for (kind, expected) in [
        ("subscribe", Event::Request { from: bare("romeo@example.net"), status: Some("hi".into()) }),
        ("subscribed", Event::Approved(bare("romeo@example.net"))),
        ("unsubscribed", Event::Denied(bare("romeo@example.net"))),
        ("unsubscribe", Event::Unsubscribed(bare("romeo@example.net"))),
    ] {
        client.receive(&format!(
            "<presence type='{kind}' from='romeo@example.net'><status>hi</status></presence>"
        ));
        assert_eq!(client.event(), Some(expected));
    }
    client.receive("<presence type='probe' from='romeo@example.net'/>");
    assert_eq!(client.event::<Event>(), None);
    client.run("server ← nothing");
}

#[test]
fn presence_that_comes_back_is_told() {
    let mut client = online();
    client.receive("<presence type='error' from='nobody@example.net'><error type='cancel'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>");
    assert!(matches!(client.event(), Some(Event::Error { from, .. }) if from == "nobody@example.net"));
}
