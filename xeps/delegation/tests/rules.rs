//! XEP-0355, on the test host.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use async_trait::async_trait;
use stonechat_extension::point::Point as _;
use stonechat_extension::test_host::{TestHost, contract};
use stonechat_extension::{
    Answer, AsyncGuard, Cx, Descriptor, InstallError, Installer, Manifest, NoConfig, On, Reply, Request,
    ServerExtension, Verdict,
};
use stonechat_stanza::{Stanza, StanzaError, payload};
use stonechat_xep_delegation::SERVER;

const PUBSUB: &str = "http://jabber.org/protocol/pubsub";
const UNAVAILABLE: &str = "<error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";

payload! {
    /// A request that the server answers itself.
    struct Own: "http://jabber.org/protocol/pubsub", "pubsub";
}

payload! {
    /// Another.
    struct Query: "urn:xmpp:mam:2", "query";
}

/// Answers what is not delegated, and keeps the account `shy` from everybody.
struct Server;
static OWN: Descriptor = Descriptor::of::<Server>();

impl ServerExtension for Server {
    const MANIFEST: Manifest = Manifest::new("own");
    type Config = NoConfig;
    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let server = host.share(Self);
        host.guard_async::<Request>(&server);
        for on in [On::HOST, On::OWN_ACCOUNT, On::OTHER_ACCOUNT] {
            host.iq_set::<Own>(on, &server)?;
            host.iq_get::<Query>(on, &server)?;
        }
        Ok(())
    }
}

impl Answer<Own> for Server {
    fn answer(&self, _: &mut Cx<'_>, _: &Request, _: Own) -> Result<Reply, StanzaError> {
        Err(StanzaError::gone(None))
    }
}

impl Answer<Query> for Server {
    fn answer(&self, _: &mut Cx<'_>, _: &Request, _: Query) -> Result<Reply, StanzaError> {
        Err(StanzaError::gone(None))
    }
}

#[async_trait]
impl AsyncGuard<Request> for Server {
    fn at_once(&self, _: &Cx<'_>, event: &Request) -> Option<Verdict> {
        let shy = event.account.as_ref().is_some_and(|account| account.local() == Some("shy"));
        Some(if shy { Verdict::Absent } else { Verdict::Allow })
    }

    async fn guard(&self, _: &Cx<'_>, _: &Request) -> Verdict {
        Verdict::Allow
    }
}

const SECTION: &str = "namespaces = [
    { component = 'pubsub.example.org', namespace = 'http://jabber.org/protocol/pubsub' },
    { component = 'pubsub.example.org', namespace = 'urn:xmpp:mam:2', attributes = ['node'] },
    { component = 'away.example.org', namespace = 'urn:x' },
]";

async fn host() -> TestHost {
    let host = TestHost::configured(&[&SERVER, &OWN], &[("delegation", SECTION)]).await;
    host.run(
        "a/1, b/1, shy/1 online
         pubsub.example.org connects
         other.example.org connects",
    )
    .await;
    host
}

/// Lets the tasks of the extension do what they have to do now.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// What has come to the component, past what it was told at first.
async fn forwarded(host: &TestHost) -> Option<Stanza> {
    settle().await;
    loop {
        let stanza = host.to_component("pubsub.example.org")?;
        let text = stanza.to_string();
        if !text.contains("<delegated ") && !text.contains("disco#info") {
            return Some(stanza);
        }
    }
}

fn publish(to: &str) -> String {
    let to = if to.is_empty() { String::new() } else { format!("to='{to}'") };
    format!("<iq type='set' id='pep1' {to}><pubsub xmlns='{PUBSUB}'/></iq>")
}

/// The component's answer to what was forwarded to it.
async fn answer(host: &TestHost, asked: &Stanza, held: &str) {
    let id = asked.id().unwrap();
    host.from_component(&format!(
        "<iq from='pubsub.example.org' to='example.org' id='{id}' type='result'><delegation xmlns='urn:xmpp:delegation:2'>\
         <forwarded xmlns='urn:xmpp:forward:0'>{held}</forwarded></delegation></iq>"
    ))
    .await;
    settle().await;
}

#[tokio::test(start_paused = true)]
async fn the_contract_holds() {
    contract::check(&[&SERVER]).await;
    assert_eq!(Request::NAME, "Request");
}

/// Example 1.
#[tokio::test(start_paused = true)]
async fn a_component_is_told_what_is_delegated_to_it_when_it_connects() {
    let host = host().await;
    host.run(&format!(
        "pubsub.example.org ← <message from='example.org' to='pubsub.example.org'><delegation xmlns='urn:xmpp:delegation:2'><delegated namespace='{PUBSUB}'/><delegated namespace='urn:xmpp:mam:2'><attribute name='node'/></delegated></delegation></message>
         pubsub.example.org ← nothing
         other.example.org ← nothing"
    ))
    .await;
}

