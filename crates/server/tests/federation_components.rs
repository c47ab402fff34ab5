//! A component of one server and people of another.

#![allow(clippy::unwrap_used, reason = "the helpers of a test, too, fail by panicking")]

mod peers;

use std::sync::Arc;

use async_trait::async_trait;
use peers::{Authority, WITHIN, route};
use stonechat_extension::{Answered, Remote};
use stonechat_jid::Jid;
use stonechat_server::RunningServer;
use stonechat_server::config::{Component, Config, KeyPair, Listener, Policy};
use stonechat_server::federation::Proof;
use stonechat_stanza::error::Condition;
use stonechat_stanza::{Element, Stanza, StanzaError, iq, message};
use tokio::sync::mpsc;
use tokio::time::timeout;

const IRC: &str = "irc.a.example";
const MONTAGUE: &str = "romeo@b.example";

/// A component that is there.
struct Gateway(mpsc::Sender<Stanza>);

#[async_trait]
impl Remote for Gateway {
    async fn deliver(&self, stanza: Stanza) -> Result<(), StanzaError> {
        self.0.send(stanza).await.map_err(|_| StanzaError::service_unavailable())
    }
}

fn jid(text: &str) -> Jid {
    text.parse().unwrap()
}

/// Two servers, and a component of the first.
async fn both() -> (RunningServer, RunningServer, mpsc::Receiver<Stanza>) {
    let authority = Authority::new();
    let a = authority.serve("a.example", Policy::Dialback, None).await;
    let b = authority.serve("b.example", Policy::Dialback, None).await;
    route(&a, "b.example", &b).await;
    route(&b, IRC, &a).await;
    let (gateway, stanzas) = mpsc::channel(8);
    a.hosts().attach(IRC, Arc::new(Gateway(gateway)));
    (a, b, stanzas)
}

async fn next(stanzas: &mut mpsc::Receiver<Stanza>) -> Stanza {
    timeout(WITHIN, stanzas.recv()).await.expect("in time").unwrap()
}

#[tokio::test]
async fn people_elsewhere_ask_a_component_and_hear_its_answer() {
    let (a, b, mut stanzas) = both().await;
    let request = Stanza::iq(iq::Type::Get)
        .with_from(jid("b.example"))
        .with_to(jid(IRC))
        .with_element(&Element::bare("query", "jabber:iq:version"));
    let host = b.host("b.example").unwrap();
    let asking = tokio::spawn(async move { host.ask(request, WITHIN).await });
    let heard = next(&mut stanzas).await;
    assert_eq!(heard.from().unwrap().as_str(), "b.example");
    a.hosts().from_component(heard.reply()).await.unwrap();
    assert!(matches!(asking.await.unwrap(), Answered::Result(_)));
    assert_eq!(a.shutdown().await + b.shutdown().await, 0);
}

#[tokio::test]
async fn a_component_s_message_that_finds_nobody_comes_back_to_it() {
    let (a, b, mut stanzas) = both().await;
    let to = |address: &str| {
        let message =
            Stanza::message(message::Type::Chat).with_from(jid("nick@irc.a.example")).with_to(jid(address));
        message.with_id("1")
    };
    a.hosts().from_component(to(MONTAGUE)).await.unwrap();
    let back = next(&mut stanzas).await;
    assert_eq!(back.error().unwrap().condition, Condition::ServiceUnavailable);
    assert_eq!(back.from().unwrap().as_str(), MONTAGUE);
    // Nobody knows where that is.
    a.hosts().from_component(to("x@c.invalid")).await.unwrap();
    let back = next(&mut stanzas).await;
    assert_eq!(back.error().unwrap().condition, Condition::RemoteServerNotFound);
    assert_eq!(a.shutdown().await + b.shutdown().await, 0);
}

#[tokio::test]
async fn nobody_elsewhere_is_a_component() {
    let authority = Authority::new();
    let (a, b, _stanzas) = both().await;
    // It says to serve the component's domain, and would be believed by its certificate.
    let liar = authority.serve(IRC, Policy::Dialback, None).await;
    route(&liar, "a.example", &a).await;
    let error = peers::ask(&liar, IRC, "a.example").await;
    assert!(
        error.text().unwrap_or_default().contains("not-authorized: that domain is served here"),
        "{error}"
    );
    assert_eq!(a.shutdown().await + b.shutdown().await + liar.shutdown().await, 0);
}

