//! XEP-0355 §7.2, on the test host.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use stonechat_extension::disco::{Disco, Info};
use stonechat_extension::test_host::TestHost;
use stonechat_extension::{
    Cx, Descriptor, InstallError, Installer, Manifest, Map, NoConfig, ServerExtension,
};
use stonechat_stanza::{Kind, Stanza, StanzaError};
use stonechat_xep_delegation::SERVER;

const PUBSUB: &str = "http://jabber.org/protocol/pubsub";
const INFO: &str = "http://jabber.org/protocol/disco#info";
const ITEMS: &str = "http://jabber.org/protocol/disco#items";
const SECTION: &str = "namespaces = [
    { component = 'pubsub.example.org', namespace = 'http://jabber.org/protocol/pubsub' },
    { component = 'pubsub.example.org', namespace = 'urn:xmpp:delegation:2:bare:disco#info:*' },
    { component = 'pubsub.example.org', namespace = 'urn:xmpp:delegation:2:bare:disco#items:*' },
]";

/// A server with a service of its own, and a node of accounts.
struct Server;
static OWN: Descriptor = Descriptor::of::<Server>();

impl ServerExtension for Server {
    const MANIFEST: Manifest = Manifest::new("own");
    type Config = NoConfig;

    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        for feature in [PUBSUB, "http://jabber.org/protocol/pubsub#auto-create", "urn:x"] {
            host.feature(feature);
            host.account_feature(feature);
        }
        let server = host.share(Self);
        host.map::<Disco>(&server).before("delegation");
        Ok(())
    }
}

impl Map<Disco> for Server {
    fn map(&self, _: &Cx<'_>, event: &mut Disco) -> Result<(), StanzaError> {
        if event.node.as_deref() == Some("own") {
            event.info = Some(Info::default());
        }
        Ok(())
    }
}

async fn host() -> TestHost {
    let extensions = [&SERVER, &stonechat_xep_disco::SERVER, &OWN];
    let host = TestHost::configured(&extensions, &[("delegation", SECTION)]).await;
    host.run("a/1 online").await;
    host
}

/// Lets the tasks of the extension do what they have to do now.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// The next request that comes to the component.
async fn asked(host: &TestHost) -> Option<Stanza> {
    settle().await;
    loop {
        let stanza = host.to_component("pubsub.example.org")?;
        if matches!(stanza.kind(), Kind::Iq(_)) {
            return Some(stanza);
        }
    }
}

/// The component answers a request with this.
async fn answer(host: &TestHost, asked: &Stanza, payload: &str) {
    let id = asked.id().unwrap();
    host.from_component(&format!(
        "<iq from='pubsub.example.org' to='example.org' id='{id}' type='result'>{payload}</iq>"
    ))
    .await;
    settle().await;
}

/// The component connects, and says what it can do.
async fn connect(host: &TestHost) {
    host.run("pubsub.example.org connects").await;
    for (between, said) in [("::", "#publish-options"), (":bare:", "#filtered-notifications")] {
        let asked = asked(host).await.unwrap();
        let node = format!("urn:xmpp:delegation:2{between}{PUBSUB}");
        let text = asked.to_string();
        assert!(text.contains(&format!("node='{node}'")) && text.contains(INFO), "{text}");
        let payload = format!(
            "<query xmlns='{INFO}' node='{node}'><identity category='pubsub' type='pep'/>\
             <feature var='{PUBSUB}'/><feature var='{PUBSUB}{said}'/>\
             <x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>{PUBSUB}</value></field></x>\
             </query>"
        );
        answer(host, &asked, &payload).await;
    }
}

async fn told(host: &TestHost, to: &str) -> String {
    let query = format!("<iq type='get' id='i' to='{to}'><query xmlns='{INFO}'/></iq>");
    host.client("a/1").ask(&query).await.to_string()
}

/// Examples 18 to 25.
#[tokio::test(start_paused = true)]
async fn what_the_component_can_do_is_told_in_the_place_of_what_the_server_could() {
    let host = host().await;
    // The server does not do it, nor does the component while it is not there.
    for to in ["example.org", "a@example.org"] {
        let told = told(&host, to).await;
        assert!(!told.contains(PUBSUB) && told.contains("'urn:x'"), "{told}");
    }
    connect(&host).await;
    for (to, said) in [("example.org", "publish-options"), ("a@example.org", "filtered-notifications")] {
        let told = told(&host, to).await;
        assert!(told.contains(&format!("<feature var='{PUBSUB}#{said}'")), "{told}");
        assert!(
            told.contains("type='pep'") && told.contains("FORM_TYPE") && told.contains("'urn:x'"),
            "{told}"
        );
        assert!(!told.contains("auto-create"), "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_say_what_it_can_do_takes_the_namespace_all_the_same() {
    let host = host().await;
    host.run("pubsub.example.org connects").await;
    for _ in 0..2 {
        let asked = asked(&host).await.unwrap();
        host.from_component(&asked.error_reply(&StanzaError::item_not_found()).unwrap().to_string()).await;
    }
    settle().await;
    let told = told(&host, "example.org").await;
    assert!(!told.contains(PUBSUB) && told.contains("'urn:x'"), "{told}");
}

/// Examples 26 to 37.
#[tokio::test(start_paused = true)]
async fn nodes_that_the_server_does_not_know_and_items_of_accounts_are_asked_of_the_component() {
    let host = host().await;
    connect(&host).await;
    for (namespace, attributes) in
        [(INFO, "node='urn:xmpp:microblog:0'"), (ITEMS, "node='urn:xmpp:microblog:0'"), (ITEMS, "")]
    {
        let query = format!("<query xmlns='{namespace}' {attributes}/>");
        host.client("a/1").send(&format!("<iq type='get' id='d' to='a@example.org'>{query}</iq>")).await;
        let asked = asked(&host).await.unwrap();
        assert!(asked.to_string().contains("urn:xmpp:forward:0"), "{asked}");
        let held =
            format!("<iq xmlns='jabber:client' to='a@example.org/1' id='d' type='result'>{query}</iq>");
        let payload = format!(
            "<delegation xmlns='urn:xmpp:delegation:2'><forwarded xmlns='urn:xmpp:forward:0'>{held}</forwarded></delegation>"
        );
        answer(&host, &asked, &payload).await;
        host.run(&format!("a/1 ← <iq from='a@example.org' type='result' id='d'>{query}</iq>")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_server_knows_and_what_is_of_the_host_it_answers_itself() {
    let host = host().await;
    connect(&host).await;
    for (namespace, to, node) in [
        (INFO, "a@example.org", ""),
        (INFO, "a@example.org", "node='own'"),
        (ITEMS, "a@example.org", "node='own'"),
        (INFO, "example.org", "node='other'"),
        (ITEMS, "example.org", ""),
    ] {
        let request = format!("<iq type='get' id='d' to='{to}'><query xmlns='{namespace}' {node}/></iq>");
        let reply = host.client("a/1").ask(&request).await;
        assert!(asked(&host).await.is_none(), "{request}: {reply}");
    }
    // Nor is the name of a delegation a namespace.
    host.client("a/1")
        .send("<iq type='get' id='n'><x xmlns='urn:xmpp:delegation:2:bare:disco#info:*'/></iq>")
        .await;
    assert!(asked(&host).await.is_none());
}
