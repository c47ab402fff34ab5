//! A machine, a server, a network between them, and the time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use stonechat_stanza::{Stanza, message};

use super::*;

pub(super) struct World {
    pub(super) machine: Machine,
    pub(super) peer: Peer,
    pub(super) now: Instant,
    /// Bytes on their way.
    to_peer: Vec<u8>,
    to_machine: Vec<u8>,
    connected: bool,
    /// Whether the network carries.
    pub(super) reachable: bool,
    /// The ids of the messages that came.
    pub(super) received: Vec<String>,
    pub(super) fates: BTreeMap<Ticket, Vec<Fate>>,
    pub(super) online: Vec<bool>,
    pub(super) offline: Vec<Error>,
    pub(super) closed: Option<Option<Error>>,
}

impl World {
    pub(super) fn new(config: Config) -> Self {
        let mut machine = Machine::new(config);
        machine.start();
        let mut world = Self {
            machine,
            peer: Peer::new(),
            now: Instant::now(),
            to_peer: Vec::new(),
            to_machine: Vec::new(),
            connected: false,
            reachable: true,
            received: Vec::new(),
            fates: BTreeMap::new(),
            online: Vec::new(),
            offline: Vec::new(),
            closed: None,
        };
        world.act();
        world
    }

    /// Does what the machine wants done.
    fn act(&mut self) {
        loop {
            let mut out = BytesMut::new();
            while self.machine.poll_output(&mut out) {}
            if self.connected {
                self.to_peer.extend_from_slice(&out);
            }
            let Some(event) = self.machine.poll_event() else { return };
            match event {
                Event::Connect if self.reachable => {
                    self.peer.connect();
                    self.connected = true;
                    self.machine.connected(None, self.now);
                }
                Event::Connect => self.machine.connect_failed(Error::Network("no route".into()), self.now),
                Event::Derive(derivation) => self.machine.derived(derivation.run(), self.now),
                Event::Disconnect => self.drop_connection(),
                Event::Online { resumed, .. } => self.online.push(resumed),
                Event::Stanza(stanza) => self.received.push(stanza.id().unwrap_or_default().to_owned()),
                Event::Fate(ticket, fate) => self.fates.entry(ticket).or_default().push(fate),
                Event::Offline { error, .. } => self.offline.push(error),
                Event::Closed(error) => self.closed = Some(error),
                Event::Token(_) => {}
                Event::StartTls => panic!("there is no TLS here"),
            }
        }
    }

    fn drop_connection(&mut self) {
        self.connected = false;
        self.to_peer.clear();
        self.to_machine.clear();
        self.peer.disconnect();
    }

    /// Bytes that are on their way arrive, at most so many; false when there were none.
    pub(super) fn flow(&mut self, to_peer: usize, to_machine: usize) -> bool {
        self.to_machine.extend(self.peer.output());
        let there: Vec<u8> = self.to_peer.drain(..to_peer.min(self.to_peer.len())).collect();
        let back: Vec<u8> = self.to_machine.drain(..to_machine.min(self.to_machine.len())).collect();
        let any = !there.is_empty() || !back.is_empty();
        self.peer.feed(&there);
        if !back.is_empty() {
            self.machine.feed(&back, self.now);
        }
        self.act();
        self.to_machine.extend(self.peer.output());
        any
    }

    /// The connection breaks; what is on its way is gone.
    pub(super) fn cut(&mut self) {
        if self.connected {
            self.drop_connection();
            self.machine.lost(Error::Network("cut".into()), self.now);
            self.act();
        }
    }

    /// As [`World::cut`], and nobody tells the machine.
    pub(super) fn vanish(&mut self) {
        self.peer.disconnect();
        self.to_machine.clear();
    }

    pub(super) fn advance(&mut self, by: Duration) {
        self.now += by;
        self.machine.timeout(self.now);
        self.act();
    }

    /// Everything arrives, and time passes where nothing else helps, until there is a session and nothing to do.
    pub(super) fn settle(&mut self) {
        for _ in 0..10_000 {
            if self.flow(usize::MAX, usize::MAX) {
                continue;
            }
            match self.machine.deadline() {
                Some(deadline) if !self.peer.is_established() && self.closed.is_none() => {
                    self.advance(deadline.saturating_duration_since(self.now));
                }
                _ => return,
            }
        }
        panic!("it does not come to rest");
    }

    pub(super) fn send(&mut self, id: u64) -> Ticket {
        let ticket =
            self.machine.send(&Stanza::message(message::Type::Chat).with_id(&id.to_string())).unwrap();
        self.act();
        ticket
    }

    pub(super) fn close(&mut self) {
        self.machine.close(self.now);
        self.act();
    }

    pub(super) fn network_changed(&mut self) {
        self.machine.network_changed(self.now);
        self.act();
    }

    /// The last that is known of a stanza.
    pub(super) fn fate(&self, ticket: Ticket) -> Option<Fate> {
        self.fates.get(&ticket).and_then(|fates| fates.last().copied())
    }
}
