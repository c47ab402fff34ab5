//! What other servers are spoken with, and what waits for them.

use std::time::Duration;

use stonechat_stanza::jid::BareJid;
use tokio::time::Instant;

use super::Federation;

/// The way from a domain of this server to another server's, which has been wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// A domain of this server.
    pub sender: BareJid,
    /// The other server's.
    pub target: BareJid,
    /// Whether there is a stream.
    pub state: State,
    /// How many stanzas wait.
    pub waiting: usize,
    /// The bytes that they take in memory.
    pub bytes: usize,
    /// How long the first of them has waited, since it came or came back.
    pub oldest: Option<Duration>,
    /// Why the domain was not reached, the last time that it was not.
    pub failure: Option<LastFailure>,
}

/// How a pair of domains stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// A stream is being set up, or waits for its turn.
    Connecting,
    /// Stanzas can be sent.
    Established {
        /// Who has opened the stream.
        by: Opener,
    },
    /// It was not reached. What is for it goes back to its senders; the first stanza after this time has it tried again.
    Failed {
        /// Zero where that time is over.
        next: Duration,
    },
    /// There is no stream, and nothing that keeps one from being set up.
    Idle,
}

/// The side that has opened a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opener {
    /// This server.
    Us,
    /// The other one, and it is answered on it (XEP-0288).
    Them,
}

/// Why a domain was not reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastFailure {
    /// The cause, in plain words.
    pub text: String,
    /// How long ago.
    pub ago: Duration,
}

impl Federation {
    /// All pairs of domains that are known, in order.
    pub(crate) fn status(&self) -> Vec<Status> {
        let now = Instant::now();
        let links = self.links.lock();
        let mut all: Vec<Status> = links.by_target.values().flatten().map(|link| link.status(now)).collect();
        drop(links);
        all.sort_unstable_by(|a, b| (&a.target, &a.sender).cmp(&(&b.target, &b.sender)));
        all
    }
}
