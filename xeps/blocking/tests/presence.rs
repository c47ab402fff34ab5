//! XEP-0191 §3.3 and §3.4: a blocked contact sees an account that has gone offline, until it is unblocked.

mod common;

use common::{befriend, block, host, list, unblock};

#[tokio::test(start_paused = true)]
async fn a_contact_who_is_blocked_sees_all_sessions_go_and_nothing_after_that() {
    let host = host().await;
    befriend(&host, "juliet", "romeo").await;
    host.run("juliet/1, juliet/2, romeo/1, mercutio/1 online\n juliet/1, romeo/1 forget").await;
    block(&host, "juliet/1", &["romeo@example.org", "mercutio@example.org"]).await;
    host.run(
        "romeo/1 ← <presence type='unavailable' from='juliet@example.org/1'/>
         romeo/1 ← <presence type='unavailable' from='juliet@example.org/2'/>
         juliet/1 → <presence><show>away</show></presence>
         juliet/1 → <presence type='unavailable'/>
         juliet/1 → <presence/>
         juliet/2 disconnects
         juliet/1 disconnects
         juliet/3 online
         romeo/1 ← nothing
         # not even at a login of his own
         romeo/2 connects
         romeo/2 → <presence/>
         romeo/2 ← <presence from='romeo@example.org/2'/>
         romeo/2 ← <presence from='romeo@example.org/1'/>
         romeo/2 ← nothing
         # who may not see is not told
         mercutio/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn the_user_gets_no_presence_of_a_blocked_contact() {
    let host = host().await;
    befriend(&host, "juliet", "romeo").await;
    host.run("juliet/1, romeo/1 online").await;
    block(&host, "juliet/1", &["romeo@example.org"]).await;
    host.run(
        "juliet/1 forgets
         romeo/1 → <presence><show>away</show></presence>
         romeo/2 online
         romeo/2 disconnects
         juliet/1 ← nothing
         juliet/2 connects
         juliet/2 → <presence/>
         juliet/2 ← <presence from='juliet@example.org/2'/>
         juliet/2 ← <presence from='juliet@example.org/1'/>
         juliet/2 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_contact_who_is_unblocked_sees_the_present_presence_and_is_seen() {
    let host = host().await;
    befriend(&host, "juliet", "romeo").await;
    host.run("juliet/1, romeo/1 online").await;
    block(&host, "juliet/1", &["romeo@example.org"]).await;
    host.run(
        "juliet/1 → <presence><show>dnd</show></presence>
         romeo/1 → <presence><show>xa</show></presence>
         juliet/1, romeo/1 forget",
    )
    .await;
    unblock(&host, "juliet/1", &["romeo@example.org"]).await;
    host.run(
        "romeo/1 ← <presence from='juliet@example.org/1'><show>dnd</show></presence>
         romeo/1 ← nothing
         juliet/1 ← <presence from='romeo@example.org/1'><show>xa</show></presence>
         juliet/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_has_gone_meanwhile_is_seen_to_be_gone() {
    let host = host().await;
    befriend(&host, "juliet", "romeo").await;
    host.run("juliet/1, romeo/1 online").await;
    block(&host, "juliet/1", &["romeo@example.org"]).await;
    host.run("romeo/1 disconnects\n juliet/1 forgets").await;
    unblock(&host, "juliet/1", &[]).await;
    host.run("juliet/1 ← <presence type='unavailable' from='romeo@example.org'/>\n juliet/1 ← nothing").await;
}

#[tokio::test(start_paused = true)]
async fn one_item_of_two_that_cover_a_contact_is_enough_to_hide() {
    let host = host().await;
    befriend(&host, "juliet", "romeo").await;
    host.run("juliet/1, romeo/1 online\n romeo/1 forgets").await;
    block(&host, "juliet/1", &["romeo@example.org"]).await;
    host.run("romeo/1 ← <presence type='unavailable'/>").await;
    block(&host, "juliet/1", &["example.org"]).await;
    unblock(&host, "juliet/1", &["romeo@example.org"]).await;
    host.run("romeo/1 ← nothing\n juliet/1 → <presence/>\n romeo/1 ← nothing").await;
    unblock(&host, "juliet/1", &["example.org"]).await;
    host.run("romeo/1 ← <presence from='juliet@example.org/1'/>\n romeo/1 ← nothing").await;
}

#[tokio::test(start_paused = true)]
async fn one_resource_alone_can_be_blocked() {
    let host = host().await;
    befriend(&host, "juliet", "romeo").await;
    host.run("juliet/1, romeo/1, romeo/2 online\n romeo/1, romeo/2 forget").await;
    block(&host, "juliet/1", &["romeo@example.org/1"]).await;
    host.run(
        "romeo/1 ← <presence type='unavailable' from='juliet@example.org/1'/>
         romeo/1 ← nothing
         romeo/2 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_got_directed_presence_is_told_once() {
    let host = host().await;
    host.run(
        "juliet/1, guest/1 online
         juliet/1 → <presence to='guest@example.org/1'/>
         guest/1 ← <presence from='juliet@example.org/1'/>",
    )
    .await;
    block(&host, "juliet/1", &["guest@example.org"]).await;
    host.run(
        "guest/1 ← <presence type='unavailable' from='juliet@example.org/1'/>
         juliet/1 disconnects
         guest/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_contact_that_is_removed_while_it_is_blocked_hears_nothing_of_it() {
    let host = host().await;
    befriend(&host, "juliet", "romeo").await;
    host.run("juliet/1, romeo/1 online").await;
    block(&host, "juliet/1", &["romeo@example.org"]).await;
    host.run("romeo/1 forgets").await;
    let remove = "<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='romeo@example.org' subscription='remove'/></query></iq>";
    host.client("juliet/1").ask(remove).await;
    host.run("romeo/1 ← nothing").await;
    assert_eq!(list(&host, "juliet/1").await, ["romeo@example.org"]);
}
