//! Streams that other servers have opened and on which they may send, for whoever wants to know.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use stonechat_stanza::Stanza;
use stonechat_stanza::jid::BareJid;
use stonechat_stream::dialback::Pair;
use tokio::time::Instant;

use super::Federation;

/// A stream of another server, for one of the pairs of domains that it may send for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The other server's domain.
    pub sender: BareJid,
    /// A domain of this server.
    pub target: BareJid,
    /// The network address that it is connected from.
    pub address: IpAddr,
    /// Why it is believed to be that domain.
    pub proof: Proof,
    /// The version of TLS, as `TLS 1.3`.
    pub tls: &'static str,
    /// How long it has been allowed to send.
    pub since: Duration,
    /// How many stanzas of the pair were taken on this stream.
    pub stanzas: u64,
    /// Whether it is told what was taken (XEP-0198).
    pub management: Managed,
}

/// Why another server is believed to be a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proof {
    /// It has shown a certificate of the domain (XEP-0178).
    Certificate,
    /// The domain's server was asked (XEP-0220).
    Dialback,
}

/// How a stream of another server is managed (XEP-0198).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Managed {
    /// Not at all: it has not asked for that.
    #[default]
    Off,
    /// What was taken is acknowledged.
    Acknowledged,
    /// That, and the stream can be resumed.
    Resumable,
}

/// A pair on a stream.
#[derive(Debug)]
struct Row {
    pair: Pair,
    address: IpAddr,
    proof: Proof,
    tls: &'static str,
    began: Instant,
    stanzas: AtomicU64,
    management: Mutex<Managed>,
}

/// All streams that are there. As many as connections may be there, times the pairs that a stream may be for.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    rows: Mutex<HashMap<u64, Arc<Row>>>,
    next: AtomicU64,
}

impl Federation {
    /// The streams of other servers, in the order of their domains.
    pub(crate) fn arrivals(&self) -> Vec<Arrival> {
        let now = Instant::now();
        let mut all: Vec<Arrival> = self.arrivals.rows.lock().values().map(|row| row.told(now)).collect();
        all.sort_unstable_by(|a, b| (&a.sender, &a.target, b.since).cmp(&(&b.sender, &b.target, a.since)));
        all
    }
}

impl Row {
    fn told(&self, now: Instant) -> Arrival {
        Arrival {
            sender: self.pair.sender.clone(),
            target: self.pair.target.clone(),
            address: self.address,
            proof: self.proof,
            tls: self.tls,
            since: now.saturating_duration_since(self.began),
            stanzas: self.stanzas.load(Ordering::Relaxed),
            management: *self.management.lock(),
        }
    }
}

/// The pairs of one stream among those of all, until this is dropped.
#[derive(Debug)]
pub(super) struct Listed {
    federation: Arc<Federation>,
    address: IpAddr,
    rows: Vec<(u64, Arc<Row>)>,
    management: Managed,
}

impl Listed {
    /// A stream from this address, which may not send yet.
    pub(super) fn new(federation: &Arc<Federation>, address: IpAddr) -> Self {
        let federation = Arc::clone(federation);
        Self { federation, address, rows: Vec::new(), management: Managed::default() }
    }

    /// It may send for this pair.
    pub(super) fn add(&mut self, pair: Pair, proof: Proof, tls: &'static str) {
        if let Some(at) = self.rows.iter().position(|(_, row)| row.pair == pair) {
            let (number, _) = self.rows.swap_remove(at);
            self.federation.arrivals.rows.lock().remove(&number);
        }
        let row = Arc::new(Row {
            pair,
            address: self.address,
            proof,
            tls,
            began: Instant::now(),
            stanzas: AtomicU64::new(0),
            management: Mutex::new(self.management),
        });
        let number = self.federation.arrivals.next.fetch_add(1, Ordering::Relaxed);
        self.federation.arrivals.rows.lock().insert(number, Arc::clone(&row));
        self.rows.push((number, row));
    }

    /// A stanza for this domain was taken.
    pub(super) fn count(&self, stanza: &Stanza, target: &str) {
        let Some(from) = stanza.from() else { return };
        if let Some((_, row)) = self.rows.iter().find(|(_, row)| row.pair.is(from.domain(), target)) {
            row.stanzas.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What was taken is acknowledged from here on.
    pub(super) fn manage(&mut self, management: Managed) {
        self.management = management;
        self.rows.iter().for_each(|(_, row)| *row.management.lock() = management);
    }
}

impl Drop for Listed {
    fn drop(&mut self) {
        let mut all = self.federation.arrivals.rows.lock();
        for (number, _) in &self.rows {
            all.remove(number);
        }
    }
}
