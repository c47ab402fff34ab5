//! An account that is removed, also because its own session asks for it.

use std::sync::Mutex;

use async_trait::async_trait;
use stonechat_extension::point::{AccountRemoved, SessionClosed, SessionUnavailable};
use stonechat_extension::test_host::TestHost;
use stonechat_extension::{
    AsyncAnswer, Cx, Descriptor, Ending, HandlerError, InstallError, Installer, Keep, Limits, Manifest,
    NoConfig, On, React, Reply, Request, ServerExtension,
};
use stonechat_stanza::{Element, ParseError, Payload, StanzaError};
use stonechat_store::{Document, Owner};

/// `<go xmlns='urn:test:go'/>`: the asker wants its account to be removed.
struct Go;
impl Payload for Go {
    const NS: &'static str = "urn:test:go";
    const NAME: &'static str = "go";
    fn parse(_: &Element) -> Result<Self, ParseError> {
        Ok(Self)
    }
    fn to_element(&self) -> Element {
        Element::bare(Self::NAME, Self::NS)
    }
}

static HEARD: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn hear(what: &str) {
    HEARD.lock().expect("no test panicked").push(what.to_owned());
}

struct Leaver {
    traces: Document,
}
static LEAVER: Descriptor = Descriptor::of::<Leaver>();

impl ServerExtension for Leaver {
    const MANIFEST: Manifest = Manifest::new("leaver");
    type Config = NoConfig;
    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let traces = host.document("traces", "what sessions leave", Keep::WithAccount)?;
        let leaver = host.share(Self { traces });
        host.react::<SessionUnavailable>(&leaver);
        host.react::<SessionClosed>(&leaver);
        host.react::<AccountRemoved>(&leaver);
        host.iq_set_async::<Go>(On::OWN_ACCOUNT, &leaver)
    }
}

#[async_trait]
impl AsyncAnswer<Go> for Leaver {
    async fn answer(&self, cx: &mut Cx<'_>, request: &Request, _: Go) -> Result<Reply, StanzaError> {
        let account = request.account.as_ref().ok_or_else(StanzaError::bad_request)?;
        let gone = cx.remove_account(account).await.map_err(|_| StanzaError::internal_server_error())?;
        if gone { Ok(Reply::empty()) } else { Err(StanzaError::item_not_found()) }
    }
}

#[async_trait]
impl React<SessionUnavailable> for Leaver {
    async fn react(&self, cx: &mut Cx<'_>, _: &SessionUnavailable) -> Result<(), HandlerError> {
        hear("unavailable");
        let owner = Owner::account(cx.session().expect("the session").account().jid().as_str());
        Ok(self.traces.put(&owner, "a trace").await?)
    }
}

#[async_trait]
impl React<SessionClosed> for Leaver {
    async fn react(&self, _: &mut Cx<'_>, _: &SessionClosed) -> Result<(), HandlerError> {
        hear("closed");
        Ok(())
    }
}

#[async_trait]
impl React<AccountRemoved> for Leaver {
    async fn react(&self, _: &mut Cx<'_>, event: &AccountRemoved) -> Result<(), HandlerError> {
        let traces = self.traces.get(&Owner::account(event.account.as_str())).await?;
        hear(if traces.is_some() { "removed, traces there" } else { "removed" });
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn the_asker_is_answered_before_its_account_is_gone_and_nothing_is_left() {
    let host = TestHost::with(&[&LEAVER]).await;
    host.run(
        "a/1, a/2, b/1 online
         b/1 → a/1: <body>still to be written</body>
         a/1 → <iq id='1' type='set'><go xmlns='urn:test:go'/></iq>
         a/1 ← <body>still to be written</body>
         a/1 ← <iq id='1' type='result' from='a@example.org'/>
         a/1 ← nothing",
    )
    .await;
    for name in ["a/1", "a/2"] {
        assert_eq!(host.client(name).ending(), Some(Ending::AccountRemoved), "{name}");
        assert!(host.client(name).session().has_ended(), "{name}");
    }
    let expected = ["unavailable", "closed", "unavailable", "closed", "removed, traces there"];
    assert_eq!(*HEARD.lock().expect("no test panicked"), expected);
    let traces = host.store().document("traces").get(&Owner::account("a@example.org")).await.unwrap();
    assert_eq!(traces, None, "what the sessions left when they ended is erased too");
}

#[tokio::test(start_paused = true)]
async fn what_a_removed_account_never_read_goes_back() {
    let host = TestHost::with(&[]).await;
    host.run("a/1, b/1 online\n b/1 → a: <body>too late</body>").await;
    assert!(host.host().remove_account(&host.jid("a")).await.unwrap());
    // The connection is broken, so it writes nothing and closes the session.
    host.disconnect("a/1").await;
    host.run(
        "b/1 ← <message type='error' from='a@example.org'><error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         b/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_comes_from_a_session_that_has_ended_is_ignored() {
    let host = TestHost::with(&[]).await;
    host.run("a/1, b/1 online").await;
    let ghost = host.client("a/1");
    host.disconnect("a/1").await;
    ghost.send("<message to='b@example.org'><body>boo</body></message>").await;
    host.run("b/1 ← nothing").await;
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_not_there_cannot_be_removed() {
    let host = TestHost::with(&[]).await;
    assert!(!host.host().remove_account(&host.jid("nobody")).await.unwrap());
}

/// `<flood xmlns='urn:test:flood'/>`: the asker wants its account to be removed, and very much to follow from that.
struct Flood;
impl Payload for Flood {
    const NS: &'static str = "urn:test:flood";
    const NAME: &'static str = "flood";
    fn parse(_: &Element) -> Result<Self, ParseError> {
        Ok(Self)
    }
    fn to_element(&self) -> Element {
        Element::bare(Self::NAME, Self::NS)
    }
}

struct Flooder;
static FLOODER: Descriptor = Descriptor::of::<Flooder>();

impl ServerExtension for Flooder {
    const MANIFEST: Manifest = Manifest::new("flooder");
    type Config = NoConfig;
    fn install(_: NoConfig, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let flooder = host.share(Self);
        host.iq_set_async::<Flood>(On::OWN_ACCOUNT, &flooder)
    }
}

#[async_trait]
impl AsyncAnswer<Flood> for Flooder {
    async fn answer(&self, cx: &mut Cx<'_>, request: &Request, _: Flood) -> Result<Reply, StanzaError> {
        let account = request.account.as_ref().ok_or_else(StanzaError::bad_request)?;
        for _ in 0..=Limits::default().effects {
            cx.then(|_| {});
        }
        cx.remove_account(account).await.map_err(|_| StanzaError::internal_server_error())?;
        Ok(Reply::empty())
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_is_removed_whole_however_much_else_follows() {
    let host = TestHost::with(&[&FLOODER]).await;
    host.run("a/1 online\n a/1 → <iq id='1' type='set'><flood xmlns='urn:test:flood'/></iq>").await;
    assert_eq!(host.client("a/1").ending(), Some(Ending::AccountRemoved));
    assert!(host.client("a/1").session().has_ended());
}
