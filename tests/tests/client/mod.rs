//! What the tests of the client library share.

#![allow(dead_code, reason = "not every test uses all")]

pub(crate) mod fake;

use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use stonechat_client::{Builder, Client, Event, Events, Place, Trust};
use stonechat_sasl::Mechanism;
use stonechat_stanza::jid::{BareJid, FullJid, Jid};
use stonechat_stanza::{Element, Stanza, message, ns, presence};
use stonechat_tests::{Counterpart, Server};
use stonechat_xep_roster::client::{Event as Change, Roster};
use tokio::time::timeout;

/// How long anything may take.
pub(crate) const WITHIN: Duration = Duration::from_secs(30);

/// The certificate of `localhost`.
pub(crate) fn certificates(server: &Server) -> Vec<CertificateDer<'static>> {
    read(&server.certificate("localhost"))
}

/// The certificates in a file.
pub(crate) fn read(file: &std::path::Path) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_file_iter(file).unwrap().map(Result::unwrap).collect()
}

/// A client of a user of the server, without extensions.
pub(crate) fn bare(server: &Server, user: &str) -> Builder {
    Client::builder(format!("{user}@localhost").parse().unwrap())
        .password(format!("pw-{user}"))
        .trust(Trust::roots(certificates(server)))
        .place(Place::Host("127.0.0.1".to_owned(), server.c2s().port()))
}

/// A client of a user of somebody else's server, without extensions.
pub(crate) fn foreign(server: &Counterpart, user: &str) -> Builder {
    Client::builder(format!("{user}@localhost").parse().unwrap())
        .password(format!("pw-{user}"))
        .trust(Trust::roots(read(&server.certificate())))
        .place(Place::Host("127.0.0.1".to_owned(), server.c2s().port()))
}

/// A client of a user of the server.
pub(crate) fn builder(server: &Server, user: &str) -> Builder {
    bare(server, user).extension(&stonechat_xep_ping::CLIENT).extension(&stonechat_xep_roster::CLIENT)
}

/// The same, which may log in by PLAIN.
pub(crate) fn plain(builder: Builder) -> Builder {
    builder.configure(|config| config.policy = config.policy.clone().allow(Mechanism::Plain))
}

/// A client with a session.
pub(crate) struct Online {
    pub(crate) client: Client,
    pub(crate) events: Events,
    pub(crate) jid: FullJid,
}

impl Online {
    /// Starts it, and waits for its session.
    pub(crate) async fn start(builder: Builder) -> Self {
        let (client, mut events) = builder.start().unwrap();
        loop {
            match timeout(WITHIN, events.next()).await.expect("a session in time") {
                Some(Event::Online { jid, .. }) => return Self { client, events, jid },
                Some(Event::Token(_)) => {}
                other => panic!("instead of a session: {other:?}"),
            }
        }
    }

    /// The same, and becomes available.
    pub(crate) async fn available(builder: Builder) -> Self {
        let online = Self::start(builder).await;
        online.client.send(Stanza::presence(presence::Type::Available)).await.unwrap();
        online
    }

    /// The next event.
    pub(crate) async fn event(&mut self) -> Event {
        timeout(WITHIN, self.events.next()).await.expect("an event in time").expect("the client goes on")
    }

    /// Waits for an event; none but stanzas may come before.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Event) -> bool) {
        loop {
            match self.event().await {
                event if wanted(&event) => return,
                Event::Stanza(_) | Event::Token(_) | Event::Extension(_) => {}
                other => panic!("instead: {other:?}"),
            }
        }
    }

    /// The next change of the roster.
    pub(crate) async fn change(&mut self) -> Change {
        loop {
            if let Event::Extension(event) = self.event().await {
                return event.take().unwrap();
            }
        }
    }

    /// The body of the next message.
    pub(crate) async fn message(&mut self) -> String {
        loop {
            if let Event::Stanza(inbound) = self.event().await
                && let Some(body) = inbound.stanza.find(ns::CLIENT, "body")
            {
                return body.element().unwrap().text();
            }
        }
    }
}

/// Logs in, and becomes available.
pub(crate) async fn log_in(server: &Server, user: &str) -> Online {
    Online::available(builder(server, user)).await
}

/// A message with a body.
pub(crate) fn message(to: &str, body: &str) -> Stanza {
    let body = Element::builder("body", ns::CLIENT).append(body).build();
    Stanza::message(message::Type::Chat).with_to(to.parse::<Jid>().unwrap()).with_element(&body)
}

/// A message goes from one to the other.
pub(crate) async fn chat(from: &mut Online, to: &mut Online) {
    let words = format!("hello from {} <&>", from.jid);
    from.client.send(message(to.jid.as_str(), &words)).await.unwrap();
    assert_eq!(to.message().await, words);
}

/// A contact is added and removed, which shows when the server has done so.
pub(crate) async fn change_roster(one: &mut Online) {
    assert_eq!(one.change().await, Change::Loaded);
    let roster = one.client.service::<Roster>().unwrap();
    let nurse: BareJid = "nurse@example.com".parse().unwrap();
    roster.add(nurse.clone(), "Nurse", &["Servants".to_owned()]).await.unwrap();
    let Change::Changed { item, before: None } = one.change().await else { panic!("no contact") };
    assert_eq!((item.jid.as_str(), item.name.as_str()), (nurse.as_str(), "Nurse"));
    roster.remove(nurse.clone()).await.unwrap();
    let Change::Removed(item) = one.change().await else { panic!("the contact stays") };
    assert_eq!(item.jid.as_str(), nurse.as_str());
    assert!(roster.items().is_empty());
}
