//! XEP-0198, on the test host.

use std::sync::Arc;

use stonechat_extension::test_host::{PRESENCE, TestClient, TestHost, contract};
use stonechat_extension::{Ending, ResumeError};
use stonechat_stanza::{Element, ns};
use stonechat_xep_sm::{NS, SERVER};

const ENABLE: &str = "<enable xmlns='urn:xmpp:sm:3' resume='true'/>";
const R: &str = "<r xmlns='urn:xmpp:sm:3'/>";

async fn host() -> TestHost {
    TestHost::with(&[&PRESENCE, &SERVER]).await
}

/// Enables stream management, and gives the id of the session.
async fn enable(host: &TestHost, name: &str) -> String {
    let client = host.client(name);
    client.nonza(ENABLE).await;
    host.settled().await;
    let enabled = client.next_nonza().expect("an answer");
    assert_eq!(enabled.name(), "enabled", "{enabled:?}");
    enabled.attr("id").expect("an id").to_owned()
}

fn nonzas(client: &TestClient) -> Vec<Element> {
    std::iter::from_fn(|| client.next_nonza()).collect()
}

/// The counts that a client was told, without the requests for its own.
fn counts(client: &TestClient) -> Vec<String> {
    let all = nonzas(client);
    all.iter().filter(|e| e.name() == "a").map(|e| e.attr("h").unwrap_or("none").to_owned()).collect()
}

fn bodies(client: &TestClient) -> Vec<String> {
    let body = |stanza: &stonechat_stanza::Stanza| {
        let child = stanza.find(ns::CLIENT, "body")?;
        child.element().ok().map(|body| body.text())
    };
    client.received().iter().filter_map(body).collect()
}

async fn say(host: &TestHost, from: &str, to: &str, texts: &[&str]) {
    for text in texts {
        let to =
            to.split_once('/').map_or(format!("{to}@example.org"), |(a, r)| format!("{a}@example.org/{r}"));
        let message = format!("<message type='chat' to='{to}'><body>{text}</body></message>");
        host.client(from).send(&message).await;
    }
}

async fn ack(client: &Arc<TestClient>, h: u32) {
    client.nonza(&format!("<a xmlns='{NS}' h='{h}'/>")).await;
}

#[tokio::test(start_paused = true)]
async fn the_contract_of_extensions_holds() {
    contract::check(&[&SERVER]).await;
}

/// §3, examples 3 and 4.
#[tokio::test(start_paused = true)]
async fn who_may_resume_is_told_for_how_long_and_where() {
    let section = "resume-seconds = 120\nlocation = 'backup.example.net:9001'";
    let host = TestHost::configured(&[&PRESENCE, &SERVER], &[("sm", section)]).await;
    host.run("a/1, b/1, c/1 online").await;
    for (name, request, expected) in [
        ("a/1", "resume='true'", (Some("120"), Some("backup.example.net:9001"))),
        ("b/1", "resume='true' max='30'", (Some("30"), Some("backup.example.net:9001"))),
        ("c/1", "", (None, None)),
    ] {
        host.client(name).nonza(&format!("<enable xmlns='{NS}' {request}/>")).await;
        host.settled().await;
        let enabled = host.client(name).next_nonza().expect("an answer");
        assert_eq!((enabled.attr("max"), enabled.attr("location")), expected, "{enabled:?}");
    }
}

/// §4, example 7.
#[tokio::test(start_paused = true)]
async fn what_was_handled_is_acknowledged_and_stanzas_before_enabling_are_not_counted() {
    let host = host().await;
    host.run("a/1, b/1 online").await;
    say(&host, "a/1", "b/1", &["before"]).await;
    enable(&host, "a/1").await;
    let a = host.client("a/1");
    a.nonza(R).await;
    host.settled().await;
    assert_eq!(counts(&a), ["0"]);
    say(&host, "a/1", "b/1", &["1", "2"]).await;
    a.nonza(R).await;
    host.settled().await;
    assert_eq!(counts(&a), ["2"]);
    assert_eq!(bodies(&host.client("b/1")), ["before", "1", "2"]);
}

