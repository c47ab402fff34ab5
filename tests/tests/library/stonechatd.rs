//! The client library against the server.

use crate::client;
use std::time::Duration;

use crate::client::{Online, WITHIN, builder, chat, log_in};
use stonechat_client::{Error, Event, Fault, Place, Progress, Trust};
use stonechat_sasl::Mechanism;
use stonechat_sasl::client::Policy;
use stonechat_stanza::jid::FullJid;
use stonechat_tests::{Server, Settings};
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

#[tokio::test]
async fn who_logs_in_as_nobody_has_an_address_that_the_server_makes() {
    let server = Settings::new().set("hosts.localhost.anonymous", true).start_with_users(1);
    let mut user = log_in(&server, "user1").await;
    for sasl2 in [false, true] {
        let builder = stonechat_client::Client::builder("localhost".parse().unwrap())
            .anonymous()
            .trust(Trust::roots(client::certificates(&server)))
            .place(Place::Host("127.0.0.1".into(), server.c2s().port()))
            .extension(&stonechat_xep_ping::CLIENT)
            .configure(|config| config.sasl2 = sasl2);
        let mut nobody = Online::start(builder).await;
        assert!(nobody.jid.domain() == "localhost" && nobody.jid.local().is_some(), "{}", nobody.jid);
        chat(&mut nobody, &mut user).await;
        chat(&mut user, &mut nobody).await;
        // What is the account's own is known as such: the answer comes from the address that the server has made.
        nobody.client.service::<Pinger>().unwrap().ping(None, WITHIN).await.unwrap();
        nobody.client.close().await;
    }
}

#[tokio::test]
async fn a_host_that_lets_nobody_in_without_a_name_says_so() {
    let server = Settings::new().start_with_users(1);
    let (_client, mut events) = builder(&server, "user1").anonymous().start().unwrap();
    let Some(Event::Offline { error, retry: None, .. }) = events.next().await else { panic!("no end") };
    assert_eq!(error.fault(), Fault::Policy, "{error}");
}

/// The server is ended at once, as by a power failure, or asked to end; the session goes on all the same (XEP-0198 §5).
#[tokio::test]
async fn a_session_survives_a_restart_of_the_server_and_nothing_is_lost_or_there_twice() {
    for abruptly in [false, true] {
        let port = stonechat_tests::free_port();
        let config = format!(
            "data = 'data'\n[[listeners]]\naddress = '127.0.0.1:{port}'\nkind = 'starttls'\n[authentication]\niterations = 4096\n[hosts.localhost]\n"
        );
        let server = Server::start(|_| config);
        for user in ["user1", "user2"] {
            server.add_user(&format!("{user}@localhost"), &format!("pw-{user}"));
        }
        let (mut one, mut two) = (log_in(&server, "user1").await, log_in(&server, "user2").await);
        chat(&mut one, &mut two).await;
        let folder = if abruptly { server.kill() } else { server.stop().1 };
        for online in [&mut one, &mut two] {
            online
                .until(|event| matches!(event, Event::Offline { resumable: true, retry: Some(_), .. }))
                .await;
        }
        let mut deliveries = Vec::new();
        for number in 0..20 {
            let message = client::message(two.jid.as_str(), &number.to_string());
            deliveries.push(one.client.send(message).await.unwrap());
        }
        let _server = Server::start_in(folder);
        for online in [&mut one, &mut two] {
            online.client.network_changed();
            let jid = resumed(online).await;
            assert_eq!(jid, online.jid, "killed: {abruptly}");
        }
        for number in 0..20 {
            assert_eq!(two.message().await, number.to_string());
        }
        for delivery in &mut deliveries {
            delivery.acknowledged().await.unwrap();
        }
        // What comes next is that, and nothing a second time.
        chat(&mut one, &mut two).await;
        chat(&mut two, &mut one).await;
        one.client.close().await;
        two.client.close().await;
    }
}

/// Waits for the session to be resumed, however often that is tried.
async fn resumed(online: &mut Online) -> FullJid {
    loop {
        match online.event().await {
            Event::Online { jid, resumed: true } => return jid,
            Event::Online { resumed: false, .. } => panic!("another session"),
            _ => {}
        }
    }
}
