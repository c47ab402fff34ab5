//! A stream with a session.

use std::time::Instant;

use stonechat_stanza::{Element, Kind, Nonza, Stanza, iq, ns};
use stonechat_stream::StreamError;
use stonechat_stream::codec::{Frame, Framing};

use super::alive::{Alive, Due};
use super::login::Counted;
use super::outbox::{Outbox, Ticket};
use super::wire::{self, Ack, Enabled};
use super::{Config, Error};

/// So many bytes are given out at once, and what belongs to the last stanza.
const CHUNK: usize = 32 << 10;

/// The counting of stanzas (XEP-0198).
#[derive(Debug)]
enum Counting {
    Off,
    /// `<enable/>` is sent: what is sent from here on counts.
    Asked,
    On,
}

/// What a frame leads to.
#[derive(Debug)]
pub(super) enum Come {
    Nothing,
    Stanza(Stanza),
    Acknowledged(Vec<Ticket>),
    /// The server does not count: these were sent and no more will be known of them.
    Uncounted(Vec<Ticket>),
    /// The server has closed the stream.
    End,
}

/// A stream with a session.
#[derive(Debug)]
pub(super) struct Online {
    pub(super) since: Instant,
    pub(super) alive: Alive,
    counting: Counting,
    /// By which the session can be resumed.
    pub(super) id: Option<String>,
    /// How many stanzas of the server were handled.
    pub(super) handled: u32,
    /// An `<r/>` waits for its `<a/>`.
    asked: bool,
    /// What leaves before any further stanza.
    first: Vec<u8>,
    /// The id of a ping of ours.
    ping: Option<String>,
    pings: u32,
}

impl Online {
    /// A new session.
    pub(super) fn new(counted: Counted, config: &Config, now: Instant) -> Self {
        let mut online = Self::with(Counting::Off, config, now);
        match counted {
            Counted::No => {}
            Counted::Offered => {
                online.counting = Counting::Asked;
                Framing::Tcp.write_element(&wire::enable(), &mut online.first);
            }
            Counted::Enabled(enabled) => online.enabled(enabled),
        }
        online
    }

    /// The session of before.
    pub(super) fn resumed(id: String, handled: u32, config: &Config, now: Instant) -> Self {
        let online = Self::with(Counting::On, config, now);
        Self { id: Some(id), handled, ..online }
    }

    fn with(counting: Counting, config: &Config, now: Instant) -> Self {
        Self {
            since: now,
            alive: Alive::new(config.keep_alive, now),
            counting,
            id: None,
            handled: 0,
            asked: false,
            first: Vec::new(),
            ping: None,
            pings: 0,
        }
    }

    fn enabled(&mut self, enabled: Enabled) {
        self.counting = Counting::On;
        self.id = enabled.id.filter(|_| enabled.resume);
    }

    pub(super) fn counts(&self) -> bool {
        !matches!(self.counting, Counting::Off)
    }

    pub(super) fn frame(&mut self, frame: Frame, outbox: &mut Outbox) -> Result<Come, Error> {
        match frame {
            Frame::Stanza(stanza) => Ok(self.stanza(stanza)),
            Frame::Nonza(nonza) => self.nonza(&nonza, outbox),
            Frame::Close => Ok(Come::End),
            Frame::Open(_) => Err(Error::Protocol("a second stream on one connection")),
        }
    }

    fn stanza(&mut self, stanza: Stanza) -> Come {
        if matches!(self.counting, Counting::On) {
            self.handled = self.handled.wrapping_add(1);
        }
        let is_answer = matches!(stanza.kind(), Kind::Iq(iq::Type::Result | iq::Type::Error));
        if is_answer && self.ping.is_some() && stanza.id() == self.ping.as_deref() {
            self.ping = None;
            return Come::Nothing;
        }
        Come::Stanza(stanza)
    }

    fn nonza(&mut self, nonza: &Nonza, outbox: &mut Outbox) -> Result<Come, Error> {
        if nonza.ns() == ns::SM {
            return self.management(nonza, outbox);
        }
        if nonza.ns() == ns::STREAM
            && let Some(error) = nonza.element().ok().as_ref().and_then(StreamError::from_element)
        {
            return Err(Error::Stream(error));
        }
        // Features that come late, or what some extension of the server's sends unasked.
        Ok(Come::Nothing)
    }