/// §3, example 6; §5.
#[tokio::test(start_paused = true)]
async fn what_is_out_of_place_fails_with_unexpected_request() {
    let host = host().await;
    host.run("a/1 online").await;
    let a = host.client("a/1");
    for early in [R, "<a xmlns='urn:xmpp:sm:3' h='0'/>", "<resume xmlns='urn:xmpp:sm:3' h='0' previd='x'/>"] {
        a.nonza(early).await;
        let failed = a.next_nonza().expect("an answer");
        assert!(failed.is("failed", NS) && failed.has_child("unexpected-request", ns::STANZAS), "{failed:?}");
    }
    enable(&host, "a/1").await;
    a.nonza(ENABLE).await;
    host.settled().await;
    let failed = a.next_nonza().expect("an answer");
    assert!(failed.is("failed", NS) && failed.has_child("unexpected-request", ns::STANZAS), "{failed:?}");
}

/// §6, example 17.
#[tokio::test(start_paused = true)]
async fn who_acknowledges_more_than_was_sent_is_told_and_disconnected() {
    let host = host().await;
    host.run("a/1, b/1 online").await;
    enable(&host, "b/1").await;
    say(&host, "a/1", "b/1", &["1"]).await;
    host.settled().await;
    let b = host.client("b/1");
    ack(&b, 1).await;
    assert_eq!(b.ending(), None);
    ack(&b, 2).await;
    let Some(Ending::Broke(element, text)) = b.ending() else { panic!("{:?}", b.ending()) };
    assert_eq!((element.attr("h"), element.attr("send-count")), (Some("2"), Some("1")));
    assert_eq!(text, "You acknowledged 2 stanzas, but I only sent you 1 so far.");
}

#[tokio::test(start_paused = true)]
async fn the_client_is_asked_once_for_what_was_written_and_again_when_it_has_answered() {
    let host = host().await;
    host.run("a/1, b/1 online").await;
    enable(&host, "b/1").await;
    let b = host.client("b/1");
    say(&host, "a/1", "b/1", &["1"]).await;
    host.settled().await;
    assert_eq!(nonzas(&b).len(), 1);
    say(&host, "a/1", "b/1", &["2"]).await;
    host.settled().await;
    assert_eq!(nonzas(&b).len(), 0, "it was asked already");
    ack(&b, 1).await;
    assert_eq!(nonzas(&b).len(), 1, "the second came behind the request");
    ack(&b, 2).await;
    assert_eq!(nonzas(&b).len(), 0);
}

/// §5.
#[tokio::test(start_paused = true)]
async fn who_resumes_gets_what_it_has_not_acknowledged_and_what_came_meanwhile() {
    let host = host().await;
    host.run("a/1, b/1 online").await;
    let id = enable(&host, "b/1").await;
    say(&host, "a/1", "b/1", &["1", "2"]).await;
    host.settled().await;
    assert_eq!(bodies(&host.client("b/1")), ["1", "2"]);
    host.cut("b/1").await;
    say(&host, "a/1", "b", &["3"]).await;
    host.settled().await;
    let b = host.resume("b/1", &id, 1).await.unwrap();
    let all = b.received();
    let texts: Vec<String> =
        all.iter().map(|s| s.find(ns::CLIENT, "body").unwrap().element().unwrap().text()).collect();
    assert_eq!(texts, ["2", "3"]);
    assert!(!all[0].has(ns::DELAY, "delay"));
    assert!(all[1].has(ns::DELAY, "delay"), "it had to wait");
    assert_eq!(host.client("a/1").received().len(), 0, "nobody was told that b was away");
    say(&host, "a/1", "b/1", &["4"]).await;
    host.settled().await;
    assert_eq!(bodies(&b), ["4"]);
    ack(&b, 4).await;
    assert_eq!(b.ending(), None);
}

/// §5, §7: neither another account nor a guess resumes a session.
#[tokio::test(start_paused = true)]
async fn only_the_account_itself_resumes_and_only_with_the_id() {
    let host = host().await;
    host.run("a/1, b/1 online").await;
    let id = enable(&host, "b/1").await;
    host.cut("b/1").await;
    assert_eq!(host.resume("a/2", &id, 0).await.err(), Some(ResumeError::NotFound));
    assert_eq!(host.resume("b/1", "guessed", 0).await.err(), Some(ResumeError::NotFound));
    let error = host.resume("b/1", &id, 9).await.err();
    assert!(matches!(error, Some(ResumeError::TooHigh(_))), "{error:?}");
    assert!(host.resume("b/1", &id, 0).await.is_ok());
    assert!(id.len() >= 32);
}

