//! Delivery: to the host, to an account, to the mailbox of a session.

use std::sync::Arc;

use smallvec::SmallVec;
use stonechat_jid::BareJid;
use stonechat_stanza::{Kind, Stanza, StanzaError, iq, message};

use super::Host;
use super::receive::refuse;
use crate::cx::{Cx, Effect, Outbox};
use crate::hooks::Refusal;
use crate::point::{NoAccount, NoSession, Targets, ToAccount, ToSession};
use crate::routing::{Candidate, Choice, choose};
use crate::session::Session;
use crate::tables::Tables;

impl Host {
    /// Delivers a stanza for this host's domain.
    pub(super) async fn local(self: &Arc<Self>, stanza: Stanza, out: &mut Outbox) {
        let Some(to) = stanza.to() else { return };
        let (bare, full) = (to.local().is_some().then(|| to.to_bare()), to.resource().is_some());
        match (bare, stanza.kind()) {
            (None, kind) => self.to_host(kind, full, stanza, out).await,
            (Some(account), Kind::Iq(kind @ (iq::Type::Get | iq::Type::Set))) if !full => {
                self.answer(kind, stanza, Some(account), out).await;
            }
            (Some(account), _) => self.to_account(account, full, stanza, out).await,
        }
    }

    /// RFC 6120 §10.5.2 and §10.5.3: the domain itself.
    async fn to_host(self: &Arc<Self>, kind: Kind, full: bool, stanza: Stanza, out: &mut Outbox) {
        match kind {
            Kind::Iq(kind @ (iq::Type::Get | iq::Type::Set)) if !full => {
                self.answer(kind, stanza, None, out).await
            }
            Kind::Iq(iq::Type::Get | iq::Type::Set)
            | Kind::Message(message::Type::Normal | message::Type::Chat | message::Type::Groupchat) => {
                bounce(&stanza, &StanzaError::service_unavailable(), out);
            }
            Kind::Iq(_) | Kind::Message(_) | Kind::Presence(_) => {}
        }
    }

    /// RFC 6121 §8.5: an account, or one of its sessions.
    async fn to_account(self: &Arc<Self>, account: BareJid, full: bool, stanza: Stanza, out: &mut Outbox) {
        let sessions = self.table.get(account.as_str()).map(|live| live.sessions()).unwrap_or_default();
        if sessions.is_empty() {
            match self.has_account(&account).await {
                Ok(true) => {}
                Ok(false) => return self.no_account(account, stanza, out).await,
                Err(error) => return bounce(&stanza, &error, out),
            }
        }
        let (choice, targets) = chosen(&stanza, full, &sessions);
        let tables = self.tables();
        let hooks = &tables.to_account;
        let mut cx = Cx::new(self, &tables, None, out);
        let mut event = ToAccount { stanza, account, targets };
        if let Err(refusal) = hooks.admit(&cx, &mut event) {
            return refuse(&mut cx, &event.stanza, refusal);
        }
        if hooks.has_records()
            && let Err(refusal) = hooks.record(&cx, &event).await
        {
            return refuse(&mut cx, &event.stanza, refusal);
        }
        hooks.observe(&cx, &event);
        hooks.copy(&mut cx, &event);
        let kind = event.stanza.kind();
        if hooks.is_claimed(kind) {
            let original = event.stanza.clone();
            event = match hooks.claim(&mut cx, kind, event).await {
                Ok(None) => return,
                Ok(Some(back)) => back,
                Err(error) => return cx.send_error(&original, &error),
            };
        }
        match choice {
            Choice::Deliver(_) => self.to_targets(event, out).await,
            Choice::Undelivered => self.undelivered(event.account, None, event.stanza, out).await,
            Choice::Unavailable => bounce(&event.stanza, &StanzaError::service_unavailable(), out),
            Choice::Ignore => {}
        }
    }

    /// Each chosen session gets it; when none could take it, it is undelivered.
    async fn to_targets(self: &Arc<Self>, event: ToAccount, out: &mut Outbox) {
        let ToAccount { stanza, account, targets } = event;
        let mut reached = false;
        for session in &targets {
            reached |= self.to_session(session, stanza.clone(), out).await;
        }
        if !reached {
            self.missed(account, stanza, out).await;
        }
    }

