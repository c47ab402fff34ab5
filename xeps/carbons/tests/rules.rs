//! XEP-0280, on the test host: a script for each rule.

use stonechat_extension::On;
use stonechat_extension::test_host::PRESENCE;
use stonechat_extension::test_host::{TestHost, contract};
use stonechat_stanza::{Kind, message};
use stonechat_xep_carbons::{NS, RULES, Received, SERVER, Sent};

const ENABLE: &str = "<iq type='set' id='enable1'><enable xmlns='urn:xmpp:carbons:2'/></iq>";
const DISABLE: &str = "<iq type='set' id='disable1'><disable xmlns='urn:xmpp:carbons:2'/></iq>";

/// A host on which these clients are online; those named in `with` have enabled carbons.
async fn host(online: &str, with: &[&str]) -> TestHost {
    let host = TestHost::with(&[&PRESENCE, &SERVER]).await;
    host.run(&format!("{online} online")).await;
    enable(&host, with).await;
    host
}

async fn enable(host: &TestHost, with: &[&str]) {
    for client in with {
        let answer = host.client(client).ask(ENABLE).await;
        assert_eq!(answer.kind().type_attribute(), Some("result"), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_contract_of_extensions_holds() {
    contract::check(&[&SERVER]).await;
}

#[tokio::test(start_paused = true)]
async fn the_host_advertises_carbons_and_all_their_rules() {
    let host = TestHost::with(&[&SERVER]).await;
    let tables = host.host().tables();
    for feature in [NS, RULES] {
        assert!(tables.info(On::HOST).features.iter().any(|listed| listed == feature), "{feature}");
    }
}

#[tokio::test(start_paused = true)]
async fn enabling_and_disabling_are_answered_however_often_they_are_asked_for() {
    // Examples 3, 4, 6 and 7; §10.1.
    let host = TestHost::with(&[&PRESENCE, &SERVER]).await;
    let answer = "romeo/garden ← <iq from='romeo@example.org' to='romeo@example.org/garden' type='result'";
    host.run(&format!(
        "romeo/garden connects
         romeo/garden → {DISABLE}
         {answer} id='disable1'/>
         romeo/garden → {ENABLE}
         {answer} id='enable1'/>
         romeo/garden → {ENABLE}
         {answer} id='enable1'/>
         romeo/garden → {DISABLE}
         {answer} id='disable1'/>
         romeo/garden → {DISABLE}
         {answer} id='disable1'/>
         romeo/garden → <iq type='set' id='1' to='example.org'><enable xmlns='urn:xmpp:carbons:2'/></iq>
         romeo/garden ← <iq from='example.org' id='1' type='result'/>"
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn nobody_enables_carbons_for_somebody_else_and_nobody_learns_who_exists() {
    let host = host("a/1, a/2, b/1", &[]).await;
    let refused =
        "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    host.run(&format!(
        "b/1 → <iq type='set' id='1' to='a@example.org'><enable xmlns='urn:xmpp:carbons:2'/></iq>
         b/1 ← <iq type='error' id='1'>{refused}</iq>
         b/1 → <iq type='set' id='2' to='nobody@example.org'><enable xmlns='urn:xmpp:carbons:2'/></iq>
         b/1 ← <iq type='error' id='2'>{refused}</iq>
         b/1 → a/1: <body>x</body>
         a/1 ← <body>x</body>
         a/2 ← nothing"
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_received_message_is_copied_to_the_sessions_that_did_not_get_it() {
    // Examples 9 and 10.
    let host =
        host("romeo/garden, romeo/home, romeo/old, juliet/balcony", &["romeo/garden", "romeo/home"]).await;
    host.run(
        "juliet/balcony → romeo/garden: <body>What man art thou</body><thread>0e31</thread>
         romeo/garden ← <message type='chat' from='juliet@example.org/balcony' to='romeo@example.org/garden'><body>What man art thou</body></message>
         romeo/garden ← nothing
         romeo/home ← <message type='chat' from='romeo@example.org' to='romeo@example.org/home'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' type='chat' from='juliet@example.org/balcony' to='romeo@example.org/garden'><body>What man art thou</body><thread>0e31</thread></message></forwarded></received></message>
         romeo/home ← nothing
         romeo/old ← nothing
         juliet/balcony ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_sent_message_is_copied_to_the_other_sessions_whether_or_not_the_sender_has_carbons() {
    // Examples 12 and 13.
    let host = host("romeo/garden, romeo/home, juliet/balcony", &["romeo/garden"]).await;
    host.run(
        "romeo/home → juliet/balcony: <body>Neither, fair saint</body>
         juliet/balcony ← <message from='romeo@example.org/home'><body>Neither, fair saint</body></message>
         romeo/garden ← <message type='chat' from='romeo@example.org' to='romeo@example.org/garden'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' type='chat' to='juliet@example.org/balcony' from='romeo@example.org/home'><body>Neither, fair saint</body></message></forwarded></sent></message>
         romeo/home ← nothing
         romeo/garden ← nothing
         # and to elsewhere, where it does not arrive
         romeo/home → <message type='chat' id='7' to='m@elsewhere.example'><body>x</body></message>
         romeo/garden ← <message><sent xmlns='urn:xmpp:carbons:2'/></message>
         romeo/home ← <message type='error' id='7'/>
         # the failure of a message that was copied is copied as well
         romeo/garden ← <message type='error' from='romeo@example.org'><received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' type='error' id='7' from='m@elsewhere.example'/></forwarded></received></message>
         romeo/garden ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_message_to_the_bare_jid_is_copied_to_those_of_lower_and_negative_priority_and_without_presence() {
    let host = TestHost::with(&[&PRESENCE, &SERVER]).await;
    host.run("b/1 online\n a/high connects\n a/low connects\n a/never connects\n a/absent connects").await;
    host.run("a/high → <presence><priority>5</priority></presence>\n a/low → <presence><priority>1</priority></presence>").await;
    host.run("a/never → <presence><priority>-1</priority></presence>").await;
    enable(&host, &["a/high", "a/low", "a/never", "a/absent"]).await;
    host.run(
        "b/1 → a: <body>x</body>
         a/high ← <message to='a@example.org'><body>x</body></message>
         a/high ← nothing
         a/low ← <message to='a@example.org/low'><received xmlns='urn:xmpp:carbons:2'/></message>
         a/never ← <message to='a@example.org/never'><received xmlns='urn:xmpp:carbons:2'/></message>
         a/absent ← <message to='a@example.org/absent'><received xmlns='urn:xmpp:carbons:2'/></message>
         a/low ← nothing
         a/never ← nothing
         a/absent ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn sessions_of_equal_priority_that_all_got_the_message_get_no_copies() {
    let host = host("a/1, a/2, b/1", &["a/1", "a/2"]).await;
    host.run(
        "b/1 → a: <body>x</body>
         a/1 ← <message><body>x</body></message>
         a/2 ← <message><body>x</body></message>
         a/1 ← nothing
         a/2 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn disabling_stops_the_copies_and_a_new_session_starts_without() {
    let host = host("a/1, a/2, b/1", &["a/2"]).await;
    host.run(&format!(
        "b/1 → a/1: <body>1</body>
         a/2 ← <message><received xmlns='urn:xmpp:carbons:2'/></message>
         a/2 → {DISABLE}
         a/2 ← <iq type='result' id='disable1'/>
         b/1 → a/1: <body>2</body>
         a/2 ← nothing
         a/2 → {ENABLE}
         a/2 ← <iq type='result' id='enable1'/>
         a/2 disconnects
         a/2 online
         b/1 → a/1: <body>3</body>
         a/2 ← nothing"
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_private_message_is_copied_to_nobody_and_loses_the_mark_at_the_last_step() {
    // Example 14: on both sides.
    let host =
        host("romeo/home, romeo/garden, juliet/home, juliet/bed", &["romeo/garden", "juliet/bed"]).await;
    host.run(
        "romeo/home → juliet/home: <body>x</body><private xmlns='urn:xmpp:carbons:2'/><no-copy xmlns='urn:xmpp:hints'/>
         juliet/bed ← nothing
         romeo/garden ← nothing",
    )
    .await;
    let got = host.client("juliet/home").next().expect("the message itself arrives");
    assert!(!got.has(NS, "private") && got.has("urn:xmpp:hints", "no-copy"), "{got}");
    for mark in ["<private xmlns='urn:xmpp:carbons:2'/>", "<no-copy xmlns='urn:xmpp:hints'/>"] {
        host.run(&format!(
            "romeo/home → juliet/home: <body>x</body>{mark}
             juliet/home ← <body>x</body>
             juliet/bed ← nothing
             romeo/garden ← nothing"
        ))
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_operator_may_have_the_mark_left_in() {
    // Example 15.
    let host = TestHost::configured(&[&PRESENCE, &SERVER], &[("carbons", "strip-private = false")]).await;
    host.run(
        "a/1, b/1 online
         a/1 → b/1: <body>x</body><private xmlns='urn:xmpp:carbons:2'/>
         b/1 ← <private xmlns='urn:xmpp:carbons:2'/>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn group_chat_and_private_messages_of_rooms_are_not_copied_to_their_recipients() {
    let host = host("a/1, a/2", &["a/2"]).await;
    let x = "<x xmlns='http://jabber.org/protocol/muc#user'";
    for stanza in [
        "<message type='groupchat' from='room@muc.example/b' to='a@example.org/1'><body>x</body></message>"
            .to_owned(),
        format!(
            "<message type='chat' from='room@muc.example/b' to='a@example.org/1'><body>x</body>{x}/></message>"
        ),
    ] {
        host.inject(&stanza).await;
        host.run("a/1 ← <body>x</body>\n a/2 ← nothing").await;
    }
    host.inject(&format!("<message from='room@muc.example' to='a@example.org/1'>{x}><invite from='b@example.org'/></x></message>")).await;
    host.run("a/2 ← <message from='a@example.org'><received xmlns='urn:xmpp:carbons:2'/></message>").await;
    host.run("a/1 → <message type='groupchat' id='g' to='room@muc.example'><body>x</body></message>\n a/2 ← nothing").await;
    host.run(&format!(
        "a/1 → <message to='room@muc.example/b' type='chat'><body>x</body>{x}/></message>
         a/2 ← <message><sent xmlns='urn:xmpp:carbons:2'/></message>"
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_message_to_oneself_reaches_every_session_once() {
    let host = TestHost::with(&[&PRESENCE, &SERVER]).await;
    host.run("a/1, a/2 online\n a/low connects\n a/low → <presence><priority>-1</priority></presence>").await;
    enable(&host, &["a/1", "a/2", "a/low"]).await;
    host.run(
        "a/1 → a: <body>note</body>
         a/1 ← <message to='a@example.org'><body>note</body></message>
         a/2 ← <message to='a@example.org'><body>note</body></message>
         a/low ← <message from='a@example.org'><received xmlns='urn:xmpp:carbons:2'/></message>
         a/1 → <message type='chat'><body>to nobody by name</body></message>
         a/1 ← <body>to nobody by name</body>
         a/2 ← <body>to nobody by name</body>
         a/low ← <message from='a@example.org'><received xmlns='urn:xmpp:carbons:2'/></message>
         a/low → a: <body>from below</body>
         a/1 ← <body>from below</body>
         a/2 ← <body>from below</body>
         a/1 → a/2: <body>direct</body>
         a/2 ← <body>direct</body>
         a/low ← <message from='a@example.org'><received xmlns='urn:xmpp:carbons:2'/></message>
         a/1 ← nothing
         a/2 ← nothing
         a/low ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn between_two_accounts_each_session_gets_one_copy() {
    let host = host("a/1, a/2, b/1, b/2", &["a/1", "a/2", "b/1", "b/2"]).await;
    host.run(
        "a/1 → b/1: <body>x</body>
         b/1 ← <message from='a@example.org/1'><body>x</body></message>
         a/2 ← <message from='a@example.org'><sent xmlns='urn:xmpp:carbons:2'/></message>
         b/2 ← <message from='b@example.org'><received xmlns='urn:xmpp:carbons:2'/></message>
         a/1 ← nothing
         a/2 ← nothing
         b/1 ← nothing
         b/2 ← nothing",
    )
    .await;
}

/// SECURITY: CVE-2017-5589 and the like.
#[tokio::test(start_paused = true)]
async fn a_forged_wrapper_stays_what_its_sender_said_and_is_not_copied() {
    // Example 11.
    let host =
        host("romeo/home, romeo/garden, tybalt/home, tybalt/2", &["romeo/home", "romeo/garden", "tybalt/2"])
            .await;
    for name in ["received", "sent"] {
        let forged = format!(
            "<{name} xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' \
             from='juliet@example.org/balcony' to='romeo@example.org/garden' type='chat'><body>Thou shall meet me tonite</body>\
             </message></forwarded></{name}>"
        );
        host.run(&format!(
            "tybalt/home → romeo/home: {forged}
             romeo/home ← <message type='chat' from='tybalt@example.org/home' to='romeo@example.org/home'>{forged}</message>
             romeo/home ← nothing
             romeo/garden ← nothing
             tybalt/2 ← nothing"
        ))
        .await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_cannot_send_as_the_account_itself() {
    let host = host("a/1, b/1", &["a/1"]).await;
    host.run(
        "b/1 → <message from='b@example.org' to='a@example.org' type='chat'><sent xmlns='urn:xmpp:carbons:2'/></message>
         a/1 ← <message from='b@example.org/1'><sent xmlns='urn:xmpp:carbons:2'/></message>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_error_is_copied_when_it_answers_a_message_that_was_eligible_and_not_otherwise() {
    let host = host("a/1, a/2, b/1", &["a/2"]).await;
    let error = "<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    host.run(&format!(
        "a/1 → <message type='chat' to='b@example.org/1' id='1'><body>x</body></message>
         b/1 ← <body>x</body>
         a/2 ← <message><sent xmlns='urn:xmpp:carbons:2'/></message>
         b/1 → <message type='error' to='a@example.org/1' id='1'>{error}</message>
         a/1 ← <message type='error' id='1'/>
         a/2 ← <message type='error'><received xmlns='urn:xmpp:carbons:2'/></message>
         # not that one
         b/1 → <message type='error' to='a@example.org/1' id='2'>{error}</message>
         a/1 ← <message type='error' id='2'/>
         # nor one that answers a private message
         a/1 → <message type='chat' to='b@example.org/1' id='3'><body>x</body><private xmlns='urn:xmpp:carbons:2'/></message>
         b/1 ← <body>x</body>
         b/1 → <message type='error' to='a@example.org/1' id='3'>{error}</message>
         a/1 ← <message type='error' id='3'/>
         a/2 ← nothing
         # the other way round
         b/1 → <message type='chat' to='a@example.org/1' id='4'><body>x</body></message>
         a/1 ← <body>x</body>
         a/2 ← <message><received xmlns='urn:xmpp:carbons:2'/></message>
         a/1 → <message type='error' to='b@example.org/1' id='4'>{error}</message>
         a/2 ← <message type='error'><sent xmlns='urn:xmpp:carbons:2'/></message>
         a/2 ← nothing"
    ))
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_the_server_refuses_is_not_shown_to_anybody() {
    let host = host("a/2, b/1", &["a/2"]).await;
    host.run(
        "b/1 → <message to='a@example.org/gone' id='1'><body>x</body></message>
         b/1 ← <message type='error' id='1'/>
         a/2 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_message_that_nobody_is_there_to_receive_is_copied_to_who_has_carbons() {
    let host = TestHost::with(&[&PRESENCE, &SERVER]).await;
    host.run("b/1 online\n a/1 connects").await;
    enable(&host, &["a/1"]).await;
    host.run(
        "b/1 → a: <body>x</body>
         a/1 ← <message from='a@example.org'><received xmlns='urn:xmpp:carbons:2'/></message>
         a/1 ← nothing",
    )
    .await;
}

/// §10.3. A copy that does not fit is lost to its session, and nobody hears of it.
#[tokio::test(start_paused = true)]
async fn a_copy_that_cannot_be_delivered_bounces_to_nobody() {
    let host = host("a/1, a/2, b/1", &["a/1", "a/2"]).await;
    let body = "x".repeat(200_000);
    for _ in 0..8 {
        for kind in ["chat", "normal", "headline"] {
            let receipt = "<received xmlns='urn:xmpp:receipts' id='1'/>";
            let message = format!(
                "<message type='{kind}' to='a@example.org/1' id='1'><body>{body}</body>{receipt}</message>"
            );
            host.client("b/1").send(&message).await;
            assert_eq!(host.client("a/1").received().len(), 1);
        }
    }
    let copies = host.client("a/2").received();
    assert!((1..24).contains(&copies.len()), "some do not fit: {}", copies.len());
    assert!(copies.iter().all(|copy| copy.has(NS, "received")), "nothing but copies");
    host.run("a/1 ← nothing\n b/1 ← nothing").await;
}

#[tokio::test(start_paused = true)]
async fn copies_that_were_not_read_are_not_sent_to_anybody_else() {
    let host = host("a/1, a/2, b/1", &["a/1", "a/2"]).await;
    host.run(
        "b/1 → a/1: <body>x</body>
         a/1 ← <body>x</body>
         a/2 disconnects
         a/1 ← nothing
         b/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn every_copy_parses_and_holds_the_message_as_its_recipient_got_it() {
    let host = host("a/1, a/2, b/1, b/2", &["a/2", "b/2"]).await;
    let payload = "<body>&lt;&amp;&#x1F600;</body><x xmlns='urn:x' xmlns:y='urn:y'><y:z/></x>";
    let sent =
        format!("<message xml:lang='de' id='&apos;' type='chat' to='b@example.org/1'>{payload}</message>");
    host.client("a/1").send(&sent).await;
    let original = host.client("b/1").next().unwrap().to_element();
    let received = host.client("b/2").next().unwrap();
    assert_eq!(received.kind(), Kind::Message(message::Type::Chat));
    assert_eq!(received.get::<Received>().unwrap().unwrap().forwarded.stanza.to_element(), original);
    let copy = host.client("a/2").next().unwrap();
    assert_eq!(copy.get::<Sent>().unwrap().unwrap().forwarded.stanza.to_element(), original);
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_is_too_high_stops_the_start() {
    let problem = TestHost::try_configured(&[&SERVER], &[("carbons", "remembered = 10001")]).await;
    let problem = problem.expect_err("this does not start").to_string();
    assert!(problem.contains("`carbons`") && problem.contains("`remembered`"), "{problem}");
}
