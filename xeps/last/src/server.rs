//! The server's side: it remembers and answers.

use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use stonechat_extension::point::SessionUnavailable;
use stonechat_extension::{
    AsyncAnswer, Cx, HandlerError, InstallError, Installer, Keep, Manifest, On, React, Reply, Request,
    ServerExtension,
};
use stonechat_stanza::StanzaError;
use stonechat_stanza::jid::BareJid;
use stonechat_store::{Document, Owner};
use stonechat_xep_roster::Roster;

use crate::record::{Record, seconds_between};
use crate::{Last, NS, Query};

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// How much of a status is kept, in bytes.
    pub status_length: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { status_length: 1023 }
    }
}

/// The most that a status may be configured to have.
const LONGEST_STATUS: usize = 65_536;

/// The extension.
#[derive(Debug)]
pub struct Extension {
    config: Config,
    last: Document,
}

impl ServerExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("last").about("tells contacts when an account was last available").xep(12, "2.0");
    const CONFIG: &'static str = "\
# How much is kept of the status with which somebody went offline, in bytes. 0 to 65536.
status-length = 1023
";
    type Config = Config;

    fn install(config: Config, host: &mut Installer<'_>) -> Result<(), InstallError> {
        if config.status_length > LONGEST_STATUS {
            let value = config.status_length;
            return Err(
                host.failed(format!("`status-length` is {value}; it goes from 0 to {LONGEST_STATUS}"))
            );
        }
        let about = "when an account was last available, and the status that it left";
        let last = host.document("last-activity", about, Keep::WithAccount)?;
        let extension = host.share(Self { config, last });
        host.feature(NS);
        host.account_feature(NS);
        host.react::<SessionUnavailable>(&extension);
        host.iq_get_async::<Query>(On::HOST | On::ACCOUNT, &extension)
    }
}

#[async_trait]
impl React<SessionUnavailable> for Extension {
    async fn react(&self, cx: &mut Cx<'_>, event: &SessionUnavailable) -> Result<(), HandlerError> {
        let Some(session) = cx.session() else { return Ok(()) };
        let account = session.account();
        if account.sessions().iter().any(|other| other.is_available()) {
            return Ok(());
        }
        let record = Record::new(cx.now(), event.presence.as_ref(), self.config.status_length);
        Ok(self.last.put(&owner(account.jid()), record.write()).await?)
    }
}

#[async_trait]
impl AsyncAnswer<Query> for Extension {
    async fn answer(&self, cx: &mut Cx<'_>, request: &Request, _: Query) -> Result<Reply, StanzaError> {
        let last = match &request.account {
            None => {
                let seconds = seconds_between(cx.host().started().as_second(), cx.now().as_second());
                Last { seconds, status: None }
            }
            // §3, example 4.
            Some(account) if !may_see(cx, request, account).await => return Err(StanzaError::forbidden()),
            Some(account) => self.of(cx, account).await?,
        };
        Ok(Reply::with(&last))
    }
}

impl Extension {
    async fn of(&self, cx: &Cx<'_>, account: &BareJid) -> Result<Last, StanzaError> {
        if cx.sessions(account).iter().any(|session| session.is_available()) {
            return Ok(Last { seconds: 0, status: None });
        }
        let stored = self.last.get(&owner(account)).await.map_err(|error| {
            tracing::error!(host = cx.domain(), %account, %error, "cannot read when an account was last available");
            StanzaError::internal_server_error()
        })?;
        let stored = stored.ok_or_else(StanzaError::item_not_found)?;
        let record = Record::read(&stored).ok_or_else(|| {
            tracing::error!(host = cx.domain(), %account, "the document `last-activity` is damaged");
            StanzaError::internal_server_error()
        })?;
        Ok(record.answer(cx.now()))
    }
}

/// Whether the asker may see the account's presence. Who cannot be looked up may not.
async fn may_see(cx: &Cx<'_>, request: &Request, account: &BareJid) -> bool {
    if request.on == On::OWN_ACCOUNT {
        return true;
    }
    let roster: Option<Arc<dyn Roster>> = cx.service();
    let (Some(roster), Some(asker)) = (roster, request.stanza.from()) else { return false };
    match roster.contact(cx.host(), account, &asker.to_bare()).await {
        Ok(contact) => contact.subscription.is_from(),
        Err(error) => {
            tracing::error!(host = cx.domain(), %account, %error, "cannot tell who may see an account");
            false
        }
    }
}

fn owner(account: &BareJid) -> Owner {
    Owner::account(account.as_str())
}

stonechat_extension::register!(server: Extension);
