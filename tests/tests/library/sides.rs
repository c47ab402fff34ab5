//! The client's sides of extensions, against the server, with slixmpp as the contact.

use crate::client;
use crate::client::{Online, bare, message};
use stonechat_client::{Builder, Event};
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Stanza, ns, rsm};
use stonechat_tests::{Server, Settings, Stream, foreign};
use stonechat_xep_carbons::client as carbons;
use stonechat_xep_disco::client::Disco;
use stonechat_xep_mam::Filter;
use stonechat_xep_mam::client::{self as mam, Archive, Position};
use stonechat_xep_presence::client::{self as presence, Presence};
use stonechat_xep_receipts::client::Delivered;
use stonechat_xep_roster::Subscription;
use stonechat_xep_roster::client::{self as roster, Roster};

fn full(server: &Server, user: &str) -> Builder {
    [
        &stonechat_xep_roster::CLIENT,
        &stonechat_xep_presence::CLIENT,
        &stonechat_xep_receipts::CLIENT,
        &stonechat_xep_carbons::CLIENT,
        &stonechat_xep_mam::CLIENT,
        &stonechat_xep_disco::CLIENT,
        &stonechat_xep_ping::CLIENT,
    ]
    .into_iter()
    .fold(bare(server, user), Builder::extension)
}

fn jid(user: &str) -> BareJid {
    format!("{user}@localhost").parse().unwrap()
}

/// Waits for an extension's event of which `wanted` makes something.
async fn until<T>(
    online: &mut Online,
    wanted: impl Fn(&stonechat_extension::client::Event) -> Option<T>,
) -> T {
    loop {
        if let Event::Extension(event) = online.event().await
            && let Some(found) = wanted(&event)
        {
            return found;
        }
    }
}

/// A client that is available, gets copies and has caught up.
async fn start(server: &Server, user: &str) -> Online {
    let mut online = Online::start(full(server, user)).await;
    let (own, mut missing) = (online.jid.clone(), 3);
    while missing > 0 {
        let done = until(&mut online, |event| {
            let available =
                matches!(event.get(), Some(presence::Event::Available { from, .. }) if *from == own);
            let copies = matches!(event.get(), Some(carbons::Event::Enabled));
            Some(available || copies || matches!(event.get(), Some(mam::Event::Synced)))
        });
        missing -= i32::from(done.await);
    }
    online
}

fn body(stanza: &Stanza) -> Option<String> {
    Some(stanza.find(ns::CLIENT, "body")?.element().ok()?.text())
}

fn copied(event: &stonechat_extension::client::Event) -> Option<String> {
    match event.get() {
        Some(carbons::Event::Copy { message, .. }) => body(message),
        _ => None,
    }
}

#[tokio::test]
async fn with_a_contact_of_slixmpp_one_subscribes_talks_and_reads_it_again() {
    let server = Settings::new().start_with_users(2);
    let contact = foreign::start_script(&server, "answer.py", &["echo", "user2@localhost", "end"]);
    contact.wait_for(Stream::Stdout, client::WITHIN, "that it is online", |line| {
        (line == "online").then_some(())
    });

    let mut one = start(&server, "user1").await;
    let mut other = start(&server, "user1").await;

    // Each sees the other, by requests and approvals in both directions.
    let presence = one.client.service::<Presence>().unwrap();
    presence.subscribe(jid("user2"), None).await.unwrap();
    until(&mut one, |event| matches!(event.get(), Some(presence::Event::Request { .. })).then_some(())).await;
    presence.approve(jid("user2")).await.unwrap();
    until(&mut one, |event| match event.get() {
        Some(roster::Event::Changed { item, .. }) => (item.subscription == Subscription::Both).then_some(()),
        _ => None,
    })
    .await;
    let roster = one.client.service::<Roster>().unwrap();
    roster.add(jid("user2"), "Echo", &["Robots".to_owned()]).await.unwrap();
    until(&mut other, |event| match event.get() {
        Some(roster::Event::Changed { item, .. }) => {
            (item.name == "Echo" && item.groups == ["Robots"]).then_some(())
        }
        _ => None,
    })
    .await;
    assert!(presence.of(&jid("user2")).is_some(), "the contact is there");

    // What one says and hears the other device has as copies.
    one.client.send(message("user2@localhost", "hello")).await.unwrap();
    assert_eq!(one.message().await, "echo of hello");
    assert_eq!(until(&mut other, copied).await, "hello");
    one.client.send(message("user2@localhost", "end")).await.unwrap();
    assert_eq!(one.message().await, "echo of end");
    foreign::succeed(&server, contact);

    // All of it is in the archive.
    let archive = one.client.service::<Archive>().unwrap();
    let with = Filter { with: Some(jid("user2").into()), ..Filter::default() };
    let page = archive.page(None, &with, rsm::Request::last(10)).await.unwrap();
    let said: Vec<_> = page.messages.iter().filter_map(|message| body(&message.message)).collect();
    assert_eq!(said, ["hello", "echo of hello", "end", "echo of end"]);
    assert_eq!(archive.metadata(None).await.unwrap().end.map(|end| end.id), page.set.last);

    let disco = one.client.service::<Disco>().unwrap();
    assert!(disco.info("localhost".parse().unwrap(), None).await.unwrap().has(stonechat_xep_ping::NS));
    let theirs = disco.of(&other.jid.clone().into()).await.unwrap();
    assert!(theirs.has("urn:xmpp:receipts"), "the capabilities of the other device");
}

