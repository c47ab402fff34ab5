//! A client in memory, for the tests of client extensions: the test is the server. XML in, XML out, a clock that the test sets.
//!
//! Everything between a stanza of the server's and the application is the real thing, the same [`Pipeline`] that a client runs. No
//! runtime is needed: tasks are polled until none gets any further.
//!
//! ```
//! use stonechat_extension::client::test_host::TestClient;
//!
//! let mut client = TestClient::with(&[]);
//! client.run(
//!     "connects
//!      server → <iq type='get' id='1' from='romeo@example.net/orchard'><ping xmlns='urn:xmpp:ping'/></iq>
//!      server ← <iq type='error' id='1' to='romeo@example.net/orchard'/>
//!      server ← nothing",
//! );
//! ```

mod contract;
mod script;

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use stonechat_stanza::{Element, Stanza};

pub use contract::check;

use super::{
    Commands, Descriptor, Effect, Event, Handle, Inbound, Pipeline, Progress, RequestError, Tables, Tracker,
    channel,
};
use crate::test_host::START;
use crate::{Clock, InstallError, Plan, Registry, VirtualClock};

/// The address of the session.
pub const SESSION: &str = "juliet@example.com/balcony";

type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A client in memory, whose server is the test.
pub struct TestClient {
    pipeline: Pipeline,
    commands: Commands,
    handle: Handle,
    clock: VirtualClock,
    now: Instant,
    features: Vec<Element>,
    sent: VecDeque<Stanza>,
    elements: VecDeque<Element>,
    stanzas: VecDeque<Inbound>,
    events: VecDeque<Event>,
    tasks: Vec<Running>,
    trackers: Vec<Tracker>,
}

impl std::fmt::Debug for TestClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestClient").field("pipeline", &self.pipeline).finish_non_exhaustive()
    }
}

/// What comes of a future that a test [started](TestClient::start).
#[derive(Debug)]
pub struct Started<T>(Arc<Mutex<Option<T>>>);

impl<T> Started<T> {
    /// What came of it; `None` while it still waits.
    #[must_use]
    pub fn outcome(&self) -> Option<T> {
        self.0.lock().take()
    }
}

