//! Messages that nobody received are in the archive: offline storage needs no second copy of them.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use stonechat_extension::point::NoSession;
use stonechat_extension::{Claim, Cx, Session};
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::sid::StanzaId;
use stonechat_stanza::{Payload as _, Stanza, StanzaError, ns};
use stonechat_store::{Error, Owner};
use stonechat_xep_offline::Keeper;

use super::Extension;
use super::notes::Notes;
use super::page::Told;
use super::record::stamp;

/// The id that a message carries of its place in the account's archive.
fn id_in(message: &Stanza, account: &BareJid) -> Option<String> {
    let ids = message.children().filter(|child| child.is(ns::SID, StanzaId::NAME));
    let mut ids = ids.filter_map(|child| child.parse::<StanzaId>().ok());
    ids.find(|id| id.by.as_str() == account.as_str()).map(|id| id.id)
}

#[async_trait]
impl Keeper for Extension {
    async fn kept(&self, cx: &Cx<'_>, account: &BareJid, message: &Stanza) -> Result<Option<String>, Error> {
        let received = cx.note_if_any::<Notes>().and_then(|notes| notes.received());
        let received = received.filter(|received| received.account == *account);
        // What was given to a session that could not take it.
        cx.host().journal().appended().await;
        let Some(id) = id_in(message, account) else {
            let unstamped = received.filter(|received| received.from.is_some());
            let unstamped =
                unstamped.filter(|it| it.from.as_deref() == message.from().map(|from| from.as_str()));
            return Ok(unstamped.map(|received| received.id));
        };
        if received.is_some_and(|received| received.id == id) {
            return Ok(Some(id));
        }
        // It was in a mailbox for a while.
        let entry = self.archive.log.get(&Owner::account(account.as_str()), &id).await?;
        Ok(entry.map(|entry| entry.id))
    }

    fn stamp(&self, account: &BareJid, id: &str, message: &mut Stanza) {
        if id_in(message, account).is_none() {
            stamp(message, account, id);
        }
    }

    async fn fetch(&self, account: &BareJid, ids: Vec<String>) -> Result<HashMap<String, Stanza>, Error> {
        let entries = self.archive.log.entries(&Owner::account(account.as_str()), ids).await?;
        let message = |entry: stonechat_store::Entry| match Stanza::parse(&entry.value) {
            Ok(mut message) => {
                stamp(&mut message, account, &entry.id);
                Some((entry.id, message))
            }
            Err(error) => {
                tracing::error!(id = entry.id, %error, "an archived message is damaged");
                None
            }
        };
        Ok(entries.into_iter().filter_map(message).collect())
    }

    fn take_read(&self, session: &Session) -> HashSet<String> {
        session.state_if_any::<Told>().map(|told| told.take()).unwrap_or_default()
    }
}

/// What nobody else keeps, because that store is full or not there, is in the archive, where its recipient finds it.
#[async_trait]
impl Claim<NoSession> for Extension {
    async fn claim(&self, cx: &mut Cx<'_>, event: NoSession) -> Result<Option<NoSession>, StanzaError> {
        match self.kept(cx, &event.account, &event.stanza).await {
            Ok(kept) => Ok(kept.is_none().then_some(event)),
            Err(error) => {
                tracing::error!(host = cx.domain(), %error, "an archive cannot be read");
                Err(StanzaError::internal_server_error())
            }
        }
    }
}
