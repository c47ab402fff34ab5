//! Messages go into the archives of the two accounts, and their recipients learn the ids (§3.5).
//!
//! The sender's row is made when the message comes, from what was sent; the recipient's when it has come as far as the account, from what
//! is received. Where both are accounts of this host the first waits for the second, so that one write does for both; should the message
//! not get that far, the sender's row is written when it is routed.

use async_trait::async_trait;
use stonechat_extension::point::{FromClient, Routed, ToAccount};
use stonechat_extension::{Cx, HandlerError, Map, Record};
use stonechat_stanza::class::Class;
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::sid::{self, StanzaId};
use stonechat_stanza::{Kind, Payload as _, Stanza, StanzaError, message, ns};
use stonechat_store::Owner;
use stonechat_xep_carbons::SentCopy;
use stonechat_xep_offline::Bounces;

use super::Extension;
use super::archive::{Row, Rows};
use super::notes::{Received, notes};

/// XEP-0359 §3, rules 2 and 4: nobody but this host gives ids for an account of it.
fn discard_forged(stanza: &mut Stanza, account: &BareJid) {
    if stanza.has(ns::SID, StanzaId::NAME) {
        sid::remove(stanza, &Jid::from(account.clone()));
    }
}

/// Tells the account's own sessions where the message is in its archive.
pub(super) fn stamp(message: &mut Stanza, account: &BareJid, id: &str) {
    message.push_empty(ns::SID, StanzaId::NAME, &[("id", id), ("by", account.as_str())]);
}

impl Map<FromClient> for Extension {
    fn map(&self, cx: &Cx<'_>, event: &mut FromClient) -> Result<(), StanzaError> {
        if let Some(session) = cx.session() {
            discard_forged(&mut event.stanza, session.account().jid());
        }
        Ok(())
    }
}

#[async_trait]
impl Record<FromClient> for Extension {
    async fn record(&self, cx: &Cx<'_>, event: &FromClient) -> Result<(), HandlerError> {
        let Some(session) = cx.session() else { return Ok(()) };
        if !Class::of(&event.stanza).is_archived() {
            return Ok(());
        }
        let account = session.account();
        let own = account.jid();
        let to = event.stanza.to().unwrap_or_else(|| own.as_jid_ref());
        let wanted = match self.book.wants_now(cx, account, to) {
            Some(wanted) => wanted,
            None => self.book.wants(cx, own, to).await?,
        };
        if !wanted {
            return Ok(());
        }
        let row = self.archive.row(cx, account.owner(), to.bare_str(), &event.stanza);
        let notes = notes(cx);
        notes.set_sent_id(own, &row.entry.id);
        if to.domain() == cx.domain() && to.local().is_some() {
            notes.send_later(row);
            return Ok(());
        }
        self.keep_soon(cx, &mut Rows::from_iter([row])).await
    }
}

/// A copy for the sender's other sessions, which may see where it is in their archive.
impl Map<SentCopy> for Extension {
    fn map(&self, cx: &Cx<'_>, event: &mut SentCopy) -> Result<(), StanzaError> {
        if let Some(session) = cx.session()
            && let Some(id) = notes(cx).sent_id(session.account().jid())
        {
            stamp(&mut event.stanza, session.account().jid(), &id);
        }
        Ok(())
    }
}

/// What came of the question whether the recipient gets a row.
enum Decision {
    /// One of this owner.
    Row(Owner),
    NoRow,
    /// It is to be found out where there is time to wait.
    Unknown,
}

impl Extension {
    fn decide(&self, cx: &Cx<'_>, event: &ToAccount) -> Decision {
        let Some(from) = event.stanza.from() else { return Decision::NoRow };
        // What the account's own bare JID says, the server has made from what is stored.
        let own = from.as_str() == event.account.as_str();
        if own || !Class::of(&event.stanza).is_archived() {
            return Decision::NoRow;
        }
        if is_astray(event) {
            return Decision::Unknown;
        }
        let looked_up;
        let account = match event.targets.first() {
            Some(target) => target.account(),
            None => match cx.account(&event.account) {
                Some(account) => {
                    looked_up = account;
                    &looked_up
                }
                None => return Decision::Unknown,
            },
        };
        match self.book.wants_now(cx, account, from) {
            Some(true) => Decision::Row(account.owner().clone()),
            Some(false) => Decision::NoRow,
            None => Decision::Unknown,
        }
    }

    /// Writes the rows before their sender may take the message for received, together with those of others. What retracts something
    /// looks for it at once.
    async fn keep_soon(&self, cx: &Cx<'_>, rows: &mut Rows) -> Result<(), HandlerError> {
        if rows.iter().any(|row| row.retraction.is_some()) {
            return self.keep_now(cx, rows).await;
        }
        self.sweep_if_due(cx);
        self.archive.trim_if_due(cx, rows);
        let entries = rows.drain(..).map(|row| (row.owner, row.entry));
        cx.host().journal().append(&self.archive.log, entries).await;
        Ok(())
    }

