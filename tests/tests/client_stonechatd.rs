//! The client library against the server.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

mod client;

use std::time::Duration;

use client::{Online, WITHIN, builder, chat, log_in};
use stonechat_client::{Error, Event, Fault, Place, Progress, Trust};
use stonechat_sasl::Mechanism;
use stonechat_sasl::client::Policy;
use stonechat_tests::Settings;
use stonechat_xep_ping::client::Pinger;

#[tokio::test]
async fn it_logs_in_by_each_mechanism_and_on_each_listener() {
    let server = Settings::new().start_with_users(1);
    let places = [
        Place::Host("127.0.0.1".into(), server.c2s().port()),
        Place::DirectTls("127.0.0.1".into(), server.c2s_direct_tls().port()),
    ];
    for place in places {
        for mechanism in Mechanism::SCRAM.into_iter().chain([Mechanism::Plain]) {
            for sasl2 in [false, true] {
                let builder = builder(&server, "user1").place(place.clone()).policy(Policy::of([mechanism]));
                let online = Online::start(builder.configure(|config| config.sasl2 = sasl2)).await;
                assert_eq!(online.jid.bare_str(), "user1@localhost", "{mechanism} {sasl2}");
                online.client.close().await;
            }
        }
    }
}

#[tokio::test]
async fn two_clients_chat_and_ping_each_other() {
    let server = Settings::new().start_with_users(2);
    let mut one = log_in(&server, "user1").await;
    let mut two = log_in(&server, "user2").await;
    chat(&mut one, &mut two).await;
    chat(&mut two, &mut one).await;
    let pinger = one.client.service::<Pinger>().unwrap();
    pinger.ping(Some(two.jid.clone().into()), WITHIN).await.unwrap();
    pinger.ping(None, WITHIN).await.unwrap();
    pinger.ping(Some("localhost".parse().unwrap()), WITHIN).await.unwrap();
}

#[tokio::test]
async fn the_roster_is_the_servers() {
    let server = Settings::new().start_with_users(1);
    client::change_roster(&mut log_in(&server, "user1").await).await;
}

#[tokio::test]
async fn a_stanza_is_followed_until_the_server_has_it() {
    let server = Settings::new().start_with_users(1);
    let one = log_in(&server, "user1").await;
    let mut delivery = one.client.send(client::message("user1@localhost", "1")).await.unwrap();
    delivery.sent().await.unwrap();
    delivery.acknowledged().await.unwrap();
    assert_eq!(delivery.progress(), Progress::Acknowledged);
}

#[tokio::test]
async fn a_wrong_password_is_the_end() {
    let server = Settings::new().start_with_users(1);
    for sasl2 in [false, true] {
        let wrong = builder(&server, "user1").password("wrong").configure(|config| config.sasl2 = sasl2);
        let (_client, mut events) = wrong.start().unwrap();
        let Some(Event::Offline { error, retry: None, .. }) = events.next().await else { panic!("no end") };
        assert_eq!(error.fault(), Fault::Credentials, "{error}");
        assert!(matches!(events.next().await, Some(Event::Closed(Some(_)))));
        assert!(events.next().await.is_none());
    }
}

#[tokio::test]
async fn a_certificate_of_somebody_else_is_refused() {
    let (server, other) = (Settings::new().start_with_users(1), Settings::new().start());
    let stranger =
        builder(&other, "user1").place(Place::DirectTls("127.0.0.1".into(), server.c2s_direct_tls().port()));
    let (_client, mut events) = stranger.start().unwrap();
    let Some(Event::Offline { error, .. }) = events.next().await else { panic!("it is online") };
    assert!(matches!(error, Error::Tls(_)), "{error}");

    // Of another domain than that of the account, though its authority is trusted.
    let elsewhere = stonechat_client::Client::builder("user1@example.org".parse().unwrap())
        .password("pw-user1")
        .trust(Trust::roots(client::certificates(&server)))
        .place(Place::DirectTls("localhost".into(), server.c2s_direct_tls().port()));
    let (_client, mut events) = elsewhere.start().unwrap();
    let Some(Event::Offline { error, .. }) = events.next().await else { panic!("it is online") };
    assert!(matches!(error, Error::Tls(_)), "{error}");

    // Pinned to another.
    let pinned =
        builder(&server, "user1").trust(Trust::roots(client::certificates(&server)).pinned_to([0; 32]));
    let (_client, mut events) = pinned.start().unwrap();
    let Some(Event::Offline { error, .. }) = events.next().await else { panic!("it is online") };
    assert!(matches!(error, Error::Tls(_)), "{error}");
}

#[tokio::test]
async fn tokens_take_the_place_of_the_password() {
    let server = Settings::new().start_with_users(1);
    let agent = |config: &mut stonechat_client::protocol::Config| {
        config.user_agent.id = Some("d4565fa7-4d72-4749-b3d3-740edbf87770".to_owned());
    };
    let (one, mut events) = builder(&server, "user1").configure(agent).start().unwrap();
    let Some(Event::Token(Some(token))) = events.next().await else { panic!("no token") };
    assert!(matches!(events.next().await, Some(Event::Online { .. })));
    one.close().await;
    let again = builder(&server, "user1").password("forgotten").configure(agent).token(token);
    let (_two, mut events) = again.start().unwrap();
    loop {
        match events.next().await {
            Some(Event::Online { .. }) => break,
            Some(Event::Token(Some(_))) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn an_orderly_close_leaves_nothing_unsaid() {
    let server = Settings::new().start_with_users(2);
    let mut two = log_in(&server, "user2").await;
    let one = log_in(&server, "user1").await;
    let mut deliveries = Vec::new();
    for number in 0..100 {
        deliveries
            .push(one.client.send(client::message(two.jid.as_str(), &number.to_string())).await.unwrap());
    }
    one.client.close().await;
    for delivery in &mut deliveries {
        delivery.acknowledged().await.unwrap();
    }
    for number in 0..100 {
        assert_eq!(two.message().await, number.to_string());
    }
    assert!(one.client.send(client::message("a@localhost", "1")).await.is_err());
}

#[test]
fn a_client_works_on_both_kinds_of_runtime() {
    let server = Settings::new().start_with_users(1);
    let once = async {
        let one = log_in(&server, "user1").await;
        one.client.close().await;
    };
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(once);
    let once = async {
        let one = log_in(&server, "user1").await;
        one.client.close().await;
    };
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(once);
}

#[tokio::test]
async fn requests_end_in_time_and_only_who_was_asked_answers() {
    let server = Settings::new().start_with_users(2);
    let one = log_in(&server, "user1").await;
    // One that does not answer pings: it has no extensions.
    let two = Online::start(client::bare(&server, "user2")).await;
    let pinger = one.client.service::<Pinger>().unwrap();
    assert!(pinger.ping(Some(two.jid.clone().into()), WITHIN).await.is_ok(), "an error is an answer, too");
    let nobody = "user2@localhost/nobody".parse().unwrap();
    let handle = one.client.handle().with_timeout(Duration::from_millis(1));
    assert!(handle.request(Some(nobody), &stonechat_xep_ping::Ping).await.is_err());
}
