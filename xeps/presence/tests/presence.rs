//! RFC 6121 §4.2, §4.4, §4.5 and §4.7, as conversations.

mod common;

use common::{befriend, host, restarted, sorted, subscribe};
use stonechat_extension::test_host::contract;
use stonechat_xep_presence::SERVER;

#[tokio::test(start_paused = true)]
async fn it_keeps_the_contract_of_extensions() {
    contract::check(&[&SERVER, &stonechat_xep_roster::SERVER]).await;
}

#[tokio::test(start_paused = true)]
async fn a_value_out_of_range_stops_the_start() {
    let extensions = [&SERVER, &stonechat_xep_roster::SERVER];
    let store = host().await.store().clone();
    let started = stonechat_extension::test_host::TestHost::on(
        store,
        &extensions,
        &[("presence", "directed = 1000000")],
    );
    assert!(started.await.expect_err("refused").to_string().contains("directed"));
}

#[tokio::test(start_paused = true)]
async fn initial_presence_goes_to_subscribers_and_own_sessions_and_brings_theirs() {
    let host = host().await;
    subscribe(&host, "romeo", "juliet").await;
    befriend(&host, "juliet", "benvolio").await;
    subscribe(&host, "juliet", "nurse").await;
    host.run(
        "romeo/1, benvolio/1, nurse/1, stranger/1, juliet/chamber online
         nurse/1 → <presence><status>busy</status></presence>
         romeo/1, benvolio/1, nurse/1, juliet/chamber forget
         juliet/balcony connects
         juliet/balcony → <presence id='i'><show>away</show><x xmlns='urn:x'/></presence>
         # from: Romeo and Benvolio, not the nurse, who is not subscribed
         romeo/1 ← <presence from='juliet@example.org/balcony' to='romeo@example.org' id='i'><show>away</show><x xmlns='urn:x'/></presence>
         benvolio/1 ← <presence from='juliet@example.org/balcony' to='benvolio@example.org' id='i'/>
         nurse/1 ← nothing
         stranger/1 ← nothing
         romeo/1 ← nothing
         juliet/chamber ← <presence from='juliet@example.org/balcony' id='i'><show>away</show></presence>
         juliet/chamber ← nothing
         # its own, the other session's, the contacts'
         juliet/balcony ← <presence from='juliet@example.org/balcony' id='i'/>
         juliet/balcony ← <presence from='juliet@example.org/chamber'/>
         juliet/balcony ← <presence from='benvolio@example.org/1'/>
         juliet/balcony ← <presence from='nurse@example.org/1'><status>busy</status></presence>
         juliet/balcony ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn later_presence_is_broadcast_and_brings_nothing_back() {
    let host = host().await;
    befriend(&host, "a", "b").await;
    host.run(
        "a/1, a/2, b/1 online
         a/1, a/2, b/1 forget
         a/1 → <presence><show>dnd</show></presence>
         b/1 ← <presence from='a@example.org/1' to='b@example.org'><show>dnd</show></presence>
         b/1 ← nothing
         a/2 ← <presence from='a@example.org/1'><show>dnd</show></presence>
         a/2 ← nothing
         a/1 ← <presence from='a@example.org/1'><show>dnd</show></presence>
         a/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn connected_sessions_that_are_not_available_get_no_presence() {
    let host = host().await;
    befriend(&host, "a", "b").await;
    host.run("b/1 connects\n a/1 online\n a/1 → <presence><show>xa</show></presence>\n b/1 ← nothing").await;
}

#[tokio::test(start_paused = true)]
async fn unavailable_presence_is_broadcast_whole_also_to_the_session_itself() {
    let host = host().await;
    befriend(&host, "a", "b").await;
    host.run(
        "a/1, a/2, b/1 online
         a/1, a/2, b/1 forget
         a/1 → <presence type='unavailable' id='u'><status>gone home</status></presence>
         b/1 ← <presence from='a@example.org/1' to='b@example.org' type='unavailable' id='u'><status>gone home</status></presence>
         a/2 ← <presence from='a@example.org/1' type='unavailable'><status>gone home</status></presence>
         a/1 ← <presence from='a@example.org/1' type='unavailable'/>
         a/1 ← nothing
         # nothing twice when the connection ends too
         a/1 disconnects
         b/1 ← nothing
         a/2 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_is_lost_becomes_unavailable() {
    let host = host().await;
    befriend(&host, "a", "b").await;
    host.run(
        "a/1, a/2, b/1 online
         a/2, b/1 forget
         a/1 disconnects
         b/1 ← <presence from='a@example.org/1' to='b@example.org' type='unavailable'/>
         b/1 ← nothing
         a/2 ← <presence from='a@example.org/1' type='unavailable'/>
         a/2 disconnects
         b/1 ← <presence from='a@example.org/2' type='unavailable'/>
         b/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_loses_its_resource_to_another_becomes_unavailable() {
    let host = host().await;
    befriend(&host, "a", "b").await;
    host.run(
        "a/1, b/1 online
         b/1 forgets
         a/1 connects
         b/1 ← <presence from='a@example.org/1' type='unavailable'/>
         a/1 → <presence/>
         b/1 ← <presence from='a@example.org/1' to='b@example.org'/>
         b/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn presence_after_unavailable_presence_is_initial_again() {
    let host = host().await;
    befriend(&host, "a", "b").await;
    host.run(
        "a/1, b/1 online
         a/1 → <presence type='unavailable'/>
         b/1 → <presence><show>chat</show></presence>
         a/1, b/1 forget
         a/1 → <presence/>
         b/1 ← <presence from='a@example.org/1'/>
         a/1 ← <presence from='a@example.org/1'/>
         a/1 ← <presence from='b@example.org/1'><show>chat</show></presence>
         a/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_priority_that_is_none_is_a_bad_request_and_changes_nothing() {
    let host = host().await;
    befriend(&host, "a", "b").await;
    host.run("a/1 connects\n b/1 online").await;
    for priority in ["128", "-129", "high", ""] {
        host.run(&format!(
            "a/1 → <presence id='p'><priority>{priority}</priority></presence>
             a/1 ← <presence id='p' type='error'><error><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
             b/1 ← nothing"
        ))
        .await;
    }
    assert_eq!(host.client("a/1").session().priority(), None);
    for priority in [-128_i8, -1, 0, 127] {
        host.client("a/1").send(&format!("<presence><priority>{priority}</priority></presence>")).await;
        assert_eq!(host.client("a/1").session().priority(), Some(priority));
    }
}

#[tokio::test(start_paused = true)]
async fn a_type_that_is_none_is_a_bad_request() {
    let host = host().await;
    host.run(
        "a/1 connects
         a/1 → <presence type='available' id='p'/>
         a/1 ← <presence id='p' type='error'><error><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
    )
    .await;
    assert!(!host.client("a/1").session().is_available());
}

#[tokio::test(start_paused = true)]
async fn subscriptions_outlive_a_restart() {
    let first = host().await;
    befriend(&first, "a", "b").await;
    let second = restarted(&first).await;
    second
        .run(
            "a/1, b/1 connect
             a/1 → <presence/>
             a/1 ← <presence from='a@example.org/1'/>
             a/1 ← nothing
             b/1 → <presence/>
             a/1 ← <presence from='b@example.org/1'/>
             b/1 ← <presence from='b@example.org/1'/>
             b/1 ← <presence from='a@example.org/1'/>
             b/1 ← nothing",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_broadcast_reaches_everybody_with_the_payload_as_it_was_sent() {
    let host = host().await;
    befriend(&host, "a", "b").await;
    befriend(&host, "a", "c").await;
    host.run("b/1, c/1, a/1 online\n b/1, c/1 forget").await;
    let payload = "<x xmlns='urn:x' y=\"'\">&lt;<z/></x>";
    host.client("a/1").send(&format!("<presence>{payload}</presence>")).await;
    for name in ["b", "c"] {
        let received = host.client(&format!("{name}/1")).next().expect("the presence");
        assert_eq!(received.payload_bytes(), payload.as_bytes());
        assert_eq!(received.to().map(|to| to.as_str().to_owned()), Some(format!("{name}@example.org")));
    }
}

#[tokio::test(start_paused = true)]
async fn everybody_sees_the_same_whoever_comes_first() {
    let host = host().await;
    befriend(&host, "a", "b").await;
    host.run("a/1 online\n b/1 online\n a/1 disconnects\n b/1 disconnects\n b/1 connects\n a/1 connects\n b/1 → <presence/>\n a/1 → <presence/>").await;
    let about = |stanzas: Vec<stonechat_stanza::Stanza>, who: &str| {
        let about =
            stanzas.into_iter().filter(|stanza| stanza.from().is_some_and(|from| from.as_str() == who));
        sorted(about.collect()).len()
    };
    assert_eq!(about(host.client("a/1").received(), "b@example.org/1"), 1);
    assert_eq!(about(host.client("b/1").received(), "a@example.org/1"), 1);
}
