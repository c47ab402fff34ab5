//! The server's side: what components may, is told them and done for them.

mod config;
mod judge;
mod pushes;
mod requests;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::point::{
    ComponentConnected, FromComponent, SessionAvailable, SessionUnavailable, ToAccount,
};
use stonechat_extension::{
    AccountError, Claim, Cx, Guard, HandlerError, Host, InstallError, Installer, Manifest, React, Select,
    ServerExtension, Session, Verdict,
};
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::{Kind, Stanza, StanzaError, iq, message, presence};
use stonechat_xep_roster::{Changed, Roster};
use tokio::sync::Semaphore;

use crate::{NS, Privilege, PrivilegedIq};
pub use config::{Config, Grant, IqGrant, Messages, Presences};

/// The extension.
pub struct Extension {
    grants: HashMap<BareJid, Grant>,
    roster: Arc<dyn Roster>,
    /// How many more requests may wait for their answers.
    requests: Arc<Semaphore>,
    /// How many changes of rosters were told. Held by whoever tells of one, so that what is told last is what holds.
    pushes: tokio::sync::Mutex<u64>,
}

impl std::fmt::Debug for Extension {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Extension").field("grants", &self.grants).finish_non_exhaustive()
    }
}

impl ServerExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("privilege")
        .about("lets components do what accounts may, where it is granted")
        .xep(356, "0.4.1")
        .needs("roster");
    const CONFIG: &'static str = config::TEXT;
    type Config = Config;

    fn install(config: Config, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let grants = config.grants().map_err(|problem| host.failed(problem))?;
        if grants.is_empty() {
            return Ok(());
        }
        let requests = Arc::new(Semaphore::new(config.requests));
        let some_are_pushed = grants.values().any(Grant::pushes);
        let (roster, pushes) = (host.service()?, tokio::sync::Mutex::default());
        let privilege = host.share(Self { grants, roster, requests, pushes });
        host.claim::<FromComponent>(Select::MESSAGES | Select::IQS, &privilege);
        host.guard::<ToAccount>(&privilege);
        host.react::<ComponentConnected>(&privilege);
        host.react::<SessionAvailable>(&privilege);
        host.react::<SessionUnavailable>(&privilege);
        if some_are_pushed {
            host.react::<Changed>(&privilege);
        }
        Ok(())
    }
}

/// Tells a component what it may do (§4.2), and who is there (§8, rule 1).
#[async_trait]
impl React<ComponentConnected> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, event: &ComponentConnected) -> Result<(), HandlerError> {
        let Some(grant) = self.grants.get(&event.component) else { return Ok(()) };
        let perms = grant.perms();
        if perms.is_empty() {
            return Ok(());
        }
        let from = cx.host().jid().clone();
        let told = Stanza::message(message::Type::Normal).with_from(from).with_to(event.component.clone());
        cx.send(told.with(&Privilege { perms, forwarded: None }));
        if grant.presence == Presences::ManagedEntity {
            show_all(cx, &event.component);
        }
        Ok(())
    }
}

#[async_trait]
impl Claim<FromComponent> for Extension {
    async fn claim(
        &self,
        cx: &mut Cx<'_>,
        event: FromComponent,
    ) -> Result<Option<FromComponent>, StanzaError> {
        let stanza = &event.stanza;
        // It is the component that has a grant, and not one of its users.
        let grant = stanza.from().and_then(|from| self.grants.get(from.as_str()));
        match stanza.kind() {
            Kind::Message(message::Type::Error) => Ok(Some(event)),
            Kind::Message(_) if stanza.has(NS, "privilege") => {
                let grant = grant.ok_or_else(StanzaError::forbidden)?;
                self.send_on(cx, grant, stanza).await?;
                Ok(None)
            }
            Kind::Iq(kind @ (iq::Type::Get | iq::Type::Set)) if stanza.has(NS, "privileged_iq") => {
                let grant = grant.ok_or_else(StanzaError::forbidden)?;
                let account = managed(cx.host(), stanza).await?.ok_or_else(StanzaError::forbidden)?;
                let privileged = stanza.get::<PrivilegedIq>()?.ok_or_else(StanzaError::bad_request)?;
                let request = judge::request(grant, &account, kind, privileged)?;
                self.ask(cx.host(), stanza.clone(), request)?;
                Ok(None)
            }
            Kind::Iq(kind @ (iq::Type::Get | iq::Type::Set))
                if grant.is_some() && stanza.has(stonechat_xep_roster::NS, "query") =>
            {
                let Some(account) = managed(cx.host(), stanza).await? else { return Ok(Some(event)) };
                if !grant.is_some_and(|grant| grant.roster.allows(kind)) {
                    return Err(StanzaError::forbidden());
                }
                let reply = self.roster(cx.host(), kind, &account, stanza).await?;
                reply.into_iter().for_each(|reply| cx.send(reply));
                Ok(None)
            }
            _ => Ok(Some(event)),
        }
    }
}

