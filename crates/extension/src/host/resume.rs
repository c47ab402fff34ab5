//! Sessions that go on without a connection, on another one, and after a restart.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use stonechat_jid::BareJid;
use stonechat_stanza::delay::Delay;
use stonechat_stanza::{Kind, Stanza};
use stonechat_store::Owner;
use tokio::time::{sleep, timeout};

use super::Host;
use crate::journal::Found;
use crate::mailbox::{Ending, Mailbox, Numbers, TooHigh, Wire};
use crate::numbering::{Acks, Numbering};
use crate::point::{SessionBound, SessionDetached, SessionRestored, SessionResumed};
use crate::session::Session;

/// So long who continues a session waits for its old connection to finish what it is at.
const LET_GO: Duration = Duration::from_secs(10);

/// Why a session is not continued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// There is no such session of this account (any more).
    #[error("there is no such session")]
    NotFound,
    /// Its old connection is still at something.
    #[error("the session is still busy")]
    Busy,
    /// The client has acknowledged more than it was sent.
    #[error(transparent)]
    TooHigh(#[from] TooHigh),
}

impl Host {
    /// Continues the session of `account` that has this resumption id, whose client has got `handled` stanzas (XEP-0198 §5). If it has a
    /// connection, that ends with [`Ending::Resumed`]. What the client has not got is in the mailbox; the session has
    /// [`handled`](Session::handled) so many of the client's. `request` asks the client for its count, as in [`Acks`]. From here on the
    /// caller is its connection, and ends that with [`Host::detach`] or [`Host::close_with`].
    ///
    /// Not cancel safe: the session may have been attached to nobody, and then ends when its time is over.
    ///
    /// # Errors
    /// [`ResumeError`]; the session goes on waiting.
    pub async fn resume(
        self: &Arc<Self>,
        account: &BareJid,
        id: &str,
        handled: u32,
        request: &'static [u8],
    ) -> Result<Arc<Session>, ResumeError> {
        let sessions = self.account(account.as_str()).map(|live| live.sessions()).unwrap_or_default();
        let session = sessions.iter().find(|session| session.resumption_id() == Some(id));
        let session = session.ok_or(ResumeError::NotFound)?;
        let numbering = session.numbering().ok_or(ResumeError::NotFound)?;
        let _turn = timeout(LET_GO, numbering.turn.lock()).await.map_err(|_| ResumeError::Busy)?;
        if numbering.is_attached() {
            session.mailbox().end(Ending::Resumed);
            timeout(LET_GO, let_go(numbering)).await.map_err(|_| ResumeError::Busy)?;
        }
        if session.has_ended() {
            return Err(ResumeError::NotFound);
        }
        session.mailbox().ask_with(request);
        session.mailbox().attach(handled, |bytes, since| late(bytes, &self.jid, since))?;
        if let Some(watcher) = numbering.watcher.lock().take() {
            watcher.abort();
        }
        numbering.set_attached(true);
        numbering.journal.note(session, false);
        self.fire(Some(session), &SessionResumed).await;
        Ok(Arc::clone(session))
    }

    /// The connection of a session is gone. If the session can be resumed it waits for that, and if nobody does in time it is closed.
    /// False when it cannot be resumed, and has to be [closed](Host::close_with).
    pub fn detach(self: &Arc<Self>, session: &Arc<Session>) -> bool {
        let waits = self.leave_waiting(session);
        if waits {
            let (host, session) = (Arc::clone(self), Arc::clone(session));
            tokio::spawn(async move { host.fire(Some(&session), &SessionDetached).await });
        }
        waits
    }

    fn leave_waiting(self: &Arc<Self>, session: &Arc<Session>) -> bool {
        let Some(numbering) = session.numbering() else { return false };
        let Some(resume_for) = numbering.resume_for() else { return false };
        if session.has_ended() {
            return false;
        }
        session.mailbox().detach();
        // Before anybody continues it, who would want to end the watcher.
        self.watch(session, numbering, resume_for);
        numbering.set_attached(false);
        true
    }

    fn watch(self: &Arc<Self>, session: &Arc<Session>, numbering: &Numbering, resume_for: Duration) {
        let (host, waiting) = (Arc::clone(self), Arc::clone(session));
        let watcher = tokio::spawn(async move {
            let Some(numbering) = waiting.numbering() else { return };
            tokio::select! {
                () = sleep(resume_for) => {}
                () = ended(waiting.mailbox()) => {}
                () = numbering.journal.stopped() => return,
            }
            let _turn = numbering.turn.lock().await;
            if !numbering.is_attached() && !numbering.journal.is_stopped() {
                // In a task of its own, as closing must come to its end, and this one is aborted by who comes late.
                let closing = Arc::clone(&waiting);
                let closed = tokio::spawn(async move { host.close_with(&closing, Vec::new()).await });
                let _ = closed.await;
            }
        });
        *numbering.watcher.lock() = Some(watcher.abort_handle());
    }