    /// Writes the rows; they are durable when this returns.
    async fn keep_now(&self, cx: &Cx<'_>, rows: &[Row]) -> Result<(), HandlerError> {
        self.sweep_if_due(cx);
        self.archive.trim_if_due(cx, rows);
        // Those that came before go before.
        cx.host().journal().appended().await;
        Ok(self.archive.keep(rows).await?)
    }
}

/// RFC 6121 §8.5.3.2.1: whether it is a normal message to a resource that is not there. It is sent back, and nothing that the account has
/// received then, or ignored without its sender's knowing; so that nobody loses it the account has it in its archive.
fn is_astray(event: &ToAccount) -> bool {
    event.targets.is_empty()
        && event.stanza.kind() == Kind::Message(message::Type::Normal)
        && event.stanza.to().is_some_and(|to| to.is_full())
}

/// Whether its sender is told that a message did not arrive.
async fn bounces(cx: &Cx<'_>, event: &ToAccount) -> bool {
    match cx.service::<dyn Bounces>() {
        Some(bounces) => bounces.bounces(cx, &event.account, &event.stanza).await,
        None => true,
    }
}

/// Whether a message is from one of the account's own sessions, so that the sender's row is the recipient's.
fn is_to_itself(event: &ToAccount) -> bool {
    event.stanza.from().is_some_and(|from| from.is_full() && from.bare_str() == event.account.as_str())
}

impl Map<ToAccount> for Extension {
    fn map(&self, cx: &Cx<'_>, event: &mut ToAccount) -> Result<(), StanzaError> {
        if !matches!(event.stanza.kind(), Kind::Message(_)) {
            return Ok(());
        }
        discard_forged(&mut event.stanza, &event.account);
        if is_to_itself(event) {
            if let Some(id) = notes(cx).sent_id(&event.account) {
                stamp(&mut event.stanza, &event.account, &id);
            }
            return Ok(());
        }
        match self.decide(cx, event) {
            Decision::Unknown => {}
            Decision::NoRow => notes(cx).decide(&event.account, None),
            Decision::Row(owner) => {
                let peer = event.stanza.from().map(|from| from.bare_str()).unwrap_or_default();
                let row = self.archive.row(cx, &owner, peer, &event.stanza);
                stamp(&mut event.stanza, &event.account, &row.entry.id);
                notes(cx).decide(&event.account, Some(row));
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Record<ToAccount> for Extension {
    async fn record(&self, cx: &Cx<'_>, event: &ToAccount) -> Result<(), HandlerError> {
        let notes = notes(cx);
        let mut rows = Rows::from_iter(notes.take_sent_with(event));
        if is_to_itself(event) {
            let own = |id| Received { account: event.account.clone(), id, from: None };
            self.keep_all(cx, &mut rows, event).await?;
            notes.set_received(notes.sent_id(&event.account).map(own));
            return Ok(());
        }
        let decided = notes.take_decided(&event.account);
        let mut received = None;
        match decided {
            Some(None) => {}
            Some(Some(row)) => {
                let account = event.account.clone();
                received = Some(Received { account, id: row.entry.id.clone(), from: None });
                rows.push(row);
            }
            None => {
                if let Some(row) = self.late(cx, event).await? {
                    let from = event.stanza.from().map(|from| from.as_str().to_owned());
                    let account = event.account.clone();
                    received = Some(Received { account, id: row.entry.id.clone(), from });
                    rows.push(row);
                }
            }
        }
        self.keep_all(cx, &mut rows, event).await?;
        notes.set_received(received);
        Ok(())
    }
}

impl Extension {
    /// The row for a recipient who is not connected, or whose preferences were not in memory.
    async fn late(&self, cx: &Cx<'_>, event: &ToAccount) -> Result<Option<Row>, HandlerError> {
        if matches!(self.decide(cx, event), Decision::NoRow) {
            return Ok(None);
        }
        let Some(from) = event.stanza.from() else { return Ok(None) };
        if is_astray(event) && bounces(cx, event).await {
            return Ok(None);
        }
        let wanted = self.book.wants(cx, &event.account, from).await?;
        let owner = || Owner::account(event.account.as_str());
        Ok(wanted.then(|| self.archive.row(cx, &owner(), from.bare_str(), &event.stanza)))
    }

    /// What nobody is there to get waits as a reference to its row, which has to be there then.
    async fn keep_all(&self, cx: &Cx<'_>, rows: &mut Rows, event: &ToAccount) -> Result<(), HandlerError> {
        match (rows.is_empty(), event.targets.is_empty()) {
            (true, _) => Ok(()),
            (false, true) => self.keep_now(cx, rows).await,
            (false, false) => self.keep_soon(cx, rows).await,
        }
    }
}

/// What its sender sent and did not get as far as a recipient's archive is in the sender's all the same.
#[async_trait]
impl Record<Routed> for Extension {
    async fn record(&self, cx: &Cx<'_>, _: &Routed) -> Result<(), HandlerError> {
        match cx.note_if_any::<super::notes::Notes>().and_then(|notes| notes.take_sent()) {
            Some(row) => self.keep_soon(cx, &mut Rows::from_iter([row])).await,
            None => Ok(()),
        }
    }
}
