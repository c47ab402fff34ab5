//! The last step of a stanza's way: the hooks of the session, then its mailbox.

use std::sync::Arc;

use stonechat_stanza::{Kind, Stanza};
use tokio::time::{Instant, timeout_at};

use super::Host;
use super::receive::refuse;
use super::succession::is_for_successor;
use crate::cx::{Cx, Outbox};
use crate::hooks::Refusal;
use crate::mailbox::Shelved;
use crate::point::ToSession;
use crate::session::Session;
use crate::tables::Tables;

impl Host {
    /// Brings a stanza to a session; false when that cannot take it. A message waits while the session is held; when it has been replaced
    /// meanwhile, its successor gets the message.
    pub(super) async fn to_session(
        self: &Arc<Self>,
        tables: &Arc<Tables>,
        session: &Arc<Session>,
        event: &mut ToSession,
        out: &mut Outbox,
    ) -> bool {
        if !last_touch(tables, &mut Cx::new(self, tables, Some(session), out), event) {
            return true;
        }
        let mut delivered = match &event.hold_back {
            Some(how) => session.mailbox().hold_back(&event.stanza, how).is_ok(),
            None => self.put(session, &event.stanza, out).await,
        };
        if !delivered
            && is_for_successor(&event.stanza, session)
            && let Some(successor) = self.successor(session)
        {
            delivered = self.put(&successor, &event.stanza, out).await;
        }
        if delivered {
            tables.to_session.observe(&Cx::new(self, tables, Some(session), out), event);
        }
        delivered
    }

    /// The same for a stanza that need not wait for who holds the session: false when the session could not take it.
    pub(crate) async fn past_hold(
        self: &Arc<Self>,
        session: &Arc<Session>,
        stanza: Stanza,
        stored: Option<Shelved>,
        out: &mut Outbox,
    ) -> bool {
        let tables = self.tables();
        let mut event = ToSession::from(stanza);
        if !last_touch(&tables, &mut Cx::new(self, &tables, Some(session), out), &mut event) {
            return true;
        }
        let delivered = self.put_past_hold(session, &event.stanza, stored, out).await;
        if delivered {
            tables.to_session.observe(&Cx::new(self, &tables, Some(session), out), &event);
        }
        delivered
    }

    /// The same without any waiting: false when the mailbox is full now.
    pub(crate) fn at_once(
        self: &Arc<Self>,
        session: &Arc<Session>,
        stanza: Stanza,
        stored: Option<Shelved>,
        out: &mut Outbox,
    ) -> bool {
        let tables = self.tables();
        let mut cx = Cx::new(self, &tables, Some(session), out);
        let mut event = ToSession::from(stanza);
        if !last_touch(&tables, &mut cx, &mut event) {
            return true;
        }
        let delivered = session.mailbox().push_stored(&event.stanza, stored).is_ok();
        if delivered {
            tables.to_session.observe(&cx, &event);
        }
        delivered
    }

    /// Puts a stanza into a mailbox; when that is full, or held for a message, waits for a bounded time. Once somebody has waited in vain
    /// nobody else does, until it is emptied or released: who reads nothing must not hold up everybody who has something to tell.
    async fn put(&self, session: &Session, stanza: &Stanza, out: &mut Outbox) -> bool {
        let held = session.is_held() && matches!(stanza.kind(), Kind::Message(_));
        if !held && session.mailbox().push_as_part(stanza, || out.unit()).is_ok() {
            return true;
        }
        // Where nobody reads there will be no room.
        let in_vain = session.mailbox().is_stalled() || session.is_detached();
        if in_vain || (held && session.is_held_long()) {
            return false;
        }
        let most = self.limits.mailbox_wait;
        let left = out.patience(most);
        let begun = Instant::now();
        let waited = if held && timeout_at(begun + left, session.released()).await.is_err() {
            Waited::ForRelease
        } else if push(session, stanza, begun + left, out).await {
            Waited::Enough
        } else {
            Waited::ForRoom
        };
        out.waited(begun.elapsed());
        match waited {
            Waited::Enough => return true,
            // Others still wait for a session for which there was no time left.
            _ if left < most => {}
            Waited::ForRelease => session.note_held_long(),
            Waited::ForRoom => session.mailbox().note_stalled(),
        }
        false
    }

    /// Puts a stanza into a mailbox, held or not; when that is full, waits for a bounded time.
    pub(super) async fn put_past_hold(
        &self,
        session: &Session,
        stanza: &Stanza,
        stored: Option<Shelved>,
        out: &mut Outbox,
    ) -> bool {
        let begun = Instant::now();
        let deadline = begun + out.patience(self.limits.mailbox_wait);
        let delivered = match session.mailbox().push_stored(stanza, stored.clone()) {
            Err(_) if session.is_detached() => false,
            Err(_) => timeout_at(deadline, session.mailbox().push_stored_when_room(stanza, stored))
                .await
                .is_ok_and(|pushed| pushed.is_ok()),
            Ok(()) => true,
        };
        out.waited(begun.elapsed());
        delivered
    }
}

/// What came of waiting for a session.
enum Waited {
    Enough,
    /// In vain, for the end of its hold.
    ForRelease,
    /// In vain, for room in its mailbox.
    ForRoom,
}

/// Runs the [`ToSession`] guards and maps; false when the stanza goes no further.
fn last_touch(tables: &Tables, cx: &mut Cx<'_>, event: &mut ToSession) -> bool {
    match tables.to_session.admit(cx, event) {
        Ok(()) => return true,
        Err(Refusal::Silent) => {}
        Err(refusal) => refuse(cx, &event.stanza, refusal),
    }
    false
}

/// Puts a stanza into a mailbox, at the latest at `deadline`.
async fn push(session: &Session, stanza: &Stanza, deadline: Instant, out: &Outbox) -> bool {
    let pushed = session.mailbox().push_part_when_room(stanza, || out.unit());
    timeout_at(deadline, pushed).await.is_ok_and(|pushed| pushed.is_ok())
}
