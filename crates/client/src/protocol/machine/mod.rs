//! One client, over as many connections as it takes.

mod ending;
mod incoming;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use stonechat_jid::FullJid;
use stonechat_net::Waits;
use stonechat_sasl::Channel;
use stonechat_sasl::client::Derived;
use stonechat_sasl::scram::ClientKeys;
use stonechat_stanza::{Element, Stanza};
use stonechat_stream::StreamError;
use stonechat_stream::codec::{Content, Decoder, Framing};

use super::config::BEFORE_LOGIN;
use super::login::{Attempt, Beginnings, Resumable};
use super::online::Online;
use super::outbox::Outbox;
use super::{Config, Error, Event, FastToken, Fate, QueueError, Ticket};

/// One client, over as many connections as it takes. See the [module](super).
#[derive(Debug)]
pub struct Machine {
    config: Arc<Config>,
    state: State,
    outbox: Outbox,
    /// The session that may be resumed, once there was one.
    resumable: Option<Resumable>,
    session: Option<FullJid>,
    keys: Option<ClientKeys>,
    token: Option<FastToken>,
    beginnings: Beginnings,
    waits: Waits,
    /// Until when a client that is to close waits for what it has sent to be acknowledged.
    leaving: Option<Instant>,
    events: VecDeque<Event>,
    out: Vec<u8>,
    link: Option<Link>,
}

/// What is read from one connection.
#[derive(Debug)]
struct Link {
    decoder: Decoder,
    buffer: BytesMut,
}

#[derive(Debug)]
enum State {
    Idle,
    Connecting,
    Login {
        attempt: Box<Attempt>,
        until: Instant,
    },
    Online(Box<Online>),
    Waiting {
        until: Instant,
    },
    /// We have closed the stream, and the server has so long to do the same.
    Closing {
        until: Instant,
    },
    Closed,
}

