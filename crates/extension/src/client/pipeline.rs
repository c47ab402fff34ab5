//! A stanza's way through a client, without IO.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use stonechat_jid::{BareJid, FullJid, Jid};
use stonechat_stanza::{Defect, Element, Kind, Stanza, StanzaError, iq};

use super::cx::{Me, Wanted};
use super::owners::Taken;
use super::requests::{Answered, Requests, is_request};
use super::timers::Timers;
use super::{
    Command, Connected, Cx, Disconnected, Event, Handle, Inbound, Learned, Outbound, Progress, RequestError,
    SendError, Sender, Tables, Tracker, Way,
};
use crate::hooks::Entry;
use crate::point::Point;
use crate::{Clock, Reply};

/// A future that an extension wants run.
pub struct Task(Pin<Box<dyn Future<Output = ()> + Send>>);

impl Task {
    pub(super) fn new(future: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Box::pin(future))
    }

    /// The future.
    #[must_use]
    pub fn into_future(self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.0
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Task(..)")
    }
}

/// What the core has to do.
#[derive(Debug)]
pub enum Effect {
    /// Queue this stanza for the server, and tell the tracker how it fares.
    Send(Stanza, Tracker),
    /// Send this element, which is no stanza, on the present stream, if there is one with a session.
    Element(Element),
    /// Give the application this event.
    Event(Event),
    /// Give the application this stanza.
    Stanza(Inbound),
    /// Run this task until it ends or the client does.
    Task(Task),
}

/// A client's extensions at work, as a machine: stanzas, commands and the time go in, [effects](Effect) come out.
#[derive(Debug)]
pub struct Pipeline {
    tables: Arc<Tables>,
    me: Me,
    requests: Requests,
    timers: Timers,
    out: VecDeque<Wanted>,
    now: Instant,
    is_component: bool,
}

impl Pipeline {
    /// A pipeline for the client of `account`; `handle` is what its tasks reach it by.
    #[must_use]
    pub fn new(tables: Arc<Tables>, account: BareJid, handle: Handle, clock: Clock, now: Instant) -> Self {
        let me = Me { account, session: None, clock, handle };
        let (requests, timers) = (Requests::default(), Timers::default());
        Self { tables, me, requests, timers, out: VecDeque::new(), now, is_component: false }
    }

    /// A pipeline for a component, which has no session and speaks for all addresses of its domain: answers are from whom the request was
    /// for, and what is sent without `from` is from the domain. There is no [`Connected`] and no [`Disconnected`].
    #[must_use]
    pub fn of_component(
        tables: Arc<Tables>,
        domain: BareJid,
        handle: Handle,
        clock: Clock,
        now: Instant,
    ) -> Self {
        Self { is_component: true, ..Self::new(tables, domain, handle, clock, now) }
    }