impl Extension {
    /// Sends a message in the name that it bears (§5.3).
    async fn send_on(&self, cx: &mut Cx<'_>, grant: &Grant, stanza: &Stanza) -> Result<(), StanzaError> {
        let privilege = stanza.get::<Privilege>()?.ok_or_else(StanzaError::bad_request)?;
        let forwarded = privilege.forwarded.ok_or_else(StanzaError::bad_request)?;
        judge::message(grant, cx.domain(), &forwarded.stanza)?;
        let from = forwarded.stanza.from().map(|from| from.to_bare()).filter(|from| from.local().is_some());
        if let Some(from) = from
            && !exists(cx.host(), &from).await?
        {
            return Err(StanzaError::forbidden());
        }
        cx.send(forwarded.stanza);
        Ok(())
    }
}

/// The account of the host whose bare JID a stanza is for, if that is what it is for and the account exists.
async fn managed(host: &Arc<Host>, stanza: &Stanza) -> Result<Option<BareJid>, StanzaError> {
    let Some(to) = stanza.to().filter(|to| to.local().is_some() && to.resource().is_none()) else {
        return Ok(None);
    };
    let account = to.to_bare();
    Ok(exists(host, &account).await?.then_some(account))
}

async fn exists(host: &Host, account: &BareJid) -> Result<bool, StanzaError> {
    host.accounts().exists(account).await.map_err(|error: AccountError| {
        tracing::error!(host = host.domain(), %error, "cannot look an account up");
        StanzaError::internal_server_error()
    })
}

/// Tells components that a session came (§7.1).
#[async_trait]
impl React<SessionAvailable> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, event: &SessionAvailable) -> Result<(), HandlerError> {
        if event.initial {
            self.tell(cx, &event.presence);
        }
        Ok(())
    }
}

/// Tells components that a session went (§7.1).
#[async_trait]
impl React<SessionUnavailable> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, event: &SessionUnavailable) -> Result<(), HandlerError> {
        match &event.presence {
            Some(presence) => self.tell(cx, presence),
            None => self.tell(cx, &Stanza::presence(presence::Type::Unavailable)),
        }
        Ok(())
    }
}

impl Extension {
    fn tell(&self, cx: &mut Cx<'_>, presence: &Stanza) {
        let Some(session) = cx.session() else { return };
        for (component, grant) in &self.grants {
            if grant.presence == Presences::ManagedEntity && cx.host().is_component(component.as_str()) {
                cx.send(shown(session, presence.clone(), component));
            }
        }
    }

    /// Whether this is a component that is told when accounts come and go.
    fn sees_presence(&self, component: &str) -> bool {
        self.grants.get(component).is_some_and(|grant| grant.presence == Presences::ManagedEntity)
    }
}

/// What a session has sent, for a component (§7.1).
fn shown(session: &Session, presence: Stanza, component: &BareJid) -> Stanza {
    presence.with_from(Jid::from(session.jid().clone())).with_to(component.clone())
}

/// Tells a component of all sessions that are available.
fn show_all(cx: &mut Cx<'_>, component: &BareJid) {
    let mut told = Vec::new();
    for session in cx.host().connected().iter().flat_map(|account| account.sessions()) {
        if let Some(presence) = session.presence() {
            cx.send(shown(&session, presence, component));
            told.push(session);
        }
    }
    let component = component.clone();
    // That one went meanwhile may have been told before.
    cx.then(move |cx| {
        for session in told.iter().filter(|session| !session.is_available()) {
            let gone = Stanza::presence(presence::Type::Unavailable);
            cx.send(shown(session, gone, &component));
        }
    });
}

/// The accounts have sent nothing to the component, so they are told of no error either (§2).
impl Guard<ToAccount> for Extension {
    fn guard(&self, _: &Cx<'_>, event: &ToAccount) -> Verdict {
        let is_error = event.stanza.kind() == Kind::Presence(presence::Type::Error);
        let is_answer = || event.stanza.from().is_some_and(|from| self.sees_presence(from.as_str()));
        if is_error && is_answer() { Verdict::Drop } else { Verdict::Allow }
    }
}

stonechat_extension::register!(server: Extension);