/// §4.3, examples 2 to 5.
#[tokio::test(start_paused = true)]
async fn a_request_is_forwarded_and_the_answer_is_passed_on() {
    let host = host().await;
    for to in ["", "example.org", "a@example.org", "b@example.org"] {
        host.client("a/1").send(&publish(to)).await;
        let asked = forwarded(&host).await.unwrap();
        let text = asked.to_string();
        assert!(text.contains("from='example.org'") && text.contains("type='set'"), "{text}");
        assert!(text.contains("xmlns='urn:xmpp:forward:0'") && text.contains("a@example.org/1"), "{text}");
        let held = format!(
            "<iq xmlns='jabber:client' to='a@example.org/1' id='pep1' type='result'><pubsub xmlns='{PUBSUB}'/></iq>"
        );
        answer(&host, &asked, &held).await;
        let from = if to.is_empty() { "a@example.org" } else { to };
        host.run(&format!(
            "a/1 ← <iq from='{from}' to='a@example.org/1' type='result' id='pep1'><pubsub xmlns='{PUBSUB}'/></iq>
             a/1 ← nothing"
        ))
        .await;
    }
}

/// Line 68: limited to what was delegated, to the request that was asked, and to the answer of the component itself.
#[tokio::test(start_paused = true)]
async fn an_answer_to_something_else_is_not_passed_on_and_the_asker_is_told() {
    let host = host().await;
    host.client("a/1").send(&publish("")).await;
    let asked = forwarded(&host).await.unwrap();
    let held = "<iq xmlns='jabber:client' to='b@example.org/1' id='pep1' type='result'/>";
    // Not from the one who was asked.
    let id = asked.id().unwrap();
    host.from_component(&format!(
        "<iq from='other.example.org' to='example.org' id='{id}' type='result'><delegation xmlns='urn:xmpp:delegation:2'>\
         <forwarded xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' to='a@example.org/1' id='pep1' type='result'/></forwarded></delegation></iq>"
    ))
    .await;
    settle().await;
    host.run("a/1 ← nothing").await;
    answer(&host, &asked, held).await;
    host.run(&format!(
        "a/1 ← <iq from='a@example.org' type='error' id='pep1'>{UNAVAILABLE}</iq>
         b/1 ← nothing"
    ))
    .await;
}

/// §4.3, N.B.₁ and N.B.₂.
#[tokio::test(start_paused = true)]
async fn without_the_component_or_with_its_error_the_service_is_unavailable() {
    let host = host().await;
    host.run(&format!(
        "a/1 → <iq type='get' id='1'><x xmlns='urn:x'/></iq>
         a/1 ← <iq type='error' id='1'>{UNAVAILABLE}</iq>"
    ))
    .await;
    host.client("a/1").send(&publish("")).await;
    let asked = forwarded(&host).await.unwrap();
    host.from_component(&asked.error_reply(&StanzaError::not_allowed()).unwrap().to_string()).await;
    settle().await;
    host.run(&format!("a/1 ← <iq type='error' id='pep1'>{UNAVAILABLE}</iq>")).await;
}

/// §4.3, N.B.₃.
#[tokio::test(start_paused = true)]
async fn where_the_attribute_is_missing_the_server_answers_itself() {
    let host = host().await;
    host.run(
        "a/1 → <iq type='get' id='1'><query xmlns='urn:xmpp:mam:2'/></iq>
         a/1 ← <iq type='error' id='1'><error><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    )
    .await;
    assert!(forwarded(&host).await.is_none());
    host.client("a/1").send("<iq type='get' id='2'><query xmlns='urn:xmpp:mam:2' node='x'/></iq>").await;
    assert!(forwarded(&host).await.is_some());
}

/// §4.3.1.
#[tokio::test(start_paused = true)]
async fn what_the_component_asks_is_not_forwarded_to_it() {
    let host = host().await;
    assert!(forwarded(&host).await.is_none());
    let request = publish("a@example.org").replace("<iq ", "<iq from='pubsub.example.org' ");
    host.from_component(&request).await;
    let told = forwarded(&host).await.unwrap();
    assert!(told.id() == Some("pep1") && told.to_string().contains("<gone"), "{told}");
    assert!(forwarded(&host).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn other_namespaces_full_addresses_and_who_may_not_ask_are_none_of_its_business() {
    let host = host().await;
    host.run(
        "a/1 → <iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>
         a/1 ← <iq type='error' id='1'/>",
    )
    .await;
    host.client("a/1").send(&publish("b@example.org/1")).await;
    host.run("b/1 ← <iq id='pep1'/>").await;
    host.client("a/1").send(&publish("shy@example.org")).await;
    host.run("a/1 ← <iq from='shy@example.org' type='error' id='pep1'/>").await;
    assert!(forwarded(&host).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn no_more_requests_wait_than_there_may() {
    let section = format!("{SECTION}\nrequests = 1");
    let host = TestHost::configured(&[&SERVER, &OWN], &[("delegation", &section)]).await;
    host.run("a/1 online\npubsub.example.org connects").await;
    host.client("a/1").send(&publish("")).await;
    host.client("a/1").send(&publish("").replace("pep1", "pep2")).await;
    host.run("a/1 ← <iq type='error' id='pep2'><error><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>").await;
}