/// §4: what is left goes where messages go for somebody who is not there.
#[tokio::test(start_paused = true)]
async fn when_nobody_resumes_in_time_the_sender_hears_of_what_is_left() {
    let host = host().await;
    host.run("a/1, b/1 online").await;
    let id = enable(&host, "b/1").await;
    say(&host, "a/1", "b/1", &["1", "2"]).await;
    host.settled().await;
    let b = host.client("b/1");
    assert_eq!(bodies(&b), ["1", "2"]);
    ack(&b, 1).await;
    host.cut("b/1").await;
    tokio::time::sleep(std::time::Duration::from_secs(599)).await;
    assert_eq!(host.client("a/1").received().len(), 0);
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    host.settled().await;
    host.run(
        "a/1 ← <message type='error' from='b@example.org/1'><error type='cancel'/></message>
         a/1 ← nothing",
    )
    .await;
    assert_eq!(host.resume("b/1", &id, 1).await.err(), Some(ResumeError::NotFound));
    assert_eq!(host.host().session_count(), 1);
}

/// §5: "the server SHOULD send a 'conflict' stream error and close that stream".
#[tokio::test(start_paused = true)]
async fn a_session_that_is_resumed_elsewhere_leaves_its_old_connection() {
    let host = Arc::new(host().await);
    host.run("a/1, b/1 online").await;
    let id = enable(&host, "b/1").await;
    say(&host, "a/1", "b/1", &["1"]).await;
    host.settled().await;
    let old = host.client("b/1");
    let resuming = tokio::spawn({
        let host = Arc::clone(&host);
        async move { host.resume("b/1", &id, 0).await }
    });
    while old.ending().is_none() {
        tokio::task::yield_now().await;
    }
    assert_eq!(old.ending(), Some(Ending::Resumed));
    // What its connection does then.
    assert!(host.host().detach(old.session()));
    let new = resuming.await.unwrap().unwrap();
    assert_eq!(new.ending(), None);
    assert_eq!(bodies(&new), ["1"]);
    assert_eq!(host.host().session_count(), 2);
}

/// A promise of this crate.
#[tokio::test(start_paused = true)]
async fn a_session_survives_the_server() {
    let host = host().await;
    host.run("a/1, b/1 online").await;
    let a_id = enable(&host, "a/1").await;
    let b_id = enable(&host, "b/1").await;
    say(&host, "a/1", "b/1", &["1", "2", "3"]).await;
    host.client("a/1").nonza(R).await;
    host.settled().await;
    assert_eq!(counts(&host.client("a/1")), ["3"]);
    assert_eq!(bodies(&host.client("b/1")), ["1", "2", "3"]);
    ack(&host.client("b/1"), 1).await;
    host.settled().await;

    let host = host.killed_and_started().await;
    assert_eq!(host.host().session_count(), 2);
    let b = host.resume("b/1", &b_id, 2).await.unwrap();
    assert_eq!(bodies(&b), ["3"]);
    assert!(b.session().is_available(), "its presence is what it was");
    let a = host.resume("a/1", &a_id, 0).await.unwrap();
    assert_eq!(a.session().handled(), 3);
    say(&host, "a/1", "b/1", &["4"]).await;
    host.settled().await;
    assert_eq!(bodies(&b), ["4"]);
    ack(&b, 4).await;
    assert_eq!(b.ending(), None);
}

/// What was not durable when the server died was neither acknowledged nor delivered: the client sends it again, and it comes once.
#[tokio::test(start_paused = true)]
async fn what_was_not_written_before_a_crash_is_as_if_it_had_not_been_sent() {
    let host = host().await;
    host.run("a/1, b/1 online").await;
    let a_id = enable(&host, "a/1").await;
    let b_id = enable(&host, "b/1").await;
    say(&host, "a/1", "b/1", &["1"]).await;
    host.settled().await;
    assert_eq!(bodies(&host.client("b/1")), ["1"]);
    say(&host, "a/1", "b/1", &["2"]).await;
    assert_eq!(bodies(&host.client("b/1")), [""; 0], "not before it is durable");

    let host = host.killed_and_started().await;
    let a = host.resume("a/1", &a_id, 0).await.unwrap();
    assert_eq!(a.session().handled(), 1);
    let b = host.resume("b/1", &b_id, 1).await.unwrap();
    say(&host, "a/1", "b/1", &["2"]).await;
    host.settled().await;
    assert_eq!(bodies(&b), ["2"]);
}

