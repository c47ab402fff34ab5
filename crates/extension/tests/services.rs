//! Domains beside the host: services of extensions, and components.

#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use async_trait::async_trait;
use parking_lot::Mutex;
use stonechat_extension::point::{ComponentConnected, FromComponent};
use stonechat_extension::test_host::TestHost;
use stonechat_extension::{
    Claim, Cx, Descriptor, HandlerError, InstallError, Installer, Manifest, NoConfig, React, Request, Select,
    Serve, ServerExtension,
};
use stonechat_jid::Jid;
use stonechat_stanza::{Kind, Stanza, StanzaError, iq, message, ns};

/// Says back what it hears.
struct Echo;
static ECHO: Descriptor = Descriptor::of::<Echo>();

impl ServerExtension for Echo {
    const MANIFEST: Manifest = Manifest::new("echo");
    type Config = NoConfig;
    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let echo = host.share(Self);
        host.serve("echo", &echo)
    }
}

#[async_trait]
impl Serve for Echo {
    async fn serve(&self, cx: &mut Cx<'_>, stanza: Stanza) -> Result<(), StanzaError> {
        match stanza.kind() {
            Kind::Message(message::Type::Chat) => {
                let mut reply = stanza.reply();
                let body = stanza.find(ns::CLIENT, "body").ok_or_else(StanzaError::bad_request)?;
                reply.push_child(&body);
                cx.send(reply);
                Ok(())
            }
            Kind::Message(message::Type::Headline) => panic!("it has no taste for headlines"),
            _ => Err(StanzaError::feature_not_implemented()),
        }
    }
}

/// Two services, each of which sends on to the other what it gets.
struct Mirrors(&'static str);
struct Facing;
static MIRRORS: Descriptor = Descriptor::of::<Facing>();

impl ServerExtension for Facing {
    const MANIFEST: Manifest = Manifest::new("mirrors");
    type Config = NoConfig;
    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        for (label, other) in [("left", "right.example.org"), ("right", "left.example.org")] {
            let mirror = host.share(Mirrors(other));
            host.serve(label, &mirror)?;
        }
        Ok(())
    }
}

#[async_trait]
impl Serve for Mirrors {
    async fn serve(&self, cx: &mut Cx<'_>, mut stanza: Stanza) -> Result<(), StanzaError> {
        let own = stanza.to().map(|to| to.to_jid());
        stanza.set_from(own);
        stanza.set_to(self.0.parse::<Jid>().ok());
        cx.send(stanza);
        Ok(())
    }
}

/// Claims messages of components, and requests of one namespace; greets components.
struct Porter;
static PORTER: Descriptor = Descriptor::of::<Porter>();

impl ServerExtension for Porter {
    const MANIFEST: Manifest = Manifest::new("porter");
    type Config = NoConfig;
    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let porter = host.share(Self);
        host.claim::<FromComponent>(Select::MESSAGES, &porter);
        host.claim::<Request>(Select::of(Kind::Iq(iq::Type::Get)), &porter);
        host.react::<ComponentConnected>(&porter);
        Ok(())
    }
}

fn from_host(cx: &Cx<'_>, to: Option<Jid>, id: &str) -> Stanza {
    let mut stanza = Stanza::message(message::Type::Normal).with_id(id);
    stanza.set_from(cx.domain().parse::<Jid>().ok());
    stanza.set_to(to);
    stanza
}

#[async_trait]
impl Claim<FromComponent> for Porter {
    async fn claim(
        &self,
        cx: &mut Cx<'_>,
        event: FromComponent,
    ) -> Result<Option<FromComponent>, StanzaError> {
        match event.stanza.id() {
            Some("taken") => {
                let note = from_host(cx, event.stanza.from().map(|from| from.to_jid()), "thanks");
                cx.send(note);
                Ok(None)
            }
            Some("refused") => Err(StanzaError::forbidden()),
            _ => Ok(Some(event)),
        }
    }
}

#[async_trait]
impl Claim<Request> for Porter {
    async fn claim(&self, cx: &mut Cx<'_>, event: Request) -> Result<Option<Request>, StanzaError> {
        if !event.stanza.has("urn:example:porter", "x") {
            return Ok(Some(event));
        }
        cx.send(event.stanza.reply());
        Ok(None)
    }
}