    fn management(&mut self, nonza: &Nonza, outbox: &mut Outbox) -> Result<Come, Error> {
        match (nonza.name(), &self.counting) {
            ("r", Counting::On) => self.acknowledge(),
            ("a", Counting::On) => {
                let Ok(ack) = nonza.parse::<Ack>() else {
                    return Err(Error::Protocol("an acknowledgement without a number"));
                };
                self.asked = false;
                return match outbox.acknowledge(ack.h) {
                    Ok(tickets) => Ok(Come::Acknowledged(tickets)),
                    Err(_) => Err(Error::Protocol("more was acknowledged than was sent")),
                };
            }
            ("enabled", Counting::Asked) => match nonza.parse() {
                Ok(enabled) => self.enabled(enabled),
                Err(_) => {
                    return Err(Error::Protocol(
                        "stream management was enabled in a way that cannot be read",
                    ));
                }
            },
            ("failed", Counting::Asked) => {
                self.counting = Counting::Off;
                self.asked = false;
                return Ok(Come::Uncounted(outbox.begin(super::Unacknowledged::Report)));
            }
            _ => {}
        }
        Ok(Come::Nothing)
    }

    /// Says how many stanzas were handled.
    pub(super) fn acknowledge(&mut self) {
        if matches!(self.counting, Counting::On) {
            let element = stonechat_stanza::Payload::to_element(&Ack { h: self.handled });
            Framing::Tcp.write_element(&element, &mut self.first);
        }
    }

    /// Sends an element that is no stanza, before any further one.
    pub(super) fn send_element(&mut self, element: &Element) {
        Framing::Tcp.write_element(element, &mut self.first);
    }

    /// Whether what is no stanza should be written before there is more of it.
    pub(super) fn is_full(&self) -> bool {
        self.first.len() >= CHUNK
    }

    /// Moves what is to be sent to `out`. Gives the stanzas that are sent for good, as nobody counts them.
    pub(super) fn output(&mut self, outbox: &mut Outbox, out: &mut Vec<u8>) -> Vec<Ticket> {
        out.append(&mut self.first);
        let counts = self.counts();
        let mut sent = Vec::new();
        while out.len() < CHUNK
            && let Some(ticket) = outbox.send(counts, out)
        {
            sent.push(ticket);
        }
        // One question at a time: its answer is as good for all that was sent before it.
        if matches!(self.counting, Counting::On) && !self.asked && outbox.has_unacknowledged() {
            out.extend_from_slice(wire::REQUEST);
            self.asked = true;
        }
        sent
    }

    pub(super) fn has_output(&self, outbox: &Outbox) -> bool {
        let asks = matches!(self.counting, Counting::On) && !self.asked && outbox.has_unacknowledged();
        !self.first.is_empty() || outbox.has_unsent() || asks
    }

    /// What the passing of time leads to; false when the server is gone.
    pub(super) fn timeout(&mut self, config: &Config, now: Instant) -> bool {
        match self.alive.timeout(now) {
            Due::Nothing => true,
            Due::Ask => {
                self.ask(config);
                true
            }
            Due::Dead => false,
        }
    }

    pub(super) fn network_changed(&mut self, config: &Config, now: Instant) {
        self.alive.network_changed(now);
        self.ask(config);
    }

    /// Asks for something that a server cannot but answer.
    fn ask(&mut self, config: &Config) {
        if matches!(self.counting, Counting::On) {
            self.first.extend_from_slice(wire::REQUEST);
            self.asked = true;
            return;
        }
        self.pings = self.pings.wrapping_add(1);
        let id = format!("alive-{}", self.pings);
        // Whoever does not know XEP-0199 answers that with an error, which is an answer.
        let mut ping = Stanza::iq(iq::Type::Get).with_id(&id).with_to(config.account.to_domain());
        ping.push_empty(ns::PING, "ping", &[]);
        Framing::Tcp.write_stanza(&ping, &mut self.first);
        self.ping = Some(id);
    }
}
