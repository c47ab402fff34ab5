//! The server's side: it knows the services, and tells them.

mod config;
mod queue;
mod registry;
mod tell;

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::point::{
    AccountRemoved, NoSession, SessionAvailable, SessionDetached, SessionResumed, ToAccount,
};
use stonechat_extension::{
    AsyncAnswer, Claim, Cx, HandlerError, InstallError, Installer, Manifest, Observe, On, React, Reply,
    Request, Select, ServerExtension, Session,
};
use stonechat_stanza::class::{Class, Push};
use stonechat_stanza::delay::Delay;
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Kind, Stanza, StanzaError, message, presence};
use stonechat_xep_csi::is_active;
use stonechat_xep_presence::Requested;
use stonechat_xep_roster::Roster;

use crate::{Disable, Enable, NS};
pub use config::Config;
use queue::Queue;
use registry::Registry;
use tell::Teller;

/// The extension.
#[derive(Debug)]
pub struct Extension {
    teller: Arc<Teller>,
}

impl ServerExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("push").about("wakes phones when there is something for them").xep(357, "0.4.1");
    const CONFIG: &'static str = config::TEXT;
    type Config = Config;

    fn install(config: Config, host: &mut Installer<'_>) -> Result<(), InstallError> {
        config.check().map_err(|problem| host.failed(problem))?;
        let registry = Registry::open(&config, host)?;
        let push = host.share(Self { teller: Arc::new(Teller { config, registry }) });
        host.account_feature(NS);
        host.observe::<ToAccount>(&push);
        // It only looks, and has to look before anybody takes the message.
        host.claim::<NoSession>(Select::MESSAGES, &push).before("carbons").before("offline");
        host.react::<Requested>(&push);
        host.react::<SessionAvailable>(&push);
        host.react::<SessionDetached>(&push);
        host.react::<SessionResumed>(&push);
        host.react::<AccountRemoved>(&push);
        host.iq_set_async::<Enable>(On::OWN_ACCOUNT, &push)?;
        host.iq_set_async::<Disable>(On::OWN_ACCOUNT, &push)
    }
}

#[async_trait]
impl AsyncAnswer<Enable> for Extension {
    async fn answer(&self, cx: &mut Cx<'_>, request: &Request, enable: Enable) -> Result<Reply, StanzaError> {
        let account = request.account.as_ref().ok_or_else(StanzaError::service_unavailable)?;
        self.teller.registry.enable(account, enable, cx.now().as_microsecond()).await?;
        cx.host().state::<Queue>().enabled(account);
        Ok(Reply::Empty)
    }
}

#[async_trait]
impl AsyncAnswer<Disable> for Extension {
    async fn answer(
        &self,
        _: &mut Cx<'_>,
        request: &Request,
        disable: Disable,
    ) -> Result<Reply, StanzaError> {
        let account = request.account.as_ref().ok_or_else(StanzaError::service_unavailable)?;
        self.teller.registry.disable(account, &disable).await?;
        Ok(Reply::Empty)
    }
}

/// A message that arrives.
impl Observe<ToAccount> for Extension {
    fn observe(&self, cx: &Cx<'_>, event: &ToAccount) {
        let Kind::Message(kind) = event.stanza.kind() else { return };
        if event.targets.iter().any(reads) {
            return;
        }
        let class = Class::of(&event.stanza);
        // RFC 6121 §8.5.3.2.1: a normal message to a resource that is not there is sent back.
        let is_refused = || {
            kind == message::Type::Normal && event.stanza.to().is_some_and(|to| to.is_full())
                || !class.is_stored()
        };
        if event.targets.is_empty() && is_refused() {
            return;
        }
        self.consider(cx, &event.account, &event.stanza, class.push());
    }
}

/// A message that was delivered to a session which has gone without reading it. What was stored and delivered from there was told before.
#[async_trait]
impl Claim<NoSession> for Extension {
    async fn claim(&self, cx: &mut Cx<'_>, event: NoSession) -> Result<Option<NoSession>, StanzaError> {
        let class = Class::of(&event.stanza);
        if class.is_stored() && !was_stored(&event.stanza, cx.domain()) {
            self.consider(cx, &event.account, &event.stanza, class.push());
        }
        Ok(Some(event))
    }
}

