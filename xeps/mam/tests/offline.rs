//! Together with offline storage (XEP-0160; XEP-0313 §6.1.1).

mod common;

use common::{all, ask, body, configured, host, id_of, page};
use stonechat_extension::test_host::TestHost;
use stonechat_stanza::rsm;
use stonechat_store::{Owner, Query};

const B: &str = "b@example.org";

async fn waiting(host: &TestHost) -> Vec<String> {
    let log = host.store().log("offline");
    let page = log.range(&Owner::account(B), &Query::default()).await.expect("the store is open");
    page.entries.iter().map(|entry| String::from_utf8_lossy(&entry.value).into_owned()).collect()
}

/// Comes online, and gives what was delivered then.
async fn come(host: &TestHost, client: &str) -> Vec<String> {
    host.client(client).received();
    host.client(client).send("<presence/>").await;
    host.client(client).received().iter().map(body).collect()
}

#[tokio::test(start_paused = true)]
async fn what_is_archived_waits_as_a_reference_and_is_delivered_with_its_id_and_delay() {
    let host = host().await;
    host.run("a/1 online\n b exists\n a/1 → b: <body>x</body>\n a/1 ← nothing\n later 60\n b/1 connects")
        .await;
    let references = waiting(&host).await;
    host.client("b/1").send("<presence/>").await;
    let received = host.client("b/1").next().unwrap();
    assert_eq!(id_of(&received, B).as_ref(), references.first());
    let delay: stonechat_stanza::delay::Delay = received.get().unwrap().unwrap();
    assert_eq!(delay.stamp.to_string(), "2026-01-01T12:00:00Z");
    assert_eq!(body(&received), "x");
    assert_eq!(all(&host, "b/1").await.ids(), references);
    assert!(waiting(&host).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_archived_waits_in_full() {
    let host = host().await;
    host.run("a/1 online\n b exists\n a/1 → b: <body>x</body><no-permanent-store xmlns='urn:xmpp:hints'/>\n b/1 connects").await;
    assert!(waiting(&host).await[0].contains("<body>x</body>"));
    assert_eq!(come(&host, "b/1").await, ["x"]);
}

/// §6.1.1: "a client that has already queried their MAM archive and received the archived copies".
#[tokio::test(start_paused = true)]
async fn who_has_read_the_archive_is_not_given_the_same_again() {
    let host = host().await;
    host.run("a/1 online\n b exists").await;
    for number in 0..5 {
        host.run(&format!("a/1 → b: <body>{number}</body>")).await;
    }
    host.run("a/1 → b: <body>not archived</body><no-permanent-store xmlns='urn:xmpp:hints'/>\n b/1 connects")
        .await;
    // It has read two; the rest it has still to be given.
    ask(&host, "b/1", &page(rsm::Request::first(2))).await.unwrap();
    assert_eq!(come(&host, "b/1").await, ["2", "3", "4", "not archived"]);
    assert!(waiting(&host).await.is_empty());

    host.run("b/1 disconnects\n a/1 → b: <body>5</body>\n b/1 connects").await;
    all(&host, "b/1").await;
    assert_eq!(come(&host, "b/1").await, [""; 0]);
    assert!(waiting(&host).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_one_session_has_read_counts_for_that_one_only() {
    let host = host().await;
    host.run("a/1 online\n b exists\n a/1 → b: <body>x</body>\n b/1, b/2 connect").await;
    all(&host, "b/1").await;
    assert_eq!(come(&host, "b/2").await, ["x"]);
}

#[tokio::test(start_paused = true)]
async fn what_was_unread_when_a_connection_broke_waits_as_a_reference() {
    let host = host().await;
    host.run("a/1, b/1 online\n a/1 → b: <body>unread</body>\n b/1 disconnects").await;
    let log = host.store().log("offline-returned");
    let returned = log.range(&Owner::account(B), &Query::default()).await.unwrap();
    host.run("b/2 connects").await;
    assert_eq!(all(&host, "b/2").await.ids(), [String::from_utf8_lossy(&returned.entries[0].value)]);
    host.run("b/3 connects").await;
    assert_eq!(come(&host, "b/3").await, ["unread"]);
}

#[tokio::test(start_paused = true)]
async fn a_long_backlog_is_delivered_in_order_as_the_client_reads() {
    let host = host().await;
    host.run("a/1 online\n b exists").await;
    let text = "x".repeat(20_000);
    for number in 0..120 {
        host.run(&format!("a/1 → b: <body>{number} {text}</body>")).await;
    }
    host.run("b/1 connects\n b/1 → <presence/>").await;
    let mut got = Vec::new();
    while got.len() < 120 {
        got.extend(host.client("b/1").received());
        tokio::task::yield_now().await;
    }
    let numbers: Vec<String> =
        got.iter().map(|message| body(message).split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(numbers, (0..120).map(|number: i32| number.to_string()).collect::<Vec<_>>());
    assert!(got.iter().all(|message| id_of(message, B).is_some()));
}

#[tokio::test(start_paused = true)]
async fn beyond_the_quota_a_message_is_in_the_archive_and_accepted() {
    use stonechat_extension::test_host::PRESENCE;
    let all_of_them = [&PRESENCE, &stonechat_xep_offline::SERVER, &stonechat_xep_mam::SERVER];
    let host = TestHost::configured(&all_of_them, &[("offline", "max-messages = 1")]).await;
    host.run("a/1 online\n b exists\n a/1 → b: <body>1</body>\n a/1 → b: <body>2</body>\n a/1 ← nothing")
        .await;
    host.run("b/1 connects").await;
    assert_eq!(all(&host, "b/1").await.bodies(), ["1", "2"], "of strangers, too");
}

#[tokio::test(start_paused = true)]
async fn what_the_archive_has_deleted_does_not_come_any_more() {
    let host = configured("max-age-days = 1").await;
    host.run("a/1 online\n b exists\n a/1 → b: <body>old</body>\n b/1 connects").await;
    let archive = host.store().log("archive");
    archive.trim(&Owner::account(B), stonechat_store::Trim::KeepNewest(0), 10).await.unwrap();
    host.run("a/1 → b: <body>new</body>").await;
    assert_eq!(come(&host, "b/1").await, ["new"]);
}

/// So that nobody loses it although its sender hears nothing (RFC 6121 §8.5.3.2.1).
#[tokio::test(start_paused = true)]
async fn what_a_stranger_sends_to_a_resource_that_has_gone_is_in_the_archive() {
    let host = host().await;
    host.run(
        "a/1, b/1 online
         a/1 → <message id='1' to='b@example.org/gone'><body>x</body></message>
         a/1 ← nothing
         b/1 ← nothing",
    )
    .await;
    assert_eq!(all(&host, "b/1").await.bodies(), ["x"]);
}
