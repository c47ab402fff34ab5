//! The server's side: who was let in, and who still is.

mod config;
mod list;
mod revoke;
mod store;

use std::sync::OnceLock;

use async_trait::async_trait;
use jiff::Timestamp;
use stonechat_extension::login::{Login, Proof};
use stonechat_extension::point::{SessionBound, SessionClosed};
use stonechat_extension::{
    Cx, HandlerError, InstallError, Installer, Keep, Manifest, On, React, ServerExtension, Session,
    SessionState,
};
use stonechat_stanza::StanzaError;

use crate::record::{Record, Seen};
use crate::{List, NS, Revoke};
pub use config::Config;
use store::Known;

/// The extension.
#[derive(Debug)]
pub struct Extension {
    keep_names: bool,
    known: Known,
}

impl ServerExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("clients")
        .about("shows people which clients have access to their account")
        .xep(494, "0.1.0");
    const CONFIG: &'static str = config::TEXT;
    type Config = Config;

    fn install(config: Config, host: &mut Installer<'_>) -> Result<(), InstallError> {
        if let Some(problem) = config.problem() {
            return Err(host.failed(problem));
        }
        let map = host.map_store("clients", "which clients have logged in, and when", Keep::WithAccount)?;
        let clients = host.share(Self { keep_names: config.keep_names, known: Known::new(map, &config) });
        host.session_state::<Since>()?;
        host.account_feature(NS);
        host.react::<SessionBound>(&clients);
        host.react::<SessionClosed>(&clients);
        host.iq_get_async::<List>(On::OWN_ACCOUNT, &clients)?;
        host.iq_set_async::<Revoke>(On::OWN_ACCOUNT, &clients)
    }
}

/// When a session was bound.
#[derive(Debug, Default)]
struct Since(OnceLock<Timestamp>);

impl SessionState for Since {
    const NAME: &'static str = "clients";

    fn save(&self) -> Option<String> {
        self.0.get().map(Timestamp::to_string)
    }

    fn restore(session: &Session, saved: &str) {
        if let Ok(since) = saved.parse() {
            let _ = session.state::<Self>().0.set(since);
        }
    }
}

#[async_trait]
impl React<SessionBound> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, _: &SessionBound) -> Result<(), HandlerError> {
        let Some(session) = cx.session() else { return Ok(()) };
        // A session is bound once.
        let _ = session.state::<Since>().0.set(cx.now());
        match session.login() {
            Some(login) => self.remember(cx, &login).await,
            None => Ok(()),
        }
    }
}

#[async_trait]
impl React<SessionClosed> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, _: &SessionClosed) -> Result<(), HandlerError> {
        let login = cx.session().and_then(|session| session.login());
        let Some((login, id)) = login.as_ref().and_then(|login| Some((login, login.installation()?))) else {
            return Ok(());
        };
        match self.known.get(&login.account, id).await? {
            // One that was revoked meanwhile stays forgotten.
            Some(record) => self.known.put(&login.account, id, &record.seen_at(cx.now())).await,
            None => Ok(()),
        }
    }
}

impl Extension {
    async fn remember(&self, cx: &Cx<'_>, login: &Login) -> Result<(), HandlerError> {
        let Some(id) = login.installation().filter(|_| login.proof != Proof::Anonymous) else {
            return Ok(());
        };
        let agent = login.user_agent.as_ref().filter(|_| self.keep_names);
        let seen = Seen {
            now: cx.now(),
            password: (login.proof == Proof::Password).then_some(login.epoch.as_str()),
            software: agent.and_then(|agent| agent.software.as_deref()),
            device: agent.and_then(|agent| agent.device.as_deref()),
        };
        let before = self.known.get(&login.account, id).await?;
        self.known.put(&login.account, id, &Record::after(before, &seen)).await
    }
}

/// What the asker is told when something cannot be read or written.
fn broken(cx: &Cx<'_>, error: &HandlerError) -> StanzaError {
    tracing::error!(host = cx.domain(), %error, "the clients of an account");
    StanzaError::internal_server_error()
}

stonechat_extension::register!(server: Extension);
