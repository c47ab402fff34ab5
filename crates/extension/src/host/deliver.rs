//! Delivery: to an account, to the sessions of it that are to have a stanza.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};
use stonechat_jid::BareJid;
use stonechat_stanza::{Kind, Stanza, StanzaError, iq, message};

use super::Host;
use super::receive::refuse;
use crate::cx::{Cx, Effect, Outbox};
use crate::hooks::Refusal;
use crate::mailbox::Ending;
use crate::point::{NoAccount, NoSession, Targets, ToAccount, ToSession};
use crate::routing::{Candidate, Choice, choose, is_direct};
use crate::session::{Account, Session};
use crate::tables::Tables;

impl Host {
    /// RFC 6121 §8.5: an account, or one of its sessions. `live` is its live state, if it is connected.
    pub(super) async fn to_account(
        self: &Arc<Self>,
        tables: &Arc<Tables>,
        live: Option<Arc<Account>>,
        full: bool,
        stanza: Stanza,
        out: &mut Outbox,
    ) {
        let connected = live.and_then(|live| {
            let sessions = live.sessions.read();
            // Its last session may just have ended, and the account with it.
            (!sessions.is_empty()).then(|| (live.jid().clone(), chosen(&stanza, full, &sessions)))
        });
        let (account, (choice, targets)) = match connected {
            Some(connected) => connected,
            None => {
                let Some(account) = stanza.to().map(|to| to.to_bare()) else { return };
                match self.has_account(&account).await {
                    Ok(true) => (account, chosen(&stanza, full, &[])),
                    Ok(false) => return self.no_account(account, stanza, out).await,
                    Err(error) => return bounce(&stanza, &error, out),
                }
            }
        };
        let hooks = &tables.to_account;
        let mut cx = Cx::new(self, tables, None, out);
        let mut event = ToAccount { stanza, account, targets };
        match hooks.admit_after_wait(&cx, &mut event).await {
            Ok(()) => {}
            Err(Refusal::Absent) => return self.no_account(event.account, event.stanza, out).await,
            Err(refusal) => return refuse(&mut cx, &event.stanza, refusal),
        }
        let kind = event.stanza.kind();
        if hooks.is_recorded(kind)
            && let Err(refusal) = hooks.record(&cx, kind, &event).await
        {
            return refuse(&mut cx, &event.stanza, refusal);
        }
        hooks.observe(&cx, &event);
        hooks.copy(&mut cx, &event);
        if hooks.may_be_wanted(&cx, &event) {
            let Some(back) = hooks.offer(&mut cx, event).await else { return };
            event = back;
        }
        match choice {
            Choice::Deliver(_) => self.to_targets(tables, event, out).await,
            Choice::Undelivered => self.undelivered(event.account, None, event.stanza, out).await,
            Choice::Unavailable => bounce(&event.stanza, &StanzaError::service_unavailable(), out),
            Choice::Ignore => {}
        }
    }

    /// Each chosen session gets it; when none could take it, it is undelivered.
    async fn to_targets(self: &Arc<Self>, tables: &Arc<Tables>, event: ToAccount, out: &mut Outbox) {
        let ToAccount { stanza, account, targets } = event;
        let Some((last, others)) = targets.split_last() else {
            return self.missed(account, stanza, &targets, out).await;
        };
        let mut without = Targets::new();
        for session in others {
            if !self.to_session(tables, session, &mut ToSession::from(stanza.clone()), out).await {
                without.push(Arc::clone(session));
            }
        }
        let mut event = ToSession::from(stanza);
        if !self.to_session(tables, last, &mut event, out).await {
            without.push(Arc::clone(last));
            if without.len() == targets.len() {
                return self.missed(account, event.stanza, &without, out).await;
            }
        }
        // Who is held is not slow: it is being given what was stored for it.
        without.iter().filter(|session| !session.is_held()).for_each(|session| give_up(session));
    }

