//! What the tests between servers share.

#![allow(dead_code, reason = "not every test uses all")]

use std::net::SocketAddr;

use stonechat_client::{Client, Event, Place, Trust};
use stonechat_extension::client::Query;
use stonechat_stanza::jid::Jid;
use stonechat_stanza::{Kind, ParseError, Stanza, StanzaError, iq, message, ns, payload, presence};
use stonechat_tests::counterpart::{Counterpart, Federated, Kind as Software};
use stonechat_tests::{Authority, Identity, Server, Settings, free_port};
use toml::Value;

use crate::client::{self, Online};

/// The domain of Stonechat.
pub(crate) const OURS: &str = "stone.test";
/// The same where the other server asks the system for addresses, as ejabberd does: there is no DNS, and this is what the system knows.
pub(crate) const LOCAL: &str = "localhost";
/// The domain of the other server.
pub(crate) const THEIRS: &str = "other.test";

/// A Stonechat that serves a domain with this certificate, for clients and servers, and knows where the server of `other` is.
pub(crate) fn serve(
    domain: &str,
    authority: &Authority,
    identity: &Identity,
    policy: &str,
    (other, port): (&str, u16),
) -> Server {
    let authorities = authority.certificate();
    let federation = format!(
        "policy = '{policy}'\nauthorities = '{}'\nretry_first = 0.01\nretry_most = 0.05\n\
         [peers.'{other}']\nroute = {{ host = '127.0.0.1', port = {port} }}",
        authorities.display()
    );
    let listeners = ["starttls", "s2s"]
        .map(|kind| toml::from_str::<Value>(&format!("address = '127.0.0.1:0'\nkind = '{kind}'")).unwrap());
    let settings = Settings::new()
        .host(domain)
        .set("listeners", listeners.to_vec())
        .set("tls.certificate", identity.certificate.to_str().unwrap())
        .set("tls.key", identity.key.to_str().unwrap())
        .set("federation", toml::from_str::<Value>(&federation).unwrap());
    let server = settings.start();
    for user in ["user1", "user2"] {
        server.add_user(&format!("{user}@{domain}"), &format!("pw-{user}"));
    }
    server
}

/// The other server, which finds ours.
pub(crate) fn other(
    kind: Software,
    authority: &Authority,
    identity: Identity,
    certificates: bool,
    port: u16,
    (domain, ours): (&str, &Server),
) -> Counterpart {
    let federated = Federated {
        domain: THEIRS.to_owned(),
        port,
        identity,
        authority: authority.certificate(),
        certificates,
        other: (domain.to_owned(), ours.ready().address("s2s").port()),
    };
    Counterpart::federated(kind, federated)
}

/// Both, with certificates of their own.
pub(crate) fn both(
    kind: Software,
    domain: &str,
    identities: (Identity, Identity),
    authority: &Authority,
    certificates: bool,
) -> (Server, Counterpart) {
    let port = free_port();
    let policy = if certificates { "certificate" } else { "dialback" };
    let ours = serve(domain, authority, &identities.0, policy, (THEIRS, port));
    let theirs = other(kind, authority, identities.1, certificates, port, (domain, &ours));
    (ours, theirs)
}

/// A client of the user at this address, available.
pub(crate) async fn log_in(user: &str, at: SocketAddr) -> Online {
    let local = user.split('@').next().unwrap();
    let builder = Client::builder(user.parse().unwrap())
        .password(format!("pw-{local}"))
        // What the servers of a test show to clients is good or not, as the test has it.
        .trust(Trust::dangerously_accept_any_certificate())
        .place(Place::Host("127.0.0.1".to_owned(), at.port()));
    let online = Online::start(builder).await;
    online.client.send(Stanza::presence(presence::Type::Available)).await.unwrap();
    online
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
queries!(Version, Info, Ping);

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
