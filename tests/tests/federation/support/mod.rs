//! What the tests between servers share.

#![allow(dead_code, reason = "not every test uses all")]

pub(crate) mod both;
pub(crate) mod pair;

use std::net::SocketAddr;

use stonechat_client::{Client, Event, Place, Trust};
use stonechat_extension::client::{Query, RequestError};
use stonechat_stanza::error::Condition;
use stonechat_stanza::jid::Jid;
use stonechat_stanza::{Kind, ParseError, Stanza, StanzaError, iq, message, ns, payload, presence};
use stonechat_tests::counterpart::{Federated, Kind as Software};
use stonechat_tests::{Authority, Identity, Server, Settings};
use stonechat_xep_vcard::VCard;
use stonechat_xep_vcard::client::VCards;
use toml::Value;

use crate::client::{self, Online};

/// The domain of Stonechat.
pub(crate) const OURS: &str = "stone.test";
/// The same where the other server asks the system for addresses, as ejabberd does: there is no DNS, and this is what the system knows.
pub(crate) const LOCAL: &str = "localhost";
/// The domain of the other server.
pub(crate) const THEIRS: &str = "other.test";

/// What a Stonechat is told that serves a domain with this certificate, for clients and for servers.
pub(crate) fn settings(domain: &str, authority: &Authority, identity: &Identity, policy: &str) -> Settings {
    let listener =
        |kind: &str| toml::from_str::<Value>(&format!("address = '127.0.0.1:0'\nkind = '{kind}'")).unwrap();
    Settings::new()
        .host(domain)
        .set("listeners", ["starttls", "s2s", "s2s-direct-tls"].map(listener).to_vec())
        .set("tls.certificate", identity.certificate.to_str().unwrap())
        .set("tls.key", identity.key.to_str().unwrap())
        .set("federation.policy", policy)
        .set("federation.authorities", authority.certificate().to_str().unwrap())
        .set("federation.retry_first", 0.01)
        .set("federation.retry_most", 0.05)
}

/// The same, where the server of `other` is at this port, with TLS as `kind` says.
pub(crate) fn routed(settings: Settings, other: &str, port: u16, kind: &str) -> Settings {
    let peer = format!("route = {{ host = '127.0.0.1', port = {port}, kind = '{kind}' }}");
    let peers = Value::Table([(other.to_owned(), toml::from_str(&peer).unwrap())].into_iter().collect());
    settings.set("federation.peers", peers)
}

/// Starts it, with two users.
pub(crate) fn start(settings: &Settings, domain: &str) -> Server {
    let server = settings.start();
    for user in ["user1", "user2"] {
        server.add_user(&format!("{user}@{domain}"), &format!("pw-{user}"));
    }
    server
}

/// A Stonechat that serves a domain with this certificate, for clients and servers, and knows where the server of `other` is.
pub(crate) fn serve(
    domain: &str,
    authority: &Authority,
    identity: &Identity,
    policy: &str,
    (other, port): (&str, u16),
) -> Server {
    start(&routed(settings(domain, authority, identity, policy), other, port, "s2s"), domain)
}

/// What is different from one pair of servers to the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Way {
    /// Whether certificates are required, or dialback is enough.
    pub(crate) certificates: bool,
    /// Whether TLS is the first word, in both directions; to ejabberd alone, unless it finds ours by DNS.
    pub(crate) direct_tls: bool,
    /// Whether the other server finds ours by SRV records, for which there is a DNS server then.
    pub(crate) by_dns: bool,
    /// The domain of the other server.
    pub(crate) theirs: &'static str,
    /// Whether the other server wants streams for both directions.
    pub(crate) bidi: bool,
}

/// With certificates, and STARTTLS.
pub(crate) const CERTIFICATES: Way =
    Way { certificates: true, direct_tls: false, by_dns: false, theirs: THEIRS, bidi: false };

/// What the other server is told, which finds ours.
pub(crate) fn federated(
    kind: Software,
    authority: &Authority,
    identity: Identity,
    way: Way,
    (port, direct_tls_port): (u16, u16),
    (domain, ours): (&str, &Server),
) -> Federated {
    let other_direct_tls = way.direct_tls && kind == Software::Prosody;
    let listener = if other_direct_tls { "s2s-direct-tls" } else { "s2s" };
    Federated {
        domain: way.theirs.to_owned(),
        port,
        direct_tls_port,
        identity,
        authority: authority.certificate(),
        certificates: way.certificates,
        other: (domain.to_owned(), ours.ready().address(listener).port()),
        other_direct_tls,
        name_server: None,
        bidi: way.bidi,
    }
}

/// A client of the user at this address, available.
pub(crate) async fn log_in(user: &str, at: SocketAddr) -> Online {
    let local = user.split('@').next().unwrap();
    let builder = Client::builder(user.parse().unwrap())
        .password(format!("pw-{local}"))
        .extension(&stonechat_xep_vcard::CLIENT)
        // What the servers of a test show to clients is good or not, as the test has it.
        .trust(Trust::dangerously_accept_any_certificate())
        .place(Place::Host("127.0.0.1".to_owned(), at.port()));
    Online::available(builder).await
}

/// The next stanza that is wanted; others are passed over.
pub(crate) async fn stanza(online: &mut Online, wanted: impl Fn(&Stanza) -> bool) -> Stanza {
    loop {
        if let Event::Stanza(inbound) = online.event().await
            && wanted(&inbound.stanza)
        {
            return inbound.stanza;
        }
    }
}