    /// The stream of a component is gone: requests have no answers any more, but for those that have not left, as they are among these
    /// stanzas, which are for the next stream.
    pub fn stream_lost<'a>(&mut self, unsent: impl IntoIterator<Item = &'a Stanza>, now: Instant) {
        self.now = now;
        self.requests.connection_lost();
        let requests = unsent.into_iter().filter(|stanza| is_request(stanza));
        requests.filter_map(Stanza::id).for_each(|id| self.requests.has_not_left(id));
        self.requests.session_lost();
    }

    /// What the extensions registered.
    #[must_use]
    pub fn tables(&self) -> &Arc<Tables> {
        &self.tables
    }

    /// The next thing to do; to be asked after each input until there is none.
    pub fn next_effect(&mut self) -> Option<Effect> {
        loop {
            while let Some((call, result)) = self.requests.next_due() {
                self.call(|cx| call(cx, result));
            }
            match self.out.pop_front()? {
                Wanted::Effect(effect) => return Some(effect),
                Wanted::Later(after, call) => self.timers.add(self.now, after, call),
                Wanted::Ask(request, timeout, call) => {
                    let asked = self.requests.wait(request, timeout, self.now, Answered::Call(call));
                    if let Some(effect) = asked.and_then(|request| self.leaving(request, Tracker::new().0)) {
                        return Some(effect);
                    }
                }
            }
        }
    }

    /// As with other handlers, a panic is not the client's end.
    fn call(&mut self, call: impl FnOnce(&mut Cx<'_>)) {
        let mut cx = self.cx();
        if catch_unwind(AssertUnwindSafe(|| call(&mut cx))).is_err() {
            tracing::error!("what a handler wanted called later panicked");
        }
    }

    /// What the next session is to begin with, each with the feature by which a server says that it knows that. To be asked before each login.
    pub fn beginnings(&mut self) -> Vec<(&'static str, Element)> {
        let tables = Arc::clone(&self.tables);
        let cx = self.cx();
        let said = tables.begins.iter().filter_map(|(feature, Entry { source, handler })| {
            let element = source.run("begin", "login", || handler.begin(&cx)).flatten()?;
            Some((*feature, element))
        });
        said.collect()
    }

    /// There is a session. Requests of an earlier one have no answers any more, unless that is [resumed](Connected::resumed); those that
    /// were made without a connection leave now.
    pub fn connected(&mut self, jid: FullJid, resumed: bool, features: Vec<Element>, now: Instant) {
        self.now = now;
        if !resumed {
            self.requests.session_lost();
        }
        // Who logs in as nobody learns here who it is, and what a server normalises is as it says.
        self.me.account = jid.to_bare();
        self.me.session = Some(jid.clone());
        self.cx().react_at(&Connected { jid, resumed, features });
    }

    /// The connection is gone.
    pub fn disconnected(&mut self, resumable: bool, now: Instant) {
        self.now = now;
        self.requests.connection_lost();
        if !resumable {
            self.requests.session_lost();
        }
        self.cx().react_at(&Disconnected { resumable });
    }

    /// The client is closed: nobody gets an answer any more, and nothing is done later.
    pub fn close(&mut self) {
        self.timers.clear();
        self.requests.end_all(&RequestError::Closed);
    }

    /// Takes a command of the application's or of a task's.
    pub fn command(&mut self, command: Command, now: Instant) {
        self.now = now;
        match command {
            Command::Emit(event) => self.want(Effect::Event(event)),
            Command::Send(stanza, tracker) => self.send(stanza, tracker),
            Command::Element(element) => self.want(Effect::Element(element)),
            Command::Request(stanza, timeout, answer) => {
                if let Some(request) = self.requests.wait(stanza, timeout, now, Answered::Task(answer)) {
                    self.send(request, Tracker::new().0);
                }
            }
        }
    }

    /// A stanza that was to be sent and that can never be.
    pub fn not_sent(&mut self, stanza: &Stanza, error: &SendError) {
        if let (true, Some(id)) = (is_request(stanza), stanza.id()) {
            let error = StanzaError::not_acceptable().with_text(error.to_string());
            self.requests.not_sent(id, error);
        }
    }

    fn want(&mut self, effect: Effect) {
        self.out.push_back(Wanted::Effect(effect));
    }

    fn send(&mut self, stanza: Stanza, tracker: Tracker) {
        if let Some(effect) = self.leaving(stanza, tracker) {
            self.want(effect);
        }
    }

    /// A stanza on its way to the server; `None` when it is kept from leaving.
    fn leaving(&mut self, stanza: Stanza, tracker: Tracker) -> Option<Effect> {
        let hooks = Arc::clone(&self.tables.outbound);
        let mut event = Outbound { stanza };
        if let Err(error) = hooks.admit(&self.cx(), &mut event) {
            let error = error.unwrap_or_else(StanzaError::policy_violation);
            if let (true, Some(id)) = (is_request(&event.stanza), event.stanza.id()) {
                self.requests.not_sent(id, error.clone());
            }
            tracker.tell(Progress::Failed(SendError::Refused(error)));
            return None;
        }
        if self.is_component && event.stanza.from().is_none() {
            event.stanza.set_from(Jid::from(self.me.account.clone()));
        }
        self.complete(&mut event);
        hooks.observe(&mut self.cx(), &event);
        Some(Effect::Send(event.stanza, tracker))
    }

    /// Gives it what extensions add. What may be referred to later has an id (RFC 6120 §8.1.3).
    fn complete(&mut self, event: &mut Outbound) {
        if matches!(event.stanza.kind(), Kind::Message(_)) && event.stanza.id().is_none() {
            event.stanza.set_id(Some(&super::new_id()));
        }
        let tables = Arc::clone(&self.tables);
        let cx = self.cx();
        let added = tables.adds.iter().filter_map(|Entry { source, handler }| {
            source.run("add", <Outbound as Point>::NAME, || handler.add(&cx, event))
        });
        for element in added.flatten().collect::<Vec<_>>() {
            event.stanza.push_element(&element);
        }
    }

    /// Takes a stanza of the server's.
    pub fn inbound(&mut self, stanza: Stanza, now: Instant) {
        self.now = now;
        if let Kind::Iq(iq::Type::Result | iq::Type::Error) = stanza.kind() {
            return self.requests.answer(&stanza, &self.me.account, self.me.session.as_ref());
        }
        if let Some(defect) = stanza.defect() {
            return self.refuse_defect(&stanza, defect);
        }
        let hooks = Arc::clone(&self.tables.inbound);
        let sender = Sender::of(stanza.from(), &self.me.account);
        let mut event = Inbound { stanza, sender };
        if let Err(error) = hooks.admit(&self.cx(), &mut event) {
            // A request has to be answered (RFC 6120 §8.2.3), which then tells no more than that nobody is here.
            let request = is_request(&event.stanza).then(StanzaError::service_unavailable);
            if let Some(error) = error.or(request) {
                self.refuse(&event.stanza, &error);
            }
            return;
        }
        hooks.observe(&mut self.cx(), &event);
        match event.stanza.kind() {
            Kind::Iq(kind) => self.request(kind, &event),
            Kind::Message(_) => self.message(event),
            Kind::Presence(_) => self.want(Effect::Stanza(event)),
        }
    }

    fn request(&mut self, kind: iq::Type, request: &Inbound) {
        let tables = Arc::clone(&self.tables);
        let answer = tables.owners.answer(&mut self.cx(), kind, request);
        let reply = match answer.unwrap_or_else(|| Err(StanzaError::service_unavailable())) {
            Ok(Reply::Empty) => request.stanza.reply(),
            Ok(Reply::Payload(payload)) => request.stanza.reply().with_element(&payload),
            Ok(Reply::Sent) => return,
            Err(error) => return self.refuse(&request.stanza, &error),
        };
        self.reply(reply);
    }

    fn message(&mut self, message: Inbound) {
        let tables = Arc::clone(&self.tables);
        match tables.owners.take(&mut self.cx(), &message) {
            Taken::NotOwned => {
                let learned = Learned { message: message.stanza.clone(), way: Way::Live };
                if !message.stanza.kind().is_error() && !self.cx().learn(learned) {
                    return;
                }
                self.want(Effect::Stanza(message));
            }
            Taken::Yes => {}
            Taken::Forged => {
                tracing::warn!(from = ?message.stanza.from(), "a message from somebody that it must not come from");
            }
        }
    }

    /// RFC 6120 §8.3.1: what breaks the rules for stanzas is answered where it may be.
    fn refuse_defect(&mut self, stanza: &Stanza, defect: Defect) {
        tracing::debug!(?defect, "a stanza that breaks the rules");
        if is_request(stanza) && stanza.id().is_some() {
            self.refuse(stanza, &StanzaError::bad_request());
        }
    }

    fn refuse(&mut self, stanza: &Stanza, error: &StanzaError) {
        if let Some(error) = stanza.error_reply(error) {
            self.reply(error);
        }
    }

    /// From a client, what has no `from` is from its session, and the server says so.
    fn reply(&mut self, mut reply: Stanza) {
        if !self.is_component {
            reply.set_from(None);
        }
        self.want(Effect::Send(reply, Tracker::new().0));
    }

    /// When [`timeout`](Self::timeout) is to be called.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        [self.requests.deadline(), self.timers.deadline()].into_iter().flatten().min()
    }

    /// Ends the waiting of requests that have waited long enough, and does what was to be done by now.
    pub fn timeout(&mut self, now: Instant) {
        self.now = now;
        self.requests.expire(now);
        while let Some(call) = self.timers.next_due(now) {
            self.call(call);
        }
    }

    fn cx(&mut self) -> Cx<'_> {
        Cx { tables: &self.tables, me: &self.me, out: &mut self.out }
    }
}
