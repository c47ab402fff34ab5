//! The task of a component: the connection, the clock, and the extensions.

use std::collections::VecDeque;
use std::fmt;
use std::future::pending;
use std::io;
use std::pin::Pin;
use std::time::{Duration, Instant};

use stonechat_extension::client::{Command, Commands, Effect, Pipeline, Progress, SendError, Tracker};
use stonechat_jid::BareJid;
use stonechat_net::Waits;
use stonechat_stanza::Stanza;
use stonechat_stream::component::Secret;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep_until, timeout};

use crate::open::{Heard, Open};
use crate::{Error, Event};

/// So many events, or stanzas that wait for room, keep the component from reading more.
const BACKLOG: usize = 64;
/// So many stanzas wait while there is no connection, of those that extensions send.
const OUTGOING: usize = 1024;
/// How long connecting may take, and then the handshake.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing is said on a stream.
const SILENCE: Duration = Duration::from_secs(60);
/// How long a component that is closed goes on trying to send what was given to it before.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Where the component connects, and what as.
pub(crate) struct Server {
    pub(crate) domain: BareJid,
    pub(crate) secret: Secret,
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}:{}", self.domain, self.host, self.port)
    }
}

/// How far the component is.
enum Phase {
    Connecting(Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>),
    Open(Box<Open>),
    Waiting(Instant),
}

/// What has happened.
enum Happened {
    Command(Option<Command>),
    Close,
    /// The application has room for an event.
    Room,
    /// The application does not want any more events.
    Unheard,
    Connected(io::Result<TcpStream>),
    Turn(Result<(), Error>),
    Time,
    TaskEnded(Result<(), JoinError>),
}

pub(crate) struct Driver {
    server: Server,
    waits: Waits,
    pipeline: Pipeline,
    commands: Commands,
    closes: mpsc::Receiver<()>,
    events: mpsc::Sender<Event>,
    phase: Phase,
    /// Events that wait for the application.
    backlog: VecDeque<Event>,
    /// Stanzas that wait for the connection.
    outgoing: VecDeque<(Stanza, Tracker)>,
    tasks: JoinSet<()>,
    /// Whether there is a [`Component`](crate::Component) any more.
    controlled: bool,
    /// Until when a component that is to close sends what waits.
    closing: Option<Instant>,
}

impl Driver {
    pub(crate) fn new(
        server: Server,
        waits: Waits,
        pipeline: Pipeline,
        commands: Commands,
        closes: mpsc::Receiver<()>,
        events: mpsc::Sender<Event>,
    ) -> Self {
        Self {
            phase: connect(&server),
            server,
            waits,
            pipeline,
            commands,
            closes,
            events,
            backlog: VecDeque::new(),
            outgoing: VecDeque::new(),
            tasks: JoinSet::new(),
            controlled: true,
            closing: None,
        }
    }

    pub(crate) async fn run(mut self) {
        let error = loop {
            if let Err(error) = self.listen()
                && let Err(error) = self.lost(error)
            {
                break Some(error);
            }
            self.work();
            if self.is_done() {
                break None;
            }
            let happened = self.wait().await;
            if let Err(error) = self.take(happened)
                && let Err(error) = self.lost(error)
            {
                break Some(error);
            }
        };
        self.finish(error).await;
    }

    /// Takes what has come on the stream.
    fn listen(&mut self) -> Result<(), Error> {
        let Phase::Open(open) = &mut self.phase else { return Ok(()) };
        while let Some(heard) = open.next()? {
            match heard {
                Heard::Established => self.backlog.push_back(Event::Online),
                Heard::Stanza(stanza) => self.pipeline.inbound(stanza, Instant::now()),
            }
        }
        Ok(())
    }

    /// Does all that can be done without waiting. Of what was asked for before a close nothing is left then, unless something waits to be
    /// written.
    fn work(&mut self) {
        loop {
            self.effects();
            self.write();
            if self.closing.is_none() || self.outgoing.len() >= BACKLOG {
                return;
            }
            let Some(command) = self.commands.try_next() else { return };
            self.pipeline.command(command, Instant::now());
        }
    }

    fn write(&mut self) {
        let Phase::Open(open) = &mut self.phase else { return };
        while open.is_established()
            && open.has_room()
            && let Some((stanza, tracker)) = self.outgoing.pop_front()
        {
            open.send(&stanza);
            tracker.tell(Progress::Sent);
        }
    }

    fn effects(&mut self) {
        while let Some(effect) = self.pipeline.next_effect() {
            match effect {
                Effect::Send(stanza, tracker) if self.outgoing.len() < OUTGOING => {
                    self.outgoing.push_back((stanza, tracker));
                }
                Effect::Send(stanza, tracker) => {
                    let error = SendError::Closed;
                    self.pipeline.not_sent(&stanza, &error);
                    tracker.tell(Progress::Failed(error));
                }
                // Streams of components have none.
                Effect::Element(_) => {}
                Effect::Event(event) => self.backlog.push_back(Event::Extension(event)),
                Effect::Stanza(inbound) => self.backlog.push_back(Event::Stanza(inbound)),
                Effect::Task(task) => drop(self.tasks.spawn(task.into_future())),
            }
        }
    }

