//! Listing (§3.1).

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use stonechat_extension::login::Proof;
use stonechat_extension::{AsyncAnswer, Cx, HandlerError, Reply, Request, Session};
use stonechat_stanza::StanzaError;
use stonechat_stanza::jid::BareJid;

use super::{Extension, Since, broken};
use crate::record::{Record, reference};
use crate::{Client, Clients, Kind, List};

/// A client, and what the server knows it by.
pub(super) struct Entry {
    pub(super) client: Client,
    /// The installation; `None` for a session without one.
    pub(super) installation: Option<String>,
    /// Its sessions.
    pub(super) sessions: Vec<Arc<Session>>,
}

#[async_trait]
impl AsyncAnswer<List> for Extension {
    async fn answer(&self, cx: &mut Cx<'_>, request: &Request, _: List) -> Result<Reply, StanzaError> {
        let account = request.account.as_ref().ok_or_else(StanzaError::item_not_found)?;
        let entries = self.entries(cx, account).await.map_err(|error| broken(cx, &error))?;
        let clients = entries.into_iter().map(|entry| entry.client).collect();
        Ok(Reply::with(&Clients { clients }))
    }
}

impl Extension {
    /// Everything that has access to an account.
    pub(super) async fn entries(&self, cx: &Cx<'_>, account: &BareJid) -> Result<Vec<Entry>, HandlerError> {
        let now = cx.now();
        let epoch = cx.host().accounts().epoch(account).await;
        let epoch = epoch.map_err(|error| HandlerError::new(error.to_string()))?;
        let known = self.known.all(account, now).await?;
        let tokens = match (cx.service::<dyn stonechat_xep_fast::Clients>(), &epoch) {
            (Some(fast), Some(epoch)) => fast.with_tokens(account, epoch, now).await?.into_iter().collect(),
            _ => BTreeSet::new(),
        };
        let sessions = cx.sessions(account);
        let installation = |session: &Arc<Session>| -> Option<String> {
            session.login().and_then(|login| login.installation().map(str::to_owned))
        };
        let installations: BTreeSet<String> = known
            .keys()
            .cloned()
            .chain(tokens.iter().cloned())
            .chain(sessions.iter().filter_map(installation))
            .collect();
        let mut entries: Vec<Entry> = installations
            .into_iter()
            .map(|id| {
                let sessions = sessions.iter().filter(|session| installation(session).as_ref() == Some(&id));
                let sessions: Vec<_> = sessions.cloned().collect();
                let record = known.get(&id);
                let shown = sessions.iter().any(|session| has_shown(session, epoch.as_deref()));
                let password = shown || record.is_some_and(|record| record.knows_password(epoch.as_deref()));
                let client = Client {
                    connected: !sessions.is_empty(),
                    password,
                    fast: tokens.contains(&id),
                    ..remembered(reference(account.as_str(), &id), record)
                };
                Entry { client, installation: Some(id), sessions }
            })
            .collect();
        let others = sessions.iter().filter(|session| installation(session).is_none());
        entries.extend(others.map(|session| nameless(account, session, epoch.as_deref(), now)));
        Ok(entries)
    }
}

/// Whether the session comes of a login with the password that is right now.
fn has_shown(session: &Session, epoch: Option<&str>) -> bool {
    session.login().is_some_and(|login| {
        login.proof == Proof::Password && epoch.is_some_and(|epoch| login.epoch == epoch)
    })
}

fn remembered(id: String, record: Option<&Record>) -> Client {
    let time = |second: i64| Timestamp::from_second(second).ok();
    Client {
        id,
        connected: false,
        kind: Kind::Session,
        first_seen: record.and_then(|record| time(record.first_seen)),
        last_seen: record.and_then(|record| time(record.last_seen)),
        password: false,
        fast: false,
        software: record.and_then(|record| record.software.clone()),
        device: record.and_then(|record| record.device.clone()),
    }
}

/// A session of which no installation is known; it is listed as long as it is there.
fn nameless(account: &BareJid, session: &Arc<Session>, epoch: Option<&str>, now: Timestamp) -> Entry {
    let since = session.state_if_any::<Since>().and_then(|since| since.0.get().copied());
    let whole = |time: Timestamp| Timestamp::from_second(time.as_second()).ok();
    let client = Client {
        connected: true,
        first_seen: since.and_then(whole),
        last_seen: whole(now),
        password: has_shown(session, epoch),
        ..remembered(reference(account.as_str(), &format!("session {}", session.jid())), None)
    };
    Entry { client, installation: None, sessions: vec![Arc::clone(session)] }
}
