//! RFC 6121 §3, as conversations.

mod common;

use common::{befriend, configured, host, is, item, restarted, subscribe};
use stonechat_extension::test_host::TestHost;

const INTERESTED: &str = "<iq type='get' id='i'><query xmlns='jabber:iq:roster'/></iq>";

#[tokio::test(start_paused = true)]
async fn a_request_is_stamped_with_the_bare_jid_pushed_and_delivered_to_all_available_sessions() {
    let host = host().await;
    host.run(&format!(
        "romeo/1, juliet/balcony, juliet/chamber online
         juliet/offline connects
         romeo/1 → {INTERESTED}
         romeo/1 forgets
         romeo/1 → <presence id='xk3h1v69' to='juliet@example.org/somewhere' type='subscribe'><status>hi</status></presence>
         romeo/1 ← <iq type='set'><query xmlns='jabber:iq:roster'><item ask='subscribe' jid='juliet@example.org' subscription='none'/></query></iq>
         romeo/1 ← nothing
         juliet/balcony ← <presence from='romeo@example.org' id='xk3h1v69' to='juliet@example.org' type='subscribe'><status>hi</status></presence>
         juliet/chamber ← <presence from='romeo@example.org' id='xk3h1v69' type='subscribe'/>
         juliet/balcony ← nothing
         juliet/offline ← nothing"
    ))
    .await;
    let stamped = host.client("juliet/chamber").received();
    assert!(stamped.is_empty());
    assert_eq!(item(&host, "juliet", "romeo").await, None, "who only asks is not in the roster");
}

#[tokio::test(start_paused = true)]
async fn an_approval_is_announced_before_the_push_and_followed_by_presence() {
    let host = host().await;
    host.run(&format!(
        "romeo/1, juliet/balcony, juliet/chamber online
         romeo/1 → {INTERESTED}
         juliet/balcony → {INTERESTED}
         romeo/1 → <presence to='juliet@example.org' type='subscribe'/>
         romeo/1, juliet/balcony, juliet/chamber forget
         juliet/balcony → <presence id='h4v1c4kj' to='romeo@example.org' type='subscribed'/>
         juliet/balcony ← <iq type='set'><query xmlns='jabber:iq:roster'><item jid='romeo@example.org' subscription='from'/></query></iq>
         juliet/balcony ← nothing
         juliet/chamber ← nothing
         romeo/1 ← <presence from='juliet@example.org' id='h4v1c4kj' to='romeo@example.org' type='subscribed'/>
         romeo/1 ← <iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@example.org' subscription='to'/></query></iq>
         romeo/1 ← <presence from='juliet@example.org/balcony' to='romeo@example.org'/>
         romeo/1 ← <presence from='juliet@example.org/chamber' to='romeo@example.org'/>
         romeo/1 ← nothing"
    ))
    .await;
    assert_eq!(item(&host, "romeo", "juliet").await, is("to", false, false));
    assert_eq!(item(&host, "juliet", "romeo").await, is("from", false, false));
}