    /// Whether a component that is to close has nothing more to say, or no time left to say it.
    fn is_done(&self) -> bool {
        self.closing.is_some_and(|until| {
            let can_speak = matches!(&self.phase, Phase::Open(open) if open.is_established());
            until <= Instant::now() || self.outgoing.is_empty() || !can_speak
        })
    }

    async fn wait(&mut self) -> Happened {
        let reads = self.backlog.len() < BACKLOG && self.outgoing.len() < BACKLOG;
        let deadlines = [self.deadline(), self.pipeline.deadline(), self.closing];
        let deadline = deadlines.into_iter().flatten().min();
        // Also while there is no connection: the time of a request begins when it is taken.
        let takes = self.outgoing.len() < BACKLOG;
        let phase = async {
            match &mut self.phase {
                Phase::Connecting(connecting) => Happened::Connected(connecting.await),
                Phase::Open(open) => Happened::Turn(open.turn(reads).await),
                Phase::Waiting(_) => pending().await,
            }
        };
        tokio::select! {
            happened = phase => happened,
            command = self.commands.next(), if takes && self.closing.is_none() => Happened::Command(command),
            closed = self.closes.recv(), if self.controlled => {
                // Somebody still listens when nobody can close it any more.
                self.controlled = closed.is_some();
                if closed.is_some() { Happened::Close } else { Happened::Room }
            }
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
            () = sleep_until(deadline.unwrap_or_else(Instant::now).into()), if deadline.is_some() => Happened::Time,
            Some(ended) = self.tasks.join_next() => Happened::TaskEnded(ended),
        }
    }

    /// When something is to be done about the connection.
    fn deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Connecting(_) => None,
            Phase::Open(open) if open.is_established() => Some(open.spoke + SILENCE),
            Phase::Open(open) => Some(open.since + PATIENCE),
            Phase::Waiting(until) => Some(*until),
        }
    }

    fn take(&mut self, happened: Happened) -> Result<(), Error> {
        let now = Instant::now();
        match happened {
            Happened::Command(Some(command)) => self.pipeline.command(command, now),
            Happened::Close => self.begin_to_close(now),
            Happened::Unheard => {
                self.backlog.clear();
                self.begin_to_close(now);
            }
            Happened::Connected(connected) => {
                self.phase = Phase::Open(Box::new(Open::new(connected?, &self.server)));
            }
            Happened::Turn(turn) => turn?,
            Happened::Time => {
                self.pipeline.timeout(now);
                self.time(now)?;
            }
            Happened::TaskEnded(Err(error)) => tracing::error!(%error, "a task of an extension failed"),
            Happened::Command(None) | Happened::Room | Happened::TaskEnded(Ok(())) => {}
        }
        Ok(())
    }

    fn time(&mut self, now: Instant) -> Result<(), Error> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return Ok(());
        }
        match &mut self.phase {
            Phase::Open(open) if open.is_established() => {
                open.spoke = now;
                open.say_nothing();
            }
            Phase::Open(_) => return Err(Error::Late),
            Phase::Waiting(_) => self.phase = connect(&self.server),
            Phase::Connecting(_) => {}
        }
        Ok(())
    }

    fn begin_to_close(&mut self, now: Instant) {
        if self.closing.is_none() {
            self.closing = Some(now + LAST_WORDS);
            self.commands.close();
        }
    }

    /// There is no connection any more, or none came about: waits for the next attempt.
    ///
    /// # Errors
    /// The error back, if there is to be none.
    fn lost(&mut self, error: Error) -> Result<(), Error> {
        if error.is_final() {
            return Err(error);
        }
        if let Phase::Open(open) = &self.phase {
            self.waits.ended(open.since.elapsed());
            // What was asked for just now waits, too.
            self.effects();
            self.pipeline.stream_lost(self.outgoing.iter().map(|(stanza, _)| stanza), Instant::now());
        }
        let retry = self.waits.next();
        tracing::debug!(server = ?self.server, %error, ?retry, "no connection");
        let before = std::mem::replace(&mut self.phase, Phase::Waiting(Instant::now() + retry));
        if let Phase::Open(open) = before {
            // It may still have to hear why.
            tokio::spawn(open.close());
        }
        self.backlog.push_back(Event::Offline { error, retry });
        Ok(())
    }

    /// The last events reach the application if it still wants them.
    async fn finish(mut self, error: Option<Error>) {
        self.tasks.abort_all();
        self.commands.close();
        while let Some(command) = self.commands.try_next() {
            self.pipeline.command(command, Instant::now());
        }
        self.pipeline.close();
        self.effects();
        for (_, tracker) in self.outgoing.drain(..) {
            tracker.tell(Progress::Failed(SendError::Closed));
        }
        if let Phase::Open(open) = self.phase {
            open.close().await;
        }
        drop(self.closes);
        self.backlog.push_back(Event::Closed(error));
        for event in self.backlog {
            if self.events.send(event).await.is_err() {
                return;
            }
        }
    }
}

fn connect(server: &Server) -> Phase {
    let (host, port) = (server.host.clone(), server.port);
    Phase::Connecting(Box::pin(async move {
        let connecting = TcpStream::connect((host, port));
        let stream = timeout(PATIENCE, connecting).await.map_err(|_| io::ErrorKind::TimedOut)??;
        stream.set_nodelay(true)?;
        Ok(stream)
    }))
}