impl Machine {
    /// A machine that waits for [`start`](Self::start).
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            outbox: Outbox::new(config.queue),
            waits: Waits::new(config.reconnect.unwrap_or_default(), config.seed),
            token: config.token.clone(),
            config: Arc::new(config),
            state: State::Idle,
            resumable: None,
            session: None,
            keys: None,
            beginnings: Beginnings::default(),
            leaving: None,
            events: VecDeque::new(),
            out: Vec::new(),
            link: None,
        }
    }

    /// What the machine was made with.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Begins to connect.
    pub fn start(&mut self) {
        if matches!(self.state, State::Idle) {
            self.connect();
        }
    }

    fn connect(&mut self) {
        self.state = State::Connecting;
        self.events.push_back(Event::Connect);
    }

    /// The next thing to do or to tell. To be asked after each input until there is none.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Moves what is to be written to `out`; false when there is nothing. Some tens of KiB at once: stanzas stay queued until then.
    pub fn poll_output(&mut self, out: &mut BytesMut) -> bool {
        if let State::Online(online) = &mut self.state {
            for ticket in online.output(&mut self.outbox, &mut self.out) {
                self.events.push_back(Event::Fate(ticket, Fate::Sent));
            }
        }
        out.extend_from_slice(&self.out);
        let any = !self.out.is_empty();
        self.out.clear();
        any
    }

    /// Whether [`poll_output`](Self::poll_output) has something.
    #[must_use]
    pub fn has_output(&self) -> bool {
        !self.out.is_empty()
            || matches!(&self.state, State::Online(online) if online.has_output(&self.outbox))
    }

    /// Whether bytes are wanted. Not while keys are derived or TLS begins, so that nobody fills memory meanwhile.
    #[must_use]
    pub fn wants_input(&self) -> bool {
        match &self.state {
            State::Login { attempt, .. } => !attempt.waits(),
            State::Online(_) | State::Closing { .. } => true,
            _ => false,
        }
    }

    /// What the next sessions are to begin with, each element with the feature by which a server says that it can be had together with the login
    /// (XEP-0386 §3.1).
    pub fn begin_with(&mut self, beginnings: Vec<(&'static str, Element)>) {
        self.beginnings = beginnings.into();
    }

    /// There is a connection; `channel` is its TLS, where that is there from the beginning (XEP-0368).
    pub fn connected(&mut self, channel: Option<Channel>, now: Instant) {
        if !matches!(self.state, State::Connecting) {
            return;
        }
        self.out.clear();
        self.link = Some(Link {
            decoder: Decoder::new(Framing::Tcp, Content::Client, BEFORE_LOGIN),
            buffer: BytesMut::new(),
        });
        let (resumable, keys) = (self.resumable.clone(), self.keys.clone());
        let (token, beginnings) = (self.token.clone(), Arc::clone(&self.beginnings));
        let attempt = Attempt::new(&self.config, channel, resumable, keys, token, beginnings);
        self.state = State::Login { attempt: Box::new(attempt), until: now + self.config.login_time };
        self.work(now);
    }

    /// There is none.
    pub fn connect_failed(&mut self, error: Error, now: Instant) {
        if matches!(self.state, State::Connecting) {
            self.offline(error, now);
        }
    }

    /// The handshake that [`Event::StartTls`] asked for is done, and the certificate is that of the account's domain.
    pub fn tls_established(&mut self, channel: Channel, now: Instant) {
        if let State::Login { attempt, .. } = &mut self.state {
            attempt.tls_established(channel);
            self.work(now);
        }
    }

    /// The keys that [`Event::Derive`] asked for.
    pub fn derived(&mut self, derived: Derived, now: Instant) {
        if let State::Login { attempt, .. } = &mut self.state {
            attempt.derived(derived);
            self.work(now);
        }
    }

    /// Bytes have come.
    pub fn feed(&mut self, bytes: &[u8], now: Instant) {
        if let State::Online(online) = &mut self.state {
            online.alive.heard(now);
        }
        if let Some(link) = &mut self.link {
            link.buffer.extend_from_slice(bytes);
            self.work(now);
        }
    }

    /// The connection is gone.
    pub fn lost(&mut self, error: Error, now: Instant) {
        match self.state {
            State::Closing { .. } => self.end(None),
            State::Login { .. } | State::Online(_) => self.offline(error, now),
            _ => {}
        }
    }

    /// Queues a stanza, whether or not there is a connection.
    ///
    /// # Errors
    /// [`QueueError`].
    pub fn send(&mut self, stanza: &Stanza) -> Result<Ticket, QueueError> {
        match self.state {
            State::Closing { .. } | State::Closed => Err(QueueError::Closed),
            _ if self.leaving.is_some() => Err(QueueError::Closed),
            _ => self.outbox.push(stanza),
        }
    }

    /// Sends an element that is no stanza on the present stream, ahead of stanzas that wait. False, and it is not sent, where there is no
    /// stream with a session. It is not counted, and not sent again when the connection breaks.
    pub fn send_element(&mut self, element: &Element) -> bool {
        let State::Online(online) = &mut self.state else { return false };
        online.send_element(element);
        true
    }

    /// Whether anything more can be queued.
    #[must_use]
    pub fn has_room(&self) -> bool {
        let stream = !matches!(&self.state, State::Online(online) if online.is_full());
        stream && self.outbox.has_room()
    }

    /// Whether more will be told of a stanza.
    #[must_use]
    pub fn tracks(&self, ticket: Ticket) -> bool {
        self.outbox.has(ticket)
    }

    /// What the server sends is not read for a while, for reasons of the driver's: its silence says nothing.
    pub fn not_listening(&mut self, now: Instant) {
        if let State::Online(online) = &mut self.state {
            online.alive.heard(now);
        }
    }

    /// The network is not the one of before, or there is one again: a connection is tested, and waiting ends.
    pub fn network_changed(&mut self, now: Instant) {
        match &mut self.state {
            State::Online(online) => online.network_changed(&self.config, now),
            State::Waiting { .. } => {
                self.waits.reset();
                self.connect();
            }
            _ => {}
        }
    }

    /// When [`timeout`](Self::timeout) is to be called.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        if let (State::Online(_), Some(until)) = (&self.state, self.leaving) {
            return Some(until);
        }
        match &self.state {
            State::Login { until, .. } | State::Waiting { until } | State::Closing { until } => Some(*until),
            State::Online(online) => Some(online.alive.deadline()),
            State::Idle | State::Connecting | State::Closed => None,
        }
    }

    /// Time has passed.
    pub fn timeout(&mut self, now: Instant) {
        if self.leaving.is_some_and(|until| until <= now) {
            self.leave(now);
        }
        match &mut self.state {
            State::Waiting { until } if *until <= now => self.connect(),
            State::Closing { until } if *until <= now => self.end(None),
            State::Login { attempt, until } if *until <= now => {
                attempt.give_up(Error::LoginTimeout, Some(StreamError::connection_timeout()));
                self.work(now);
            }
            State::Online(online) => {
                let is_there = online.timeout(&self.config, now);
                if !is_there {
                    self.offline(Error::Silent, now);
                }
            }
            _ => {}
        }
    }

    /// Whether all is over.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    fn fates(&mut self, tickets: Vec<Ticket>, fate: Fate) {
        self.events.extend(tickets.into_iter().map(|ticket| Event::Fate(ticket, fate)));
    }
}
