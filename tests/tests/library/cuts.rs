//! The client library over a network that breaks.

use crate::client;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::client::{Online, builder, chat, message};
use stonechat_client::protocol::Backoff;
use stonechat_client::{Builder, Event, Place};
use stonechat_stanza::{Stanza, ns, presence};
use stonechat_tests::{Cutter, Server, Settings};
use tokio::sync::Notify;
use tokio::time::timeout;

const CUTS: usize = 500;
/// So many messages are under way in one direction at most.
const WINDOW: usize = 40;

fn through(server: &Server, cutter: &Cutter, user: &str) -> Builder {
    let quick =
        Backoff { first: Duration::from_millis(2), most: Duration::from_millis(20), good: Duration::ZERO };
    builder(server, user)
        .place(Place::Host("127.0.0.1".to_owned(), cutter.address().port()))
        .configure(|config| config.reconnect = Some(quick))
}

#[tokio::test]
async fn a_session_goes_on_over_another_connection() {
    let server = Settings::new().start_with_users(2);
    let cutter = Cutter::start(server.c2s(), 0, 1, 1);
    let mut one = Online::start(through(&server, &cutter, "user1")).await;
    one.client.send(Stanza::presence(presence::Type::Available)).await.unwrap();
    let mut two = client::log_in(&server, "user2").await;
    chat(&mut one, &mut two).await;
    for _ in 0..3 {
        cutter.cut();
        one.until(|event| matches!(event, Event::Offline { resumable: true, retry: Some(_), .. })).await;
        two.client.send(message(one.jid.as_str(), "meanwhile")).await.unwrap();
        let jid = one.jid.clone();
        one.until(|event| matches!(event, Event::Online { resumed: true, jid: resumed } if *resumed == jid))
            .await;
        assert_eq!(one.message().await, "meanwhile");
        chat(&mut one, &mut two).await;
    }
}

/// What one direction has come to.
#[derive(Debug, Default)]
struct Direction {
    sent: AtomicUsize,
    received: AtomicUsize,
    moved: Notify,
}

/// Sends numbered messages until it is told to stop, and gives how many.
async fn send(
    client: stonechat_client::Client,
    to: String,
    direction: Arc<Direction>,
    stop: Arc<AtomicBool>,
) -> usize {
    for number in 0.. {
        while number - direction.received.load(Ordering::SeqCst) >= WINDOW {
            direction.moved.notified().await;
        }
        if stop.load(Ordering::SeqCst) {
            return number;
        }
        client.send(message(&to, &number.to_string())).await.unwrap();
        direction.sent.fetch_add(1, Ordering::SeqCst);
        // About as people who are in a hurry, so that most cuts are in the middle of something.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    unreachable!("there is always another number")
}

/// Expects numbered messages, each once and in order.
async fn receive(mut online: Online, direction: Arc<Direction>) -> usize {
    let mut sessions = 0;
    while let Some(event) = online.events.next().await {
        match event {
            Event::Stanza(inbound) => {
                if let Some(body) = inbound.stanza.find(ns::CLIENT, "body") {
                    let expected = direction.received.fetch_add(1, Ordering::SeqCst);
                    assert_eq!(body.element().unwrap().text(), expected.to_string());
                    direction.moved.notify_one();
                }
            }
            Event::Online { resumed, .. } => {
                assert!(resumed, "the session was lost");
                sessions += 1;
            }
            Event::Closed(error) => assert!(error.is_none(), "{error:?}"),
            _ => {}
        }
    }
    sessions
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_500_cuts_at_random_bytes_every_message_arrives_once_and_in_order() {
    let server = Settings::new().start_with_users(2);
    // TLS and a login are some 7 KB, so that about a third of the cuts are in the middle of them.
    let cutter = Cutter::start(server.c2s(), CUTS, 24_000, 0x5eed);
    let one = Online::start(through(&server, &cutter, "user1")).await;
    one.client.send(Stanza::presence(presence::Type::Available)).await.unwrap();
    let two = client::log_in(&server, "user2").await;

    let (there, back, stop) =
        (Arc::<Direction>::default(), Arc::<Direction>::default(), Arc::<AtomicBool>::default());
    let (first, second) = (one.client.clone(), two.client.clone());
    let (to_first, to_second) = (one.jid.to_string(), two.jid.to_string());
    let receivers =
        [tokio::spawn(receive(one, Arc::clone(&back))), tokio::spawn(receive(two, Arc::clone(&there)))];
    let senders = [
        tokio::spawn(send(first.clone(), to_second, Arc::clone(&there), Arc::clone(&stop))),
        tokio::spawn(send(second.clone(), to_first, Arc::clone(&back), Arc::clone(&stop))),
    ];
    let all = async {
        while cutter.cuts() < CUTS {
            assert!(receivers.iter().all(|receiver| !receiver.is_finished()), "a receiver has failed");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stop.store(true, Ordering::SeqCst);
        let mut sent = Vec::new();
        for sender in senders {
            sent.push(sender.await.unwrap());
        }
        for (direction, sent) in [&there, &back].into_iter().zip(&sent) {
            while direction.received.load(Ordering::SeqCst) < *sent {
                direction.moved.notified().await;
            }
        }
        sent
    };
    let sent = timeout(Duration::from_secs(300), all).await.unwrap_or_else(|_| {
        panic!("after {} cuts: {there:?} {back:?}\n{}", cutter.cuts(), server.process().transcript())
    });
    first.close().await;
    second.close().await;
    let [resumptions, _] = receivers.map(|receiver| async { receiver.await.unwrap() });
    println!("{} cuts, {} resumptions, {sent:?} messages", cutter.cuts(), resumptions.await);
    assert!(sent.iter().all(|sent| *sent > CUTS / 10), "{sent:?}");
}
