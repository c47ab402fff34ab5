//! What somebody sends who is not the one that it must come from: copies, roster pushes, answers, results of the archive, ids of the archive.
//! The client's extensions act upon none of it.

use crate::client;
use crate::client::fake::{Fake, nobody, play};
use crate::client::{Online, bare, log_in};
use stonechat_client::{Builder, Event};
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Stanza, ns};
use stonechat_tests::Settings;
use stonechat_xep_carbons::client as carbons;
use stonechat_xep_mam::client as mam;
use stonechat_xep_receipts::client::Delivered;
use stonechat_xep_roster::client::{self as roster, Roster};

/// Who forges.
const EVE: &str = "from='eve@example.net/x'";
/// Everybody who is not the account: another account, the server, another session of one's own.
const OTHERS: [&str; 3] = [EVE, "from='localhost'", "from='a@localhost/other'"];

fn full(builder: Builder) -> Builder {
    builder.extensions(&[
        &stonechat_xep_roster::CLIENT,
        &stonechat_xep_receipts::CLIENT,
        &stonechat_xep_carbons::CLIENT,
        &stonechat_xep_mam::CLIENT,
        &stonechat_xep_ping::CLIENT,
    ])
}

fn forwarded(from: &str, to: &str, id: &str, body: &str) -> String {
    format!(
        "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' type='chat' id='{id}' from='{from}' to='{to}'>\
         <body>{body}</body></message></forwarded>"
    )
}

/// The requests that the client makes when its session begins: the id of each, by its namespace.
struct Asked {
    text: String,
}

impl Asked {
    /// The value of an attribute behind what is unique to the request.
    fn value(&self, of: &str, attribute: &str) -> String {
        let request = self.text.split("<iq").find(|request| request.contains(of)).unwrap();
        let value = request.split(&format!("{attribute}='")).nth(1).unwrap();
        value.split('\'').next().unwrap().to_owned()
    }
}

impl Fake {
    fn asked(&mut self) -> Asked {
        let mut text = String::new();
        for wanted in ["jabber:iq:roster", "urn:xmpp:carbons:2", "urn:xmpp:mam:2"] {
            while !text.contains(wanted) || !text.ends_with("</iq>") {
                text.push_str(&self.until("</iq>"));
            }
        }
        Asked { text }
    }
}