#[async_trait]
impl React<ComponentConnected> for Porter {
    async fn react(&self, cx: &mut Cx<'_>, event: &ComponentConnected) -> Result<(), HandlerError> {
        let greeting = from_host(cx, Some(event.component.clone().into()), "welcome");
        cx.send(greeting);
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn an_extension_serves_a_domain_beside_the_host() {
    let host = TestHost::with(&[&ECHO]).await;
    host.run(
        "a/1 online
         a/1 → <message to='x@echo.example.org/y' type='chat' id='1'><body>hello</body></message>
         a/1 ← <message from='x@echo.example.org/y' id='1'><body>hello</body></message>
         a/1 → <iq to='echo.example.org' type='get' id='2'><x xmlns='urn:x'/></iq>
         a/1 ← <iq from='echo.example.org' type='error' id='2'><error><feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         a/1 → <message to='echo.example.org' type='headline' id='3'><body>!</body></message>
         a/1 ← <message from='echo.example.org' type='error' id='3'><error><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         a/1 → <message to='other.example.org' type='chat' id='4'><body>hello</body></message>
         a/1 ← <message type='error' id='4'><error><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
    )
    .await;
    assert_eq!(host.host().neighbors(), ["echo.example.org"]);
    host.reload(&[], &[]).unwrap();
    host.run(
        "a/1 → <message to='x@echo.example.org/y' type='chat' id='5'><body>hello</body></message>
         a/1 ← <message type='error' id='5'><error><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn two_services_that_forward_to_each_other_stop() {
    let host = TestHost::with(&[&MIRRORS]).await;
    host.run(
        "a/1, b/1 online
         a/1 → <message to='left.example.org' type='chat'><body>hello</body></message>
         a/1 → b/1: <body>still here</body>
         b/1 ← <body>still here</body>
         a/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_label_that_is_none_and_one_that_is_taken_stop_the_start() {
    struct Wrong;
    impl ServerExtension for Wrong {
        const MANIFEST: Manifest = Manifest::new("wrong");
        type Config = NoConfig;
        fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
            let echo = host.share(Echo);
            host.serve("a@b", &echo)
        }
    }
    struct Second;
    impl ServerExtension for Second {
        const MANIFEST: Manifest = Manifest::new("second");
        type Config = NoConfig;
        fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
            let echo = host.share(Echo);
            host.serve("echo", &echo)
        }
    }
    static WRONG: Descriptor = Descriptor::of::<Wrong>();
    static SECOND: Descriptor = Descriptor::of::<Second>();
    let refused = TestHost::try_configured(&[&WRONG], &[]).await.unwrap_err();
    assert!(matches!(refused, InstallError::Failed { .. }), "{refused}");
    let refused = TestHost::try_configured(&[&ECHO, &SECOND], &[]).await.unwrap_err();
    assert!(matches!(refused, InstallError::DoubleClaim { .. }), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn requests_can_be_claimed() {
    let host = TestHost::with(&[&PORTER]).await;
    host.run(
        "a/1 online
         a/1 → <iq to='example.org' type='get' id='1'><x xmlns='urn:example:porter'/></iq>
         a/1 ← <iq from='example.org' type='result' id='1'/>
         a/1 → <iq to='a@example.org' type='get' id='2'><x xmlns='urn:example:porter'/></iq>
         a/1 ← <iq from='a@example.org' type='result' id='2'/>
         a/1 → <iq to='example.org' type='get' id='3'><x xmlns='urn:x'/></iq>
         a/1 ← <iq from='example.org' type='error' id='3'><error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    )
    .await;
}

/// Line 68: what only components may do is not done for anybody else, whatever he writes.
#[tokio::test(start_paused = true)]
async fn what_components_send_can_be_claimed_and_what_others_send_cannot() {
    let host = TestHost::with(&[&PORTER]).await;
    host.federate();
    host.run(
        "a/1 online
         irc.example.org connects
         irc.example.org ← <message id='welcome'/>
         irc.example.org → <message from='irc.example.org' to='example.org' id='taken'/>
         irc.example.org ← <message from='example.org' id='thanks'/>
         irc.example.org → <message from='x@irc.example.org' to='a@example.org/1' id='refused'/>
         irc.example.org ← <message from='a@example.org/1' to='x@irc.example.org' type='error' id='refused'><error><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         irc.example.org → <message from='x@irc.example.org' to='a@example.org/1' id='other'/>
         a/1 ← <message from='x@irc.example.org' id='other'/>
         a/1 → <message to='example.org' id='taken'/>
         a/1 ← <message from='example.org' type='error' id='taken'/>
         peer → <message from='irc.example.org' to='example.org' id='taken'/>
         peer → <message from='elsewhere.example' to='example.org' id='taken'/>
         peer ← <message from='example.org' to='elsewhere.example' type='error' id='taken'/>
         irc.example.org ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_component_and_an_account_send_to_each_other() {
    let host = TestHost::with(&[&PORTER, &ECHO]).await;
    host.run(
        "a/1 online
         irc.example.org connects
         irc.example.org ← <message from='example.org' to='irc.example.org' id='welcome'/>
         a/1 → <presence to='#room@irc.example.org/nick'/>
         irc.example.org ← <presence from='a@example.org/1' to='#room@irc.example.org/nick'/>
         irc.example.org → <message from='#room@irc.example.org/b' to='a@example.org/1' type='groupchat'><body>hi</body></message>
         a/1 ← <message from='#room@irc.example.org/b' type='groupchat'><body>hi</body></message>
         irc.example.org → <message from='irc.example.org' to='echo.example.org' type='chat'><body>anybody?</body></message>
         irc.example.org ← <message from='echo.example.org'><body>anybody?</body></message>
         irc.example.org → <message from='irc.example.org' to='nobody@example.org' type='chat' id='1'><body>?</body></message>
         irc.example.org ← <message from='nobody@example.org' type='error' id='1'><error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         irc.example.org → <message from='irc.example.org' to='x@elsewhere.example' type='chat' id='2'><body>?</body></message>
         irc.example.org ← <message from='x@elsewhere.example' type='error' id='2'><error><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
    )
    .await;
    assert_eq!(host.host().neighbors(), ["echo.example.org", "irc.example.org"]);
    assert!(host.host().is_component("irc.example.org") && !host.host().is_component("echo.example.org"));
}

#[tokio::test(start_paused = true)]
async fn two_components_send_to_each_other_and_errors_are_not_answered() {
    let host = TestHost::with(&[]).await;
    host.run(
        "irc.example.org connects
         sms.example.net connects
         irc.example.org → <message from='a@irc.example.org' to='b@sms.example.net'><body>hi</body></message>
         sms.example.net ← <message from='a@irc.example.org' to='b@sms.example.net'><body>hi</body></message>
         irc.example.org → <message from='a@irc.example.org' to='x@elsewhere.example' type='error' id='1'/>
         irc.example.org → <iq from='a@irc.example.org' to='x@elsewhere.example' type='result' id='2'/>
         irc.example.org → <iq from='a@irc.example.org' to='x@elsewhere.example' type='error' id='3'/>
         irc.example.org ← nothing",
    )
    .await;
    // It is of another host's domain, if of any.
    assert!(!host.host().neighbors().contains(&"sms.example.net".to_owned()));
}

/// Line 38: nobody elsewhere speaks for a domain of this server.
#[tokio::test(start_paused = true)]
async fn a_peer_that_speaks_for_a_component_or_a_service_is_not_heard() {
    let host = TestHost::with(&[&ECHO]).await;
    host.federate();
    host.run(
        "a/1 online
         irc.example.org connects
         peer → <message from='x@irc.example.org' to='a@example.org/1' type='chat'><body>hi</body></message>
         peer → <message from='x@echo.example.org' to='a@example.org/1' type='chat'><body>hi</body></message>
         peer → <message from='example.org' to='a@example.org/1' type='chat'><body>hi</body></message>
         a/1 ← nothing
         peer ← nothing
         irc.example.org ← nothing",
    )
    .await;
}

/// RFC 6120 §10.1, between an address and one of a component's.
#[tokio::test(start_paused = true)]
async fn order_is_kept_in_both_directions() {
    let host = TestHost::with(&[]).await;
    host.run("a/1 online\nirc.example.org connects").await;
    for id in 0..50 {
        host.client("a/1").send(&format!("<message to='x@irc.example.org' id='{id}'/>")).await;
        host.from_component(&format!("<message from='x@irc.example.org' to='a@example.org/1' id='{id}'/>"))
            .await;
    }
    let ids = Mutex::new(Vec::new());
    while let Some(stanza) = host.to_component("irc.example.org") {
        ids.lock().push(stanza.id().unwrap().to_owned());
    }
    let expected: Vec<String> = (0..50).map(|id: u32| id.to_string()).collect();
    assert_eq!(*ids.lock(), expected);
    let received = host.client("a/1").received();
    let ids: Vec<&str> = received.iter().filter_map(|stanza| stanza.id()).collect();
    assert_eq!(ids, expected);
}
