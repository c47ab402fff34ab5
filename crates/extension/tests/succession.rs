//! A session that takes the resource of another, which has been given messages that it does not write.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::sync::Arc;
use std::time::Duration;

use stonechat_extension::test_host::TestHost;
use stonechat_extension::{Ending, Letters, Mailbox, Session, Wire};
use stonechat_stanza::Stanza;
use tokio::time::Instant;

async fn bind(host: &TestHost) -> Arc<Session> {
    let mailbox = Mailbox::new(Wire::InStream, 1 << 20);
    host.host().bind(&host.jid("b"), Some("1"), mailbox, None).await.unwrap()
}

/// Takes all that is in the mailbox, as a connection does that is about to write it.
fn take(session: &Session) -> Vec<Stanza> {
    let mut letters = Letters::default();
    session.mailbox().take(&mut letters);
    letters.iter().map(|bytes| Stanza::parse(bytes).unwrap()).collect()
}

fn ids(stanzas: &[Stanza]) -> Vec<&str> {
    stanzas.iter().filter_map(Stanza::id).collect()
}

async fn send(host: &TestHost, id: &str) {
    host.client("a/1").send(&format!("<message type='chat' id='{id}' to='b@example.org/1'/>")).await;
}

#[tokio::test(start_paused = true)]
async fn the_successor_gets_what_the_connection_did_not_write_then_what_is_left_then_what_is_new() {
    let host = TestHost::with(&[]).await;
    host.run("a/1 online\n b exists").await;
    let old = bind(&host).await;
    send(&host, "1").await;
    send(&host, "2").await;
    let taken = take(&old);
    send(&host, "3").await;
    let new = bind(&host).await;
    assert_eq!(old.mailbox().ending(), Some(Ending::Conflict));
    assert!(old.has_ended());
    tokio::join!(send(&host, "4"), async {
        // The fourth waits by now.
        tokio::time::sleep(Duration::from_secs(1)).await;
        host.host().close_with(&old, taken).await;
    });
    assert_eq!(ids(&take(&new)), ["1", "2", "3", "4"]);
    host.run("a/1 ← nothing").await;
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_room_in_the_old_mailbox_comes_after_what_is_in_it() {
    let host = TestHost::with(&[]).await;
    host.run("a/1 online\n b exists").await;
    let old = bind(&host).await;
    let big = "x".repeat(600_000);
    host.client("a/1")
        .send(&format!("<message type='chat' id='1' to='b@example.org/1'><body>{big}</body></message>"))
        .await;
    let sender = host.client("a/1");
    let second = format!("<message type='chat' id='2' to='b@example.org/1'><body>{big}</body></message>");
    let (new, ()) = tokio::join!(
        async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            let new = bind(&host).await;
            host.host().close(&old).await;
            assert_eq!(ids(&take(&new)), ["1"]);
            new
        },
        sender.send(&second)
    );
    assert_eq!(ids(&take(&new)), ["2"]);
    host.run("a/1 ← nothing").await;
}

#[tokio::test(start_paused = true)]
async fn the_successor_waits_for_a_connection_that_does_not_end_no_longer_than_for_a_full_mailbox() {
    let host = TestHost::with(&[]).await;
    host.run("a/1 online\n b exists").await;
    let old = bind(&host).await;
    send(&host, "early").await;
    let begun = Instant::now();
    let new = bind(&host).await;
    assert_eq!(begun.elapsed(), Duration::ZERO, "nobody waits for the old one with binding");
    let available = Stanza::parse(b"<presence/>").unwrap();
    host.host().from_client(&new, available).await.unwrap();
    assert_eq!(begun.elapsed().as_secs(), 5);
    send(&host, "live").await;
    assert_eq!(begun.elapsed().as_secs(), 5);
    host.host().close(&old).await;
    assert_eq!(ids(&take(&new)), ["live", "early"], "late, but not lost");
}

#[tokio::test(start_paused = true)]
async fn what_the_successor_cannot_take_goes_back_with_all_that_follows_it() {
    let host = TestHost::with(&[]).await;
    host.run("a/1 online\n b exists").await;
    let old = bind(&host).await;
    send(&host, "1").await;
    let big = "x".repeat(1 << 20);
    let taken = take(&old);
    host.client("a/1")
        .send(&format!("<message type='chat' id='2' to='b@example.org/1'><body>{big}</body></message>"))
        .await;
    let mut unwritten = taken;
    unwritten.extend(take(&old));
    send(&host, "3").await;
    let new = bind(&host).await;
    host.host().close_with(&old, unwritten).await;
    assert_eq!(ids(&take(&new)), ["1"]);
    assert_eq!(ids(&host.client("a/1").received()), ["2", "3"]);
}

#[tokio::test(start_paused = true)]
async fn an_account_of_the_same_name_does_not_inherit_from_one_that_was_removed() {
    let host = TestHost::with(&[]).await;
    host.run("a/1 online\n b exists").await;
    let first = bind(&host).await;
    send(&host, "1").await;
    let second = bind(&host).await;
    assert!(host.host().remove_account(&host.jid("b")).await.unwrap());
    assert_eq!(second.mailbox().ending(), Some(Ending::AccountRemoved));
    host.run("b exists").await;
    let stranger = bind(&host).await;
    host.host().close(&first).await;
    assert_eq!(ids(&take(&stranger)), [""; 0]);
    assert_eq!(ids(&host.client("a/1").received()), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn of_several_replacements_the_last_one_inherits() {
    let host = TestHost::with(&[]).await;
    host.run("a/1 online\n b exists").await;
    let first = bind(&host).await;
    send(&host, "1").await;
    let second = bind(&host).await;
    let third = bind(&host).await;
    host.host().close(&first).await;
    host.host().close(&second).await;
    assert_eq!(ids(&take(&third)), ["1"]);
    host.run("a/1 ← nothing").await;
}

#[tokio::test(start_paused = true)]
async fn the_successor_gets_no_presence_and_no_copies_and_requests_come_back() {
    let host = TestHost::with(&[]).await;
    host.run("a/1 online\n b exists").await;
    let old = bind(&host).await;
    host.inject("<presence id='p' from='a@example.org/1' to='b@example.org/1'/>").await;
    host.inject("<message id='c' type='chat' from='b@example.org' to='b@example.org/1'/>").await;
    host.inject("<iq id='r' type='get' from='a@example.org/1' to='b@example.org/1'><q xmlns='x'/></iq>")
        .await;
    send(&host, "1").await;
    let new = bind(&host).await;
    host.host().close(&old).await;
    assert_eq!(ids(&take(&new)), ["1"]);
    assert_eq!(ids(&host.client("a/1").received()), ["r"]);
}
