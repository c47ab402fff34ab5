//! XEP-0160 and XEP-0203, on the test host: a script for each rule.

use stonechat_extension::On;
use stonechat_extension::test_host::PRESENCE;
use stonechat_extension::test_host::{TestHost, contract};
use stonechat_stanza::{Stanza, ns};
use stonechat_store::Store;
use stonechat_xep_offline::{FEATURE, SERVER};

async fn host() -> TestHost {
    configured("").await
}

/// Where everybody is told that a message is not stored; who is not, is in `strangers.rs`.
async fn telling(section: &str) -> TestHost {
    configured(&format!("tell-strangers = true\n{section}")).await
}

async fn configured(section: &str) -> TestHost {
    TestHost::configured(&[&PRESENCE, &SERVER], &[("offline", section)]).await
}

const UNAVAILABLE: &str =
    "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";

fn bodies(stanzas: &[Stanza]) -> Vec<String> {
    let body =
        |stanza: &Stanza| stanza.find(ns::CLIENT, "body").and_then(|body| Some(body.element().ok()?.text()));
    stanzas.iter().filter_map(body).collect()
}

#[tokio::test(start_paused = true)]
async fn the_contract_of_extensions_holds() {
    contract::check(&[&SERVER]).await;
}

#[tokio::test(start_paused = true)]
async fn the_host_lists_the_feature() {
    assert!(host().await.host().tables().info(On::HOST).features.iter().any(|feature| feature == FEATURE));
}

#[tokio::test(start_paused = true)]
async fn a_message_waits_for_its_recipient_and_says_since_when() {
    // Examples 1 to 3.
    host()
        .await
        .run(
            "romeo/orchard online
             juliet exists
             romeo/orchard → <message to='juliet@example.org'><body>O blessed, blessed night!</body></message>
             romeo/orchard ← nothing
             later 3600
             juliet/balcony connects
             juliet/balcony ← nothing
             juliet/balcony → <presence><priority>1</priority></presence>
             juliet/balcony ← <message from='romeo@example.org/orchard' to='juliet@example.org'><body>O blessed, blessed night!</body><delay xmlns='urn:xmpp:delay' from='example.org' stamp='2026-01-01T12:00:00Z'>Offline Storage</delay></message>
             juliet/balcony ← nothing",
        )
        .await;
}

/// §3 and RFC 6121 §8.5.2.2.1.
#[tokio::test(start_paused = true)]
async fn what_is_not_stored_is_refused_or_ignored_as_its_type_demands() {
    let host = telling("").await;
    host.run("a/1 online\n b exists").await;
    for (message, refused) in [
        ("<message type='groupchat' id='1' to='b@example.org'><body>x</body></message>", true),
        ("<message type='headline' id='1' to='b@example.org'><body>x</body></message>", false),
        ("<message type='error' id='1' to='b@example.org'><body>x</body></message>", false),
        (
            "<message type='chat' id='1' to='b@example.org'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
            true,
        ),
        (
            "<message type='chat' id='1' to='b@example.org'><body>x</body><no-store xmlns='urn:xmpp:hints'/></message>",
            true,
        ),
        ("<message type='chat' id='1' to='nobody@example.org'><body>x</body></message>", true),
    ] {
        host.client("a/1").send(message).await;
        if refused {
            host.run(&format!("a/1 ← <message type='error' id='1'>{UNAVAILABLE}</message>")).await;
        }
        host.run("a/1 ← nothing").await;
    }
    host.run("b/1 connects\n b/1 → <presence/>\n b/1 ← nothing").await;
}