#[tokio::test]
async fn receipts_go_to_who_may_see_us_and_to_nobody_else() {
    let server = Settings::new().start_with_users(2);
    let (mut one, mut two) = (start(&server, "user1").await, start(&server, "user2").await);
    one.client.send(message("user2@localhost", "stranger")).await.unwrap();
    assert_eq!(two.message().await, "stranger");
    // Two lets one see their presence.
    let theirs = two.client.service::<Presence>().unwrap();
    one.client.service::<Presence>().unwrap().subscribe(jid("user2"), None).await.unwrap();
    until(&mut two, |event| matches!(event.get(), Some(presence::Event::Request { .. })).then_some(())).await;
    theirs.approve(jid("user1")).await.unwrap();
    until(&mut two, |event| match event.get() {
        Some(roster::Event::Changed { item, .. }) => (item.subscription == Subscription::From).then_some(()),
        _ => None,
    })
    .await;
    one.client.send(message("user2@localhost", "friend").with_id("m2")).await.unwrap();
    let delivered = until(&mut one, |event| event.get::<Delivered>().cloned()).await;
    assert_eq!(delivered, Delivered { by: jid("user2"), id: "m2".to_owned() }, "the first that is told");
}

/// Starts a client at a position, and gives all that it is told, live, as copies or from the archive, until it has caught up and has a message that
/// says so. `meanwhile` happens when it has its session.
async fn told(builder: Builder, position: &mut Position, meanwhile: impl AsyncFnOnce()) -> Vec<String> {
    let (client, mut events) = builder.start().unwrap();
    let archive = client.service::<Archive>().unwrap();
    assert!(archive.restore(position.clone()), "there was no session yet");
    let mut meanwhile = Some(meanwhile);
    let (mut bodies, mut synced) = (Vec::new(), false);
    while !synced || !bodies.contains(&"enough".to_owned()) {
        match tokio::time::timeout(client::WITHIN, events.next()).await.unwrap().unwrap() {
            Event::Online { .. } => meanwhile.take().unwrap()().await,
            Event::Stanza(inbound) => bodies.extend(body(&inbound.stanza)),
            Event::Extension(event) => match event.get() {
                Some(mam::Event::Message(message)) => bodies.extend(body(&message.message)),
                Some(mam::Event::Synced) => synced = true,
                Some(mam::Event::Failed(error)) => panic!("{error}"),
                // As long as the session is not available, what comes is copied to it.
                _ => bodies.extend(copied(&event)),
            },
            other => panic!("{other:?}"),
        }
    }
    *position = archive.position();
    client.close().await;
    bodies
}

#[tokio::test]
async fn after_an_absence_the_archive_tells_all_once() {
    let server = Settings::new().start_with_users(2);
    let two = client::log_in(&server, "user2").await;
    let say = async |words: &[String]| {
        for word in words {
            two.client.send(message("user1@localhost", word)).await.unwrap();
        }
    };
    let numbers: Vec<String> = (0..600).map(|number| number.to_string()).collect();
    let mut position = Position::default();
    let mut all = Vec::new();
    // There for 150 messages, absent for 150, and so on: more than a page has, and more than the position stays behind.
    for (round, words) in numbers.chunks(300).enumerate() {
        let (absent, present) = words.split_at(150);
        if round == 0 {
            // Without a position only the last of the archive would be told.
            all.extend(
                told(full(&server, "user1"), &mut position, async || say(&["enough".to_owned()]).await).await,
            );
        }
        say(absent).await;
        let present: Vec<String> = present.iter().cloned().chain(["enough".to_owned()]).collect();
        all.extend(told(full(&server, "user1"), &mut position, async || say(&present).await).await);
    }
    assert_eq!(all.iter().filter(|body| *body == "enough").count(), 3);
    all.retain(|body| body != "enough");
    all.sort_by_key(|body| body.parse::<u32>().unwrap());
    assert_eq!(all, numbers, "each once");
}
