//! The journal: what a session that can be resumed has to find again when the server starts anew.
//!
//! # What is promised
//! - What the client is told that the server has handled (XEP-0198 §4) is durable: the acknowledgement leaves when it is.
//! - A stanza reaches the client of such a session when it is durable, so that after a crash both ends agree on its number.
//! - What one stanza leads to in the mailboxes of such sessions, and that it was handled, becomes durable together: it is a [`Unit`]. A
//!   client that sends again what was not acknowledged before a crash makes nobody receive it twice.
//!
//! # How
//! A mailbox keeps what was not written yet ([`Numbered`](crate::mailbox)). One task gathers from all mailboxes what belongs to units that
//! have ended, and the counters, while no unit can end; so what is gathered is a state that the server was in. It is written as one
//! batch, and then released to the connections. Meanwhile the next gathers: under load one commit is for many stanzas.

mod entries;
mod flush;
mod later;
mod record;
mod recover;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use stonechat_store::{Map, Store};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::session::Session;
pub(crate) use entries::Written;
use later::Later;
pub(crate) use recover::Found;

/// So long a change waits for others where nobody waits for it.
const LAZY: Duration = Duration::from_millis(20);
/// So long the effects of a stanza wait for its end; then they go without it, so that one who is waited for does not hold up the others.
const UNIT: Duration = Duration::from_millis(200);

/// The handling of one stanza of a session that can be resumed.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    session: Arc<Session>,
    number: u32,
}

impl Unit {
    /// The stanza of this session that is handled now; `None` where nothing depends on it.
    pub(crate) fn of(session: &Arc<Session>) -> Option<Self> {
        let numbering = session.numbering().filter(|numbering| numbering.is_resumable())?;
        numbering.affected.store(true, Ordering::Release);
        Some(Self { session: Arc::clone(session), number: numbering.handled().wrapping_add(1) })
    }

    fn has_ended(&self) -> bool {
        let handled = self.session.numbering().map_or(self.number, |numbering| numbering.handled());
        handled.wrapping_sub(self.number) < 1 << 31
    }
}

/// The journal of a store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Journal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    sessions: Map,
    state: Mutex<State>,
    /// Somebody waits for what is to be written.
    wanted: Arc<Notify>,
    /// There is something to write, for which nobody waits.
    lazily: Arc<Notify>,
    /// Something was written.
    written: Notify,
    stopped: AtomicBool,
    stopping: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// The sessions of which something is to be written.
    listed: Vec<Arc<Session>>,
    /// Entries of logs that are to be written.
    later: Later,
    /// Since when something waits for the end of its unit.
    held_back: Option<Instant>,
    /// The task that writes is there.
    running: bool,
    /// It writes.
    writing: bool,
    /// How many times it has gathered what is to be written.
    gathered: u64,
    /// The last of these times that nothing was held back and all of it was written.
    complete: u64,
}

impl Journal {
    /// The journal that is kept in this store.
    #[must_use]
    pub fn new(store: &Store) -> Self {
        Self(Arc::new(Inner {
            store: store.clone(),
            sessions: store.map("sessions"),
            state: Mutex::default(),
            wanted: Arc::default(),
            lazily: Arc::default(),
            written: Notify::new(),
            stopped: AtomicBool::new(false),
            stopping: Notify::new(),
        }))
    }

    /// Something of this session is to be written; `now` if somebody waits for it.
    pub(crate) fn note(&self, session: &Arc<Session>, now: bool) {
        self.list(&mut self.0.state.lock(), session);
        self.wake(now);
    }

    /// A stanza of this session was handled, with all that it led to.
    pub(crate) fn end_unit(&self, session: &Arc<Session>) {
        let Some(numbering) = session.numbering() else { return };
        let mut now = numbering.affected.swap(false, Ordering::AcqRel);
        {
            let mut state = self.0.state.lock();
            numbering.count_handled();
            self.list(&mut state, session);
            now |= state.held_back.is_some();
        }
        self.wake(now);
    }

    fn list(&self, state: &mut State, session: &Arc<Session>) {
        let Some(numbering) = session.numbering() else { return };
        if !numbering.listed.swap(true, Ordering::AcqRel) {
            state.listed.push(Arc::clone(session));
        }
        self.run(state);
    }

    fn run(&self, state: &mut State) {
        if !state.running {
            state.running = true;
            tokio::spawn(flush::run(Arc::downgrade(&self.0)));
        }
    }

    fn wake(&self, now: bool) {
        let wanted = if now { &self.0.wanted } else { &self.0.lazily };
        wanted.notify_one();
    }

    /// Waits until all is written that was to be written when this was called, however much comes after that. Cancel safe.
    pub async fn settled(&self) {
        // What is gathered already may not have it.
        let target = self.0.state.lock().gathered + 1;
        loop {
            let mut written = std::pin::pin!(self.0.written.notified());
            written.as_mut().enable();
            {
                let state = self.0.state.lock();
                let nothing = state.listed.is_empty() && state.later.is_empty();
                if (nothing && !state.writing) || state.complete >= target || self.is_stopped() {
                    return;
                }
            }
            self.wake(true);
            written.await;
        }
    }

    /// Waits until what was put into this session's mailbox before is durable, where it is kept.
    pub(crate) async fn settled_for(&self, session: &Session) {
        loop {
            let mut written = std::pin::pin!(self.0.written.notified());
            written.as_mut().enable();
            let is_recorded = session.numbering().is_none_or(|numbering| numbering.is_recorded());
            if (is_recorded && session.mailbox().is_settled()) || self.is_stopped() {
                return;
            }
            self.wake(true);
            written.await;
        }
    }

    /// Writes what is to be written, and nothing after that: sessions that nobody is connected to wait for the next start.
    pub async fn stop(&self) {
        self.settled().await;
        self.0.stopped.store(true, Ordering::Release);
        self.0.stopping.notify_waiters();
        self.0.written.notify_waiters();
        self.wake(true);
    }

    /// Writes nothing any more, as if the server had been killed.
    #[cfg(feature = "test-host")]
    pub(crate) fn abandon(&self) {
        self.0.stopped.store(true, Ordering::Release);
        self.0.stopping.notify_waiters();
        self.0.written.notify_waiters();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::Acquire)
    }

    /// Returns when the journal is stopped.
    pub(crate) async fn stopped(&self) {
        loop {
            let mut stopping = std::pin::pin!(self.0.stopping.notified());
            stopping.as_mut().enable();
            if self.is_stopped() {
                return;
            }
            stopping.await;
        }
    }
}
