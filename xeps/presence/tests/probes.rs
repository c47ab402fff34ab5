//! RFC 6121 §4.3 and §4.6.6, as conversations.

mod common;

use common::{befriend, host, is, item, subscribe};

#[tokio::test(start_paused = true)]
async fn a_subscriber_gets_the_last_presence_of_each_session_with_its_id() {
    let host = host().await;
    subscribe(&host, "romeo", "juliet").await;
    host.run(
        "juliet/balcony, juliet/chamber, romeo/1 online
         juliet/balcony → <presence id='j1'><show>away</show><status>stay but a little</status></presence>
         juliet/chamber → <presence id='j2'/>
         romeo/1 forgets
         romeo/1 → <presence id='ign291v5' to='juliet@example.org' type='probe'/>
         romeo/1 ← <presence from='juliet@example.org/balcony' id='j1'><show>away</show><status>stay but a little</status></presence>
         romeo/1 ← <presence from='juliet@example.org/chamber' id='j2'/>
         romeo/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_server_probes_from_the_bare_jid_and_is_answered_there() {
    let host = host().await;
    subscribe(&host, "romeo", "juliet").await;
    host.run("juliet/1, romeo/1, romeo/2 online\n romeo/1, romeo/2 forget").await;
    host.inject("<presence id='p' from='romeo@example.org' to='juliet@example.org' type='probe'/>").await;
    host.run(
        "romeo/1 ← <presence from='juliet@example.org/1' to='romeo@example.org'/>
         romeo/2 ← <presence from='juliet@example.org/1'/>
         romeo/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_learns_since_when_nobody_is_there() {
    let host = host().await;
    subscribe(&host, "romeo", "juliet").await;
    host.run(
        "juliet/1 online
         juliet/1 disconnects
         later 60
         romeo/1 online
         romeo/1 → <presence id='ign291v5' to='juliet@example.org' type='probe'/>
         romeo/1 ← <presence from='juliet@example.org' to='romeo@example.org/1' id='ign291v5' type='unavailable'><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T12:00:00Z'/></presence>
         romeo/1 ← nothing
         # connected, but not available
         juliet/2 connects
         romeo/1 → <presence id='2' to='juliet@example.org' type='probe'/>
         romeo/1 ← <presence from='juliet@example.org' id='2' type='unavailable'/>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn everybody_else_gets_the_same_answer_from_online_offline_and_missing_accounts() {
    let host = host().await;
    // A subscription in the other direction gives no right.
    subscribe(&host, "online", "asker").await;
    host.run("offline exists\n online/1, asker/1 online").await;
    host.client("asker/1").send("<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>").await;
    let mut answers = Vec::new();
    for name in ["online", "offline", "missing"] {
        for resource in ["", "/1", "/2"] {
            // Who has asked is shown the answer.
            host.run(&format!(
                "asker/1 → <presence to='{name}@example.org' type='subscribe'/>
                 asker/1 forgets
                 asker/1 → <presence id='p' to='{name}@example.org{resource}' type='probe'/>"
            ))
            .await;
            let received = host.client("asker/1").received();
            let presence = received.iter().filter(|stanza| stanza.kind().name() == "presence");
            let texts: Vec<String> =
                presence.map(|stanza| stanza.to_string().replace(name, "somebody")).collect();
            answers.push(texts);
        }
    }
    assert_eq!(answers[0].len(), 1);
    for part in ["type='unsubscribed'", "id='p'", "from='somebody@example.org'", "to='asker@example.org'"] {
        assert!(answers[0][0].contains(part), "{answers:?}");
    }
    assert!(answers.iter().all(|other| *other == answers[0]), "{answers:?}");
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_probes_one_session_learns_that_it_is_there_and_nothing_else() {
    let host = host().await;
    subscribe(&host, "romeo", "juliet").await;
    host.run(
        "juliet/1, juliet/2, romeo/1 online
         juliet/1 → <presence><show>away</show></presence>
         romeo/1 forgets
         romeo/1 → <presence to='juliet@example.org/1' type='probe'/>",
    )
    .await;
    let answers = host.client("romeo/1").received();
    assert_eq!(answers.len(), 1);
    assert_eq!(
        answers[0].from().map(|from| from.as_str().to_owned()).as_deref(),
        Some("juliet@example.org/1")
    );
    assert_eq!(answers[0].children().count(), 0);
    host.run(
        "romeo/1 → <presence id='x' to='juliet@example.org/3' type='probe'/>
         romeo/1 ← <presence from='juliet@example.org/3' id='x' type='unavailable'/>
         romeo/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn whoever_got_directed_presence_may_probe_that_session_only() {
    let host = host().await;
    host.run(
        "juliet/1, juliet/2, mercutio/1 online
         juliet/1 → <presence to='mercutio@example.org/1'><status>secret</status></presence>
         mercutio/1 forgets
         mercutio/1 → <presence to='juliet@example.org/1' type='probe'/>",
    )
    .await;
    let answer = host.client("mercutio/1").next().expect("an answer");
    assert_eq!((answer.children().count(), answer.from().map(|from| from.is_full())), (0, Some(true)));
    host.run(
        "mercutio/1 → <presence to='juliet@example.org/2' type='probe'/>
         mercutio/1 → <presence to='juliet@example.org' type='probe'/>
         mercutio/1 ← nothing
         juliet/1 → <presence to='mercutio@example.org/1' type='unavailable'/>
         mercutio/1 ← <presence from='juliet@example.org/1' type='unavailable'/>
         mercutio/1 → <presence to='juliet@example.org/1' type='probe'/>
         mercutio/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_probe_by_a_client_is_never_an_error() {
    let host = host().await;
    host.run(
        "a/1 online
         a/1 → <presence type='probe'/>
         a/1 ← nothing
         a/1 → <presence type='probe' to='example.org'/>
         a/1 ← nothing
         a/1 → <presence type='probe' to='a@example.org'/>
         a/1 ← <presence from='a@example.org/1'/>
         a/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_login_repairs_a_subscription_that_the_contact_does_not_know_of() {
    let host = host().await;
    befriend(&host, "a", "b").await;
    // The contact's server has lost it, as after a restored backup.
    host.run("a/1 online").await;
    host.store().erase(&stonechat_store::Owner::account("b@example.org")).await.expect("it is erased");
    host.run("b/1 online\n a/1 disconnects\n a/2 online").await;
    assert_eq!(item(&host, "a", "b").await, is("from", false, false));
}

#[tokio::test(start_paused = true)]
async fn a_denied_probe_leaves_a_pre_approval() {
    let host = host().await;
    host.run(
        "a/1, b/1 online
         a/1 → <presence to='b@example.org' type='subscribed'/>
         b/1 → <presence to='a@example.org' type='probe'/>
         b/1 → <presence type='unavailable'/>",
    )
    .await;
    assert_eq!(item(&host, "a", "b").await, is("none", false, true));
}
