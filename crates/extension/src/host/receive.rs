//! What comes from a client of this host.

use std::sync::Arc;

use stonechat_stanza::{Kind, Stanza, StanzaError, presence};

use super::Host;
use crate::cx::{Cx, Effect, Outbox};
use crate::hooks::Refusal;
use crate::point::{FromClient, Routed};
use crate::session::Session;
use crate::tables::Tables;

/// Something for which a client's stream is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// The `from` of a stanza is not the client's own (`invalid-from`, RFC 6120 §8.1.2.1).
    #[error("the stanza has a `from` that is not the client's")]
    InvalidFrom,
}

impl Host {
    /// Carries a stanza from a session to wherever it goes. When this returns, it is in the recipients' mailboxes,
    /// stored, or answered; so stanzas of one session that are given one after the other keep their order (RFC 6120 §10.1).
    ///
    /// A stanza of a session that has ended is ignored. Presence by which a session becomes available waits until the session that had
    /// the resource before is closed, no longer than for a full mailbox.
    ///
    /// Not cancel safe: a future that is dropped may have delivered to some recipients and not to others.
    ///
    /// # Errors
    /// [`Violation`], for which the stream has to be closed.
    pub async fn from_client(
        self: &Arc<Self>,
        session: &Arc<Session>,
        mut stanza: Stanza,
    ) -> Result<(), Violation> {
        // What a client had sent before it learnt that its session is over is nobody's.
        if session.has_ended() {
            return Ok(());
        }
        if stanza.defect() == Some(stonechat_stanza::Defect::MalformedFrom) {
            return Err(Violation::InvalidFrom);
        }
        if let Some(from) = stanza.from()
            && from.as_str() != session.jid().as_str()
            && from.as_str() != session.account().jid().as_str()
        {
            return Err(Violation::InvalidFrom);
        }
        stanza.set_from(stonechat_jid::Jid::from(session.jid().clone()));
        let kind = stanza.kind();
        let shows = kind == Kind::Presence(presence::Type::Available);
        if shows {
            // What is stored, and handed out to who becomes available, comes after what the session before had not written.
            session.inherited().await;
        }
        let mut out = Outbox::from(session);
        let tables = self.tables();
        let mut event = FromClient { stanza };
        if self.accept(session, &tables, &mut event, &mut out).await {
            self.carry(&tables, self.way(&event.stanza), event.stanza, &mut out).await;
        }
        if tables.routed.is_recorded(kind) {
            let cx = Cx::new(self, &tables, Some(session), &mut out);
            // It is too late to refuse anything; what went wrong is in the log.
            let _refused = tables.routed.record(&cx, kind, &Routed { kind }).await;
        }
        self.drain(out).await;
        self.handled(session, kind);
        if shows && session.has_ended() {
            self.gone_for_sure(session).await;
        }
        Ok(())
    }

    /// Has the extensions see what a client has sent; says whether it goes on. It stays where it is, as to move it about costs more than
    /// most extensions do with it.
    async fn accept(
        self: &Arc<Self>,
        session: &Arc<Session>,
        tables: &Arc<Tables>,
        event: &mut FromClient,
        out: &mut Outbox,
    ) -> bool {
        let hooks = &tables.from_client;
        let mut cx = Cx::new(self, tables, Some(session), out);
        if let Some(defect) = event.stanza.defect() {
            // The address may be what is wrong, so the error comes from the account.
            event.stanza.set_to(stonechat_jid::Jid::from(session.account().jid().clone()));
            cx.send_error(&event.stanza, &defect.into());
            return false;
        }
        let mut admitted = hooks.admit_after_wait(&cx, event).await;
        let kind = event.stanza.kind();
        if admitted.is_ok() && hooks.is_recorded(kind) {
            admitted = hooks.record(&cx, kind, event).await;
        }
        if let Err(refusal) = admitted {
            tell(&mut cx, session, &event.stanza, refusal);
            return false;
        }
        hooks.observe(&cx, event);
        hooks.copy(&mut cx, event);
        if hooks.may_be_wanted(&cx, event) {
            let offered = std::mem::replace(event, FromClient { stanza: Stanza::new(kind) });
            let Some(back) = hooks.offer(&mut cx, offered).await else { return false };
            *event = back;
        }
        if event.stanza.to().is_none() {
            // RFC 6120 §10.3: the account handles it. Presence without `to` is for an extension to broadcast.
            if matches!(event.stanza.kind(), Kind::Presence(_)) {
                return false;
            }
            event.stanza.set_to(stonechat_jid::Jid::from(session.account().jid().clone()));
        }
        true
    }

    /// Carries a stanza that a server or service elsewhere has sent to an address of this host. The caller vouches that the peer may
    /// speak for the domain in `from`; it is never believed to speak for a domain of this server. When this returns, the stanza
    /// is in the recipients' mailboxes, stored, or answered, so stanzas that are given one after the other keep their order.
    ///
    /// Not cancel safe: a future that is dropped may have delivered to some recipients and not to others.
    pub async fn from_peer(self: &Arc<Self>, mut stanza: Stanza) {
        let from = stanza.from().map(|from| from.domain());
        let ours = from.is_none_or(|from| self.is_served_here(from));
        if ours {
            tracing::warn!(host = %self.jid, ?from, "a peer's stanza in the name of this server was dropped");
            return;
        }
        let mut out = Outbox::default();
        if let Some(defect) = stanza.defect() {
            // The address may be what is wrong, so the error comes from the host.
            stanza.set_to(stonechat_jid::Jid::from(self.jid.clone()));
            if let Some(reply) = stanza.error_reply(&defect.into()) {
                out.push(Effect::Route(reply));
            }
        } else {
            self.carry(&self.tables(), self.local_way(&stanza), stanza, &mut out).await;
        }
        self.drain(out).await;
    }

    fn is_served_here(&self, domain: &str) -> bool {
        domain == self.domain() || self.hosts.upgrade().is_some_and(|hosts| hosts.has(domain))
    }
}

/// Tells the sender of a stanza that was refused, as far as it is to know.
pub(super) fn refuse(cx: &mut Cx<'_>, stanza: &Stanza, refusal: Refusal) {
    if let Some(error) = error_of(refusal) {
        cx.send_error(stanza, &error);
    }
}

/// The same for the session that has sent it. It is told directly: the error only seems to come from whom the stanza was for, and guards
/// that keep that one's stanzas from the account are not meant.
fn tell(cx: &mut Cx<'_>, session: &Arc<Session>, stanza: &Stanza, refusal: Refusal) {
    if let Some(reply) = error_of(refusal).and_then(|error| stanza.error_reply(&error)) {
        cx.send_to_session(session, reply);
    }
}

fn error_of(refusal: Refusal) -> Option<StanzaError> {
    match refusal {
        Refusal::Error(error) => Some(error),
        Refusal::Absent => Some(StanzaError::service_unavailable()),
        Refusal::Silent => None,
    }
}
