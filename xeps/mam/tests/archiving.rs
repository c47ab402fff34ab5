//! What is archived, and what recipients are told of it (XEP-0313 §3, §6.1; XEP-0359 §3).

mod common;

use common::{all, body, configured, host, id_of, with_offline};
use stonechat_extension::On;
use stonechat_extension::test_host::{TestHost, contract};
use stonechat_stanza::ns;
use stonechat_xep_mam::{EXTENDED, NS, SERVER};

const A: &str = "a@example.org";
const B: &str = "b@example.org";

#[tokio::test(start_paused = true)]
async fn the_contract_of_extensions_holds() {
    contract::check(&[&SERVER]).await;
}

#[tokio::test(start_paused = true)]
async fn the_contract_of_extensions_holds_beside_those_that_it_works_with() {
    contract::check(&[
        &SERVER,
        &stonechat_xep_carbons::SERVER,
        &stonechat_xep_offline::SERVER,
        &stonechat_xep_roster::SERVER,
    ])
    .await;
}

/// §7, XEP-0359 §5, XEP-0424 §4.
#[tokio::test(start_paused = true)]
async fn accounts_list_the_features() {
    let host = host().await;
    let tables = host.host().tables();
    let features = &tables.info(On::OWN_ACCOUNT).features;
    for feature in
        [NS, EXTENDED, "urn:xmpp:mam:2#groupchat-field", ns::SID, "urn:xmpp:message-retract:1#tombstone"]
    {
        assert!(features.iter().any(|listed| listed == feature), "{feature}");
    }
    // "it MUST advertise support only for those JIDs that support it" (§6.1).
    assert!(!tables.info(On::HOST).features.iter().any(|listed| listed == NS));
}

/// §3.5, example 1.
#[tokio::test(start_paused = true)]
async fn a_message_is_in_both_archives_and_its_recipient_learns_the_id() {
    let host = host().await;
    host.run("a/1, b/1 online\n a/1 → b: <body>x</body>").await;
    let received = host.client("b/1").next().unwrap();
    let id = id_of(&received, B).expect("it is archived");
    assert_eq!(id_of(&received, A), None, "the sender's id is nobody else's to know");
    let (sent, got) = (all(&host, "a/1").await, all(&host, "b/1").await);
    assert_eq!((sent.bodies(), got.bodies()), (vec!["x".to_owned()], vec!["x".to_owned()]));
    assert_eq!(got.ids(), [id]);
    let stanza = &got.results[0].forwarded.stanza;
    assert_eq!(stanza.from().unwrap().as_str(), "a@example.org/1");
    assert_eq!(got.results[0].forwarded.delay.as_ref().unwrap().stamp.to_string(), "2026-01-01T12:00:00Z");
}

/// XEP-0359 §3, rule 2.
#[tokio::test(start_paused = true)]
async fn forged_ids_are_removed_and_others_stay() {
    let host = host().await;
    host.run("a/1, b/1 online").await;
    let forged: String = [A, B, "room@muc.example"]
        .iter()
        .map(|by| format!("<stanza-id xmlns='urn:xmpp:sid:0' id='forged' by='{by}'/>"))
        .collect();
    host.run(&format!(
        "a/1 → b: <body>x</body>{forged}\n a/1 → b: {forged}<no-store xmlns='urn:xmpp:hints'/>"
    ))
    .await;
    let archived = host.client("b/1").next().unwrap();
    assert_ne!(id_of(&archived, B).expect("it is archived"), "forged");
    assert_eq!(id_of(&archived, A), None);
    assert_eq!(id_of(&archived, "room@muc.example").as_deref(), Some("forged"));
    // "MUST delete that element even if they are not adding their own".
    let not_archived = host.client("b/1").next().unwrap();
    assert_eq!((id_of(&not_archived, A), id_of(&not_archived, B)), (None, None));
    for (client, own) in [("a/1", A), ("b/1", B)] {
        let stored = &all(&host, client).await.results[0].forwarded.stanza;
        assert_eq!(id_of(stored, own), None);
    }
}

/// XEP-0359 §3, rule 2: all of them, however the address is written.
#[tokio::test(start_paused = true)]
async fn every_forged_id_is_removed_however_often_it_comes_and_however_its_address_is_written() {
    let host = host().await;
    host.run("a/1, b/1, b/2 online\n b/2 → <iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>")
        .await;
    host.client("b/2").received();
    let forged: String = [B, B, "B@Example.Org", " b@example.org ", "b@example.org.", B]
        .iter()
        .map(|by| format!("<stanza-id xmlns='urn:xmpp:sid:0' id='forged' by='{by}'/>"))
        .collect();
    host.run(&format!("a/1 → b/1: <body>x</body>{forged}")).await;
    for client in ["b/1", "b/2"] {
        let received = host.client(client).next().expect("it arrives, or its copy").to_string();
        assert!(!received.contains("forged"), "{received}");
        assert_eq!(received.matches("<stanza-id").count(), 1, "{received}");
    }
}