#[tokio::test(start_paused = true)]
async fn sessions_that_have_not_asked_for_the_roster_get_neither_announcement_nor_push() {
    let host = host().await;
    host.run(
        "romeo/1, juliet/1 online
         romeo/1 → <presence to='juliet@example.org' type='subscribe'/>
         juliet/1 forgets
         juliet/1 → <presence to='romeo@example.org' type='unsubscribed'/>
         romeo/1 ← nothing
         juliet/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_denial_ends_the_request_on_both_sides() {
    let host = host().await;
    host.run(&format!(
        "romeo/1, juliet/1 online
         romeo/1 → {INTERESTED}
         romeo/1 → <presence to='juliet@example.org' type='subscribe'/>
         romeo/1 forgets
         juliet/1 → <presence id='d' to='romeo@example.org' type='unsubscribed'/>
         romeo/1 ← <presence from='juliet@example.org' id='d' type='unsubscribed'/>
         romeo/1 ← <iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@example.org' subscription='none'/></query></iq>
         romeo/1 ← nothing
         juliet/2 online"
    ))
    .await;
    assert_eq!(item(&host, "romeo", "juliet").await, is("none", false, false));
    host.run("juliet/2 disconnects\n juliet/3 connects\n juliet/3 → <presence/>").await;
    let received = host.client("juliet/3").received();
    assert!(
        received
            .iter()
            .all(|stanza| stanza.from().is_some_and(|from| from.bare_str() != "romeo@example.org"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_to_somebody_offline_is_delivered_once_whole_at_each_login_until_it_is_answered() {
    let host = host().await;
    host.run(
        "juliet exists
         romeo/1 online
         romeo/1 → <presence id='1' to='juliet@example.org' type='subscribe'><x xmlns='urn:x'/></presence>
         romeo/1 → <presence id='2' to='juliet@example.org' type='subscribe'/>
         juliet/1 connects
         juliet/1 ← nothing
         juliet/1 → <presence/>
         juliet/1 ← <presence from='juliet@example.org/1'/>
         juliet/1 ← <presence id='1' from='romeo@example.org' to='juliet@example.org' type='subscribe'><x xmlns='urn:x'/></presence>
         juliet/1 ← nothing
         # a later presence of the same session is not initial presence
         juliet/1 → <presence><show>away</show></presence>
         juliet/1 ← <presence from='juliet@example.org/1'/>
         juliet/1 ← nothing
         juliet/2 connects
         juliet/2 → <presence/>
         juliet/2 ← <presence from='juliet@example.org/2'/>
         juliet/2 ← <presence from='juliet@example.org/1'/>
         juliet/2 ← <presence id='1' type='subscribe'/>
         juliet/2 → <presence to='romeo@example.org' type='subscribed'/>
         juliet/3 connects
         juliet/3 → <presence/>
         juliet/3 ← <presence from='juliet@example.org/3'/>
         juliet/3 ← <presence from='juliet@example.org/1'/>
         juliet/3 ← <presence from='juliet@example.org/2'/>
         juliet/3 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_request_survives_a_restart() {
    let first = host().await;
    first.run("juliet exists\n romeo/1 online\n romeo/1 → <presence id='1' to='juliet@example.org' type='subscribe'/>").await;
    let second = restarted(&first).await;
    second
        .run(
            "juliet/1 connects
         juliet/1 → <presence/>
         juliet/1 ← <presence from='juliet@example.org/1'/>
         juliet/1 ← <presence id='1' from='romeo@example.org' type='subscribe'/>
         juliet/1 ← nothing",
        )
        .await;
    assert_eq!(item(&second, "romeo", "juliet").await, is("none", true, false));
}

#[tokio::test(start_paused = true)]
async fn a_large_request_is_kept_without_its_payload() {
    let host = configured("request-size = 200").await;
    let payload = "x".repeat(500);
    host.run(&format!(
        "juliet exists
         romeo/1 online
         romeo/1 → <presence id='1' to='juliet@example.org' type='subscribe'><status>{payload}</status></presence>
         juliet/1 connects
         juliet/1 → <presence/>
         juliet/1 ← <presence from='juliet@example.org/1'/>"
    ))
    .await;
    let request = host.client("juliet/1").next().expect("the request");
    assert_eq!((request.id(), request.children().count()), (Some("1"), 0));
}

#[tokio::test(start_paused = true)]
async fn requests_that_wait_are_bounded_per_domain_and_dropped_without_a_word() {
    let extensions = [&stonechat_xep_presence::SERVER, &stonechat_xep_roster::SERVER];
    let host = TestHost::configured(&extensions, &[("roster", "requests-per-domain = 2")]).await;
    host.run("victim exists").await;
    for name in ["b", "c", "d", "e"] {
        host.run(&format!("{name}/1 online\n {name}/1 → <presence to='victim@example.org' type='subscribe'/>\n {name}/1 ← nothing")).await;
    }
    let victim = host.connect("victim/1").await;
    victim.send("<presence/>").await;
    let asked =
        victim.received().into_iter().filter(|stanza| stanza.to_string().contains("subscribe")).count();
    assert_eq!(asked, 2);
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_who_asks_again_is_approved_at_once() {
    let host = host().await;
    subscribe(&host, "romeo", "juliet").await;
    host.run(
        "romeo/1, juliet/1 online
         juliet/1 → <presence><status>here</status></presence>
         romeo/1, juliet/1 forget
         romeo/1 → <presence id='again' to='juliet@example.org' type='subscribe'/>
         juliet/1 ← nothing
         # he has no request out, so the approval is not news; the presence is
         romeo/1 ← <presence from='juliet@example.org/1'><status>here</status></presence>
         romeo/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_subscriber_first_sees_every_session_go() {
    let host = host().await;
    subscribe(&host, "romeo", "juliet").await;
    host.run(&format!(
        "romeo/1, juliet/balcony, juliet/chamber online
         romeo/1 → {INTERESTED}
         juliet/balcony → {INTERESTED}
         romeo/1, juliet/balcony forget
         juliet/chamber → <presence id='ij5b1v7g' to='romeo@example.org' type='unsubscribed'/>
         juliet/balcony ← <iq type='set'><query xmlns='jabber:iq:roster'><item jid='romeo@example.org' subscription='none'/></query></iq>
         juliet/balcony ← nothing
         romeo/1 ← <presence from='juliet@example.org/balcony' type='unavailable'/>
         romeo/1 ← <presence from='juliet@example.org/chamber' type='unavailable'/>
         romeo/1 ← <presence from='juliet@example.org' to='romeo@example.org' id='ij5b1v7g' type='unsubscribed'/>
         romeo/1 ← <iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@example.org' subscription='none'/></query></iq>
         romeo/1 ← nothing
         juliet/balcony → <presence><show>away</show></presence>
         romeo/1 ← nothing"
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn who_unsubscribes_sees_every_session_go_and_the_contact_is_told() {
    let host = host().await;
    befriend(&host, "romeo", "juliet").await;
    host.run(&format!(
        "romeo/1, juliet/1 online
         romeo/1 → {INTERESTED}
         juliet/1 → {INTERESTED}
         romeo/1, juliet/1 forget
         romeo/1 → <presence id='ul4bs71n' to='juliet@example.org' type='unsubscribe'/>
         romeo/1 ← <iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@example.org' subscription='from'/></query></iq>
         juliet/1 ← <presence from='romeo@example.org' to='juliet@example.org' id='ul4bs71n' type='unsubscribe'/>
         juliet/1 ← <iq type='set'><query xmlns='jabber:iq:roster'><item jid='romeo@example.org' subscription='to'/></query></iq>
         juliet/1 ← nothing
         romeo/1 ← <presence from='juliet@example.org/1' type='unavailable'/>
         romeo/1 ← nothing"
    ))
    .await;
    assert_eq!(item(&host, "romeo", "juliet").await, is("from", false, false));
    assert_eq!(item(&host, "juliet", "romeo").await, is("to", false, false));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_withdrawn_is_not_delivered_any_more() {
    let host = host().await;
    host.run(
        "juliet exists
         romeo/1 online
         romeo/1 → <presence to='juliet@example.org' type='subscribe'/>
         romeo/1 → <presence to='juliet@example.org' type='unsubscribe'/>
         juliet/1 connects
         juliet/1 → <presence/>
         juliet/1 ← <presence from='juliet@example.org/1'/>
         juliet/1 ← nothing",
    )
    .await;
    assert_eq!(item(&host, "romeo", "juliet").await, is("none", false, false));
}

#[tokio::test(start_paused = true)]
async fn what_changes_nothing_is_not_delivered() {
    let host = host().await;
    host.run(&format!(
        "romeo/1, juliet/1 online
         juliet/1 → {INTERESTED}
         juliet/1 forgets
         # never approved, never subscribed, never asked
         romeo/1 → <presence to='juliet@example.org' type='unsubscribed'/>
         romeo/1 → <presence to='juliet@example.org' type='unsubscribe'/>
         juliet/1 ← nothing"
    ))
    .await;
    host.inject("<presence from='romeo@example.org' to='juliet@example.org' type='subscribed'/>").await;
    host.run("juliet/1 ← nothing").await;
    assert_eq!(item(&host, "juliet", "romeo").await, None);
}

#[tokio::test(start_paused = true)]
async fn a_pre_approval_is_pushed_not_routed_and_answers_the_request() {
    let host = host().await;
    host.run(&format!(
        "romeo/1, juliet/1 online
         romeo/1 → {INTERESTED}
         juliet/1 → {INTERESTED}
         romeo/1, juliet/1 forget
         romeo/1 → <presence id='pg81vx64' to='juliet@example.org' type='subscribed'/>
         romeo/1 ← <iq type='set'><query xmlns='jabber:iq:roster'><item approved='true' jid='juliet@example.org' subscription='none'/></query></iq>
         juliet/1 ← nothing
         juliet/1 → <presence id='s' to='romeo@example.org' type='subscribe'/>
         juliet/1 ← <iq type='set'><query xmlns='jabber:iq:roster'><item ask='subscribe' jid='romeo@example.org'/></query></iq>
         # Romeo is not asked
         romeo/1 ← <iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@example.org' subscription='from'/></query></iq>
         romeo/1 ← nothing
         juliet/1 ← <presence from='romeo@example.org' id='s' to='juliet@example.org' type='subscribed'/>
         juliet/1 ← <iq type='set'><query xmlns='jabber:iq:roster'><item jid='romeo@example.org' subscription='to'/></query></iq>
         juliet/1 ← <presence from='romeo@example.org/1'/>
         juliet/1 ← nothing"
    ))
    .await;
    assert_eq!(item(&host, "romeo", "juliet").await, is("from", false, false));
}

#[tokio::test(start_paused = true)]
async fn a_pre_approval_is_cancelled_without_the_contact_hearing_of_it() {
    let host = host().await;
    host.run(&format!(
        "romeo/1, juliet/1 online
         juliet/1 → {INTERESTED}
         juliet/1 forgets
         romeo/1 → <presence to='juliet@example.org' type='subscribed'/>
         romeo/1 → <presence to='juliet@example.org' type='unsubscribed'/>
         juliet/1 ← nothing"
    ))
    .await;
    assert_eq!(item(&host, "romeo", "juliet").await, is("none", false, false));
}

#[tokio::test(start_paused = true)]
async fn pre_approval_is_offered_as_a_stream_feature() {
    let host = host().await;
    let tables = host.host().tables();
    let offered = |name: &str, ns: &str| {
        tables.stream_features(stonechat_extension::Phase::AfterAuth).any(|feature| feature.is(name, ns))
    };
    assert!(offered("sub", "urn:xmpp:features:pre-approval"));
    assert!(offered("ver", "urn:xmpp:features:rosterver"));
}

#[tokio::test(start_paused = true)]
async fn a_removed_contact_is_unsubscribed_in_both_directions() {
    let host = host().await;
    befriend(&host, "juliet", "nurse").await;
    host.run(&format!(
        "juliet/1, nurse/1 online
         nurse/1 → {INTERESTED}
         juliet/1, nurse/1 forget
         juliet/1 → <iq type='set' id='rm'><query xmlns='jabber:iq:roster'><item jid='nurse@example.org' subscription='remove'/></query></iq>
         juliet/1 ← <iq type='result' id='rm'/>
         nurse/1 ← <presence from='juliet@example.org' to='nurse@example.org' type='unsubscribe'/>
         nurse/1 ← <iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@example.org' subscription='to'/></query></iq>
         nurse/1 ← <presence from='juliet@example.org/1' type='unavailable'/>
         nurse/1 ← <presence from='juliet@example.org' type='unsubscribed'/>
         nurse/1 ← <iq type='set'><query xmlns='jabber:iq:roster'><item jid='juliet@example.org' subscription='none'/></query></iq>
         nurse/1 ← nothing
         juliet/1 ← <presence from='nurse@example.org/1' type='unavailable'/>
         juliet/1 ← nothing"
    ))
    .await;
    assert_eq!(item(&host, "juliet", "nurse").await, None);
}

#[tokio::test(start_paused = true)]
async fn removing_a_contact_denies_and_withdraws_requests() {
    let host = host().await;
    host.run(
        "a/1, b/1 online
         a/1 → <iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='b@example.org'/></query></iq>
         a/1 → <presence to='b@example.org' type='subscribe'/>
         b/1 → <presence to='a@example.org' type='subscribe'/>
         a/1 → <iq type='set' id='2'><query xmlns='jabber:iq:roster'><item jid='b@example.org' subscription='remove'/></query></iq>
         a/1, b/1 disconnect
         a/2, b/2 connect
         a/2 → <presence/>
         b/2 → <presence/>
         a/2 ← <presence from='a@example.org/2'/>
         a/2 ← nothing
         b/2 ← <presence from='b@example.org/2'/>
         b/2 ← nothing",
    )
    .await;
    assert_eq!(item(&host, "b", "a").await, is("none", false, false));
}

#[tokio::test(start_paused = true)]
async fn the_contacts_of_a_removed_account_are_told() {
    let host = host().await;
    befriend(&host, "a", "b").await;
    subscribe(&host, "a", "c").await;
    host.run("b/1, c/1, a/1 online\n b/1, c/1 forget").await;
    let account = host.jid("a");
    assert!(host.host().remove_account(&account).await.expect("it is removed"));
    host.run("b/1 ← <presence from='a@example.org/1' type='unavailable'/>\n b/1 ← nothing").await;
    assert_eq!(item(&host, "b", "a").await, is("none", false, false));
    assert_eq!(item(&host, "c", "a").await, is("none", false, false));
}

#[tokio::test(start_paused = true)]
async fn one_can_subscribe_to_oneself_and_gets_nothing_twice() {
    let host = host().await;
    host.run(
        "a/1 online
         a/1 → <presence to='a@example.org' type='subscribe'/>
         a/1 ← <presence from='a@example.org' type='subscribe'/>
         a/1 → <presence to='a@example.org' type='subscribed'/>
         a/1 forgets
         a/1 → <presence/>
         a/1 ← <presence from='a@example.org/1'/>
         a/1 ← nothing",
    )
    .await;
    assert_eq!(item(&host, "a", "a").await, is("both", false, false));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_cannot_be_delivered_is_an_error_for_the_user() {
    let host = host().await;
    host.run(
        "romeo/1 online
         romeo/1 → <presence id='xk3h1v69' to='juliet@elsewhere.example' type='subscribe'/>
         romeo/1 ← <presence from='juliet@elsewhere.example' id='xk3h1v69' type='error'><error><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
         romeo/1 ← nothing
         romeo/1 → <presence type='subscribe'/>
         romeo/1 ← <presence type='error'><error><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
         romeo/1 → <presence type='subscribe' to='@@'/>
         romeo/1 ← <presence type='error'><error><jid-malformed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_request_to_another_domain_is_repeated_at_login() {
    let host = host().await;
    host.run(
        "romeo/1 online
         romeo/1 → <presence to='juliet@elsewhere.example' type='subscribe'/>
         romeo/1 disconnects
         romeo/2 connects
         romeo/2 → <presence/>
         romeo/2 ← <presence from='romeo@example.org/2'/>
         # it went out: it came back
         romeo/2 ← <presence from='juliet@elsewhere.example' id='repeated' type='error'/>
         romeo/3 connects
         romeo/3 → <presence/>
         romeo/2 ← <presence from='romeo@example.org/3'/>
         romeo/2 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_contact_that_is_added_before_the_request_keeps_its_name() {
    let host = host().await;
    host.run(
        "a/1, b/1 online
         a/1 → <iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='b@example.org' name='B'><group>G</group></item></query></iq>
         a/1 → <presence to='b@example.org' type='subscribe'/>
         b/1 → <presence to='a@example.org' type='subscribed'/>
         a/1 forgets
         a/1 → <iq type='get' id='2'><query xmlns='jabber:iq:roster'/></iq>
         a/1 ← <iq type='result'><query xmlns='jabber:iq:roster'><item jid='b@example.org' name='B' subscription='to'><group>G</group></item></query></iq>
         a/1 → <iq type='set' id='3'><query xmlns='jabber:iq:roster'><item jid='b@example.org' name='New'/></query></iq>
         a/1 ← <iq type='set'><query xmlns='jabber:iq:roster'><item jid='b@example.org' name='New' subscription='to'/></query></iq>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_cannot_be_stored_is_an_error_and_goes_nowhere() {
    let host = host().await;
    host.run("a/1, b/1 online\n a/1, b/1 forget").await;
    host.store().close().await.expect("it closes");
    host.run(
        "a/1 → <presence to='b@example.org' type='subscribe'/>
         a/1 ← <presence from='b@example.org' type='error'><error><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>
         a/1 ← nothing
         b/1 ← nothing",
    )
    .await;
}