/// Two servers that require certificates, the first configured further, with a component.
async fn certified(
    change: impl FnOnce(&Authority, &mut Config),
) -> (Authority, RunningServer, RunningServer, mpsc::Receiver<Stanza>) {
    let authority = Authority::new();
    let a = authority.serve("a.example", Policy::Certificate, None).await;
    let b = authority.serve("b.example", Policy::Certificate, None).await;
    let mut config = a.config();
    config.listeners.push(Listener::component("127.0.0.1:0".parse().unwrap()));
    config.components.insert(IRC.to_owned(), Component::with_secret("hunter2hunter2"));
    // Each direction has a stream of its own.
    config.federation.bidi = false;
    change(&authority, &mut config);
    a.reload(config).await.unwrap();
    route(&a, "b.example", &b).await;
    route(&b, IRC, &a).await;
    route(&b, "a.example", &a).await;
    let (gateway, stanzas) = mpsc::channel(8);
    a.hosts().attach(IRC, Arc::new(Gateway(gateway)));
    (authority, a, b, stanzas)
}

/// The certificate of the component alone.
fn own(authority: &Authority, config: &mut Config) {
    config.components.get_mut(IRC).unwrap().tls = Some(authority.sign(IRC));
}

/// That of the host, which is not the server's, names all that is below it as well.
fn of_host(authority: &Authority, config: &mut Config) {
    let KeyPair { certificate, key } = authority.sign("other.example");
    (config.tls.certificate, config.tls.key) = (Some(certificate), Some(key));
    let pair = authority.sign_all(&["a.example", "*.a.example"]);
    config.hosts.get_mut("a.example").unwrap().tls = Some(pair);
}

/// The component asks who is elsewhere, and hears the answer.
async fn asks(a: &RunningServer, stanzas: &mut mpsc::Receiver<Stanza>) -> StanzaError {
    let request = Stanza::iq(iq::Type::Get).with_from(jid(IRC)).with_to(jid("b.example"));
    let request = request.with_element(&Element::bare("query", "urn:example:nobody")).with_id("1");
    a.hosts().from_component(request).await.unwrap();
    next(stanzas).await.error().unwrap()
}

#[tokio::test]
async fn a_component_s_domain_is_proved_by_its_certificate_in_both_directions() {
    let changes: [fn(&Authority, &mut Config); 2] = [own, of_host];
    for change in changes {
        let (_authority, a, b, mut stanzas) = certified(change).await;
        // The other server's answer comes on a stream on which it has seen the certificate of the component's domain.
        let error = asks(&a, &mut stanzas).await;
        assert_eq!((error.condition, error.text()), (Condition::ServiceUnavailable, None));
        let of_b: Vec<_> = b.arrivals().into_iter().map(|stream| (stream.sender, stream.proof)).collect();
        assert_eq!(of_b, [(IRC.parse().unwrap(), Proof::Certificate)]);
        let of_a: Vec<_> = a.arrivals().into_iter().map(|stream| (stream.target, stream.proof)).collect();
        assert_eq!(of_a, [(IRC.parse().unwrap(), Proof::Certificate)]);
        // The host has its own as before.
        let error = peers::ask(&b, "b.example", "a.example").await;
        assert_eq!((error.condition, error.text()), (Condition::ServiceUnavailable, None));
        assert_eq!(a.shutdown().await + b.shutdown().await, 0);
    }
}

#[tokio::test]
async fn the_certificate_of_another_domain_is_not_the_component_s() {
    let (_authority, a, b, mut stanzas) = certified(|_, _| {}).await;
    let error = asks(&a, &mut stanzas).await;
    assert!(error.text().unwrap_or_default().contains("a certificate is required"), "{error}");
    let error = peers::ask(&b, "b.example", IRC).await;
    assert!(error.text().unwrap_or_default().contains("is for a.example, not for this domain"), "{error}");
    assert_eq!(a.shutdown().await + b.shutdown().await, 0);
}
