//! The task of a client: sockets, the clock, and the threads, for the machine and the extensions.

mod link;

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use stonechat_extension::client::{Commands, Effect, Pipeline, Progress, SendError, Tracker};
use stonechat_jid::FullJid;
use stonechat_stanza::Stanza;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::sleep_until;

use crate::client::Control;
use crate::connect::Connector;
use crate::event::Event;
use crate::protocol::{self, Fate, Machine, QueueError, Ticket};
use link::{Done, Link};

/// So many events, or stanzas that wait for room, keep the client from reading more.
const BACKLOG: usize = 64;
/// How long a client that is closed goes on trying to send what was given to it before.
const LAST_WORDS: Duration = Duration::from_secs(5);

pub(crate) struct Driver {
    machine: Machine,
    pipeline: Pipeline,
    link: Link,
    commands: Commands,
    controls: mpsc::Receiver<Control>,
    events: mpsc::Sender<Event>,
    session: watch::Sender<Option<FullJid>>,
    /// Events that wait for the application.
    backlog: VecDeque<Event>,
    /// Stanzas that wait for room in the machine.
    outgoing: VecDeque<(Stanza, Tracker)>,
    trackers: HashMap<Ticket, Tracker>,
    tasks: JoinSet<()>,
    /// Until when a client that is to close sends what waits.
    closing: Option<Instant>,
    /// Whether there is a [`Client`](crate::Client) any more.
    controlled: bool,
}

/// What has happened.
enum Happened {
    Command(Option<stonechat_extension::client::Command>),
    Control(Option<Control>),
    /// The application has room for an event.
    Room,
    /// The application does not want any more events.
    Unheard,
    Link(Done),
    Time,
    TaskEnded(Result<(), JoinError>),
}

impl Driver {
    pub(crate) fn new(
        machine: Machine,
        pipeline: Pipeline,
        connector: Connector,
        commands: Commands,
        controls: mpsc::Receiver<Control>,
        events: mpsc::Sender<Event>,
        session: watch::Sender<Option<FullJid>>,
    ) -> Self {
        Self {
            machine,
            pipeline,
            link: Link::new(connector),
            commands,
            controls,
            events,
            session,
            backlog: VecDeque::new(),
            outgoing: VecDeque::new(),
            trackers: HashMap::new(),
            tasks: JoinSet::new(),
            closing: None,
            controlled: true,
        }
    }

    pub(crate) async fn run(mut self) {
        self.machine.start();
        loop {
            self.work();
            if self.machine.is_closed() {
                break;
            }
            let happened = self.wait().await;
            self.take(happened, Instant::now());
        }
        self.finish().await;
    }

    /// Does all that can be done without waiting.
    fn work(&mut self) {
        loop {
            let mut moved = false;
            self.link.fill(&mut self.machine);
            while let Some(event) = self.machine.poll_event() {
                moved = true;
                self.event(event, Instant::now());
            }
            while let Some(effect) = self.pipeline.next_effect() {
                moved = true;
                self.effect(effect);
            }
            self.queue();
            self.close_when_all_is_said();
            if !moved && (self.link.is_full() || !self.machine.has_output()) {
                return;
            }
        }
    }

    fn event(&mut self, event: protocol::Event, now: Instant) {
        match event {
            protocol::Event::Connect => {
                self.machine.begin_with(self.pipeline.beginnings());
                self.link.connect();
            }
            protocol::Event::StartTls => self.link.start_tls(&mut self.machine),
            protocol::Event::Derive(derivation) => self.link.derive(derivation),
            protocol::Event::Disconnect => self.link.disconnect(&mut self.machine),
            protocol::Event::Online { jid, resumed, features } => {
                self.session.send_replace(Some(jid.clone()));
                self.pipeline.connected(jid.clone(), resumed, features, now);
                self.backlog.push_back(Event::Online { jid, resumed });
            }
            protocol::Event::Stanza(stanza) => self.pipeline.inbound(stanza, now),
            protocol::Event::Fate(ticket, fate) => self.fate(ticket, fate),
            protocol::Event::Offline { error, resumable, retry } => {
                if self.session.send_replace(None).is_some() {
                    self.pipeline.disconnected(resumable, now);
                }
                self.backlog.push_back(Event::Offline { error, resumable, retry });
            }
            protocol::Event::Token(token) => self.backlog.push_back(Event::Token(token)),
            protocol::Event::Closed(error) => {
                if self.session.send_replace(None).is_some() {
                    self.pipeline.disconnected(false, now);
                }
                self.pipeline.close();
                self.backlog.push_back(Event::Closed(error));
            }
        }
    }

    fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Send(stanza, tracker) => self.outgoing.push_back((stanza, tracker)),
            // Without a stream, whoever wanted it sent learns of the next one.
            Effect::Element(element) => drop(self.machine.send_element(&element)),
            Effect::Event(event) => self.backlog.push_back(Event::Extension(event)),
            Effect::Stanza(inbound) => self.backlog.push_back(Event::Stanza(inbound)),
            Effect::Task(task) => drop(self.tasks.spawn(task.into_future())),
        }
    }

    fn fate(&mut self, ticket: Ticket, fate: Fate) {
        let progress = match fate {
            Fate::Sent => {
                if let Some(tracker) = self.trackers.get(&ticket) {
                    tracker.tell(Progress::Sent);
                }
                // Without stream management that is all that is ever known.
                if !self.machine.tracks(ticket) {
                    self.trackers.remove(&ticket);
                }
                return;
            }
            Fate::Acknowledged => Progress::Acknowledged,
            Fate::Unknown => Progress::Failed(SendError::Unknown),
            Fate::Unsent => Progress::Failed(SendError::Closed),
        };
        if let Some(tracker) = self.trackers.remove(&ticket) {
            tracker.tell(progress);
        }
    }

    /// Gives the machine the stanzas that wait, as far as it has room.
    fn queue(&mut self) {
        while let Some((stanza, tracker)) = self.outgoing.pop_front() {
            let error = match self.machine.send(&stanza) {
                Ok(ticket) => {
                    self.trackers.insert(ticket, tracker);
                    continue;
                }
                Err(QueueError::Full) => return self.outgoing.push_front((stanza, tracker)),
                Err(QueueError::TooLarge) => SendError::TooLarge,
                Err(QueueError::Closed) => SendError::Closed,
            };
            self.pipeline.not_sent(&stanza, &error);
            tracker.tell(Progress::Failed(error));
        }
    }

    fn begin_to_close(&mut self, now: Instant) {
        if self.closing.is_none() {
            self.closing = Some(now + LAST_WORDS);
            self.commands.close();
        }
    }

    fn close_when_all_is_said(&mut self) {
        let Some(until) = self.closing else { return };
        let now = Instant::now();
        while self.outgoing.is_empty()
            && let Some(command) = self.commands.try_next()
        {
            self.pipeline.command(command, now);
            while let Some(effect) = self.pipeline.next_effect() {
                self.effect(effect);
            }
            self.queue();
        }
        if self.outgoing.is_empty() || until <= now {
            self.machine.close(now);
        }
    }

    fn reads(&self) -> bool {
        // Who waits for room cannot take events, and only what is read makes room: so it gets some more.
        let backlog = if self.machine.has_room() { BACKLOG } else { BACKLOG * 16 };
        self.machine.wants_input() && self.backlog.len() < backlog && self.outgoing.len() < BACKLOG
    }

    async fn wait(&mut self) -> Happened {
        let takes = self.closing.is_none() && self.outgoing.is_empty() && self.machine.has_room();
        let reads = self.reads();
        let last_words = self.closing.filter(|_| !self.outgoing.is_empty());
        let deadlines = [self.machine.deadline(), self.pipeline.deadline(), last_words];
        let deadline = deadlines.into_iter().flatten().min();
        tokio::select! {
            command = self.commands.next(), if takes => Happened::Command(command),
            control = self.controls.recv(), if self.controlled => Happened::Control(control),
            permit = self.events.reserve(), if !self.backlog.is_empty() => match permit {
                Ok(permit) => {
                    if let Some(event) = self.backlog.pop_front() {
                        permit.send(event);
                    }
                    Happened::Room
                }
                Err(_) => Happened::Unheard,
            },
            () = self.events.closed(), if self.closing.is_none() => Happened::Unheard,
            done = self.link.turn(reads) => Happened::Link(done),
            () = sleep_until(deadline.unwrap_or_else(Instant::now).into()), if deadline.is_some() => Happened::Time,
            Some(ended) = self.tasks.join_next() => Happened::TaskEnded(ended),
        }
    }

    fn take(&mut self, happened: Happened, now: Instant) {
        match happened {
            Happened::Command(Some(command)) => self.pipeline.command(command, now),
            Happened::Control(Some(Control::NetworkChanged)) => self.machine.network_changed(now),
            Happened::Control(Some(Control::Close)) => self.begin_to_close(now),
            // Somebody still listens.
            Happened::Control(None) => self.controlled = false,
            Happened::Unheard => {
                self.backlog.clear();
                self.begin_to_close(now);
            }
            Happened::Link(done) => self.link.done(done, &mut self.machine, now),
            Happened::Time => {
                if !self.reads() {
                    // It is not the server that is silent.
                    self.machine.not_listening(now);
                }
                self.machine.timeout(now);
                self.pipeline.timeout(now);
            }
            Happened::TaskEnded(Err(error)) => tracing::error!(%error, "a task of an extension failed"),
            Happened::Command(None) | Happened::Room | Happened::TaskEnded(Ok(())) => {}
        }
    }

    /// The last events reach the application if it still wants them.
    async fn finish(mut self) {
        self.tasks.abort_all();
        self.commands.close();
        while let Some(command) = self.commands.try_next() {
            self.pipeline.command(command, Instant::now());
        }
        self.pipeline.close();
        while let Some(effect) = self.pipeline.next_effect() {
            self.effect(effect);
        }
        self.queue();
        self.link.finish().await;
        let controls = self.controls;
        drop((controls, self.session, self.trackers));
        for event in self.backlog {
            if self.events.send(event).await.is_err() {
                return;
            }
        }
    }
}
