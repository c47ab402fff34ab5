//! The client library against Prosody and ejabberd.

use crate::client;
use std::net::SocketAddr;
use std::time::Duration;

use crate::client::{Online, WITHIN, chat};
use stonechat_client::protocol::Backoff;
use stonechat_client::{Builder, Error, Event, Fault, Place};
use stonechat_sasl::Mechanism;
use stonechat_sasl::client::Policy;
use stonechat_stanza::ns;
use stonechat_tests::counterpart::Kind;
use stonechat_tests::{Counterpart, Cutter, Stream};
use stonechat_xep_mam::client::{self as mam, Archive, Position};
use stonechat_xep_ping::client::Pinger;
use tokio::time::timeout;

fn builder(server: &Counterpart, user: &str, at: SocketAddr) -> Builder {
    client::foreign(server, user)
        .place(Place::Host("127.0.0.1".to_owned(), at.port()))
        .extension(&stonechat_xep_ping::CLIENT)
        .extension(&stonechat_xep_roster::CLIENT)
}

async fn log_in(server: &Counterpart, user: &str, at: SocketAddr) -> Online {
    let quick = Backoff { first: Duration::from_millis(20), ..Backoff::default() };
    let builder = builder(server, user, at).configure(|config| config.reconnect = Some(quick));
    Online::available(builder).await
}

/// The mechanisms by which one can log in, on both listeners.
async fn mechanisms(server: &Counterpart) -> Vec<&'static str> {
    let mut possible = Vec::new();
    for mechanism in Mechanism::SCRAM.into_iter().chain([Mechanism::Plain]) {
        let policy = Policy::of([mechanism]);
        let (client, mut events) =
            builder(server, "user1", server.c2s()).policy(policy.clone()).start().unwrap();
        match events.next().await {
            Some(Event::Online { .. }) => {
                possible.push(mechanism.name());
                let direct = Place::DirectTls("127.0.0.1".to_owned(), server.c2s_direct_tls().port());
                let direct =
                    Online::start(builder(server, "user1", server.c2s()).policy(policy).place(direct)).await;
                direct.client.close().await;
            }
            Some(Event::Offline { error: Error::NoMechanism(_), .. }) => {}
            // ejabberd 23.01 offers -PLUS over TLS 1.3, where it knows no binding.
            Some(Event::Offline { error: Error::Refused { .. }, .. }) if mechanism.binds_channel() => {}
            other => panic!("{mechanism}: {other:?}\n{}", server.transcript()),
        }
        client.close().await;
    }
    possible
}

async fn a_wrong_password_is_the_end(server: &Counterpart) {
    let (_client, mut events) = builder(server, "user1", server.c2s()).password("wrong").start().unwrap();
    let Some(Event::Offline { error, retry: None, .. }) = events.next().await else { panic!("no end") };
    assert_eq!(error.fault(), Fault::Credentials, "{error}");
}

async fn they_chat_ping_and_resume(server: &Counterpart) {
    let cutter = Cutter::start(server.c2s(), 0, 1, 1);
    let mut one = log_in(server, "user1", cutter.address()).await;
    let mut two = log_in(server, "user2", server.c2s()).await;
    chat(&mut one, &mut two).await;
    chat(&mut two, &mut one).await;
    let pinger = one.client.service::<Pinger>().unwrap();
    pinger.ping(Some(two.jid.clone().into()), WITHIN).await.unwrap();
    pinger.ping(Some("localhost".parse().unwrap()), WITHIN).await.unwrap();
    let mut delivery = one.client.send(client::message(two.jid.as_str(), "acknowledged")).await.unwrap();
    delivery.acknowledged().await.unwrap();
    assert_eq!(two.message().await, "acknowledged");

    for _ in 0..3 {
        cutter.cut();
        one.until(|event| matches!(event, Event::Offline { resumable: true, .. })).await;
        one.client.send(client::message(two.jid.as_str(), "from offline")).await.unwrap();
        two.client.send(client::message(one.jid.as_str(), "meanwhile")).await.unwrap();
        one.until(|event| matches!(event, Event::Online { resumed: true, .. })).await;
        assert_eq!(one.message().await, "meanwhile");
        assert_eq!(two.message().await, "from offline");
    }
    one.client.close().await;
    two.client.close().await;
}

