//! Tombstones (XEP-0424 §4, §5; version 0.3.0 of it).

mod common;

use common::{all, configured, host};
use stonechat_extension::test_host::TestHost;
use stonechat_stanza::Stanza;
use stonechat_xep_mam::{RETRACT, RETRACT_0};

const WRONG: &str = "<message to='b@example.org' type='chat' id='wrong-1'><body>Have not saints lips?</body>\
    <origin-id xmlns='urn:xmpp:sid:0' id='origin-1'/></message>";

fn by_id(to: &str) -> String {
    format!(
        "<message to='{to}' type='chat' id='retract-1'><retract id='wrong-1' xmlns='{RETRACT}'/>\
         <body>/me retracted a message</body><store xmlns='urn:xmpp:hints'/></message>"
    )
}

fn by_origin_id(to: &str) -> String {
    format!(
        "<message to='{to}' type='chat' id='retract-1'><apply-to id='origin-1' xmlns='urn:xmpp:fasten:0'>\
         <retract xmlns='{RETRACT_0}'/></apply-to><body>x</body></message>"
    )
}

/// What is archived of the first message.
async fn first(host: &TestHost, client: &str) -> Stanza {
    all(host, client).await.results[0].forwarded.stanza.clone()
}

#[tokio::test(start_paused = true)]
async fn a_tombstone_takes_the_place_of_what_its_author_retracts_in_both_archives() {
    for (retraction, ns) in [(by_id("b@example.org"), RETRACT), (by_origin_id("b@example.org/1"), RETRACT_0)]
    {
        let host = host().await;
        host.run("a/1, a/2, b/1 online").await;
        host.client("a/1").send(WRONG).await;
        host.run("later 60").await;
        // Another session of the author may.
        host.client("a/2").send(&retraction).await;
        for client in ["a/1", "b/1"] {
            let found = all(&host, client).await;
            assert_eq!(found.results.len(), 2, "the retraction is archived too");
            let rest = &found.results[0].forwarded.stanza;
            assert!(!rest.to_string().contains("saints"), "{rest}");
            assert_eq!((rest.id(), rest.from().unwrap().as_str()), (Some("wrong-1"), "a@example.org/1"));
            let retracted = rest.find(ns, "retracted").expect("a tombstone").element().unwrap();
            assert_eq!(retracted.attr("stamp"), Some("2026-01-01T12:01:00Z"));
            if ns == RETRACT {
                assert_eq!(retracted.attr("id"), Some("retract-1"));
            }
            let delay = found.results[0].forwarded.delay.as_ref().unwrap();
            assert_eq!(delay.stamp.to_string(), "2026-01-01T12:00:00Z");
        }
    }
}

/// §5: "only when both are received from the same bare-JID".
#[tokio::test(start_paused = true)]
async fn nobody_else_retracts_anything() {
    let host = host().await;
    host.run("a/1, b/1, c/1 online").await;
    host.client("a/1").send(WRONG).await;
    host.client("b/1").send(&by_id("a@example.org")).await;
    host.client("c/1").send(&by_id("b@example.org")).await;
    host.client("c/1").send(&by_origin_id("a@example.org")).await;
    host.client("a/1").send(&by_id("c@example.org")).await;
    for client in ["a/1", "b/1"] {
        assert!(first(&host, client).await.to_string().contains("saints"), "{client}");
    }
}

/// XEP-0308 §3: it is for clients to say what becomes of the text; the archive has what was sent.
#[tokio::test(start_paused = true)]
async fn a_correction_leaves_what_is_archived_whoever_sends_it() {
    let host = host().await;
    host.run("a/1, b/1, c/1 online").await;
    host.client("a/1").send(WRONG).await;
    for (client, to) in [("a/1", "b"), ("b/1", "a"), ("c/1", "b"), ("c/1", "a")] {
        let correction = format!(
            "<message to='{to}@example.org' type='chat' id='wrong-1'><body>x</body>\
             <replace id='wrong-1' xmlns='urn:xmpp:message-correct:0'/></message>"
        );
        host.client(client).send(&correction).await;
    }
    for client in ["a/1", "b/1"] {
        assert!(first(&host, client).await.to_string().contains("saints"), "{client}");
        assert_eq!(all(&host, client).await.results.len(), 4, "{client}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_recipient_is_retracted_too() {
    let host = host().await;
    host.run("a/1 online\n b exists").await;
    host.client("a/1").send(WRONG).await;
    host.client("a/1").send(&by_id("b@example.org")).await;
    host.run("b/1 connects\n b/1 → <presence/>").await;
    let received = host.client("b/1").received();
    assert_eq!(received.len(), 2);
    assert!(received[0].has(RETRACT, "retracted") && !received[0].to_string().contains("saints"));
    assert!(received[1].has(RETRACT, "retract"));
}

#[tokio::test(start_paused = true)]
async fn the_newest_of_several_is_meant_and_one_is_retracted_once() {
    let host = host().await;
    host.run("a/1, b/1 online").await;
    host.client("a/1").send(WRONG).await;
    host.client("a/1").send(WRONG).await;
    host.client("a/1").send(&by_id("b@example.org")).await;
    host.client("a/1").send(&by_id("b@example.org")).await;
    let found = all(&host, "b/1").await;
    let gone: Vec<bool> =
        found.results.iter().map(|result| result.forwarded.stanza.has(RETRACT, "retracted")).collect();
    assert_eq!(gone, [false, true, false, false]);
}

#[tokio::test(start_paused = true)]
async fn it_is_looked_for_among_the_last_messages_between_the_two() {
    for (depth, gone) in [(0, false), (3, false), (5, true)] {
        let host = configured(&format!("retraction-depth = {depth}")).await;
        host.run("a/1, b/1, c/1 online").await;
        host.client("a/1").send(WRONG).await;
        for _ in 0..3 {
            host.run("a/1 → b: <body>later</body>\n c/1 → b: <body>does not count</body>").await;
        }
        host.client("a/1").send(&by_id("b@example.org")).await;
        assert_eq!(first(&host, "b/1").await.has(RETRACT, "retracted"), gone, "{depth}");
    }
}