impl TestClient {
    /// A client with these extensions, all enabled, in their default configuration.
    ///
    /// # Panics
    /// When they cannot be installed; the message says why.
    #[must_use]
    pub fn with(extensions: &[&'static Descriptor]) -> Self {
        Self::configured(extensions, &[])
    }

    /// As [`TestClient::with`], with configuration sections as TOML.
    ///
    /// # Panics
    /// When they cannot be installed; the message says why.
    #[must_use]
    pub fn configured(extensions: &[&'static Descriptor], sections: &[(&str, &str)]) -> Self {
        let client = Self::try_configured(extensions, sections);
        client.unwrap_or_else(|error| panic!("the test client does not start: {error}"))
    }

    /// As [`TestClient::configured`], for tests of what does not start.
    ///
    /// # Errors
    /// [`InstallError`].
    ///
    /// # Panics
    /// When a section is not TOML.
    pub fn try_configured(
        extensions: &[&'static Descriptor],
        sections: &[(&str, &str)],
    ) -> Result<Self, InstallError> {
        let mut plan = extensions.iter().fold(Plan::empty(), |plan, one| plan.enable(one.name()));
        for (name, text) in sections {
            plan = plan.section(name, text.parse().unwrap_or_else(|error| panic!("section {name}: {error}")));
        }
        let (handle, commands) = channel(64);
        let tables = Tables::build(&Registry::of(extensions)?, &plan, &handle)?;
        let now = Instant::now();
        let clock = VirtualClock::new(START.parse().unwrap_or_default());
        let jid: stonechat_jid::FullJid = SESSION.parse().unwrap_or_else(|_| unreachable!("a constant"));
        let pipeline =
            Pipeline::new(tables, jid.to_bare(), handle.clone(), Clock::Virtual(clock.clone()), now);
        Ok(Self {
            pipeline,
            commands,
            handle,
            clock,
            now,
            features: Vec::new(),
            sent: VecDeque::new(),
            elements: VecDeque::new(),
            stanzas: VecDeque::new(),
            events: VecDeque::new(),
            tasks: Vec::new(),
            trackers: Vec::new(),
        })
    }

    /// Reaches the client, as an application does.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// A service of an extension.
    ///
    /// # Panics
    /// When no extension provides it.
    #[must_use]
    pub fn service<S: ?Sized + Send + Sync + 'static>(&self) -> Arc<S> {
        self.tables().service().unwrap_or_else(|| panic!("nobody provides {}", std::any::type_name::<S>()))
    }

    /// What the extensions registered.
    #[must_use]
    pub fn tables(&self) -> &Arc<Tables> {
        self.pipeline.tables()
    }

    /// Runs a script; see the module.
    ///
    /// - `connects`, `resumes`, `disconnects`, `loses the session`
    /// - `server → <stanza/>`: the server sends this
    /// - `server ← <stanza/>`: the next stanza that the client sent matches this; `server ← nothing`: there is none
    /// - `stream ← <element/>`, `stream ← nothing`: the same for elements that are no stanzas
    /// - `app ← <stanza/>`, `app ← nothing`: the same for what the application gets
    /// - `later 5`: so many seconds pass
    ///
    /// # Panics
    /// At a line that is not as it says.
    pub fn run(&mut self, script: &str) {
        script::run(self, script);
    }

    /// Has the client do something while the script goes on, such as a service's request.
    pub fn start<T: Send + 'static>(
        &mut self,
        future: impl Future<Output = T> + Send + 'static,
    ) -> Started<T> {
        let place = Arc::new(Mutex::new(None));
        let result = Started(Arc::clone(&place));
        self.tasks.push(Box::pin(async move {
            let value = future.await;
            *place.lock() = Some(value);
        }));
        self.settle();
        result
    }

    /// The server shows this stream feature, in all sessions from here on.
    #[must_use]
    pub fn with_feature(mut self, feature: Element) -> Self {
        self.features.push(feature);
        self
    }

    /// What the next session is to begin with, with the features that servers have to have for it.
    pub fn beginnings(&mut self) -> Vec<(&'static str, Element)> {
        self.pipeline.beginnings()
    }

    /// The session begins, or goes on.
    pub fn connect(&mut self, resumed: bool) {
        let jid = SESSION.parse().unwrap_or_else(|_| unreachable!("a constant"));
        self.pipeline.connected(jid, resumed, self.features.clone(), self.now);
        self.settle();
    }

    /// The connection is gone.
    pub fn disconnect(&mut self, resumable: bool) {
        self.pipeline.disconnected(resumable, self.now);
        self.settle();
    }

    /// The server sends a stanza.
    ///
    /// # Panics
    /// When it is none.
    pub fn receive(&mut self, xml: &str) {
        let stanza = Stanza::parse(xml.as_bytes()).unwrap_or_else(|error| panic!("{xml}: {error}"));
        self.pipeline.inbound(stanza, self.now);
        self.settle();
    }

    /// Time passes.
    pub fn advance(&mut self, by: Duration) {
        self.clock.advance(by);
        self.now += by;
        self.pipeline.timeout(self.now);
        self.settle();
    }

    /// The next stanza that the client sent.
    pub fn sent(&mut self) -> Option<Stanza> {
        self.sent.pop_front()
    }

    /// The next element that the client sent and that is no stanza.
    pub fn element(&mut self) -> Option<Element> {
        self.elements.pop_front()
    }

    /// The next stanza for the application.
    pub fn stanza(&mut self) -> Option<Inbound> {
        self.stanzas.pop_front()
    }

    /// The next event of an extension, if there is one and it is a `T`.
    ///
    /// # Panics
    /// When the next event is something else.
    pub fn event<T: super::EventBody>(&mut self) -> Option<T> {
        let event = self.events.pop_front()?;
        Some(event.take().unwrap_or_else(|other| panic!("another event: {other:?}")))
    }

    /// How often handlers failed.
    #[must_use]
    pub fn failures(&self, extension: &str) -> u64 {
        self.tables().failures(extension)
    }

    /// Ends all waiting, as closing the client does.
    pub fn close(&mut self) {
        self.pipeline.close();
        self.settle();
    }

    /// Lets everything happen that can without the server or the clock.
    fn settle(&mut self) {
        loop {
            let mut moved = false;
            while let Some(command) = self.commands.try_next() {
                self.pipeline.command(command, self.now);
                moved = true;
            }
            while let Some(effect) = self.pipeline.next_effect() {
                moved = true;
                match effect {
                    Effect::Send(stanza, tracker) => {
                        tracker.tell(Progress::Sent);
                        self.trackers.push(tracker);
                        self.sent.push_back(stanza);
                    }
                    Effect::Element(element) => self.elements.push_back(element),
                    Effect::Event(event) => self.events.push_back(event),
                    Effect::Stanza(inbound) => self.stanzas.push_back(inbound),
                    Effect::Task(task) => self.tasks.push(task.into_future()),
                }
            }
            let before = self.tasks.len();
            let mut cx = Context::from_waker(Waker::noop());
            self.tasks.retain_mut(|task| matches!(task.as_mut().poll(&mut cx), Poll::Pending));
            if !moved && self.tasks.len() == before && self.is_quiet() {
                return;
            }
        }
    }

    /// Polling the tasks may have given commands.
    fn is_quiet(&mut self) -> bool {
        match self.commands.try_next() {
            Some(command) => {
                self.pipeline.command(command, self.now);
                false
            }
            None => true,
        }
    }
}

/// Has `query` answered by `answer` in a test, without a script.
///
/// # Panics
/// When the client does not ask.
pub fn answered<T>(
    client: &mut TestClient,
    started: &Started<Result<T, RequestError>>,
    answer: &str,
) -> Result<T, RequestError> {
    let request = client.sent().expect("the client asks");
    let mut result = request.reply();
    result.push_bytes(answer.as_bytes()).unwrap_or_else(|error| panic!("{answer}: {error}"));
    if result.from().is_none() {
        result.set_from(request.to().map(|to| to.to_jid()));
    }
    client.receive(&result.to_string());
    started.outcome().expect("the request is answered")
}
