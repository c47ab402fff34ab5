//! XEP-0191 §3.3: what becomes of stanzas from and to a blocked address.

mod common;

use common::{ALL, befriend, block, host, texts, unblock};
use stonechat_extension::test_host::TestHost;
use stonechat_stanza::{Kind, Stanza, message};

/// Everything that one account can send to another.
const STANZAS: &[&str] = &[
    "<message id='m1' to='{}'><body>x</body></message>",
    "<message id='m2' type='chat' to='{}/1'><body>x</body></message>",
    "<message id='m3' type='chat' to='{}/nowhere'><body>x</body></message>",
    "<message id='m4' type='headline' to='{}'><body>x</body></message>",
    "<message id='m5' type='groupchat' to='{}'><body>x</body></message>",
    "<message id='m6' type='error' to='{}/1'><error type='cancel'/></message>",
    "<message id='m7' type='chat' to='{}'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
    "<iq id='i1' type='get' to='{}'><query xmlns='jabber:iq:last'/></iq>",
    "<iq id='i2' type='get' to='{}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
    "<iq id='i3' type='get' to='{}/1'><query xmlns='jabber:iq:version'/></iq>",
    "<iq id='i4' type='get' to='{}'><query xmlns='jabber:iq:roster'/></iq>",
    "<iq id='i5' type='set' to='{}'><x xmlns='urn:example:x'/></iq>",
    "<iq id='i6' type='result' to='{}/1'/>",
    "<iq id='i7' type='error' to='{}/1'><error type='cancel'/></iq>",
    "<iq id='i8' type='get' to='{}'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>",
    "<presence id='p1' to='{}'/>",
    "<presence id='p2' to='{}/1'><status>look</status></presence>",
    "<presence id='p3' type='unavailable' to='{}'/>",
    "<presence id='p4' type='subscribe' to='{}'/>",
    "<presence id='p5' type='unsubscribed' to='{}'/>",
];

