//! Guards that may wait, that answer for nobody, and that see what is sent in the name of an account.

use async_trait::async_trait;
use stonechat_extension::point::{FromAccount, FromClient, ToAccount};
use stonechat_extension::test_host::TestHost;
use stonechat_extension::{
    AsyncAnswer, AsyncGuard, Copies, Cx, Descriptor, Guard, HandlerError, InstallError, Installer, Manifest,
    NoConfig, On, Reply, Request, ServerExtension, Verdict,
};
use stonechat_stanza::{Element, Kind, ParseError, Payload, Stanza, StanzaError, message};

/// Defines an extension `$name` without configuration that installs with `$install`.
macro_rules! extension {
    ($type:ident, $descriptor:ident, $name:literal, |$host:ident| $install:block) => {
        struct $type;
        impl ServerExtension for $type {
            const MANIFEST: Manifest = Manifest::new($name);
            type Config = NoConfig;
            fn install(_: NoConfig, $host: &mut Installer<'_>) -> Result<(), InstallError> $install
        }
        static $descriptor: Descriptor = Descriptor::of::<$type>();
    };
}

extension!(Slow, SLOW, "slow", |host| {
    host.guard_async::<ToAccount>(&host.share(Self));
    Ok(())
});
#[async_trait]
impl AsyncGuard<ToAccount> for Slow {
    fn at_once(&self, _: &Cx<'_>, event: &ToAccount) -> Option<Verdict> {
        let is_error = event.stanza.kind().is_error();
        (is_error || event.stanza.id() == Some("known")).then_some(Verdict::Allow)
    }

    async fn guard(&self, _: &Cx<'_>, event: &ToAccount) -> Verdict {
        tokio::task::yield_now().await;
        match event.stanza.id() {
            Some("drop") => Verdict::Drop,
            Some("panic") => panic!("a bug in a guard"),
            Some("hang") => std::future::pending().await,
            _ => Verdict::Reject(StanzaError::policy_violation()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_guard_that_waits_is_asked_only_when_nothing_can_be_said_at_once_and_fails_closed() {
    let host = TestHost::with(&[&SLOW]).await;
    let refused = |id: &str, condition: &str| {
        format!(
            "a/1 → <message id='{id}' to='b@example.org'><body>x</body></message>
             a/1 ← <message type='error' id='{id}'><error><{condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>\n"
        )
    };
    host.run(&format!(
        "a/1, b/1 online
         a/1 → <message id='known' to='b@example.org'><body>x</body></message>
         b/1 ← <message id='known'/>
         a/1 → <message id='drop' to='b@example.org'><body>x</body></message>
         {}{}{}
         b/1 ← nothing
         a/1 ← nothing",
        refused("other", "policy-violation"),
        refused("panic", "internal-server-error"),
        refused("hang", "internal-server-error"),
    ))
    .await;
}

/// `<whose xmlns='urn:test:whose'/>`
struct Whose;
impl Payload for Whose {
    const NS: &'static str = "urn:test:whose";
    const NAME: &'static str = "whose";
    fn parse(_: &Element) -> Result<Self, ParseError> {
        Ok(Self)
    }
    fn to_element(&self) -> Element {
        Element::bare(Self::NAME, Self::NS)
    }
}

extension!(Hidden, HIDDEN, "hidden", |host| {
    let hidden = host.share(Self);
    host.iq_get_async::<Whose>(On::ACCOUNT, &hidden)?;
    host.guard_async::<ToAccount>(&hidden);
    host.guard::<Request>(&hidden);
    Ok(())
});
#[async_trait]
impl AsyncAnswer<Whose> for Hidden {
    async fn answer(&self, cx: &mut Cx<'_>, request: &Request, _: Whose) -> Result<Reply, StanzaError> {
        let account = request.account.as_ref().ok_or_else(StanzaError::bad_request)?;
        let exists = cx.host().accounts().exists(account).await;
        if exists.is_ok_and(|exists| exists) { Ok(Reply::empty()) } else { Err(StanzaError::forbidden()) }
    }
}
#[async_trait]
impl AsyncGuard<ToAccount> for Hidden {
    fn at_once(&self, _: &Cx<'_>, event: &ToAccount) -> Option<Verdict> {
        Some(if event.account.local() == Some("hidden") { Verdict::Absent } else { Verdict::Allow })
    }

    async fn guard(&self, _: &Cx<'_>, _: &ToAccount) -> Verdict {
        Verdict::Allow
    }
}
impl Guard<Request> for Hidden {
    fn guard(&self, _: &Cx<'_>, request: &Request) -> Verdict {
        let hidden = request.account.as_ref().is_some_and(|account| account.local() == Some("hidden"));
        if hidden { Verdict::Absent } else { Verdict::Allow }
    }
}

#[tokio::test(start_paused = true)]
async fn an_account_that_a_guard_calls_absent_answers_byte_for_byte_as_one_that_does_not_exist() {
    let host = TestHost::with(&[&HIDDEN]).await;
    host.run("a/1, hidden/1, shown/1 online").await;
    let mut told = Vec::new();
    for name in ["hidden", "nobody"] {
        for stanza in [
            "<message id='1' to='{}@example.org'><body>x</body></message>",
            "<message id='2' type='chat' to='{}@example.org/1'><body>x</body></message>",
            "<message id='3' type='headline' to='{}@example.org'/>",
            "<message id='4' type='groupchat' to='{}@example.org'/>",
            "<presence id='5' to='{}@example.org'/>",
            "<presence id='6' type='subscribe' to='{}@example.org'/>",
            "<iq id='7' type='get' to='{}@example.org/1'><whose xmlns='urn:test:whose'/></iq>",
            "<iq id='8' type='get' to='{}@example.org'><whose xmlns='urn:test:whose'/></iq>",
            "<iq id='9' type='set' to='{}@example.org'><other xmlns='urn:test:other'/></iq>",
            "<iq id='10' type='result' to='{}@example.org/1'/>",
        ] {
            host.client("a/1").send(&stanza.replace("{}", name)).await;
        }
        let answers: Vec<String> = host.client("a/1").received().iter().map(ToString::to_string).collect();
        told.push(answers.join("\n").replace(name, "NAME"));
        assert_eq!(answers.len(), 6, "{answers:?}");
    }
    assert_eq!(told[0], told[1]);
    host.run(
        "hidden/1 ← nothing
         a/1 → <iq id='1' type='get' to='shown@example.org'><whose xmlns='urn:test:whose'/></iq>
         a/1 ← <iq id='1' type='result'/>",
    )
    .await;
}

extension!(Quiet, QUIET, "quiet", |host| {
    let quiet = host.share(Self);
    host.copy::<FromClient>(&quiet);
    host.guard::<FromClient>(&quiet);
    host.guard::<FromAccount>(&quiet);
    host.guard::<ToAccount>(&quiet);
    Ok(())
});
impl Copies<FromClient> for Quiet {
    fn copy(&self, cx: &mut Cx<'_>, event: &FromClient) -> Result<(), HandlerError> {
        let copy = |id: &str| event.stanza.clone().with_id(id);
        cx.send(copy("copy"));
        cx.send_past_guards(copy("past"));
        if let Some(account) = event.stanza.to().and_then(|to| cx.account(&to.to_bare())) {
            cx.send_to_account(&account, copy("direct"));
        }
        Ok(())
    }
}
impl Guard<FromClient> for Quiet {
    fn guard(&self, _: &Cx<'_>, event: &FromClient) -> Verdict {
        let refused = event.stanza.id() == Some("refused");
        if refused { Verdict::Reject(StanzaError::not_acceptable()) } else { Verdict::Allow }
    }
}
impl Guard<FromAccount> for Quiet {
    fn guard(&self, cx: &Cx<'_>, event: &FromAccount) -> Verdict {
        let own = cx.session().is_some_and(|session| Some(session.jid().as_jid_ref()) == event.stanza.from());
        if own && event.stanza.kind() == Kind::Message(message::Type::Chat) {
            Verdict::Drop
        } else {
            Verdict::Allow
        }
    }
}
impl Guard<ToAccount> for Quiet {
    fn guard(&self, _: &Cx<'_>, event: &ToAccount) -> Verdict {
        if event.stanza.kind().is_error() { Verdict::Drop } else { Verdict::Allow }
    }
}

#[tokio::test(start_paused = true)]
async fn a_guard_sees_what_is_sent_in_the_name_of_an_account_unless_it_is_sent_past_it() {
    let host = TestHost::with(&[&QUIET]).await;
    host.run(
        "a/1, b/1 online
         a/1 → <message type='chat' id='own' to='b@example.org'/>
         b/1 ← <message id='own'/>
         b/1 ← <message id='past'/>
         b/1 ← nothing
         a/1 ← nothing",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_session_learns_of_a_refusal_by_its_own_server_whatever_is_kept_from_its_account() {
    let host = TestHost::with(&[&QUIET]).await;
    host.run(
        "a/1, b/1 online
         a/1 → <message type='chat' id='refused' to='b@example.org'/>
         a/1 ← <message type='error' id='refused' from='b@example.org'><error><not-acceptable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>
         b/1 ← nothing",
    )
    .await;
    let forged = Stanza::message(message::Type::Error).with_to(host.jid("a"));
    host.client("b/1").try_send(forged).await.unwrap();
    host.run("a/1 ← nothing").await;
}
