//! A session whose stanzas are numbered in both directions (XEP-0198), and that may go on when its connection is gone.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::Host;
use crate::journal::{Journal, Written};
use crate::session::Session;

/// How a session's stanzas are numbered; see [`Cx::number`](crate::Cx::number).
#[derive(Debug, Clone, Copy)]
pub struct Acks {
    /// The element that asks the client for its count. It is sent behind stanzas, whenever the client has answered the one before.
    pub request: &'static [u8],
    /// For how long the session waits for its client when the connection is gone; `None` if it does not.
    pub resume_for: Option<Duration>,
    /// How many bytes of stanzas are kept for the client to acknowledge. With more, senders wait for it, as they do for a full mailbox.
    pub kept_bytes: usize,
}

/// What is known of a session whose stanzas are numbered.
#[derive(Debug)]
pub(crate) struct Numbering {
    pub(crate) journal: Journal,
    pub(crate) host: Weak<Host>,
    /// What the client names it by to continue it.
    pub(crate) id: String,
    /// Distinguishes it from every other session there ever is; not told to anybody.
    pub(crate) key: String,
    pub(crate) kept_bytes: usize,
    resume_for: Option<Duration>,
    handled: AtomicU32,
    /// What the client had acknowledged when the mailbox was last asked.
    acked: AtomicU64,
    /// It is in the journal's list.
    pub(crate) listed: AtomicBool,
    /// The stanza that is being handled has led to something that waits for its end.
    pub(crate) affected: AtomicBool,
    /// Something may have changed that is in the record.
    states: AtomicBool,
    forgotten: AtomicBool,
    recorded: AtomicBool,
    pub(crate) written: Mutex<Written>,
    /// Held by who continues the session, and by who ends it because nobody did.
    pub(crate) turn: tokio::sync::Mutex<()>,
    attached: AtomicBool,
    pub(crate) let_go: Notify,
    /// The task that ends the session when nobody continues it.
    pub(crate) watcher: Mutex<Option<AbortHandle>>,
}

impl Numbering {
    pub(crate) fn new(journal: &Journal, host: &Arc<Host>, acks: Acks) -> Self {
        Self::known(journal, host, acks, random(), random())
    }

    /// As it was before a restart.
    pub(crate) fn known(journal: &Journal, host: &Arc<Host>, acks: Acks, id: String, key: String) -> Self {
        Self {
            journal: journal.clone(),
            host: Arc::downgrade(host),
            id,
            key,
            kept_bytes: acks.kept_bytes,
            resume_for: acks.resume_for,
            handled: AtomicU32::new(0),
            acked: AtomicU64::new(0),
            listed: AtomicBool::new(false),
            affected: AtomicBool::new(false),
            states: AtomicBool::new(true),
            forgotten: AtomicBool::new(false),
            recorded: AtomicBool::new(false),
            written: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            attached: AtomicBool::new(true),
            let_go: Notify::new(),
            watcher: Mutex::default(),
        }
    }

    pub(crate) const fn resume_for(&self) -> Option<Duration> {
        self.resume_for
    }

    pub(crate) const fn is_resumable(&self) -> bool {
        self.resume_for.is_some()
    }

    /// How many of the client's stanzas were handled, modulo 2^32.
    pub(crate) fn handled(&self) -> u32 {
        self.handled.load(Ordering::Acquire)
    }

    pub(crate) fn set_handled(&self, handled: u32) {
        self.handled.store(handled, Ordering::Release);
    }

    /// With the journal's lock held, which makes a unit end in one moment.
    pub(crate) fn count_handled(&self) {
        self.handled.fetch_add(1, Ordering::AcqRel);
    }

    /// How many stanzas the client has acknowledged; when the mailbox is gone, as many as there were then.
    pub(crate) fn acked(&self, session: &Session) -> u64 {
        if let Some(acked) = session.mailbox().acked() {
            self.acked.store(acked, Ordering::Release);
        }
        self.acked.load(Ordering::Acquire)
    }

    /// The record may have to be written again.
    pub(crate) fn note_states(&self) {
        self.states.store(true, Ordering::Release);
    }

    /// Whether that was noted since this was last asked.
    pub(crate) fn changed_states(&self) -> bool {
        self.states.swap(false, Ordering::AcqRel)
    }

    /// Nothing of it is kept any more.
    pub(crate) fn forget(&self) {
        self.forgotten.store(true, Ordering::Release);
    }

    pub(crate) fn is_forgotten(&self) -> bool {
        self.forgotten.load(Ordering::Acquire)
    }

    /// Whether it would be found after a restart, where it is to be.
    pub(crate) fn is_recorded(&self) -> bool {
        !self.is_resumable() || self.is_forgotten() || self.recorded.load(Ordering::Acquire)
    }

    /// The journal has written it.
    pub(crate) fn note_recorded(&self) {
        self.recorded.store(true, Ordering::Release);
    }

    pub(crate) fn is_attached(&self) -> bool {
        self.attached.load(Ordering::Acquire)
    }

    pub(crate) fn set_attached(&self, attached: bool) {
        self.attached.store(attached, Ordering::Release);
        if !attached {
            self.let_go.notify_waiters();
        }
    }
}

/// 128 random bits.
pub(crate) fn random() -> String {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