    /// A stanza that chosen sessions could not take: their mailboxes are full, or they have just gone.
    async fn missed(self: &Arc<Self>, account: BareJid, stanza: Stanza, out: &mut Outbox) {
        match stanza.kind() {
            Kind::Message(message::Type::Normal | message::Type::Chat) => {
                self.undelivered(account, None, stanza, out).await;
            }
            Kind::Iq(_) | Kind::Message(_) => bounce(&stanza, &StanzaError::service_unavailable(), out),
            Kind::Presence(_) => {
                tracing::debug!(host = %self.domain, %account, "presence did not reach a session")
            }
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
        let kind = stanza.kind();
        let original = stanza.clone();
        let mut cx = Cx::new(self, &tables, from, out);
        match tables.no_session.claim(&mut cx, kind, NoSession { stanza, account }).await {
            Ok(None) => {}
            Ok(Some(back)) => cx.send_error(&back.stanza, &StanzaError::service_unavailable()),
            Err(error) => cx.send_error(&original, &error),
        }
    }

    /// RFC 6121 §8.5.1: the account does not exist.
    async fn no_account(self: &Arc<Self>, account: BareJid, stanza: Stanza, out: &mut Outbox) {
        let tables = self.tables();
        let hooks = tables.at::<NoAccount>();
        let mut stanza = stanza;
        if hooks.is_claimed(stanza.kind()) {
            let (kind, original) = (stanza.kind(), stanza.clone());
            let mut cx = Cx::new(self, &tables, None, out);
            stanza = match hooks.claim(&mut cx, kind, NoAccount { stanza, account }).await {
                Ok(None) => return,
                Ok(Some(back)) => back.stanza,
                Err(error) => return cx.send_error(&original, &error),
            };
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
        let original = stanza.clone();
        if !self.to_session(session, stanza, out).await {
            self.missed(session.account().jid().clone(), original, out).await;
        }
    }

    /// The last step: the [`ToSession`] hooks, then the mailbox. False when the session could not take it. A message waits while the
    /// session is held.
    async fn to_session(self: &Arc<Self>, session: &Arc<Session>, stanza: Stanza, out: &mut Outbox) -> bool {
        let tables = self.tables();
        let mut cx = Cx::new(self, &tables, Some(session), out);
        let Some(event) = last_touch(&tables, &mut cx, stanza) else { return true };
        let delivered = self.put(session, &event.stanza).await;
        if delivered {
            tables.to_session.observe(&cx, &event);
        }
        delivered
    }

    /// The last step for a stanza that need not wait for who holds the session.
    pub(crate) async fn past_hold(
        self: &Arc<Self>,
        session: &Arc<Session>,
        stanza: Stanza,
        out: &mut Outbox,
    ) -> bool {
        let tables = self.tables();
        let mut cx = Cx::new(self, &tables, Some(session), out);
        let Some(event) = last_touch(&tables, &mut cx, stanza) else { return true };
        let deadline = tokio::time::Instant::now() + self.limits.mailbox_wait;
        let delivered = push(session, &event.stanza, deadline).await;
        if delivered {
            tables.to_session.observe(&cx, &event);
        }
        delivered
    }

    /// The same without any waiting: false when the mailbox is full now.
    pub(crate) fn at_once(
        self: &Arc<Self>,
        session: &Arc<Session>,
        stanza: Stanza,
        out: &mut Outbox,
    ) -> bool {
        let tables = self.tables();
        let mut cx = Cx::new(self, &tables, Some(session), out);
        let Some(event) = last_touch(&tables, &mut cx, stanza) else { return true };
        let delivered = session.mailbox().push(&event.stanza).is_ok();
        if delivered {
            tables.to_session.observe(&cx, &event);
        }
        delivered
    }

    /// Puts a stanza into a mailbox; when that is full, or held for a message, waits for a bounded time. Once somebody has waited in vain
    /// nobody else does, until it is emptied or released: who reads nothing must not hold up everybody who has something to tell.
    async fn put(&self, session: &Session, stanza: &Stanza) -> bool {
        let held = session.is_held() && matches!(stanza.kind(), Kind::Message(_));
        if !held && session.mailbox().push(stanza).is_ok() {
            return true;
        }
        if (held && session.is_held_long()) || session.mailbox().is_stalled() {
            return false;
        }
        let deadline = tokio::time::Instant::now() + self.limits.mailbox_wait;
        if held && tokio::time::timeout_at(deadline, session.released()).await.is_err() {
            session.note_held_long();
            return false;
        }
        let delivered = push(session, stanza, deadline).await;
        if !delivered {
            session.mailbox().note_stalled();
        }
        delivered
    }
}

/// Runs the [`ToSession`] guards and maps; `None` when the stanza goes no further.
fn last_touch(tables: &Tables, cx: &mut Cx<'_>, stanza: Stanza) -> Option<ToSession> {
    let mut event = ToSession { stanza };
    match tables.to_session.admit(cx, &mut event) {
        Ok(()) => Some(event),
        Err(Refusal::Silent) => None,
        Err(refusal) => {
            refuse(cx, &event.stanza, refusal);
            None
        }
    }
}

/// Puts a stanza into a mailbox, at the latest at `deadline`.
async fn push(session: &Session, stanza: &Stanza, deadline: tokio::time::Instant) -> bool {
    let waited = tokio::time::timeout_at(deadline, session.mailbox().push_when_room(stanza)).await;
    waited.is_ok_and(|pushed| pushed.is_ok())
}

fn bounce(stanza: &Stanza, error: &StanzaError, out: &mut Outbox) {
    if let Some(reply) = stanza.error_reply(error) {
        out.push(Effect::Route(reply));
    }
}

fn chosen(stanza: &Stanza, full: bool, sessions: &Targets) -> (Choice, Targets) {
    let to = stanza.to();
    let candidates: SmallVec<[Candidate; 8]> = sessions
        .iter()
        .map(|session| Candidate {
            priority: session.priority(),
            addressed: full && to.is_some_and(|to| to.as_str() == session.jid().as_str()),
        })
        .collect();
    let choice = choose(stanza.kind(), full, &candidates);
    let targets = match &choice {
        Choice::Deliver(indices) => indices.iter().map(|&at| Arc::clone(&sessions[at])).collect(),
        _ => Targets::new(),
    };
    (choice, targets)
}