#[tokio::test(start_paused = true)]
async fn messages_come_in_order_and_once() {
    host()
        .await
        .run(
            "a/1 online
             b exists
             a/1 → b: <body>1</body>
             later 1
             a/1 → b/gone: <body>2</body>
             later 1
             a/1 → b: <received xmlns='urn:xmpp:receipts' id='x'/>
             b/1 connects
             b/1 → <presence/>
             b/1 ← <message><body>1</body><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T12:00:00Z'/></message>
             b/1 ← <message to='b@example.org/gone'><body>2</body><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T12:00:01Z'/></message>
             b/1 ← <message><received xmlns='urn:xmpp:receipts'/><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T12:00:02Z'/></message>
             a/1 → b: <body>live</body>
             b/1 ← <message><body>live</body></message>
             b/1 → <presence><show>away</show></presence>
             b/2 connects
             b/2 → <presence/>
             b/1 → <presence type='unavailable'/>
             b/1 → <presence/>
             b/1 ← nothing
             b/2 ← nothing",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_live_message_has_no_delay() {
    let host = host().await;
    host.run("a/1, b/1 online\n a/1 → b: <body>x</body>").await;
    assert!(!host.client("b/1").next().unwrap().has(ns::DELAY, "delay"));
}

#[tokio::test(start_paused = true)]
async fn negative_priority_gets_nothing_until_it_rises() {
    host()
        .await
        .run(
            "a/1 online
             b/1 connects
             b/1 → <presence><priority>-1</priority></presence>
             a/1 → b: <body>1</body>
             a/1 ← nothing
             b/1 ← nothing
             b/1 → <presence><priority>-5</priority></presence>
             b/1 ← nothing
             b/1 → <presence><priority>0</priority></presence>
             b/1 ← <body>1</body>
             b/1 → <presence><priority>-1</priority></presence>
             a/1 → b: <body>2</body>
             b/1 ← nothing
             b/1 → <presence/>
             b/1 ← <body>2</body>
             b/1 ← nothing",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn stored_messages_survive_a_restart() {
    let store = Store::memory();
    {
        let host = TestHost::on(store.clone(), &[&PRESENCE, &SERVER], &[]).await.unwrap();
        host.run("a/1 online\n b exists\n a/1 → b: <body>1</body>\n a/1 → b: <body>2</body>").await;
    }
    let host = TestHost::on(store, &[&PRESENCE, &SERVER], &[]).await.unwrap();
    host.run(
        "later 60
         b/1 connects
         b/1 → <presence/>
         b/1 ← <message from='a@example.org/1'><body>1</body><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T12:00:00Z'/></message>
         b/1 ← <body>2</body>
         b/1 ← nothing",
    )
    .await;
}

/// §2, step 3.
#[tokio::test(start_paused = true)]
async fn beyond_the_quota_the_sender_is_told_and_what_is_stored_stays() {
    let host = telling("max-messages = 2").await;
    host.run(&format!(
        "a/1 online
         b exists
         a/1 → b: <body>1</body>
         a/1 → b: <body>2</body>
         a/1 ← nothing
         a/1 → <message type='chat' id='3' to='b@example.org'><body>3</body></message>
         a/1 ← <message type='error' id='3' from='b@example.org'>{UNAVAILABLE}</message>
         b/1 connects
         b/1 → <presence/>
         b/1 ← <body>1</body>
         b/1 ← <body>2</body>
         b/1 ← nothing
         b/1 disconnects
         a/1 → b: <body>4</body>
         a/1 ← nothing"
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn bytes_count_too() {
    let host = telling("max-bytes = 1000").await;
    let long = "x".repeat(400);
    host.run(&format!(
        "a/1 online
         b exists
         a/1 → b: <body>{long}</body>
         a/1 ← nothing
         a/1 → <message type='chat' id='2' to='b@example.org'><body>{long}{long}</body></message>
         a/1 ← <message type='error' id='2'>{UNAVAILABLE}</message>"
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn without_a_quota_nothing_is_stored() {
    let host = telling("max-messages = 0").await;
    host.run(&format!(
        "a/1 online
         b exists
         a/1 → <message type='chat' id='1' to='b@example.org'><body>1</body></message>
         a/1 ← <message type='error' id='1'>{UNAVAILABLE}</message>"
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn messages_that_are_too_old_are_not_delivered_and_make_room() {
    let host = configured("max-messages = 2\nmax-age-days = 2").await;
    host.run("a/1 online\n b, c exist\n a/1 → b: <body>1</body>\n a/1 → c: <body>1</body>\n later 86400")
        .await;
    host.run("a/1 → b: <body>2</body>\n a/1 → c: <body>2</body>\n later 86401").await;
    host.run(
        "b/1 connects
         b/1 → <presence/>
         b/1 ← <body>2</body>
         b/1 ← nothing
         a/1 → c: <body>3</body>
         a/1 ← nothing
         c/1 connects
         c/1 → <presence/>
         c/1 ← <body>2</body>
         c/1 ← <body>3</body>
         c/1 ← nothing",
    )
    .await;
}

/// XEP-0203 §5.
#[tokio::test(start_paused = true)]
async fn a_delay_that_claims_to_be_ours_is_discarded_on_arrival() {
    let host = host().await;
    let forged = "<delay xmlns='urn:xmpp:delay' from='example.org' stamp='1999-01-01T00:00:00Z'/>";
    let other = "<delay xmlns='urn:xmpp:delay' from='muc.example' stamp='1999-01-01T00:00:00Z'/>";
    host.run(&format!("a/1, b/1 online\n c exists\n a/1 → b: <body>x</body>{forged}{other}")).await;
    let remote = format!(
        "<message from='m@elsewhere.example/1' to='b@example.org' type='chat'><body>x</body>{forged}{other}</message>"
    );
    host.inject(&remote).await;
    for _ in 0..2 {
        let got = host.client("b/1").next().expect("the message arrives");
        assert_eq!(got.children().filter(|child| child.is(ns::DELAY, "delay")).count(), 1, "{got}");
        assert!(got.to_string().contains("muc.example"), "{got}");
    }
    host.run(&format!(
        "a/1 → c: <body>x</body>{forged}
         c/1 connects
         c/1 → <presence/>"
    ))
    .await;
    let got = host.client("c/1").next().expect("the message arrives");
    assert_eq!(got.children().filter(|child| child.is(ns::DELAY, "delay")).count(), 1, "{got}");
    assert!(got.to_string().contains("2026-01-01T12:00:00Z"), "{got}");
}

/// XEP-0203 §5.
#[tokio::test(start_paused = true)]
async fn of_several_delays_that_claim_to_be_ours_none_is_left() {
    let host = host().await;
    let forged: String = ["example.org", "EXAMPLE.org", "example.org/x", "example.org", "example.org."]
        .iter()
        .map(|from| format!("<delay xmlns='urn:xmpp:delay' from='{from}' stamp='1999-01-01T00:00:00Z'/>"))
        .collect();
    host.run(&format!("a/1, b/1 online\n a/1 → b: <body>x</body>{forged}")).await;
    let got = host.client("b/1").next().expect("the message arrives");
    assert!(!got.has(ns::DELAY, "delay"), "{got}");
}

#[tokio::test(start_paused = true)]
async fn what_a_broken_connection_did_not_take_comes_back_in_order_and_before_what_came_since() {
    host()
        .await
        .run(
            "a/1 online
             b exists
             a/1 → b: <body>1</body>
             later 5
             a/1 → b: <body>2</body>
             b/1 connects
             b/1 → <presence/>
             later 5
             a/1 → b: <body>3</body>
             b/1 disconnects
             later 5
             a/1 → b: <body>4</body>
             a/1 ← nothing
             b/2 connects
             b/2 → <presence/>
             b/2 ← <message><body>1</body><delay xmlns='urn:xmpp:delay' from='example.org' stamp='2026-01-01T12:00:00Z'/></message>
             b/2 ← <message><body>2</body><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T12:00:05Z'/></message>
             b/2 ← <message><body>3</body><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T12:00:10Z'/></message>
             b/2 ← <message><body>4</body><delay xmlns='urn:xmpp:delay' stamp='2026-01-01T12:00:15Z'/></message>
             b/2 ← nothing",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_message_has_one_note_of_delay_however_often_it_came_back() {
    let host = host().await;
    host.run("a/1 online\n b exists\n a/1 → b: <body>x</body>").await;
    for _ in 0..3 {
        host.run("later 60\n b/1 connects\n b/1 → <presence/>\n b/1 disconnects").await;
    }
    host.run("b/1 connects\n b/1 → <presence/>").await;
    let got = host.client("b/1").next().expect("it is still there");
    assert_eq!(got.children().filter(|child| child.is(ns::DELAY, "delay")).count(), 1, "{got}");
    assert!(got.to_string().contains("2026-01-01T12:00:00Z"), "{got}");
}

#[tokio::test(start_paused = true)]
async fn what_two_sessions_had_is_not_given_to_the_one_again_that_took_it() {
    host()
        .await
        .run(
            "a/1, b/1, b/2 online
             a/1 → b: <body>x</body>
             b/1 disconnects
             b/2 ← <body>x</body>
             b/2 ← nothing
             b/2 → <presence><show>away</show></presence>
             b/2 ← nothing
             b/1 connects
             b/1 → <presence/>
             b/1 ← <message><body>x</body><delay xmlns='urn:xmpp:delay'/></message>
             b/1 ← nothing",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_stored_message_that_one_session_did_not_take_goes_to_another_that_is_there() {
    host()
        .await
        .run(
            "a/1 online
             b exists
             a/1 → b: <body>x</body>
             b/1 connects
             b/1 → <presence/>
             b/2 connects
             b/2 → <presence/>
             b/2 ← nothing
             b/1 disconnects
             b/2 ← <message><body>x</body><delay xmlns='urn:xmpp:delay' from='example.org' stamp='2026-01-01T12:00:00Z'/></message>
             b/2 ← nothing",
        )
        .await;
}

#[tokio::test(start_paused = true)]
async fn removing_the_account_removes_its_messages() {
    let host = host().await;
    host.run("a/1 online\n b exists\n a/1 → b: <body>x</body>").await;
    let b = host.jid("b");
    assert!(host.host().remove_account(&b).await.unwrap());
    host.run("b/1 connects\n b/1 → <presence/>\n b/1 ← nothing").await;
}

#[tokio::test(start_paused = true)]
async fn the_stores_are_declared_as_the_accounts_own() {
    let host = host().await;
    let tables = host.host().tables();
    let names: Vec<_> = tables.stores().iter().map(|stored| stored.name).collect();
    assert_eq!(names, ["offline", "offline-returned"]);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_is_told_to_the_sender() {
    let store = Store::new(stonechat_store::memory::Memory::with_limit(100));
    let host = TestHost::on(store, &[&PRESENCE, &SERVER], &[]).await.unwrap();
    host.run(
        "a/1 online
         b exists
         a/1 → <message type='chat' id='1' to='b@example.org'><body>xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx</body></message>
         a/1 ← <message type='error' id='1'><error><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn many_messages_come_in_order_page_by_page() {
    let host = host().await;
    host.run("a/1 online\n b exists").await;
    let sent: Vec<String> = (0..333).map(|n| n.to_string()).collect();
    for n in &sent {
        host.client("a/1").send(&format!("<message to='b@example.org'><body>{n}</body></message>")).await;
    }
    host.run("b/1 connects\n b/1 → <presence/>").await;
    assert_eq!(bodies(&host.client("b/1").received()), sent);
}