    /// A stanza that the sessions for which it was could not take: their mailboxes are full, or they have just gone.
    async fn missed(
        self: &Arc<Self>,
        account: BareJid,
        stanza: Stanza,
        without: &[Arc<Session>],
        out: &mut Outbox,
    ) {
        match stanza.kind() {
            Kind::Message(message::Type::Normal | message::Type::Chat) => {
                self.undelivered(account, None, stanza, out).await;
            }
            Kind::Message(_) => bounce(&stanza, &StanzaError::service_unavailable(), out),
            Kind::Iq(iq::Type::Get | iq::Type::Set) if !is_of(&stanza, &account) => {
                bounce(&stanza, &StanzaError::service_unavailable(), out);
            }
            Kind::Iq(_) | Kind::Presence(_) => without.iter().for_each(|session| give_up(session)),
        }
    }

    /// Nobody received a message: an extension may have it, else its sender gets it back. `from` is the session that has ended with the
    /// message in its mailbox.
    pub(super) async fn undelivered(
        self: &Arc<Self>,
        account: BareJid,
        from: Option<&Arc<Session>>,
        stanza: Stanza,
        out: &mut Outbox,
    ) {
        let tables = self.tables();
        let mut cx = Cx::new(self, &tables, from, out);
        if let Some(back) = tables.no_session.offer(&mut cx, NoSession { stanza, account }).await {
            cx.send_error(&back.stanza, &StanzaError::service_unavailable());
        }
    }

    /// RFC 6121 §8.5.1: the account does not exist.
    async fn no_account(self: &Arc<Self>, account: BareJid, stanza: Stanza, out: &mut Outbox) {
        let tables = self.tables();
        let mut stanza = stanza;
        if let Some(hooks) = tables.at::<NoAccount>() {
            let mut cx = Cx::new(self, &tables, None, out);
            let Some(back) = hooks.offer(&mut cx, NoAccount { stanza, account }).await else { return };
            stanza = back.stanza;
        }
        if !matches!(stanza.kind(), Kind::Presence(_) | Kind::Message(message::Type::Headline)) {
            bounce(&stanza, &StanzaError::service_unavailable(), out);
        }
    }

    /// As an effect: a message that an extension sends to a session which cannot take it must not be lost.
    pub(super) async fn to_session_or_bounce(
        self: &Arc<Self>,
        session: &Arc<Session>,
        stanza: Stanza,
        out: &mut Outbox,
    ) {
        let mut event = ToSession::from(stanza);
        if !self.to_session(&self.tables(), session, &mut event, out).await {
            self.missed(session.account().jid().clone(), event.stanza, std::slice::from_ref(session), out)
                .await;
        }
    }
}

/// Whether an account sent a stanza to itself, as pushes and copies of messages: what is made from what is stored.
pub(super) fn is_of(stanza: &Stanza, account: &BareJid) -> bool {
    stanza.from().is_none_or(|from| from.as_str() == account.as_str())
}

/// Ends a session that missed something of which nobody else hears: what its client shows would stay wrong. The client comes back and
/// starts afresh.
fn give_up(session: &Session) {
    tracing::debug!(session = %session.jid(), "a session that does not read is ended");
    session.mailbox().end(Ending::TooSlow);
}

pub(super) fn bounce(stanza: &Stanza, error: &StanzaError, out: &mut Outbox) {
    if let Some(reply) = stanza.error_reply(error) {
        out.push(Effect::Route(reply));
    }
}

fn chosen(stanza: &Stanza, full: bool, sessions: &[Arc<Session>]) -> (Choice, Targets) {
    let to = stanza.to();
    let addressed = |session: &Session| full && to.is_some_and(|to| to.as_str() == session.jid().as_str());
    // What most stanzas come to, without a list of the others.
    if is_direct(stanza.kind())
        && let Some(at) = sessions.iter().position(|session| addressed(session))
    {
        return (Choice::Deliver(smallvec![at]), smallvec![Arc::clone(&sessions[at])]);
    }
    let candidates: SmallVec<[Candidate; 8]> = sessions
        .iter()
        .map(|session| Candidate { priority: session.priority(), addressed: addressed(session) })
        .collect();
    let choice = choose(stanza.kind(), full, &candidates);
    let targets = match &choice {
        Choice::Deliver(indices) => indices.iter().map(|&at| Arc::clone(&sessions[at])).collect(),
        _ => Targets::new(),
    };
    (choice, targets)
}
