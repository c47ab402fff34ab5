//! Between the store and a session that can be resumed (XEP-0198): what its client never acknowledged is stored again and says when it first
//! came (§4), and a crash on the way leaves nothing in both places.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use jiff::Timestamp;
use stonechat_extension::test_host::{PRESENCE, TestHost};
use stonechat_stanza::delay::Delay;
use stonechat_stanza::{Stanza, ns};
use stonechat_xep_offline::SERVER;

async fn host() -> TestHost {
    TestHost::with(&[&PRESENCE, &SERVER, &stonechat_xep_sm::SERVER]).await
}

/// A client connects, whose session waits for it when its connection is gone; the id of that.
async fn connects(host: &TestHost, name: &str) -> String {
    let client = host.connect(name).await;
    client.nonza("<enable xmlns='urn:xmpp:sm:3' resume='true'/>").await;
    host.settled().await;
    let enabled = client.next_nonza().expect("an answer");
    enabled.attr("id").expect("it can be resumed").to_owned()
}

/// It is available, too.
async fn comes(host: &TestHost, name: &str) {
    connects(host, name).await;
    host.client(name).send("<presence/>").await;
    host.settled().await;
}

/// It goes without a word, and is not waited for any longer.
async fn goes(host: &TestHost, name: &str) {
    host.settled().await;
    host.cut(name).await;
    tokio::time::sleep(Duration::from_secs(601)).await;
    host.settled().await;
}

/// The messages that a client has got.
fn messages(host: &TestHost, name: &str) -> Vec<Stanza> {
    let received = host.client(name).received().into_iter();
    received.filter(|stanza| stanza.has(ns::CLIENT, "body")).collect()
}

/// The only message that a client that comes now is given.
async fn given(host: &TestHost, name: &str) -> Stanza {
    host.run(&format!("{name} connects\n {name} → <presence/>")).await;
    let messages = messages(host, name);
    assert_eq!(messages.len(), 1, "{messages:?}");
    messages.into_iter().next().expect("one")
}

fn delays(message: &Stanza) -> Vec<Timestamp> {
    let delays = message.children().filter(|child| child.is(ns::DELAY, "delay"));
    delays.map(|delay| delay.parse::<Delay>().expect("it reads").stamp.timestamp()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_never_acknowledged_says_when_it_first_came() {
    let host = host().await;
    host.run("a/1 online").await;
    comes(&host, "b/1").await;
    // Mailboxes have the clock of the machine; the host for tests has one of its own.
    let before = Timestamp::now().as_millisecond();
    host.run("a/1 → b: <body>x</body>").await;
    let after = Timestamp::now().as_millisecond();
    goes(&host, "b/1").await;
    let stamps = delays(&given(&host, "b/2").await);
    assert_eq!(stamps.len(), 1);
    assert!((before..=after).contains(&stamps[0].as_millisecond()), "{stamps:?}");
}

#[tokio::test(start_paused = true)]
async fn a_message_that_was_stored_before_keeps_the_time_of_the_first_time() {
    let host = host().await;
    host.run("a/1 online\n b exists\n a/1 → b: <body>x</body>\n later 60").await;
    for name in ["b/1", "b/2"] {
        comes(&host, name).await;
        goes(&host, name).await;
    }
    let stamps = delays(&given(&host, "b/3").await);
    assert_eq!(stamps, ["2026-01-01T12:00:00Z".parse().expect("a time")]);
}

#[tokio::test(start_paused = true)]
async fn a_message_does_not_come_twice_when_the_server_is_killed_while_it_is_delivered() {
    let host = host().await;
    host.run("a/1 online\n b exists\n a/1 → b: <body>1</body>\n a/1 → b: <body>2</body>").await;
    let id = connects(&host, "b/1").await;
    let client = host.client("b/1");
    {
        // Up to where it waits for the journal, which does not write meanwhile; and no further.
        let mut sending = pin!(client.send("<presence/>"));
        let waits = poll_fn(|cx| Poll::Ready((0..20).all(|_| sending.as_mut().poll(cx).is_pending()))).await;
        assert!(waits, "it has not waited for the journal");
        host.settled().await;
    }
    let host = host.killed_and_started().await;
    host.resume("b/1", &id, 0).await.expect("the session is there");
    assert_eq!(messages(&host, "b/1").len(), 2);
    host.run("b/1 → <presence type='unavailable'/>\n b/1 → <presence/>\n b/2 connects\n b/2 → <presence/>")
        .await;
    assert_eq!((messages(&host, "b/1").len(), messages(&host, "b/2").len()), (0, 0));
}