fn was_stored(message: &Stanza, domain: &str) -> bool {
    let delay = message.get::<Delay>().ok().flatten().and_then(|delay| delay.from);
    delay.is_some_and(|from| from.as_str() == domain)
}

/// Whether a session reads what it is sent: messages come to it, over a connection, and its client has not said that nobody looks.
fn reads(session: &Arc<Session>) -> bool {
    session.priority().is_some_and(|priority| priority >= 0) && !session.is_detached() && is_active(session)
}

impl Extension {
    /// Has the account's services told of a message, if it is worth it and nobody reads.
    fn consider(&self, cx: &Cx<'_>, account: &BareJid, message: &Stanza, push: Push) {
        let wanted = match push {
            Push::No => false,
            Push::Quiet => self.teller.config.quiet,
            Push::Important => true,
        };
        if !wanted || cx.sessions(account).iter().any(reads) {
            return;
        }
        if cx.host().state::<Queue>().add(account, message, push) {
            self.begin(cx, account);
        }
    }

    /// Has the account's services told of a subscription request, if nobody reads.
    async fn consider_request(
        &self,
        cx: &Cx<'_>,
        account: &BareJid,
        request: &Stanza,
    ) -> Result<(), HandlerError> {
        let Some(roster) = cx.service::<dyn Roster>() else { return Ok(()) };
        if cx.sessions(account).iter().any(reads) || self.teller.registry.all(account).await?.is_empty() {
            return Ok(());
        }
        let roster = roster.load(cx.host(), account).await;
        let roster = roster.map_err(|error| HandlerError::new(error.to_string()))?;
        let waiting = u32::try_from(roster.requests().count()).unwrap_or(u32::MAX);
        if waiting > 0 && cx.host().state::<Queue>().ask(account, request, waiting) {
            self.begin(cx, account);
        }
        Ok(())
    }

    fn begin(&self, cx: &Cx<'_>, account: &BareJid) {
        tokio::spawn(Arc::clone(&self.teller).work(Arc::clone(cx.host()), account.clone()));
    }
}

#[async_trait]
impl React<Requested> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, event: &Requested) -> Result<(), HandlerError> {
        self.consider_request(cx, &event.account, &event.request).await
    }
}

/// Whoever is there now reads what has come.
fn note(cx: &Cx<'_>) {
    if let Some(session) = cx.session().filter(|session| reads(session)) {
        cx.host().state::<Queue>().read(session.account().jid());
    }
}

#[async_trait]
impl React<SessionAvailable> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, _: &SessionAvailable) -> Result<(), HandlerError> {
        note(cx);
        Ok(())
    }
}

#[async_trait]
impl React<SessionResumed> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, _: &SessionResumed) -> Result<(), HandlerError> {
        note(cx);
        Ok(())
    }
}

/// A connection has broken, and what was written to it last may have got nowhere.
#[async_trait]
impl React<SessionDetached> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, _: &SessionDetached) -> Result<(), HandlerError> {
        let Some(session) = cx.session() else { return Ok(()) };
        let account = session.account().jid();
        // Most have enabled nothing, and much may have to be read.
        if self.teller.registry.all(account).await?.is_empty() {
            return Ok(());
        }
        for stanza in session.mailbox().unacknowledged() {
            let own = stanza.from().is_none_or(|from| from.bare_str() == account.as_str());
            match stanza.kind() {
                _ if own => {}
                Kind::Presence(presence::Type::Subscribe) => {
                    self.consider_request(cx, account, &stanza).await?;
                }
                _ if was_stored(&stanza, cx.domain()) => {}
                _ => self.consider(cx, account, &stanza, Class::of(&stanza).push()),
            }
        }
        Ok(())
    }
}

#[async_trait]
impl React<AccountRemoved> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, event: &AccountRemoved) -> Result<(), HandlerError> {
        cx.host().state::<Queue>().forget(&event.account);
        Ok(())
    }
}

stonechat_extension::register!(server: Extension);