/// What is told from the archive until it has caught up.
async fn caught_up(builder: Builder, position: &mut Position) -> Vec<String> {
    let (client, mut events) = builder.start().unwrap();
    let archive = client.service::<Archive>().unwrap();
    assert!(archive.restore(position.clone()), "there was no session yet");
    let mut told = Vec::new();
    loop {
        let Event::Extension(event) = timeout(WITHIN, events.next()).await.unwrap().unwrap() else {
            continue;
        };
        match event.take::<mam::Event>() {
            Ok(mam::Event::Message(message)) => {
                let body = message.message.find(ns::CLIENT, "body");
                told.extend(body.map(|body| body.element().unwrap().text()));
            }
            Ok(mam::Event::Synced) => break,
            Ok(other) => panic!("{other:?}"),
            Err(_) => {}
        }
    }
    *position = archive.position();
    client.close().await;
    told
}

/// slixmpp is the other client, and says more when nobody listens.
async fn with_slixmpp_they_talk_and_what_was_missed_is_in_the_archive(server: &Counterpart) {
    let archiving = || builder(server, "user1", server.c2s()).extension(&stonechat_xep_mam::CLIENT);
    let mut position = Position::default();
    caught_up(archiving(), &mut position).await;
    let contact = server.script("answer.py", &["echo", "user2@localhost", "end"]);
    contact.wait_for(Stream::Stdout, WITHIN, "that it is online", |line| (line == "online").then_some(()));
    let mut one = log_in(server, "user1", server.c2s()).await;
    for words in ["hello", "end"] {
        one.client.send(client::message("user2@localhost", words)).await.unwrap();
        assert_eq!(one.message().await, format!("echo of {words}"));
    }
    let output = contact.finish(WITHIN);
    assert!(output.status.success(), "{output}\n{}", server.transcript());
    one.client.close().await;

    let two = log_in(server, "user2", server.c2s()).await;
    for number in 0..120 {
        two.client.send(client::message("user1@localhost", &number.to_string())).await.unwrap();
    }
    let pinger = two.client.service::<Pinger>().unwrap();
    pinger.ping(Some("localhost".parse().unwrap()), WITHIN).await.unwrap();
    two.client.close().await;
    let told = caught_up(archiving(), &mut position).await;
    let own = ["hello", "echo of hello", "end", "echo of end"].map(str::to_owned);
    let missed = (0..120).map(|number| number.to_string());
    let expected: Vec<_> = own.into_iter().chain(missed).collect();
    assert!(told.ends_with(&expected), "{told:?}");
    assert_eq!(caught_up(archiving(), &mut position).await, [""; 0], "nothing twice");
}

#[tokio::test]
async fn with_prosody() {
    let server = Counterpart::start(Kind::Prosody);
    let possible = mechanisms(&server).await;
    assert!(["SCRAM-SHA-1", "PLAIN"].iter().all(|name| possible.contains(name)), "{possible:?}");
    a_wrong_password_is_the_end(&server).await;
    client::change_roster(&mut log_in(&server, "user1", server.c2s()).await).await;
    they_chat_ping_and_resume(&server).await;
    with_slixmpp_they_talk_and_what_was_missed_is_in_the_archive(&server).await;
}

#[tokio::test]
async fn with_ejabberd() {
    let server = Counterpart::start(Kind::Ejabberd);
    let possible = mechanisms(&server).await;
    assert!(["SCRAM-SHA-1", "PLAIN"].iter().all(|name| possible.contains(name)), "{possible:?}");
    a_wrong_password_is_the_end(&server).await;
    client::change_roster(&mut log_in(&server, "user1", server.c2s()).await).await;
    they_chat_ping_and_resume(&server).await;
    with_slixmpp_they_talk_and_what_was_missed_is_in_the_archive(&server).await;
}