/// What the client tells until a message that says `end` comes: its application's view of all that was forged.
async fn told(events: &mut stonechat_client::Events) -> Vec<String> {
    let mut told = Vec::new();
    loop {
        match tokio::time::timeout(client::WITHIN, events.next()).await.unwrap().unwrap() {
            Event::Extension(event) => told.extend(describe(&event)),
            Event::Stanza(inbound) => {
                let body = inbound.stanza.find(ns::CLIENT, "body").and_then(|body| body.element().ok());
                match body.map(|body| body.text()).as_deref() {
                    Some("end") => return told,
                    Some(body) => told.push(format!("message {body}")),
                    None => {}
                }
            }
            Event::Online { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

fn describe(event: &stonechat_extension::client::Event) -> Option<String> {
    if let Some(carbons::Event::Copy { .. }) = event.get() {
        return Some("a copy".to_owned());
    }
    if let Some(roster::Event::Changed { item, .. }) = event.get() {
        return Some(format!("contact {}", item.jid));
    }
    if let Some(mam::Event::Message(message)) = event.get() {
        return Some(format!("archived {}", message.id));
    }
    event.get::<Delivered>().map(|delivered| format!("receipt by {}", delivered.by))
}

#[tokio::test]
async fn over_a_socket_nothing_that_is_forged_is_acted_upon() {
    let (builder, fake) = play(full(nobody()), |fake| {
        fake.let_in();
        let asked = fake.asked();
        let (query, queryid) =
            (asked.value("urn:xmpp:mam:2", " id"), asked.value("urn:xmpp:mam:2", "queryid"));
        let roster = asked.value("jabber:iq:roster", " id");
        let item =
            "<query xmlns='jabber:iq:roster'><item jid='eve@example.net' subscription='both'/></query>";
        for from in OTHERS {
            // A push, and an answer in the account's name.
            fake.say(&format!("<iq type='set' id='p' {from}>{item}</iq>"));
            fake.say(&format!("<iq type='result' id='{roster}' {from}>{item}</iq>"));
            // Copies, received and sent.
            for (name, ours) in [("received", "to"), ("sent", "from")] {
                let copy = match ours {
                    "to" => forwarded("romeo@example.net/o", "a@localhost", "c", "forged"),
                    _ => forwarded("a@localhost/b", "romeo@example.net", "c", "forged"),
                };
                fake.say(&format!(
                    "<message {from}><{name} xmlns='urn:xmpp:carbons:2'>{copy}</{name}></message>"
                ));
            }
            // A result of the archive, with the right id of the query, and the end of the query.
            let kept = forwarded("romeo@example.net/o", "a@localhost", "k", "forged");
            fake.say(&format!("<message {from}><result xmlns='urn:xmpp:mam:2' queryid='{queryid}' id='f'>{kept}</result></message>"));
            fake.say(&format!(
                "<iq type='result' id='{query}' {from}><fin xmlns='urn:xmpp:mam:2' complete='true'/></iq>"
            ));
        }
        // The account itself, but about a message that it has no part in, and for a query that nobody has asked.
        let others = forwarded("romeo@example.net/o", "eve@example.net", "c", "forged");
        fake.say(&format!(
            "<message from='a@localhost'><received xmlns='urn:xmpp:carbons:2'>{others}</received></message>"
        ));
        let kept = forwarded("romeo@example.net/o", "a@localhost", "k", "forged");
        fake.say(&format!("<message from='a@localhost'><result xmlns='urn:xmpp:mam:2' queryid='guessed' id='f'>{kept}</result></message>"));
        // An id that only the own archive gives: that message must not be taken for known when it comes from there.
        fake.say(&format!("<message {EVE} id='e'><body>with an id</body><stanza-id xmlns='urn:xmpp:sid:0' by='eve@example.net' id='real'/></message>"));
        let kept = forwarded("romeo@example.net/o", "a@localhost", "k", "real");
        fake.say(&format!("<message from='a@localhost'><result xmlns='urn:xmpp:mam:2' queryid='{queryid}' id='real'>{kept}</result></message>"));
        fake.say(&format!("<message {EVE}><body>end</body></message>"));
        // Every push is refused.
        let mut said = String::new();
        while said.matches("service-unavailable").count() < OTHERS.len() {
            said.push_str(&fake.until(">"));
        }
    });
    let (client, mut events) = builder.start().unwrap();
    assert_eq!(told(&mut events).await, ["message with an id", "archived real"]);
    assert!(client.service::<Roster>().unwrap().items().is_empty());
    tokio::task::spawn_blocking(move || fake.join().unwrap()).await.unwrap();
    drop(events);
}

#[tokio::test]
async fn through_the_server_nobody_forges_what_is_another_account_s() {
    let server = Settings::new().start_with_users(2);
    let mut one = Online::start(full(bare(&server, "user1"))).await;
    // What is in the archive by then is told as such.
    one.until(
        |event| matches!(event, Event::Extension(event) if matches!(event.get(), Some(mam::Event::Synced))),
    )
    .await;
    let eve = log_in(&server, "user2").await;
    let me: BareJid = one.jid.to_bare();
    let copy = forwarded("nurse@localhost/x", me.as_str(), "c", "forged");
    for child in [
        format!("<received xmlns='urn:xmpp:carbons:2'>{copy}</received>"),
        format!("<result xmlns='urn:xmpp:mam:2' id='f'>{copy}</result>"),
        format!("<body>with an id</body><stanza-id xmlns='urn:xmpp:sid:0' by='{me}' id='forged'/>"),
        "<received xmlns='urn:xmpp:receipts' id='x'/>".to_owned(),
        "<body>end</body>".to_owned(),
    ] {
        let xml = format!("<message to='{}' type='chat' id='m'>{child}</message>", one.jid);
        eve.client.send(Stanza::parse(xml.as_bytes()).unwrap()).await.unwrap();
    }
    let push = format!(
        "<iq type='set' id='p' to='{}'><query xmlns='jabber:iq:roster'><item jid='eve@example.net'/></query></iq>",
        one.jid
    );
    assert!(eve.client.handle().exchange(Stanza::parse(push.as_bytes()).unwrap()).await.is_err());
    // A receipt counts for messages to who gives it, and it is told by whom it is.
    assert_eq!(told(&mut one.events).await, ["message with an id", "receipt by user2@localhost"]);
    assert!(one.client.service::<Roster>().unwrap().items().is_empty());
}
