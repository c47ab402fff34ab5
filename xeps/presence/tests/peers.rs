//! RFC 6121 §3 and §4 where one of the two is at another server, as conversations: also with stanzas that are lost and that come again.

mod common;

use common::{host, is};
use stonechat_extension::test_host::TestHost;

async fn federated() -> TestHost {
    let host = host().await;
    host.federate();
    host
}

/// What the roster of `a` says of `b@example.net`.
async fn standing(host: &TestHost) -> Option<(String, bool, bool)> {
    let client = host.connect("a/roster").await;
    let answer = client.ask("<iq type='get' id='get'><query xmlns='jabber:iq:roster'/></iq>").await;
    host.disconnect("a/roster").await;
    let query: stonechat_xep_roster::Query = answer.get().expect("a roster").expect("a query");
    let item = query.items.into_iter().find(|item| item.jid.as_str() == "b@example.net")?;
    Some((item.subscription.to_string(), item.ask, item.approved))
}

#[tokio::test(start_paused = true)]
async fn a_subscription_goes_both_ways() {
    let host = federated().await;
    host.run(
        "a/1 online
         a/1 → <presence id='1' to='b@example.net/x' type='subscribe'/>
         peer ← <presence id='1' from='a@example.org' to='b@example.net' type='subscribe'/>
         peer → <presence id='1' from='b@example.net' to='a@example.org' type='subscribed'/>
         peer → <presence from='b@example.net/x' to='a@example.org'><show>away</show></presence>
         a/1 ← <presence from='b@example.net/x'><show>away</show></presence>
         peer → <presence id='2' from='b@example.net' to='a@example.org' type='subscribe'/>
         a/1 ← <presence id='2' from='b@example.net' to='a@example.org' type='subscribe'/>
         a/1 → <presence id='2' to='b@example.net' type='subscribed'/>
         peer ← <presence id='2' from='a@example.org' to='b@example.net' type='subscribed'/>
         peer ← <presence from='a@example.org/1' to='b@example.net'/>
         peer ← nothing",
    )
    .await;
    assert_eq!(standing(&host).await, is("both", false, false));
}

async fn befriended() -> TestHost {
    let host = federated().await;
    host.run(
        "a/1 online
         a/1 → <presence to='b@example.net' type='subscribe'/>
         peer → <presence from='b@example.net' to='a@example.org' type='subscribed'/>
         peer → <presence from='b@example.net' to='a@example.org' type='subscribe'/>
         a/1 → <presence to='b@example.net' type='subscribed'/>
         a/1 forgets
         a/1 disconnects",
    )
    .await;
    while host.to_peer().is_some() {}
    host
}

/// §4.2.2, §4.4.2, §4.5.2.
#[tokio::test(start_paused = true)]
async fn who_comes_changes_and_goes_is_told_to_the_peer_and_asks_who_is_there() {
    befriended()
        .await
        .run(
            "a/2 connects
             a/2 → <presence/>
             peer ← <presence from='a@example.org/2' to='b@example.net'/>
             peer ← <presence from='a@example.org' to='b@example.net' type='probe'/>
             peer → <presence from='b@example.net/x' to='a@example.org'/>
             a/2 → <presence><show>dnd</show></presence>
             peer ← <presence from='a@example.org/2' to='b@example.net'><show>dnd</show></presence>
             a/2 disconnects
             peer ← <presence from='a@example.org/2' to='b@example.net' type='unavailable'/>
             peer ← nothing",
        )
        .await;
}

/// §4.3.2.
#[tokio::test(start_paused = true)]
async fn a_probe_of_a_peer_is_answered_as_it_may_see() {
    befriended()
        .await
        .run(
            "a/2 online
             peer ← <presence from='a@example.org/2'/>
             peer ← <presence type='probe'/>
             peer → <presence id='p' from='b@example.net' to='a@example.org' type='probe'/>
             peer ← <presence from='a@example.org/2' to='b@example.net'/>
             peer → <presence id='q' from='c@example.net' to='a@example.org' type='probe'/>
             peer ← <presence id='q' from='a@example.org' to='c@example.net' type='unsubscribed'/>
             peer ← nothing",
        )
        .await;
}

/// Appendix A.3: what comes again is answered as it was, or ignored, and changes nothing.
#[tokio::test(start_paused = true)]
async fn what_is_repeated_or_out_of_place_changes_nothing() {
    let host = befriended().await;
    host.run(
        "peer → <presence id='3' from='b@example.net' to='a@example.org' type='subscribe'/>
         peer ← <presence id='3' from='a@example.org' to='b@example.net' type='subscribed'/>
         peer → <presence from='b@example.net' to='a@example.org' type='subscribed'/>
         peer → <presence from='c@example.net' to='a@example.org' type='subscribed'/>
         peer → <presence from='c@example.net' to='a@example.org' type='unsubscribed'/>
         peer → <presence from='c@example.net' to='a@example.org' type='unsubscribe'/>
         peer ← nothing",
    )
    .await;
    assert_eq!(standing(&host).await, is("both", false, false));
}

/// §3.1.2: a request may have been lost on its way, or the other server may not have been there.
#[tokio::test(start_paused = true)]
async fn a_request_without_an_answer_is_sent_again_when_its_sender_comes_back() {
    let host = federated().await;
    host.run(
        "a/1 online
         a/1 → <presence id='1' to='b@example.net' type='subscribe'/>
         peer ← <presence id='1' type='subscribe'/>
         a/1 disconnects
         a/1 online
         peer ← <presence from='a@example.org' to='b@example.net' type='subscribe'/>
         peer ← nothing",
    )
    .await;
    assert_eq!(standing(&host).await, is("none", true, false));
}

/// §3.3.3, §3.2.3: the end of a subscription, from either side.
#[tokio::test(start_paused = true)]
async fn a_peer_ends_what_it_has_and_what_it_gives() {
    let host = befriended().await;
    host.run(
        "a/2 online
         peer ← <presence from='a@example.org/2'/>
         peer ← <presence type='probe'/>
         peer → <presence from='b@example.net' to='a@example.org' type='unsubscribe'/>
         peer ← <presence from='a@example.org/2' to='b@example.net' type='unavailable'/>
         # Appendix A.3.1.
         peer ← <presence from='a@example.org' to='b@example.net' type='unsubscribed'/>
         peer → <presence from='b@example.net' to='a@example.org' type='unsubscribed'/>
         a/2 → <presence><show>chat</show></presence>
         peer ← nothing",
    )
    .await;
    assert_eq!(standing(&host).await, is("none", false, false));
}

/// What another server cannot be told comes back as an error, which leaves everything as it is.
#[tokio::test(start_paused = true)]
async fn an_error_in_place_of_presence_is_not_answered() {
    let host = befriended().await;
    host.run(
        "a/2 online
         peer ← <presence from='a@example.org/2'/>
         peer ← <presence type='probe'/>
         peer → <presence from='b@example.net' to='a@example.org' type='error'><error type='wait'><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
         peer → <presence from='b@example.net' to='a@example.org/2' type='error'><error type='wait'><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
         peer ← nothing",
    )
    .await;
    assert_eq!(standing(&host).await, is("both", false, false));
}