/// §6.1.1.
#[tokio::test(start_paused = true)]
async fn what_is_archived_is_what_has_a_meaning_later() {
    let host = host().await;
    host.run("a/1, b/1 online").await;
    for (message, archived) in [
        ("<message to='b@example.org' type='chat'><body>x</body></message>", true),
        ("<message to='b@example.org'><body>x</body></message>", true),
        (
            "<message to='b@example.org/1' type='chat'><received xmlns='urn:xmpp:receipts' id='1'/></message>",
            true,
        ),
        (
            "<message to='b@example.org' type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>",
            false,
        ),
        ("<message to='b@example.org' type='headline'><body>x</body></message>", false),
        ("<message to='b@example.org' type='groupchat'><body>x</body></message>", false),
        ("<message to='b@example.org' type='error'><body>x</body></message>", false),
        (
            "<message to='b@example.org' type='chat'><body>x</body><no-permanent-store xmlns='urn:xmpp:hints'/></message>",
            false,
        ),
        (
            "<message to='b@example.org' type='chat'><active xmlns='http://jabber.org/protocol/chatstates'/><store xmlns='urn:xmpp:hints'/></message>",
            true,
        ),
    ] {
        let before = [all(&host, "a/1").await.results.len(), all(&host, "b/1").await.results.len()];
        host.client("a/1").send(message).await;
        let marked = host.client("b/1").received().iter().any(|message| id_of(message, B).is_some());
        let after = [all(&host, "a/1").await.results.len(), all(&host, "b/1").await.results.len()];
        let more = usize::from(archived);
        assert_eq!(after, before.map(|count| count + more), "{message}");
        assert_eq!(marked, archived, "{message}");
    }
}

/// "it MUST store such a stanza within a given archive only once" (§6.1.1).
#[tokio::test(start_paused = true)]
async fn what_several_sessions_get_is_archived_once() {
    let host = host().await;
    host.run("a/1, b/1, b/2 online").await;
    host.client("b/2").ask("<iq type='set' id='1'><enable xmlns='urn:xmpp:carbons:2'/></iq>").await;
    host.run("a/1 → b: <body>to both</body>\n a/1 → b/1: <body>copied</body>").await;
    assert_eq!(all(&host, "b/1").await.bodies(), ["to both", "copied"]);
    assert_eq!(all(&host, "a/1").await.bodies(), ["to both", "copied"]);
}

#[tokio::test(start_paused = true)]
async fn a_message_to_oneself_is_archived_once_under_the_id_that_it_carries() {
    let host = host().await;
    host.run("a/1, a/2 online\n a/1 → a/2: <body>note</body>").await;
    let id = id_of(&host.client("a/2").next().unwrap(), A);
    let found = all(&host, "a/1").await;
    assert_eq!((found.bodies(), found.results[0].id.clone()), (vec!["note".to_owned()], id.unwrap()));
    // Without `to` it is for the account itself (RFC 6120 §10.3).
    host.client("a/1").send("<message type='chat'><body>to whom?</body></message>").await;
    assert_eq!(all(&host, "a/1").await.bodies(), ["note", "to whom?"]);
}

/// "servers SHOULD include the element as a child of the forwarded message when using Carbons" (§3.5).
#[tokio::test(start_paused = true)]
async fn copies_carry_the_id_of_the_account_that_they_are_for() {
    let host = host().await;
    host.run("a/1, a/2, b/1, b/2 online").await;
    for client in ["a/2", "b/2"] {
        host.client(client).ask("<iq type='set' id='1'><enable xmlns='urn:xmpp:carbons:2'/></iq>").await;
    }
    host.run("a/1 → b/1: <body>x</body>").await;
    let sent = host.client("a/2").next().unwrap();
    let sent = sent.get::<stonechat_xep_carbons::Sent>().unwrap().unwrap().forwarded.stanza;
    assert_eq!(id_of(&sent, A).as_deref(), Some(all(&host, "a/1").await.ids()[0]));
    assert_eq!(id_of(&sent, B), None);
    let received = host.client("b/2").next().unwrap();
    let received = received.get::<stonechat_xep_carbons::Received>().unwrap().unwrap().forwarded.stanza;
    assert_eq!(id_of(&received, B).as_deref(), Some(all(&host, "b/1").await.ids()[0]));
    assert_eq!(id_of(&received, A), None);
}

