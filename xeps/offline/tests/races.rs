//! What happens at the same time: nothing lost, nothing twice, in order, never too much.

use std::sync::Arc;

use stonechat_extension::test_host::PRESENCE;
use stonechat_extension::test_host::{TestClient, TestHost};
use stonechat_stanza::{Stanza, ns};
use stonechat_xep_offline::SERVER;

async fn configured(section: &str) -> TestHost {
    TestHost::configured(&[&PRESENCE, &SERVER], &[("offline", section)]).await
}

fn body(stanza: &Stanza) -> Option<String> {
    Some(stanza.find(ns::CLIENT, "body")?.element().ok()?.text())
}

fn bodies(stanzas: &[Stanza]) -> Vec<String> {
    stanzas.iter().filter_map(body).collect()
}

async fn send(client: &TestClient, to: &str, body: &str) {
    client
        .send(&format!(
            "<message type='chat' to='{to}@example.org' id='{body}'><body>{body}</body></message>"
        ))
        .await;
}

/// Reads until so many messages have come, and no more.
async fn read(client: &TestClient, count: usize) -> Vec<Stanza> {
    let mut all = Vec::new();
    let reading = async {
        while all.len() < count {
            all.extend(client.received());
            tokio::task::yield_now().await;
        }
    };
    let done = tokio::time::timeout(std::time::Duration::from_secs(60), reading).await;
    assert!(done.is_ok() && all.len() == count, "{} of {count} have come", all.len());
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_quota_is_exact_however_many_send_at_once() {
    let host = Arc::new(configured("tell-strangers = true\nmax-messages = 10").await);
    host.account("b").await;
    let mut tasks = Vec::new();
    for n in 0..20 {
        let client = host.connect(&format!("a{n}/1")).await;
        tasks.push(tokio::spawn(async move {
            for m in 0..3 {
                send(&client, "b", &m.to_string()).await;
            }
            client.received().len()
        }));
    }
    let mut refused = 0;
    for task in tasks {
        refused += task.await.unwrap();
    }
    assert_eq!(refused, 50);
    let b = host.connect("b/1").await;
    b.send("<presence/>").await;
    assert_eq!(b.received().len(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sessions_that_become_available_at_once_share_the_messages_and_none_comes_twice() {
    for _ in 0..50 {
        let host = Arc::new(configured("").await);
        host.account("b").await;
        let a = host.connect("a/1").await;
        for n in 0..120 {
            send(&a, "b", &n.to_string()).await;
        }
        let mut tasks = Vec::new();
        for n in 0..4 {
            let client = host.connect(&format!("b/{n}")).await;
            tasks.push(tokio::spawn(async move {
                client.send("<presence/>").await;
                client
            }));
        }
        let mut all = Vec::new();
        for task in tasks {
            let got = bodies(&task.await.unwrap().received());
            assert!(got.is_empty() || got.len() == 120, "one session gets all: {}", got.len());
            all.extend(got);
        }
        assert_eq!(all, (0..120).map(|n| n.to_string()).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_sent_while_the_recipient_becomes_available_all_come_once_and_in_order() {
    for round in 0..300 {
        let host = Arc::new(configured("").await);
        host.account("b").await;
        let (a, b) = (host.connect("a/1").await, host.connect("b/1").await);
        for n in 0..round % 7 {
            send(&a, "b", &n.to_string()).await;
        }
        let sender = {
            let a = Arc::clone(&a);
            tokio::spawn(async move {
                for n in round % 7..40 {
                    send(&a, "b", &n.to_string()).await;
                }
            })
        };
        let presence = {
            let b = Arc::clone(&b);
            tokio::spawn(async move {
                for _ in 0..round % 5 {
                    tokio::task::yield_now().await;
                }
                b.send("<presence/>").await;
            })
        };
        sender.await.unwrap();
        presence.await.unwrap();
        // Where the sender was the first to find somebody, a task of its own delivers.
        let got = bodies(&read(&b, 40).await);
        assert_eq!(got, (0..40).map(|n| n.to_string()).collect::<Vec<_>>(), "round {round}");
        assert!(b.received().is_empty(), "nothing comes twice");
        assert!(a.received().is_empty(), "nothing is refused");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_sent_while_a_session_comes_and_goes_all_come_once() {
    for _ in 0..10 {
        let host = Arc::new(configured("").await);
        host.account("b").await;
        let a = host.connect("a/1").await;
        let sender = {
            let a = Arc::clone(&a);
            tokio::spawn(async move {
                for n in 0..200 {
                    send(&a, "b", &n.to_string()).await;
                }
            })
        };
        let mut all = Vec::new();
        for _ in 0..20 {
            let b = host.connect("b/1").await;
            b.send("<presence/>").await;
            tokio::task::yield_now().await;
            // What is not read now goes back when the connection breaks.
            all.extend(b.next());
            all.extend(b.next());
            // `next` takes all from the mailbox, so the client gives back what it has not looked at.
            let unread = b.received();
            host.host().close_with(b.session(), unread).await;
        }
        sender.await.unwrap();
        let b = host.connect("b/1").await;
        b.send("<presence/>").await;
        let rest = read(&b, 200 - all.len()).await;
        all.extend(rest);
        assert!(b.received().is_empty(), "nothing comes twice");
        let mut got: Vec<u32> = bodies(&all).iter().map(|n| n.parse().unwrap()).collect();
        got.sort_unstable();
        assert_eq!(got, (0..200).collect::<Vec<_>>());
        assert!(a.received().is_empty(), "nothing is refused");
    }
}

/// More than a mailbox holds (1 MiB on the test host).
fn long(n: usize) -> String {
    format!("{n:04}{}", "x".repeat(50_000))
}

async fn with_backlog(count: usize) -> TestHost {
    let host = configured("").await;
    host.run("a/1 online\n b exists").await;
    for n in 0..count {
        send(&host.client("a/1"), "b", &long(n)).await;
    }
    host
}

fn numbers(stanzas: &[Stanza]) -> Vec<usize> {
    bodies(stanzas).iter().map(|body| body[..4].parse().expect("a number")).collect()
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_follows_as_the_client_reads() {
    let host = with_backlog(100).await;
    let b = host.connect("b/1").await;
    b.send("<presence/>").await;
    let first = b.received();
    assert!((10..30).contains(&first.len()), "{}", first.len());
    let mut all = numbers(&first);
    all.extend(numbers(&read(&b, 100 - first.len()).await));
    assert_eq!(all, (0..100).collect::<Vec<_>>());
    assert!(b.received().is_empty());
}

#[tokio::test(start_paused = true)]
async fn live_messages_do_not_overtake_what_did_not_fit() {
    let host = with_backlog(60).await;
    let (a, b) = (host.client("a/1"), host.connect("b/1").await);
    b.send("<presence/>").await;
    // These wait in vain, as b does not read, and are stored behind the others.
    for n in 60..65 {
        send(&a, "b", &long(n)).await;
    }
    let mut all = numbers(&read(&b, 65).await);
    // Now that b is up to date, they come at once.
    tokio::task::yield_now().await;
    send(&a, "b", &long(65)).await;
    all.extend(numbers(&read(&b, 1).await));
    assert_eq!(all, (0..66).collect::<Vec<_>>());
    assert!(a.received().is_empty(), "nothing is refused");
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ends_in_the_middle_leaves_the_order_as_it_was() {
    let host = with_backlog(60).await;
    let b = host.connect("b/1").await;
    b.send("<presence/>").await;
    host.disconnect("b/1").await;
    let b = host.connect("b/2").await;
    b.send("<presence/>").await;
    assert_eq!(numbers(&read(&b, 60).await), (0..60).collect::<Vec<_>>());
    assert!(b.received().is_empty());
}

#[tokio::test(start_paused = true)]
async fn another_session_that_is_there_gets_the_rest() {
    let host = with_backlog(60).await;
    let first = host.connect("b/1").await;
    let second = host.connect("b/2").await;
    first.send("<presence/>").await;
    second.send("<presence/>").await;
    assert!(second.received().is_empty(), "the first has the messages");
    let read_by_first = numbers(&first.received());
    assert!(!read_by_first.is_empty());
    host.disconnect("b/1").await;
    let mut all = read_by_first.clone();
    all.extend(numbers(&read(&second, 60 - read_by_first.len()).await));
    all.sort_unstable();
    assert_eq!(all, (0..60).collect::<Vec<_>>());
    assert!(second.received().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_live_message_for_a_full_mailbox_is_stored_and_follows_when_there_is_room() {
    let host = configured("").await;
    host.run("a/1, b/1 online").await;
    let (a, b) = (host.client("a/1"), host.client("b/1"));
    for n in 0..40 {
        send(&a, "b", &long(n)).await;
    }
    assert!(a.received().is_empty(), "nothing is refused");
    assert_eq!(numbers(&read(&b, 40).await), (0..40).collect::<Vec<_>>());
    assert!(b.received().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_reload_in_the_middle_changes_nothing() {
    let host = with_backlog(60).await;
    let (first, second) = (host.connect("b/1").await, host.connect("b/2").await);
    first.send("<presence/>").await;
    host.reload(&[&PRESENCE, &SERVER], &[("offline", "max-messages = 5")]).unwrap();
    second.send("<presence/>").await;
    assert!(second.received().is_empty(), "somebody else is at it");
    assert_eq!(numbers(&read(&first, 60).await), (0..60).collect::<Vec<_>>());
}