/// The error that a message to this address comes back with.
pub(crate) async fn refused(online: &mut Online, to: &str) -> StanzaError {
    online.client.send(client::message(to, "are you there?")).await.unwrap();
    let error = stanza(online, |stanza| stanza.kind() == Kind::Message(message::Type::Error)).await;
    error.error().unwrap()
}

/// A message goes from one to the other, to the full and to the bare address, and back.
pub(crate) async fn chat(one: &mut Online, two: &mut Online) {
    for bare in [false, true] {
        client::chat(one, two).await;
        client::chat(two, one).await;
        if bare {
            let to = two.jid.to_bare();
            one.client.send(client::message(to.as_str(), "to whoever you are")).await.unwrap();
            assert_eq!(two.message().await, "to whoever you are");
        }
    }
}

payload! {
    struct Version: ns::VERSION, "query";
}
payload! {
    struct Info: ns::DISCO_INFO, "query";
}
payload! {
    struct Ping: ns::PING, "ping";
}
payload! {
    struct Unknown: "urn:example:nobody", "query";
}

macro_rules! queries {
    ($($query:ident),*) => {
        $(impl Query for $query {
            const KIND: iq::Type = iq::Type::Get;
            type Answer = ();

            fn read(_: &Stanza) -> Result<(), ParseError> {
                Ok(())
            }
        })*
    };
}
queries!(Version, Info, Ping, Unknown);

/// The other's server is asked and answers.
pub(crate) async fn ask(online: &mut Online, domain: &str) {
    let to = || domain.parse::<Jid>().unwrap();
    online.client.request(to(), &Version {}).await.unwrap();
    online.client.request(to(), &Info {}).await.unwrap();
    online.client.request(to(), &Ping {}).await.unwrap();
}

/// One subscribes to the other, both see each other come and go.
pub(crate) async fn subscribe(one: &mut Online, two: &mut Online) {
    let to = |online: &Online, kind| Stanza::presence(kind).with_to(Jid::from(online.jid.to_bare()));
    let is = |stanza: &Stanza, kind, from: &str| {
        stanza.kind() == Kind::Presence(kind) && stanza.from().is_some_and(|by| by.bare_str() == from)
    };
    let (first, second) = (one.jid.to_bare(), two.jid.to_bare());
    one.client.send(to(two, presence::Type::Subscribe)).await.unwrap();
    stanza(two, |stanza| is(stanza, presence::Type::Subscribe, first.as_str())).await;
    two.client.send(to(one, presence::Type::Subscribed)).await.unwrap();
    stanza(one, |stanza| is(stanza, presence::Type::Available, second.as_str())).await;
    two.client.send(to(one, presence::Type::Subscribe)).await.unwrap();
    stanza(one, |stanza| is(stanza, presence::Type::Subscribe, second.as_str())).await;
    one.client.send(to(two, presence::Type::Subscribed)).await.unwrap();
    stanza(two, |stanza| is(stanza, presence::Type::Available, first.as_str())).await;
    two.client.send(Stanza::presence(presence::Type::Unavailable)).await.unwrap();
    stanza(one, |stanza| is(stanza, presence::Type::Unavailable, second.as_str())).await;
    two.client.send(Stanza::presence(presence::Type::Available)).await.unwrap();
    stanza(one, |stanza| is(stanza, presence::Type::Available, second.as_str())).await;
    // The probe has been answered.
    stanza(two, |stanza| is(stanza, presence::Type::Available, first.as_str())).await;
}

/// What is asked of an account or a session that is not there, or is not known, comes back as an error, and everything goes on.
pub(crate) async fn errors(one: &mut Online, domain: &str) {
    for absent in [domain.to_owned(), format!("nobody@{domain}"), format!("user1@{domain}/not-there")] {
        let answer = one.client.request(absent.parse::<Jid>().unwrap(), &Unknown {}).await;
        let Err(RequestError::Refused(error)) = answer else { panic!("{absent}: {answer:?}") };
        assert!(
            matches!(error.condition, Condition::ServiceUnavailable | Condition::ItemNotFound),
            "{absent}: {error}"
        );
    }
    ask(one, domain).await;
}

/// A message for somebody who is not there is kept by the other server, and delivered with the time at which it came.
pub(crate) async fn offline(one: &mut Online, domain: &str, at: SocketAddr) {
    let to = format!("user2@{domain}");
    one.client.send(client::message(&to, "for when you come")).await.unwrap();
    // What is behind it on the same stream was answered, so it has arrived.
    one.client.request(domain.parse::<Jid>().unwrap(), &Ping {}).await.unwrap();
    let mut two = log_in(&to, at).await;
    let kept = stanza(&mut two, |stanza| stanza.has(ns::CLIENT, "body")).await;
    assert!(kept.has(ns::DELAY, "delay"), "{kept}");
    assert_eq!(kept.from().unwrap().bare_str(), one.jid.bare_str());
    two.client.close().await;
}

/// Who is at the other server publishes a vCard, and it is fetched from here (XEP-0054 §3.3).
pub(crate) async fn fetch_vcard(one: &Online, two: &Online) {
    let vcards = |online: &Online| online.client.service::<VCards>().unwrap();
    let change = |own: VCard| own.with_text("FN", Some("Juliet & Romeo"));
    vcards(two).change(change).await.unwrap();
    let theirs = vcards(one).of(two.jid.to_bare().into()).await.unwrap().expect("there is one");
    assert_eq!(theirs.full_name().as_deref(), Some("Juliet & Romeo"));
}
