//! A session that takes the resource of another, and what the other leaves to it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use stonechat_stanza::{Kind, Stanza};

use super::Host;
use super::deliver::is_of;
use crate::cx::Outbox;
use crate::mailbox::{Ending, Unacknowledged};
use crate::session::Session;

/// A stanza that a session's client has not got.
pub(super) struct Unread {
    /// Its number; 0 where stanzas are not numbered.
    pub(super) number: u64,
    /// When it came into the mailbox, where that is known.
    pub(super) since: Option<Timestamp>,
    pub(super) stanza: Stanza,
}

impl Unread {
    /// `None` of what is not to be read.
    pub(super) fn of(kept: &Unacknowledged) -> Option<Self> {
        let stanza = Stanza::parse(&kept.bytes).ok()?;
        Some(Self { number: kept.number, since: Some(kept.at), stanza })
    }
}

impl Host {
    /// Ends a session whose resource another has taken (RFC 6120 §7.7.2.2). What waits in its mailbox is left there for its connection to
    /// write; messages that this does not write are for the successor, to which others' messages do not come before, unless
    /// that takes longer than anybody waits for a mailbox.
    pub(super) async fn replaced(self: &Arc<Self>, old: &Arc<Session>) {
        // In this order: who finds the mailbox sealed has to know why.
        old.mailbox().end(Ending::Conflict);
        let first = !old.ended.swap(true, Ordering::AcqRel);
        old.mailbox().seal();
        let (most, leaving) = (self.limits.mailbox_wait, Arc::downgrade(old));
        tokio::spawn(async move {
            tokio::time::sleep(most).await;
            if let Some(old) = leaving.upgrade() {
                old.let_successor_go();
            }
        });
        if first {
            let mut out = Outbox::default();
            self.gone(old, &mut out).await;
            self.drain(out).await;
        }
        // There is no connection that would.
        if old.is_detached() {
            self.close(old).await;
        }
    }

    /// The session that has the resource of this one now, if it was replaced.
    pub(super) fn successor(&self, session: &Session) -> Option<Arc<Session>> {
        if !session.was_replaced() || session.mailbox().ending() == Some(Ending::AccountRemoved) {
            return None;
        }
        let now = self.session_of(session.jid().as_str())?;
        // The account may have been removed meanwhile, and another be there in its name.
        (now.id != session.id && Arc::ptr_eq(now.account(), session.account())).then_some(now)
    }

    /// Gives the messages that a session has not got to its successor, in their order, and past the hold. Gives back the rest:
    /// what is not for it, and from the first on that the successor cannot take, all of them.
    ///
    /// The [`ToSession`](crate::point::ToSession) handlers have seen them when they came into the mailbox of the session.
    pub(super) async fn bequeath(
        self: &Arc<Self>,
        session: &Session,
        unread: Vec<Unread>,
        out: &mut Outbox,
    ) -> Vec<Unread> {
        let mut successor = self.successor(session);
        let mut rest = Vec::new();
        for left in unread {
            if let Some(heir) = &successor
                && is_for_successor(&left.stanza, session)
            {
                if self.put_past_hold(heir, &left.stanza, None, out).await {
                    continue;
                }
                successor = None;
            }
            rest.push(left);
        }
        rest
    }
}

/// Messages are, save copies, which the successor has not asked for yet. The rest is of the session alone.
pub(super) fn is_for_successor(stanza: &Stanza, session: &Session) -> bool {
    matches!(stanza.kind(), Kind::Message(_)) && !is_of(stanza, session.account().jid())
}
