//! What a client's handlers are called with.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use stonechat_jid::{BareJid, FullJid};
use stonechat_stanza::{Element, Stanza};

use super::requests::Call;
use super::timers::Timed;
use super::{DEFAULT_TIMEOUT, Effect, Event, EventBody, Handle, Learned, RequestError, Tables, Tracker};
use crate::Clock;
use crate::point::Point;

/// What handlers want done.
pub(super) enum Wanted {
    Effect(Effect),
    Ask(Stanza, Duration, Call),
    Later(Duration, Timed),
}

impl std::fmt::Debug for Wanted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Effect(effect) => effect.fmt(f),
            Self::Ask(request, ..) => f.debug_tuple("Ask").field(request).finish(),
            Self::Later(after, _) => f.debug_tuple("Later").field(after).finish(),
        }
    }
}

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
    pub(super) out: &'a mut VecDeque<Wanted>,
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
        self.want(Effect::Send(stanza, Tracker::new().0));
    }

    /// Sends an element that is no stanza, as [`Handle::send_element`] does.
    pub fn send_element(&mut self, element: Element) {
        self.want(Effect::Element(element));
    }

    fn want(&mut self, effect: Effect) {
        self.out.push_back(Wanted::Effect(effect));
    }

    /// Asks something, an IQ of type `get` or `set`, and has `then` called with the answer before anything that comes behind it is looked
    /// at. For what has to be in its place, such as a list of which changes follow; a task would get the answer some time later.
    pub fn ask(
        &mut self,
        request: Stanza,
        then: impl FnOnce(&mut Cx<'_>, Result<Stanza, RequestError>) + Send + 'static,
    ) {
        self.out.push_back(Wanted::Ask(request, DEFAULT_TIMEOUT, Box::new(then)));
    }

    /// Has `then` called after this time, unless the client is closed before. How many wait at a time is for the extension to bound.
    pub fn later(&mut self, after: Duration, then: impl FnOnce(&mut Cx<'_>) + Send + 'static) {
        self.out.push_back(Wanted::Later(after, Box::new(then)));
    }

    /// Puts an event into the application's stream of events.
    pub fn emit(&mut self, event: impl EventBody) {
        self.want(Effect::Event(Event::new(event)));
    }

    /// Has the client run a task, until it ends or the client is closed. It reaches the client by [`Cx::handle`]. How many there are at a
    /// time is for the extension to bound.
    pub fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.want(Effect::Task(super::Task::new(task)));
    }

    /// Has extensions learn of a message, whichever way it came. `false` when one of them refuses it, because it is known already: then it is
    /// not to be told. For extensions that unwrap messages.
    #[must_use = "what is known already is not to be told"]
    pub fn learn(&mut self, mut learned: Learned) -> bool {
        let Some(hooks) = self.tables.at::<Learned>() else { return true };
        let is_new = hooks.admit(self, &mut learned).is_ok();
        if is_new {
            hooks.react(self, &learned);
        }
        is_new
    }

    /// Runs the reactions of point `P` to an event of the caller's.
    pub fn react_at<P: Point>(&mut self, event: &P) {
        if let Some(hooks) = self.tables.at::<P>() {
            hooks.react(self, event);
        }
    }
}
