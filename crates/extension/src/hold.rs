//! Why messages for a session wait.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::session::Session;

/// While it lives, messages that others send to a session wait; see [`Session::hold`].
#[derive(Debug)]
pub struct Hold {
    session: Arc<Session>,
}

impl Hold {
    pub(crate) fn new(session: &Arc<Session>) -> Self {
        session.holds.fetch_add(1, Ordering::SeqCst);
        Self { session: Arc::clone(session) }
    }

    /// The session that is held.
    #[must_use]
    pub const fn session(&self) -> &Arc<Session> {
        &self.session
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        if self.session.holds.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.session.held_long.store(false, Ordering::Release);
            self.session.released.notify_waiters();
        }
    }
}

/// What a session waits for that has the resource of another: that this one is closed, and its messages are handed over.
#[derive(Debug)]
pub(crate) struct Succession(Hold);

impl Succession {
    pub(crate) fn of(successor: &Arc<Session>) -> Self {
        successor.inherits.store(true, Ordering::Release);
        Self(Hold::new(successor))
    }
}

impl Drop for Succession {
    fn drop(&mut self) {
        let successor = &self.0.session;
        successor.inherits.store(false, Ordering::Release);
        successor.released.notify_waiters();
    }
}
