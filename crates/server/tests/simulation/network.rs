//! A network in memory: wires with delays of their own, which break, and servers that cannot reach each other for a while.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use stonechat_server::config::Kind;
use stonechat_server::federation::Connector;
use stonechat_server::{Duplex, RunningServer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadHalf, WriteHalf, split};
use tokio::sync::watch;
use tokio::time::sleep;

/// What is under way at once on a wire.
const WINDOW: usize = 16 << 10;

/// Two domains, whichever of them connects.
type Pair = (String, String);

fn pair(one: &str, other: &str) -> Pair {
    let (first, second) = if one < other { (one, other) } else { (other, one) };
    (first.to_owned(), second.to_owned())
}

/// What becomes of the bytes on a wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// They arrive.
    Open,
    /// They do not, and nobody is told.
    Silent,
    /// Both ends see it break.
    Cut,
}

#[derive(Debug)]
struct Wire {
    pair: Pair,
    state: watch::Sender<State>,
}

#[derive(Debug, Default)]
struct Inner {
    servers: HashMap<String, (Weak<RunningServer>, IpAddr)>,
    wires: Vec<Wire>,
    /// Who cannot reach each other; whether they are told so.
    parted: HashMap<Pair, State>,
    random: u64,
    moved: u64,
    connections: u64,
}

impl Inner {
    /// The next number below `below` (xorshift).
    fn random(&mut self, below: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % below
    }
}

/// The network.
#[derive(Debug, Clone)]
pub(crate) struct Network(Arc<Mutex<Inner>>);

impl Network {
    /// One whose chances come from `seed`.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Inner { random: seed | 1, ..Inner::default() })))
    }

    /// A number below `below`.
    pub(crate) fn random(&self, below: usize) -> usize {
        self.0.lock().random(below as u64) as usize
    }

    /// The way of a domain's server into the network.
    pub(crate) fn connector(&self, domain: &str) -> Arc<dyn Connector> {
        Arc::new(End { network: self.clone(), domain: domain.to_owned() })
    }

    /// A server can be reached by the name of its domain.
    pub(crate) fn add(&self, domain: &str, number: u8, server: &Arc<RunningServer>) {
        let address = IpAddr::V4(Ipv4Addr::new(10, number, 0, 1));
        self.0.lock().servers.insert(domain.to_owned(), (Arc::downgrade(server), address));
    }

    /// Two domains cannot reach each other from now on.
    pub(crate) fn part(&self, one: &str, other: &str, how: State) {
        let mut inner = self.0.lock();
        let pair = pair(one, other);
        for wire in inner.wires.iter().filter(|wire| wire.pair == pair) {
            wire.state.send_replace(how);
        }
        inner.parted.insert(pair, how);
    }

    /// They can again. What was silent is broken: its ends do not remember each other.
    pub(crate) fn heal(&self, one: &str, other: &str) {
        let mut inner = self.0.lock();
        let pair = pair(one, other);
        if inner.parted.remove(&pair).is_some() {
            inner.cut(|wire| wire.pair == pair);
        }
    }

    /// Those who cannot reach each other.
    pub(crate) fn parted(&self) -> HashSet<Pair> {
        self.0.lock().parted.keys().cloned().collect()
    }

    /// One wire breaks, if there is any.
    pub(crate) fn cut_one(&self) {
        let mut inner = self.0.lock();
        inner.wires.retain(|wire| !wire.state.is_closed());
        if inner.wires.is_empty() {
            return;
        }
        let count = inner.wires.len() as u64;
        let at = inner.random(count) as usize;
        let wire = inner.wires.swap_remove(at);
        wire.state.send_replace(State::Cut);
    }

    /// How many bytes have arrived, and how many connections there were.
    pub(crate) fn moved(&self) -> (u64, u64) {
        let inner = self.0.lock();
        (inner.moved, inner.connections)
    }
}

impl Inner {
    fn cut(&mut self, which: impl Fn(&Wire) -> bool) {
        self.wires.retain(|wire| {
            let cut = which(wire);
            if cut {
                wire.state.send_replace(State::Cut);
            }
            !cut
        });
    }
}

#[derive(Debug)]
struct End {
    network: Network,
    domain: String,
}

#[async_trait]
impl Connector for End {
    async fn connect(&self, host: &str, _: u16) -> io::Result<Box<dyn Duplex>> {
        let delay = self.network.random(100) as u64;
        sleep(Duration::from_millis(delay)).await;
        let pair = pair(&self.domain, host);
        let parted = self.network.0.lock().parted.get(&pair).copied();
        match parted {
            Some(State::Silent) => std::future::pending().await,
            Some(_) => Err(io::ErrorKind::ConnectionRefused.into()),
            None => self.network.wire(pair, &self.domain, host),
        }
    }
}

impl Network {
    fn wire(&self, pair: Pair, from: &str, to: &str) -> io::Result<Box<dyn Duplex>> {
        let (here, near) = tokio::io::duplex(WINDOW);
        let (far, there) = tokio::io::duplex(WINDOW);
        let (state, mut watching) = watch::channel(State::Open);
        let (server, address) = {
            let mut inner = self.0.lock();
            inner.connections += 1;
            inner.wires.retain(|wire| !wire.state.is_closed());
            inner.wires.push(Wire { pair, state });
            let server = inner.servers.get(to).and_then(|(server, _)| server.upgrade());
            let address = inner.servers.get(from).map(|(_, address)| *address);
            server.zip(address).ok_or(io::ErrorKind::NotFound)?
        };
        let latency = Duration::from_millis(1 + self.random(60) as u64);
        let way = || Way { network: self.clone(), latency, watching: watching.clone() };
        let (forth, back) = (way(), way());
        let ((near_in, near_out), (far_in, far_out)) = (split(near), split(far));
        tokio::spawn(async move {
            let both = async { tokio::join!(forth.carry(near_in, far_out), back.carry(far_in, near_out)) };
            tokio::select! {
                _ = both => {}
                _ = watching.wait_for(|state| *state == State::Cut) => {}
            }
        });
        if server.serve(there, Kind::S2s, address) {
            Ok(Box::new(here))
        } else {
            Err(io::ErrorKind::ConnectionRefused.into())
        }
    }
}

/// One direction of a wire.
struct Way {
    network: Network,
    latency: Duration,
    watching: watch::Receiver<State>,
}

impl Way {
    async fn carry(mut self, mut from: ReadHalf<DuplexStream>, mut to: WriteHalf<DuplexStream>) {
        let mut bytes = vec![0; 4 << 10];
        while let Ok(read @ 1..) = from.read(&mut bytes).await {
            sleep(self.latency).await;
            if self.watching.wait_for(|state| *state != State::Silent).await.is_err()
                || to.write_all(&bytes[..read]).await.is_err()
            {
                return;
            }
            self.network.0.lock().moved += read as u64;
        }
        drop(to.shutdown().await);
    }
}
