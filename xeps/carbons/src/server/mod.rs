//! The server's side: who wants copies, and who gets them.

mod audience;
mod config;
mod copies;

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::login::{AtBind, Login};
use stonechat_extension::point::{FromClient, NoSession, SessionClosed, ToAccount, ToSession};
use stonechat_extension::{
    Answer, Claim, Cx, HandlerError, InstallError, Installer, Manifest, Map, On, React, Reply, Request,
    Select, ServerExtension,
};
use stonechat_stanza::{Element, Kind, StanzaError};

use crate::{Disable, Enable, NS, RULES, is_wrapper};
use audience::{Audience, Enabled};
pub use config::Config;
pub use copies::SentCopy;

/// The extension. Who has enabled carbons is held by the sessions themselves.
#[derive(Debug)]
pub struct Extension {
    config: Config,
}

impl ServerExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("carbons").about("copies messages to all devices of a person").xep(280, "1.0.1");
    const CONFIG: &'static str = config::TEXT;
    type Config = Config;

    fn install(config: Config, host: &mut Installer<'_>) -> Result<(), InstallError> {
        if let Some(problem) = config.problem() {
            return Err(host.failed(problem));
        }
        let strip = config.strip_private;
        let carbons = host.share(Self { config });
        host.feature(NS);
        host.feature(RULES);
        host.session_state::<Enabled>()?;
        host.iq_set::<Enable>(On::HOST | On::OWN_ACCOUNT, &carbons)?;
        host.iq_set::<Disable>(On::HOST | On::OWN_ACCOUNT, &carbons)?;
        host.copy::<FromClient>(&carbons);
        host.copy::<ToAccount>(&carbons);
        // Copies are nothing to keep, so they must not get as far as a store.
        host.claim::<NoSession>(Select::MESSAGES, &carbons).before("offline");
        host.react::<SessionClosed>(&carbons);
        host.at_bind(NS, &[(NS, "enable")], &carbons)?;
        if strip {
            // At the last step: all who have to see it have seen it.
            host.map::<ToSession>(&carbons);
        }
        Ok(())
    }
}

/// §4 and §5; asking twice is no error (§10.1).
fn set(cx: &Cx<'_>, enabled: bool) -> Result<Reply, StanzaError> {
    // §4.1 and §5.1: "if the request is from a client that is not hosted on this server".
    let session = cx.session().ok_or_else(StanzaError::not_allowed)?;
    if enabled {
        session.account().state::<Audience>().join(session);
    } else {
        leave(session);
    }
    Ok(Reply::empty())
}

fn leave(session: &Arc<stonechat_extension::Session>) {
    if let Some(audience) = session.account().state_if_any::<Audience>() {
        audience.leave(session);
    }
}

impl Answer<Enable> for Extension {
    fn answer(&self, cx: &mut Cx<'_>, _: &Request, _: Enable) -> Result<Reply, StanzaError> {
        set(cx, true)
    }
}

impl Answer<Disable> for Extension {
    fn answer(&self, cx: &mut Cx<'_>, _: &Request, _: Disable) -> Result<Reply, StanzaError> {
        set(cx, false)
    }
}

#[async_trait]
impl React<SessionClosed> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, _: &SessionClosed) -> Result<(), HandlerError> {
        if let Some(session) = cx.session() {
            leave(session);
        }
        Ok(())
    }
}

/// XEP-0386 §3.2.1: carbons are on before the session gets anything, and there is no answer, as it cannot fail.
#[async_trait]
impl AtBind for Extension {
    async fn at_bind(
        &self,
        cx: &mut Cx<'_>,
        _: &Login,
        _: Option<&Element>,
    ) -> Result<Option<Element>, HandlerError> {
        if let Some(session) = cx.session() {
            session.account().state::<Audience>().join(session);
        }
        Ok(None)
    }
}

/// A copy that its session could not take: the message itself is where it belongs, and nobody is to hear of the copy (§10.3). Only the
/// server can send from an account's bare JID, so a forged wrapper is not taken for one of ours.
#[async_trait]
impl Claim<NoSession> for Extension {
    async fn claim(&self, _: &mut Cx<'_>, event: NoSession) -> Result<Option<NoSession>, StanzaError> {
        let ours = event.stanza.from().is_some_and(|from| from.as_str() == event.account.as_str());
        Ok((!ours || !is_wrapper(&event.stanza)).then_some(event))
    }
}

impl Map<ToSession> for Extension {
    fn map(&self, _: &Cx<'_>, event: &mut ToSession) -> Result<(), StanzaError> {
        if matches!(event.stanza.kind(), Kind::Message(_)) {
            event.stanza.remove(NS, "private");
        }
        Ok(())
    }
}

stonechat_extension::register!(server: Extension);