/// What a client is told when it sends everything to that account, with the name of the account left out.
async fn told(host: &TestHost, client: &str, name: &str) -> Vec<String> {
    let jid = format!("{name}@example.org");
    host.client(client).received();
    let mut told = Vec::new();
    for stanza in STANZAS {
        host.client(client).send(&stanza.replace("{}", &jid)).await;
        let received = texts(&host.client(client).received());
        // Pushes of the roster are the sender's own, and have counters.
        told.extend(received.into_iter().filter(|text| !text.contains("roster' ver=")));
    }
    told.iter().map(|text| text.replace(&jid, "NAME")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_blocked_sender_gets_byte_for_byte_what_it_gets_for_an_account_that_does_not_exist() {
    told_as_of_nobody("tell-strangers = false", 4).await;
    told_as_of_nobody("tell-strangers = true", 8).await;
}

async fn told_as_of_nobody(offline: &str, unavailable: usize) {
    let host = TestHost::configured(ALL, &[("offline", offline)]).await;
    host.run("eve/1, online/1, offline/1 online").await;
    block(&host, "online/1", &["eve@example.org"]).await;
    block(&host, "offline/1", &["eve@example.org"]).await;
    host.run("offline/1 disconnects\n online/1 forgets").await;
    let expected = told(&host, "eve/1", "missing").await;
    let count = expected.iter().filter(|text| text.contains("service-unavailable")).count();
    assert_eq!(count, unavailable, "{expected:#?}");
    assert_eq!(told(&host, "eve/1", "online").await, expected);
    assert_eq!(told(&host, "eve/1", "offline").await, expected);
    host.run("online/1 ← nothing\n offline/1 online").await;
    let later = host.connect("offline/2").await;
    later.send("<presence/>").await;
    assert!(texts(&later.received()).iter().all(|text| !text.contains("eve@")), "nothing was stored");
}

#[tokio::test(start_paused = true)]
async fn a_friend_who_is_blocked_is_told_no_more_than_a_stranger() {
    let host = host().await;
    befriend(&host, "eve", "juliet").await;
    host.run("eve/1, juliet/1 online").await;
    block(&host, "juliet/1", &["eve@example.org"]).await;
    host.run(
        "eve/1, juliet/1 forget
         eve/1 → <iq id='1' type='get' to='juliet@example.org'><query xmlns='jabber:iq:last'/></iq>
         eve/1 ← <iq id='1' type='error'><error><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         eve/1 → <iq id='2' type='get' to='juliet@example.org/1'><query xmlns='jabber:iq:version'/></iq>
         eve/1 ← <iq id='2' type='error'><error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         # §3.3: presence is not answered, probes among it
         eve/1 → <presence type='probe' to='juliet@example.org'/>
         eve/1 → <presence type='probe' to='juliet@example.org/1'/>
         eve/1 → <presence type='unsubscribe' to='juliet@example.org'/>
         juliet/1 ← nothing",
    )
    .await;
    let pushes = host.client("eve/1").received();
    assert!(pushes.iter().all(|stanza| matches!(stanza.kind(), Kind::Iq(_))), "{pushes:?}");
}

/// "the user will appear offline to the blocked JID"
#[tokio::test(start_paused = true)]
async fn a_friend_who_is_blocked_hears_of_its_messages_what_it_hears_of_an_account_that_is_offline() {
    const MESSAGES: &[&str] = &[
        "<message id='1' to='NAME'><body>x</body></message>",
        "<message id='2' type='chat' to='NAME'><body>x</body></message>",
        "<message id='3' type='chat' to='NAME/gone'><body>x</body></message>",
        "<message id='4' to='NAME/gone'><body>x</body></message>",
        "<message id='5' type='chat' to='NAME'><body>x</body><no-store xmlns='urn:xmpp:hints'/></message>",
        "<message id='6' type='chat' to='NAME'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
        "<message id='7' type='headline' to='NAME'><body>x</body></message>",
        "<message id='8' type='groupchat' to='NAME'><body>x</body></message>",
    ];
    let host = host().await;
    befriend(&host, "eve", "offline").await;
    befriend(&host, "eve", "blocker").await;
    host.run("eve/1, offline/1, blocker/1 online").await;
    block(&host, "blocker/1", &["eve@example.org"]).await;
    host.run("offline/1 disconnects\n eve/1 forgets").await;
    for message in MESSAGES {
        let mut told = Vec::new();
        for name in ["offline", "blocker"] {
            let jid = format!("{name}@example.org");
            host.client("eve/1").send(&message.replace("NAME", &jid)).await;
            told.push(texts(&host.client("eve/1").received()).join("").replace(&jid, "NAME"));
        }
        assert_eq!(told[0], told[1], "{message}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_user_sends_to_a_blocked_address_is_refused_and_says_why() {
    // Example 9.
    let host = host().await;
    host.run("juliet/1, romeo/1 online").await;
    block(&host, "juliet/1", &["romeo@example.org"]).await;
    let why = "<error type='cancel'><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><blocked xmlns='urn:xmpp:blocking:errors'/></error>";
    for (stanza, name) in [
        (
            "<message id='1' type='chat' to='romeo@example.org/1'><body>Can you hear me now?</body></message>",
            "message",
        ),
        ("<presence id='1' to='romeo@example.org'/>", "presence"),
        ("<presence id='1' type='subscribe' to='romeo@example.org'/>", "presence"),
        ("<iq id='1' type='get' to='romeo@example.org/1'><query xmlns='jabber:iq:version'/></iq>", "iq"),
        ("<iq id='1' type='get' to='romeo@example.org'><query xmlns='jabber:iq:last'/></iq>", "iq"),
    ] {
        host.client("juliet/1").send(stanza).await;
        host.run(&format!("juliet/1 ← <{name} id='1' type='error'>{why}</{name}>")).await;
    }
    for stanza in [
        "<message type='error' to='romeo@example.org/1'/>",
        "<iq type='result' id='1' to='romeo@example.org/1'/>",
    ] {
        host.client("juliet/1").send(stanza).await;
    }
    host.run("juliet/1 ← nothing\n romeo/1 ← nothing").await;
    unblock(&host, "juliet/1", &[]).await;
    host.run(
        "juliet/1 → romeo/1: <body>Can you hear me now?</body>
         romeo/1 ← <body>Can you hear me now?</body>
         romeo/1 → juliet/1: <body>Yes</body>
         juliet/1 ← <body>Yes</body>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn each_kind_of_item_keeps_out_what_it_covers_and_nobody_else() {
    let host = host().await;
    host.run("a/1, b/1, b/2, c/1 online").await;
    for (item, b1, b2) in [
        ("b@example.org/1", true, false),
        ("b@example.org", true, true),
        ("example.org", true, true),
        ("example.org/1", false, false),
        ("b.example.org", false, false),
    ] {
        block(&host, "a/1", &[item]).await;
        for (client, blocked) in [("b/1", b1), ("b/2", b2)] {
            let expected = if blocked { "a/1 ← nothing" } else { "a/1 ← <body>x</body>" };
            host.run(&format!("{client} → a: <body>x</body>\n {expected}\n {client} forgets")).await;
        }
        unblock(&host, "a/1", &[item]).await;
        host.run("a/1 forgets").await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_blocks_the_own_domain_still_reaches_the_own_server_and_the_own_devices() {
    let host = host().await;
    host.run("a/1, a/2, b/1 online").await;
    block(&host, "a/1", &["example.org", "example.org/x"]).await;
    host.run(
        "a/1, a/2 forget
         a/1 → <iq id='1' type='get' to='example.org'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>
         a/1 ← <iq id='1' type='result' from='example.org'/>
         a/1 → a/2: <body>x</body>
         a/2 ← <body>x</body>
         a/2 → a: <body>y</body>
         a/1 ← <body>y</body>
         a/2 ← <body>y</body>
         b/1 → a: <body>z</body>
         a/1 ← nothing
         b/1 ← nothing",
    )
    .await;
    host.inject("<message from='example.org' to='a@example.org'><body>the server stops</body></message>")
        .await;
    host.run("a/1 ← <body>the server stops</body>").await;
    unblock(&host, "a/1", &[]).await;
    host.run("b/1 → a: <body>z</body>\n a/1 ← <body>z</body>").await;
}

#[tokio::test(start_paused = true)]
async fn messages_of_a_blocked_sender_are_neither_stored_nor_copied() {
    let host = host().await;
    host.run("a/1, a/2, b/1 online\n a/1, a/2 forget").await;
    let enable = "<iq type='set' id='e'><enable xmlns='urn:xmpp:carbons:2'/></iq>";
    host.client("a/2").ask(enable).await;
    block(&host, "a/1", &["b@example.org"]).await;
    host.run(
        "b/1 → a/1: <body>x</body>
         b/1 ← nothing
         a/1 → b/1: <body>x</body>
         a/1 ← <message type='error'><error><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         a/2 ← nothing
         a/1 ← nothing
         a/1, a/2 disconnect
         b/1 → a: <body>x</body>
         b/1 ← nothing
         a/3 connects
         a/3 → <presence/>
         a/3 ← <presence from='a@example.org/3'/>
         a/3 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_was_stored_before_the_block_is_not_delivered_while_it_lasts() {
    let host = host().await;
    host.run(
        "b/1 online
         a exists
         b/1 → a: <body>stored</body>
         b/1 → <presence type='subscribe' to='a@example.org'/>
         a/1 connects",
    )
    .await;
    block(&host, "a/1", &["b@example.org"]).await;
    host.run("a/1 → <presence/>\n a/1 ← <presence from='a@example.org/1'/>\n a/1 ← nothing").await;
    unblock(&host, "a/1", &["b@example.org"]).await;
    host.run(
        "a/1 forgets
         a/2 connects
         a/2 → <presence/>
         a/2 ← <presence from='a@example.org/2'/>
         a/2 ← <presence from='a@example.org/1'/>
         a/2 ← <presence type='subscribe' from='b@example.org'/>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_error_that_a_blocked_sender_makes_up_does_not_pass() {
    let host = host().await;
    host.run("a/1, b/1 online").await;
    block(&host, "a/1", &["b@example.org"]).await;
    let spam = "<message type='error' to='a@example.org/1'><body>buy</body><error type='cancel'/></message>";
    host.client("b/1").send(spam).await;
    host.run("a/1 ← nothing\n b/1 ← nothing").await;
}

#[tokio::test(start_paused = true)]
async fn while_the_list_cannot_be_read_nothing_passes() {
    let store = stonechat_store::Store::memory();
    let host = TestHost::on(store.clone(), ALL, &[]).await.unwrap();
    host.run("a exists\n b/1 online").await;
    let owner = stonechat_store::Owner::account("a@example.org");
    store.map("blocking").put(&owner, "@@", "").await.unwrap();
    let message = Stanza::message(message::Type::Chat).with_to(host.jid("a")).with_id("1");
    host.client("b/1").try_send(message).await.unwrap();
    host.run(
        "b/1 ← <message type='error' id='1'><error><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         a/1 connects
         a/1 → b: <body>x</body>
         a/1 ← <message type='error'><error><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         b/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn messages_of_a_blocked_sender_are_not_archived() {
    let host = host().await;
    host.run("a/1, b/1 online\n a exists").await;
    host.run("b/1 → a: <body>before</body>\n a/1 ← <body>before</body>").await;
    block(&host, "a/1", &["b@example.org"]).await;
    host.run("b/1 → a: <body>blocked</body>\n a/1 → b: <body>refused</body>\n a/1 forgets").await;
    host.client("a/1").send("<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'/></iq>").await;
    let told = texts(&host.client("a/1").received()).join("\n");
    assert!(told.contains("before") && told.contains("<fin"), "what is in the archive stays: {told}");
    assert!(!told.contains("blocked") && !told.contains("refused"), "{told}");
}
