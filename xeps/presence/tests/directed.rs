//! RFC 6121 §4.6, as conversations.

mod common;

use common::{configured, host, subscribe};

#[tokio::test(start_paused = true)]
async fn directed_presence_is_delivered_and_followed_by_the_end_of_the_session_but_by_no_broadcast() {
    let host = host().await;
    host.run(
        "a/1, b/1, b/2 online
         b/1, b/2 forget
         a/1 → <presence to='b@example.org/1'><show>chat</show></presence>
         b/1 ← <presence from='a@example.org/1' to='b@example.org/1'><show>chat</show></presence>
         b/2 ← nothing
         a/1 → <presence><show>dnd</show></presence>
         b/1 ← nothing
         a/1 → <presence type='unavailable'><status>bye</status></presence>
         b/1 ← <presence from='a@example.org/1' to='b@example.org/1' type='unavailable'><status>bye</status></presence>
         b/1 ← nothing
         b/2 ← nothing
         # the list is empty now
         a/1 disconnects
         b/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_lost_session_tells_those_who_got_directed_presence() {
    let host = host().await;
    host.run(
        "a/1, b/1, c/1 online
         a/1 → <presence to='b@example.org'/>
         a/1 → <presence to='c@example.org'/>
         a/1 → <presence to='c@example.org' type='unavailable'/>
         b/1, c/1 forget
         a/1 disconnects
         b/1 ← <presence from='a@example.org/1' to='b@example.org' type='unavailable'/>
         b/1 ← nothing
         c/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_session_that_never_was_available_tells_them_too() {
    let host = host().await;
    subscribe(&host, "b", "a").await;
    host.run(
        "b/1 online
         a/1 connects
         a/1 → <presence to='b@example.org/1'/>
         b/1 ← <presence from='a@example.org/1'/>
         a/1 disconnects
         b/1 ← <presence from='a@example.org/1' type='unavailable'/>
         b/1 ← nothing
         a/2 connects
         a/2 → <presence to='b@example.org/1'/>
         b/1 forgets
         a/2 → <presence type='unavailable'><status>no</status></presence>
         b/1 ← <presence from='a@example.org/2' type='unavailable'><status>no</status></presence>
         a/2 disconnects
         b/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_gets_the_end_of_the_session_once() {
    let host = host().await;
    subscribe(&host, "b", "a").await;
    host.run(
        "a/1, b/1 online
         a/1 → <presence to='b@example.org'><status>only you</status></presence>
         b/1 forgets
         # rule 1: the contact stays in the broadcast
         a/1 → <presence><show>xa</show></presence>
         b/1 ← <presence from='a@example.org/1'><show>xa</show></presence>
         a/1 disconnects
         b/1 ← <presence from='a@example.org/1' type='unavailable'/>
         b/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_becomes_unavailable_gets_no_more_word() {
    let host = host().await;
    host.run(
        "a/1, b/1 online
         a/1 → <presence to='b@example.org/1'/>
         b/1 → <presence to='a@example.org/1' type='unavailable'/>
         b/1 forgets
         a/1 disconnects
         b/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_subscriber_who_also_got_directed_presence_sees_the_session_go() {
    let host = host().await;
    subscribe(&host, "b", "a").await;
    host.run(
        "b/1 online
         a/1 connects
         a/1 → <presence to='b@example.org/1'/>
         b/1 forgets
         a/1 → <presence to='b@example.org' type='unsubscribed'/>
         b/1 ← <presence from='a@example.org/1' type='unavailable'/>
         a/1 disconnects
         b/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_number_of_those_who_get_directed_presence_is_limited() {
    let host = configured("directed = 2").await;
    host.run(
        "a/1, b/1, c/1, d/1 online
         a/1 → <presence to='b@example.org'/>
         a/1 → <presence to='c@example.org'/>
         a/1 → <presence to='c@example.org'/>
         a/1 ← nothing
         d/1 forgets
         a/1 → <presence id='3' to='d@example.org'/>
         a/1 ← <presence id='3' from='d@example.org' type='error'><error><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
         d/1 ← nothing
         a/1 → <presence to='b@example.org' type='unavailable'/>
         a/1 → <presence to='d@example.org'/>
         d/1 ← <presence from='a@example.org/1'/>",
    )
    .await;
}
