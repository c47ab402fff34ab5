//! The server's side.

mod broadcast;
mod cancel;
mod config;
mod directed;
mod guard;
mod inbound;
mod outbound;
mod probe;
mod show;
mod standing;
mod visibility;

pub use config::Config;
pub use inbound::Requested;
pub use visibility::Visibility;

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::point::{
    AccountRemoved, FromClient, NoAccount, SessionClosed, SessionRestored, SessionUnavailable, ToAccount,
    ToSession,
};
use stonechat_extension::{
    Claim, Cx, HandlerError, InstallError, Installer, Keep, Manifest, Observe, Phase, React, Select,
    ServerExtension,
};
use stonechat_stanza::{Element, Kind, StanzaError, ns, presence};
use stonechat_store::Document;
use stonechat_xep_roster::{Removed, Roster};

use crate::subscription;
use directed::Directed;
use guard::Requests;

/// The extension.
pub struct Extension {
    config: Config,
    roster: Arc<dyn Roster>,
    /// When the last session of an account became unavailable.
    last: Document,
}

impl std::fmt::Debug for Extension {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Extension").field("config", &self.config).finish_non_exhaustive()
    }
}

impl ServerExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("presence")
        .about("shows contacts who is there")
        .rfc(6121, "3")
        .rfc(6121, "4")
        .needs("roster");
    const CONFIG: &'static str = config::TEXT;
    type Config = Config;

    fn install(config: Config, host: &mut Installer<'_>) -> Result<(), InstallError> {
        config.check().map_err(|problem| host.failed(problem))?;
        let roster = host.service::<dyn Roster>()?;
        let about = "when the account was last seen to go offline";
        let last = host.document("presence-last", about, Keep::WithAccount)?;
        host.session_state::<Directed>()?;
        host.stream_feature(Phase::AfterAuth, Element::bare("sub", ns::PREAPPROVAL));
        if config.protect_sessions {
            host.guard::<ToAccount>(&Arc::new(Requests(Arc::clone(&roster))));
        }
        let presence = host.share(Self { config, roster, last });
        host.provide::<dyn Visibility>(Arc::clone(&presence) as Arc<dyn Visibility>)?;
        host.claim::<FromClient>(Select::PRESENCE, &presence);
        host.claim::<ToAccount>(to_account(), &presence);
        host.claim::<NoAccount>(Select::of(Kind::Presence(presence::Type::Probe)), &presence);
        host.observe::<ToSession>(&presence);
        host.react::<SessionRestored>(&presence);
        host.react::<SessionUnavailable>(&presence);
        host.react::<SessionClosed>(&presence);
        host.react::<Removed>(&presence);
        host.react::<AccountRemoved>(&presence);
        Ok(())
    }
}

/// What is for the account's server rather than for its sessions.
fn to_account() -> Select {
    let types = [presence::Type::Probe, presence::Type::Error].into_iter();
    let types = types.chain(subscription::Kind::ALL.map(subscription::Kind::as_type));
    types.fold(Select::NONE, |all, kind| all | Select::of(Kind::Presence(kind)))
}

#[async_trait]
impl Claim<FromClient> for Extension {
    async fn claim(&self, cx: &mut Cx<'_>, event: FromClient) -> Result<Option<FromClient>, StanzaError> {
        use presence::Type::{Available, Probe, Unavailable};
        let (Kind::Presence(kind), Some(session)) = (event.stanza.kind(), cx.session()) else {
            return Ok(Some(event));
        };
        match (kind, event.stanza.to().is_some()) {
            (Available, false) => self.available(cx, session, event.stanza).await.map(|()| None),
            (Unavailable, false) => self.unavailable(cx, session, event.stanza).await.map(|()| None),
            (Available | Unavailable, true) => {
                self.directed(session, kind, &event.stanza)?;
                Ok(Some(event))
            }
            // §4.3: a client's probe is never answered with an error, so one for nobody is not answered at all.
            (Probe, _) => Ok(Some(event)),
            _ => match subscription::Kind::of(kind) {
                Some(kind) => self.outbound(cx, session, kind, event.stanza).await.map(|()| None),
                None => Ok(Some(event)),
            },
        }
    }
}

#[async_trait]
impl Claim<ToAccount> for Extension {
    async fn claim(&self, cx: &mut Cx<'_>, event: ToAccount) -> Result<Option<ToAccount>, StanzaError> {
        let Kind::Presence(kind) = event.stanza.kind() else { return Ok(Some(event)) };
        if let Some(kind) = subscription::Kind::of(kind) {
            return self.inbound(cx, &event.account, kind, event.stanza).await.map(|()| None);
        }
        match kind {
            presence::Type::Probe => self.probe(cx, &event.account, &event.stanza).await.map(|()| None),
            presence::Type::Error => self.failed(cx, event).await,
            _ => Ok(Some(event)),
        }
    }
}

/// A probe for an account that is not there is answered as one from somebody who may not see (§4.3.2, rule 1).
#[async_trait]
impl Claim<NoAccount> for Extension {
    async fn claim(&self, cx: &mut Cx<'_>, event: NoAccount) -> Result<Option<NoAccount>, StanzaError> {
        probe::deny(cx, &event.account, &event.stanza);
        Ok(None)
    }
}

/// §4.6.1: who becomes unavailable to the session gets no more word of it.
impl Observe<ToSession> for Extension {
    fn observe(&self, cx: &Cx<'_>, event: &ToSession) {
        if event.stanza.kind() == Kind::Presence(presence::Type::Unavailable)
            && let (Some(session), Some(from)) = (cx.session(), event.stanza.from())
            && let Some(directed) = session.state_if_any::<Directed>()
        {
            directed.remove(from);
        }
    }
}

#[async_trait]
impl React<SessionUnavailable> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, event: &SessionUnavailable) -> Result<(), HandlerError> {
        let Some(session) = cx.session() else { return Ok(()) };
        self.leave(cx, session, event.presence.as_ref()).await
    }
}

/// A session that was there before a crash does not know who was not to come back (§4.3.2, rule 4, says how that is told).
#[async_trait]
impl React<SessionRestored> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, _: &SessionRestored) -> Result<(), HandlerError> {
        let Some(session) = cx.session().filter(|session| session.is_available()).cloned() else {
            return Ok(());
        };
        self.tell_absent(cx, &session).await.map_err(|error| HandlerError::new(error.to_string()))
    }
}

/// Those who got directed presence of a session that was never available (§4.6.3, rule 3).
#[async_trait]
impl React<SessionClosed> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, _: &SessionClosed) -> Result<(), HandlerError> {
        if let Some(session) = cx.session() {
            broadcast::leave_directed(cx, session, &show::unavailable(session), None);
        }
        Ok(())
    }
}

#[async_trait]
impl React<Removed> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, event: &Removed) -> Result<(), HandlerError> {
        cancel::cancel(cx, &event.owner, &event.contact, &event.was);
        Ok(())
    }
}

/// The contacts of an account that is removed are told so.
#[async_trait]
impl React<AccountRemoved> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, event: &AccountRemoved) -> Result<(), HandlerError> {
        let roster = self.roster.load(cx.host(), &event.account).await;
        let roster = roster.map_err(|error| HandlerError::new(error.to_string()))?;
        for (contact, was) in roster.contacts() {
            cancel::cancel(cx, &event.account, contact, was);
        }
        Ok(())
    }
}

stonechat_extension::register!(server: Extension);
