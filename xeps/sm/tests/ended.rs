//! Who comes too late to resume (XEP-0198 §5, examples 14 and 30).

use stonechat_extension::login::{Claim, Login, Proof};
use stonechat_extension::test_host::{PRESENCE, TestHost};
use stonechat_stanza::Element;
use stonechat_xep_sm::SERVER;

/// A session of this client that waits for it, of whose stanzas so many were handled; its id.
async fn waiting(host: &TestHost, name: &str, handled: usize) -> String {
    let client = host.online(name).await;
    client.nonza("<enable xmlns='urn:xmpp:sm:3' resume='true' max='60'/>").await;
    host.settled().await;
    let enabled = client.next_nonza().expect("an answer");
    let id = enabled.attr("id").expect("it can be resumed").to_owned();
    for _ in 0..handled {
        client.send("<message to='nobody@example.org' type='headline'/>").await;
    }
    host.cut(name).await;
    id
}

/// Time passes until it waits no longer.
async fn too_late(host: &TestHost) {
    tokio::time::sleep(std::time::Duration::from_secs(61)).await;
    host.settled().await;
}

/// What a client is told that wants to resume.
async fn told(host: &TestHost, account: &str, id: &str) -> Element {
    let request = format!("<resume xmlns='urn:xmpp:sm:3' h='0' previd='{id}'/>");
    let requests = vec![request.parse().expect("an element")];
    let claim = Claim { requests, ..Claim::new(host.jid(account), "PLAIN") };
    let told = host.log_in("late/1", &Login { claim, proof: Proof::Password }).await;
    told.into_iter().find(|element| element.is("failed", "urn:xmpp:sm:3")).expect("it has failed")
}

async fn h(host: &TestHost, account: &str, id: &str) -> Option<String> {
    let failed = told(host, account, id).await;
    assert!(failed.children().any(|child| child.name() == "item-not-found"), "{failed:?}");
    failed.attr("h").map(str::to_owned)
}

#[tokio::test(start_paused = true)]
async fn who_comes_too_late_is_told_how_many_of_its_stanzas_were_handled() {
    let host = TestHost::with(&[&PRESENCE, &SERVER]).await;
    host.account("b").await;
    let id = waiting(&host, "a/1", 3).await;
    too_late(&host).await;
    assert_eq!(h(&host, "a", &id).await.as_deref(), Some("3"));
    // Nobody else is, nor who guesses.
    assert_eq!(h(&host, "b", &id).await, None);
    for guess in ["", "guessed", &"x".repeat(1000)] {
        assert_eq!(h(&host, "a", guess).await, None, "{guess}");
    }
}

#[tokio::test(start_paused = true)]
async fn it_is_remembered_after_a_restart_also_of_a_session_that_ended_then() {
    let host = TestHost::with(&[&PRESENCE, &SERVER]).await;
    let (first, second) = (waiting(&host, "a/1", 1).await, waiting(&host, "a/2", 2).await);
    host.settled().await;
    let host = host.killed_and_started().await;
    too_late(&host).await;
    assert_eq!(h(&host, "a", &first).await.as_deref(), Some("1"));
    let host = host.killed_and_started().await;
    assert_eq!(h(&host, "a", &second).await.as_deref(), Some("2"));
}

#[tokio::test(start_paused = true)]
async fn only_so_many_sessions_are_remembered_and_for_so_many_days() {
    let section = "remembered-sessions = 2\nremembered-days = 1";
    let host = TestHost::configured(&[&PRESENCE, &SERVER], &[("sm", section)]).await;
    let mut ids = Vec::new();
    for handled in 1..=3 {
        ids.push(waiting(&host, "a/1", handled).await);
        too_late(&host).await;
    }
    assert_eq!(h(&host, "a", &ids[0]).await, None);
    assert_eq!(h(&host, "a", &ids[1]).await.as_deref(), Some("2"));
    assert_eq!(h(&host, "a", &ids[2]).await.as_deref(), Some("3"));
    host.run("later 86401").await;
    assert_eq!(h(&host, "a", &ids[2]).await, None);
}

#[tokio::test(start_paused = true)]
async fn who_has_left_is_not_remembered_nor_is_anybody_where_that_is_off() {
    let host = TestHost::with(&[&PRESENCE, &SERVER]).await;
    let client = host.online("a/1").await;
    client.nonza("<enable xmlns='urn:xmpp:sm:3' resume='true'/>").await;
    host.settled().await;
    let id = client.next_nonza().and_then(|enabled| enabled.attr("id").map(str::to_owned)).expect("an id");
    host.disconnect("a/1").await;
    assert_eq!(h(&host, "a", &id).await, None);

    let host = TestHost::configured(&[&PRESENCE, &SERVER], &[("sm", "remembered-sessions = 0")]).await;
    let id = waiting(&host, "a/1", 1).await;
    too_late(&host).await;
    assert_eq!(h(&host, "a", &id).await, None);
}