    /// Brings back the sessions that could be resumed when the server ended. They wait for their clients as if the connection were just
    /// gone. Before anybody connects.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn recover(self: &Arc<Self>) -> Result<usize, stonechat_store::Error> {
        let mut restored = Vec::new();
        let mut after: Option<Owner> = None;
        loop {
            let owners = self.journal.owners(after.as_ref()).await?;
            let Some(last) = owners.last().cloned() else { break };
            for owner in &owners {
                let Some(account) = BareJid::parse(owner.as_str()).ok().filter(|_| owner.is_account()) else {
                    continue;
                };
                if account.domain() == self.domain() {
                    self.recover_account(&account, owner, &mut restored).await?;
                }
            }
            after = Some(last);
        }
        for session in &restored {
            self.fire(Some(session), &SessionRestored).await;
        }
        Ok(restored.len())
    }

    async fn recover_account(
        self: &Arc<Self>,
        account: &BareJid,
        owner: &Owner,
        restored: &mut Vec<Arc<Session>>,
    ) -> Result<(), stonechat_store::Error> {
        // Removed just when the server ended.
        if matches!(self.accounts.exists(account).await, Ok(false)) {
            return self.journal.clear(owner).await;
        }
        for found in self.journal.find(owner).await? {
            if let Some(session) = self.restore(found).await {
                restored.push(session);
            }
        }
        Ok(())
    }

    async fn restore(self: &Arc<Self>, found: Found) -> Option<Arc<Session>> {
        let jid = found.record.jid()?;
        let mailbox = Mailbox::new(Wire::InStream, found.record.kept_bytes);
        let (session, _) = self.table.add(jid, mailbox, None, usize::MAX).ok()?;
        let acks = Acks {
            // Given again by the extension when the session is resumed.
            request: b"",
            resume_for: Some(found.record.resume_for()),
            kept_bytes: found.record.kept_bytes,
        };
        let numbering = Numbering::known(&self.journal, self, acks, found.id, found.record.key.clone());
        numbering.set_handled(found.counters.handled);
        *numbering.written.lock() = found.written;
        numbering.note_recorded();
        let numbers = Numbers {
            session: Arc::downgrade(&session),
            limit: found.record.kept_bytes,
            journalled: true,
            request: b"",
        };
        session.mailbox().restore(numbers, found.counters.acked, &found.stanzas);
        session.set_numbering(numbering);
        found.record.restore(&session, &self.tables());
        self.fire(Some(&session), &SessionBound).await;
        self.leave_waiting(&session);
        Some(session)
    }

    /// Numbers the stanzas of a session from here on; see [`Cx::number`](crate::Cx::number).
    pub(crate) fn number(
        self: &Arc<Self>,
        session: &Arc<Session>,
        acks: Acks,
        words: impl FnOnce(Option<&str>) -> Option<Vec<u8>>,
    ) -> bool {
        let numbering = Numbering::new(&self.journal, self, acks);
        let words = words(acks.resume_for.map(|_| numbering.id.as_str()));
        let numbers = Numbers {
            session: Arc::downgrade(session),
            limit: acks.kept_bytes,
            journalled: acks.resume_for.is_some(),
            request: acks.request,
        };
        if session.numbering().is_some() || !session.set_numbering(numbering) {
            return false;
        }
        let numbered = session.mailbox().number(numbers, words.as_deref()).unwrap_or(false);
        self.journal.note(session, true);
        numbered
    }

    /// Ends a session that nobody is connected to, of an account that has as many as it may: the one that has waited longest.
    pub(super) async fn make_room(self: &Arc<Self>, account: &BareJid) -> bool {
        let sessions = self.account(account.as_str()).map(|live| live.sessions()).unwrap_or_default();
        let waiting = sessions.iter().filter(|session| session.is_detached());
        let Some(oldest) = waiting.min_by_key(|session| session.id) else { return false };
        self.close_with(oldest, Vec::new()).await;
        true
    }

    /// The journal.
    #[must_use]
    pub const fn journal(&self) -> &crate::Journal {
        &self.journal
    }

    /// A stanza of a session was handled, with all that it led to.
    pub fn handled(&self, session: &Arc<Session>, kind: Kind) {
        let Some(numbering) = session.numbering() else { return };
        if !matches!(kind, Kind::Message(_)) {
            numbering.note_states();
        }
        self.journal.end_unit(session);
    }
}

async fn let_go(numbering: &Numbering) {
    loop {
        let mut let_go = std::pin::pin!(numbering.let_go.notified());
        let_go.as_mut().enable();
        if !numbering.is_attached() {
            return;
        }
        let_go.await;
    }
}

/// Returns when a session without a connection has to end. When the server stops it does not: it waits for the next start.
async fn ended(mailbox: &Mailbox) {
    if mailbox.ended().await == Ending::Shutdown {
        std::future::pending::<()>().await;
    }
}

/// A message that waited for a connection says since when (XEP-0203, XEP-0198 §4).
fn late(bytes: &[u8], host: &BareJid, since: Timestamp) -> Vec<u8> {
    let Ok(mut stanza) = Stanza::parse(bytes) else { return bytes.to_vec() };
    if !matches!(stanza.kind(), Kind::Message(_)) || stanza.has(stonechat_stanza::ns::DELAY, "delay") {
        return bytes.to_vec();
    }
    stanza.push(&Delay::new(Some(host.clone().into()), since));
    let mut late = Vec::with_capacity(bytes.len() + 96);
    stanza.write(&mut late);
    late
}
