//! What a client's handlers are called with.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use stonechat_jid::{BareJid, FullJid};
use stonechat_stanza::Stanza;

use super::{Effect, Event, EventBody, Handle, Tables, Tracker};
use crate::Clock;
use crate::point::Point;

/// Who the client is, and what it reaches.
#[derive(Debug)]
pub(super) struct Me {
    pub(super) account: BareJid,
    pub(super) session: Option<FullJid>,
    pub(super) clock: Clock,
    pub(super) handle: Handle,
}

/// What a handler is called with: who the client is, and the ways to act.
#[derive(Debug)]
pub struct Cx<'a> {
    pub(super) tables: &'a Arc<Tables>,
    pub(super) me: &'a Me,
    pub(super) out: &'a mut VecDeque<Effect>,
}

impl Cx<'_> {
    /// The own account.
    #[must_use]
    pub fn account(&self) -> &BareJid {
        &self.me.account
    }

    /// The address of the session; that of the last one while there is none.
    #[must_use]
    pub fn session(&self) -> Option<&FullJid> {
        self.me.session.as_ref()
    }

    /// The time of day.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.me.clock.now()
    }

    /// Reaches the client from a task.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.me.handle.clone()
    }

    /// A service that an installed extension provides.
    #[must_use]
    pub fn service<S: ?Sized + Send + Sync + 'static>(&self) -> Option<Arc<S>> {
        self.tables.service()
    }

    /// What the extensions declared of the client.
    #[must_use]
    pub fn tables(&self) -> &Arc<Tables> {
        self.tables
    }

    /// Sends a stanza. It does not pass [`Outbound`](super::Outbound).
    pub fn send(&mut self, stanza: Stanza) {
        self.out.push_back(Effect::Send(stanza, Tracker::new().0));
    }

    /// Puts an event into the application's stream of events.
    pub fn emit(&mut self, event: impl EventBody) {
        self.out.push_back(Effect::Event(Event::new(event)));
    }

    /// Has the client run a task, until it ends or the client is closed. It reaches the client by [`Cx::handle`].
    pub fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.out.push_back(Effect::Task(super::Task::new(task)));
    }

    /// Runs the reactions of point `P` to an event of the caller's.
    pub fn react_at<P: Point>(&mut self, event: &P) {
        if let Some(hooks) = self.tables.at::<P>() {
            hooks.react(self, event);
        }
    }
}
