//! The kinds of handler and their rules of failure, on the test host.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use stonechat_extension::point::{FromClient, NoSession, SessionBound, ToAccount, ToSession};
use stonechat_extension::test_host::TestHost;
use stonechat_extension::{
    Answer, AsyncAnswer, Claim, Copies, Cx, Descriptor, Guard, HandlerError, InstallError, Installer,
    Manifest, Map, NoConfig, Observe, On, React, Record, Reply, Request, Select, ServerExtension, Verdict,
};
use stonechat_stanza::{Element, ParseError, Payload, Stanza, StanzaError, message};

/// Defines an extension `$name` without configuration that installs with `$install`.
macro_rules! extension {
    ($type:ident, $name:literal, |$host:ident| $install:block) => {
        struct $type;
        impl ServerExtension for $type {
            const MANIFEST: Manifest = Manifest::new($name);
            type Config = NoConfig;
            fn install(_: NoConfig, $host: &mut Installer<'_>) -> Result<(), InstallError> $install
        }
    };
}

const REJECTED: &str = "a/1 ← <message type='error'><error type='cancel'>\
    <internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>";

extension!(PanickingGuard, "panicking-guard", |host| {
    host.guard::<FromClient>(&host.share(Self));
    Ok(())
});
impl Guard<FromClient> for PanickingGuard {
    fn guard(&self, _: &Cx<'_>, _: &FromClient) -> Verdict {
        panic!("a bug in a guard")
    }
}
static PANICKING_GUARD: Descriptor = Descriptor::of::<PanickingGuard>();

#[tokio::test(start_paused = true)]
async fn a_guard_that_panics_rejects() {
    let host = TestHost::with(&[&PANICKING_GUARD]).await;
    host.run("a/1, b/1 online").await;
    host.run(&format!("a/1 → b: <body>x</body>\n {REJECTED}\n b/1 ← nothing\n a/1 ← nothing")).await;
    assert!(host.host().tables().failures("panicking-guard") > 0);
}

extension!(Judge, "judge", |host| {
    host.guard::<ToAccount>(&host.share(Self));
    Ok(())
});
impl Guard<ToAccount> for Judge {
    fn guard(&self, _: &Cx<'_>, event: &ToAccount) -> Verdict {
        match event.stanza.id().filter(|_| !event.stanza.kind().is_error()) {
            Some("reject") => Verdict::Reject(StanzaError::policy_violation()),
            Some("drop") => Verdict::Drop,
            _ => Verdict::Allow,
        }
    }
}
static JUDGE: Descriptor = Descriptor::of::<Judge>();

#[tokio::test(start_paused = true)]
async fn a_guard_rejects_with_its_error_or_drops_in_silence() {
    let host = TestHost::with(&[&JUDGE]).await;
    host.run(
        "a/1, b/1 online
         a/1 → <message id='reject' to='b@example.org'><body>x</body></message>
         a/1 ← <message type='error' id='reject' from='b@example.org'><error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         a/1 → <message id='drop' to='b@example.org'><body>x</body></message>
         a/1 → <message id='ok' to='b@example.org'><body>x</body></message>
         a/1 ← nothing
         b/1 ← <message id='ok'/>
         b/1 ← nothing",
    )
    .await;
}

extension!(Shout, "shout", |host| {
    host.map::<ToSession>(&host.share(Self));
    Ok(())
});
impl Map<ToSession> for Shout {
    fn map(&self, _: &Cx<'_>, event: &mut ToSession) -> Result<(), StanzaError> {
        match event.stanza.id().filter(|_| !event.stanza.kind().is_error()) {
            Some("fail") => Err(StanzaError::not_acceptable()),
            Some("panic") => panic!("a bug in a map"),
            _ => {
                event.stanza.push_element(&Element::bare("loud", "urn:test"));
                Ok(())
            }
        }
    }
}
static SHOUT: Descriptor = Descriptor::of::<Shout>();

#[tokio::test(start_paused = true)]
async fn a_map_changes_and_one_that_fails_rejects() {
    let host = TestHost::with(&[&SHOUT]).await;
    host.run(
        "a/1, b/1 online
         a/1 → b: <body>x</body>
         b/1 ← <message><body>x</body><loud xmlns='urn:test'/></message>
         a/1 → <message id='fail' to='b@example.org'><body>x</body></message>
         a/1 ← <message type='error' id='fail'><error><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         a/1 → <message id='panic' to='b@example.org'><body>x</body></message>
         a/1 ← <message type='error' id='panic'><error><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         b/1 ← nothing",
    )
    .await;
}

static SEEN: AtomicUsize = AtomicUsize::new(0);
extension!(Clumsy, "clumsy", |host| {
    let clumsy = host.share(Self);
    host.observe::<ToAccount>(&clumsy);
    host.record::<ToAccount>(Select::MESSAGES, &clumsy);
    host.copy::<ToAccount>(&clumsy);
    host.react::<SessionBound>(&clumsy);
    Ok(())
});
impl Observe<ToAccount> for Clumsy {
    fn observe(&self, _: &Cx<'_>, _: &ToAccount) {
        SEEN.fetch_add(1, Ordering::SeqCst);
        panic!("a bug in an observer")
    }
}
#[async_trait]
impl Record<ToAccount> for Clumsy {
    async fn record(&self, _: &Cx<'_>, _: &ToAccount) -> Result<(), HandlerError> {
        Err(HandlerError::new("the disk is full"))
    }
}
impl Copies<ToAccount> for Clumsy {
    fn copy(&self, cx: &mut Cx<'_>, event: &ToAccount) -> Result<(), HandlerError> {
        cx.send(event.stanza.clone().with_id("half-made"));
        Err(HandlerError::new("cannot go on"))
    }
}
#[async_trait]
impl React<SessionBound> for Clumsy {
    async fn react(&self, _: &mut Cx<'_>, _: &SessionBound) -> Result<(), HandlerError> {
        panic!("a bug in a reaction")
    }
}
static CLUMSY: Descriptor = Descriptor::of::<Clumsy>();

#[tokio::test(start_paused = true)]
async fn observers_records_copies_and_reactions_that_fail_change_nothing_and_are_counted() {
    let host = TestHost::with(&[&CLUMSY]).await;
    host.run(
        "a/1, b/1 online
         a/1 → b: <body>x</body>
         b/1 ← <message><body>x</body></message>
         b/1 ← nothing
         a/1 ← nothing",
    )
    .await;
    assert_eq!(SEEN.load(Ordering::SeqCst), 1);
    // Two sessions were bound; one message met an observer, a record and a copy.
    assert_eq!(host.host().tables().failures("clumsy"), 5);
}

extension!(Keeper, "keeper", |host| {
    let keeper = host.share(Self);
    host.claim::<NoSession>(Select::MESSAGES, &keeper);
    Ok(())
});
#[async_trait]
impl Claim<NoSession> for Keeper {
    fn wants(&self, _: &Cx<'_>, event: &NoSession) -> bool {
        assert_ne!(event.stanza.id(), Some("confusing"), "a bug in a claim");
        event.stanza.id() != Some("unwanted")
    }

    async fn claim(&self, _: &mut Cx<'_>, event: NoSession) -> Result<Option<NoSession>, StanzaError> {
        match event.stanza.id() {
            Some("keep" | "unwanted" | "confusing") => Ok(None),
            Some("full") => Err(StanzaError::resource_constraint()),
            Some("hang") => {
                tokio::time::sleep(std::time::Duration::from_secs(3600)).await;
                Ok(None)
            }
            _ => Ok(Some(event)),
        }
    }
}
static KEEPER: Descriptor = Descriptor::of::<Keeper>();

#[tokio::test(start_paused = true)]
async fn a_claim_takes_hands_back_refuses_or_runs_out_of_time() {
    let host = TestHost::with(&[&KEEPER]).await;
    host.run(
        "a/1 online
         b exists
         a/1 → <message id='keep' to='b@example.org'/>
         a/1 ← nothing
         a/1 → <message id='back' to='b@example.org'/>
         a/1 ← <message type='error' id='back'><error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         a/1 → <message id='full' to='b@example.org'/>
         a/1 ← <message type='error' id='full'><error><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         a/1 → <message id='hang' to='b@example.org'/>
         a/1 ← <message type='error' id='hang'><error><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_claim_is_not_offered_what_it_does_not_want_but_what_it_cannot_tell() {
    let host = TestHost::with(&[&KEEPER]).await;
    host.run(
        "a/1 online
         b exists
         a/1 → <message id='unwanted' to='b@example.org'/>
         a/1 ← <message type='error' id='unwanted'><error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         a/1 → <message id='confusing' to='b@example.org'/>
         a/1 ← nothing",
    )
    .await;
    assert_eq!(host.host().tables().failures("keeper"), 1);
}

/// `<echo xmlns='urn:test:echo'/>`
struct Echo;
impl Payload for Echo {
    const NS: &'static str = "urn:test:echo";
    const NAME: &'static str = "echo";
    fn parse(element: &Element) -> Result<Self, ParseError> {
        if element.attr("bad").is_some() {
            Err(ParseError::new(stonechat_stanza::error::Condition::BadRequest, "bad it is"))
        } else {
            Ok(Self)
        }
    }
    fn to_element(&self) -> Element {
        Element::bare(Self::NAME, Self::NS)
    }
}
extension!(Echoes, "echoes", |host| {
    let echoes = host.share(Self);
    host.iq_get::<Echo>(On::HOST | On::OWN_ACCOUNT, &echoes)?;
    host.iq_set_async::<Echo>(On::ACCOUNT, &echoes)
});
impl Answer<Echo> for Echoes {
    fn answer(&self, cx: &mut Cx<'_>, request: &Request, echo: Echo) -> Result<Reply, StanzaError> {
        assert!(request.stanza.id() != Some("panic"), "a bug in an answer");
        if let Some(session) = cx.session() {
            let note = Stanza::message(message::Type::Headline).with_to(session.jid().clone());
            cx.send(note.with_from(session.account().jid().clone()));
        }
        Ok(Reply::with(&echo))
    }
}
#[async_trait]
impl AsyncAnswer<Echo> for Echoes {
    async fn answer(&self, _: &mut Cx<'_>, _: &Request, _: Echo) -> Result<Reply, StanzaError> {
        tokio::task::yield_now().await;
        Err(StanzaError::forbidden())
    }
}
static ECHOES: Descriptor = Descriptor::of::<Echoes>();

#[tokio::test(start_paused = true)]
async fn a_request_is_answered_by_its_owner_and_what_follows_from_it_comes_after() {
    let host = TestHost::with(&[&ECHOES]).await;
    host.run(
        "a/1, b/1 online
         a/1 → <iq id='1' type='get' to='example.org'><echo xmlns='urn:test:echo'/></iq>
         a/1 ← <iq id='1' type='result' from='example.org'><echo xmlns='urn:test:echo'/></iq>
         a/1 ← <message type='headline'/>
         a/1 → <iq id='2' type='set' to='b@example.org'><echo xmlns='urn:test:echo'/></iq>
         a/1 ← <iq id='2' type='error' from='b@example.org'><error><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         a/1 → <iq id='3' type='get' to='example.org'><echo xmlns='urn:test:echo' bad='1'/></iq>
         a/1 ← <iq id='3' type='error'><error><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         a/1 → <iq id='panic' type='get' to='example.org'><echo xmlns='urn:test:echo'/></iq>
         a/1 ← <iq id='panic' type='error'><error><internal-server-error xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         b/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_request_that_nobody_owns_gets_service_unavailable_and_an_answer_gets_none() {
    let host = TestHost::with(&[&ECHOES]).await;
    host.run(
        "a/1, b/1 online
         a/1 → <iq id='1' type='get' to='b@example.org'><echo xmlns='urn:test:echo'/></iq>
         a/1 ← <iq id='1' type='error'><error><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         a/1 → <iq id='2' type='set' to='nobody@example.org'><echo xmlns='urn:test:echo'/></iq>
         # An owner that answers strangers does not let them know whether there is such an account.
         a/1 ← <iq id='2' type='error'><error><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>
         a/1 → <iq id='3' type='result' to='b@example.org'/>
         a/1 → <iq id='4' type='result' to='b@example.org/gone'/>
         a/1 → <message type='error' to='nobody@example.org'/>
         a/1 ← nothing
         b/1 ← nothing",
    )
    .await;
}