/// "such an archive should only contain messages accepted for delivery" (§6.1), seen from each side.
#[tokio::test(start_paused = true)]
async fn what_is_sent_back_is_in_the_archive_of_its_sender_alone() {
    let host = with_offline("tell-strangers = true").await;
    host.run("a/1, b/1 online").await;
    host.client("a/1").send("<message to='b@example.org/gone'><body>to nobody</body></message>").await;
    host.client("a/1")
        .send("<message to='nobody@example.org' type='chat'><body>to nothing</body></message>")
        .await;
    assert_eq!(all(&host, "a/1").await.bodies(), ["to nobody", "to nothing"]);
    assert_eq!(all(&host, "b/1").await.bodies(), [""; 0]);
}

/// §3.1: the order of the archive is that in which the client got the messages, or would have.
#[tokio::test(start_paused = true)]
async fn messages_are_in_the_order_in_which_they_came() {
    let host = host().await;
    host.run("a/1, b/1, c/1 online").await;
    for number in 0..10 {
        let from = ["a/1", "c/1"][number % 2];
        host.run(&format!("{from} → b: <body>{number}</body>")).await;
    }
    let live: Vec<String> = host.client("b/1").received().iter().map(body).collect();
    assert_eq!(all(&host, "b/1").await.bodies(), live);
}

#[tokio::test(start_paused = true)]
async fn the_archive_holds_so_many_messages_and_the_oldest_go() {
    let host = configured("max-messages = 10").await;
    host.run("a/1, b/1 online").await;
    for number in 0..600 {
        host.run(&format!("a/1 → b: <body>{number}</body>")).await;
        host.client("b/1").received();
    }
    let found = all(&host, "b/1").await;
    assert!(found.results.len() < 200, "{}", found.results.len());
    assert_eq!(found.bodies().last().map(String::as_str), Some("599"));
}

#[tokio::test(start_paused = true)]
async fn what_is_too_old_is_not_told_and_goes_though_nothing_comes() {
    let host = configured("max-age-days = 2").await;
    host.run("a/1, b/1, c/1 online\n a/1 → b: <body>old</body>").await;
    host.run("later 90000\n a/1 → b: <body>new</body>").await;
    assert_eq!(all(&host, "b/1").await.bodies(), ["old", "new"]);
    host.run("later 90000").await;
    assert_eq!(all(&host, "b/1").await.bodies(), ["new"]);
    let log = host.store().log("archive");
    let owner = stonechat_store::Owner::account(B);
    assert_eq!(log.count(&owner).await.unwrap(), 2);
    // Another account's message begins the sweep.
    host.run("c/1 → c: <body>x</body>").await;
    while log.count(&owner).await.unwrap() > 1 {
        tokio::time::advance(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn without_offline_storage_what_is_archived_is_accepted() {
    let host = TestHost::with(&[&stonechat_extension::test_host::PRESENCE, &SERVER]).await;
    host.run(
        "a/1 online
         b exists
         a/1 → b: <body>x</body>
         a/1 ← nothing
         a/1 → b: <composing xmlns='http://jabber.org/protocol/chatstates'/>
         a/1 ← <message type='error'/>
         b/1 online",
    )
    .await;
    assert_eq!(all(&host, "b/1").await.bodies(), ["x"]);
}

/// Nobody at another server vouches for what is the business of this one.
#[tokio::test(start_paused = true)]
async fn ids_and_delays_that_a_peer_has_forged_are_removed_and_its_message_is_archived() {
    let host = TestHost::with(&[&SERVER, &stonechat_xep_offline::SERVER]).await;
    host.federate();
    host.run("b/1 online").await;
    let forged = "<stanza-id xmlns='urn:xmpp:sid:0' id='forged' by='b@example.org'/>\
                  <delay xmlns='urn:xmpp:delay' from='example.org' stamp='2001-01-01T00:00:00Z'/>\
                  <stanza-id xmlns='urn:xmpp:sid:0' id='theirs' by='room@muc.example.net'/>";
    host.from_peer(&format!(
        "<message from='c@example.net/1' to='b@example.org' type='chat'><body>x</body>{forged}</message>"
    ))
    .await;
    let received = host.client("b/1").next().unwrap();
    assert_ne!(id_of(&received, B).expect("it is archived"), "forged");
    assert_eq!(id_of(&received, "room@muc.example.net").as_deref(), Some("theirs"));
    assert!(!received.has(ns::DELAY, "delay"), "{received}");
    assert_eq!(all(&host, "b/1").await.results.len(), 1);
}