/// What is left in the journal of a session that nobody resumes after a restart.
#[tokio::test(start_paused = true)]
async fn a_session_that_nobody_resumes_after_a_restart_ends_as_any_other() {
    let host = host().await;
    host.run("a/1, b/1 online").await;
    enable(&host, "b/1").await;
    say(&host, "a/1", "b/1", &["1"]).await;
    host.settled().await;
    let host = host.killed_and_started().await;
    host.run("a/1 online").await;
    tokio::time::sleep(std::time::Duration::from_secs(601)).await;
    host.settled().await;
    host.run("a/1 ← <message type='error' from='b@example.org/1'/>").await;
    assert_eq!(host.host().session_count(), 1);
    let host = host.killed_and_started().await;
    assert_eq!(host.host().session_count(), 0, "nothing of it is left");
}

/// §3: `max` is what both want.
#[tokio::test(start_paused = true)]
async fn a_session_waits_as_long_as_was_agreed() {
    let host = TestHost::configured(&[&PRESENCE, &SERVER], &[("sm", "resume-seconds = 100")]).await;
    host.run("a/1, b/1 online").await;
    let a = host.client("a/1");
    a.nonza("<enable xmlns='urn:xmpp:sm:3' resume='1' max='30'/>").await;
    host.settled().await;
    let enabled = a.next_nonza().unwrap();
    assert_eq!((enabled.attr("resume"), enabled.attr("max")), (Some("true"), Some("30")));
    host.cut("a/1").await;
    tokio::time::sleep(std::time::Duration::from_secs(31)).await;
    assert_eq!(host.host().session_count(), 1);
    let off = TestHost::configured(&[&SERVER], &[("sm", "resume-seconds = 0")]).await;
    off.run("a/1 connects").await;
    off.client("a/1").nonza(ENABLE).await;
    off.settled().await;
    let enabled = off.client("a/1").next_nonza().unwrap();
    assert_eq!((enabled.attr("resume"), enabled.attr("id")), (None, None), "example 10");
}

/// RFC 6120 §7.7.2.2: who binds the resource anew gets the messages of the session that nobody resumed.
#[tokio::test(start_paused = true)]
async fn who_binds_the_resource_anew_gets_what_was_left() {
    let host = host().await;
    host.run("a/1, b/1 online").await;
    enable(&host, "b/1").await;
    say(&host, "a/1", "b/1", &["1", "2"]).await;
    host.settled().await;
    ack(&host.client("b/1"), 1).await;
    host.cut("b/1").await;
    host.run("b/1 connects").await;
    assert_eq!(bodies(&host.client("b/1")), ["2"]);
    assert_eq!(host.host().session_count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_session_without_a_connection_holds_up_nobody() {
    let host = TestHost::configured(&[&PRESENCE, &SERVER], &[("sm", "unacknowledged-bytes = 65536")]).await;
    host.run("a/1, b/1 online").await;
    enable(&host, "b/1").await;
    host.cut("b/1").await;
    let text = "x".repeat(40_000);
    let before = tokio::time::Instant::now();
    say(&host, "a/1", "b/1", &[&text, &text, &text]).await;
    assert!(before.elapsed().as_millis() < 1_000);
    let errors = host.client("a/1").received();
    assert_eq!(errors.len(), 2, "what does not fit is undelivered");
}

#[tokio::test(start_paused = true)]
async fn an_account_with_as_many_sessions_as_it_may_have_gives_up_one_that_waits() {
    let host = host().await;
    for n in 0..32 {
        host.run(&format!("a/{n} connects")).await;
    }
    enable(&host, "a/7").await;
    host.cut("a/7").await;
    assert_eq!(host.host().session_count(), 32);
    host.run("a/new connects").await;
    assert_eq!(host.host().session_count(), 32);
}

#[tokio::test(start_paused = true)]
async fn without_resumption_what_is_left_is_seen_to_when_the_connection_breaks() {
    let host = host().await;
    host.run("a/1, b/1 online").await;
    host.client("b/1").nonza("<enable xmlns='urn:xmpp:sm:3'/>").await;
    say(&host, "a/1", "b/1", &["1", "2"]).await;
    host.settled().await;
    let b = host.client("b/1");
    assert_eq!(bodies(&b), ["1", "2"]);
    ack(&b, 1).await;
    host.cut("b/1").await;
    assert_eq!(host.client("a/1").received().len(), 1);
    assert_eq!(host.host().session_count(), 1);
}
