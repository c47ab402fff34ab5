//! What a machine tells its driver.

use std::time::Duration;

use stonechat_jid::FullJid;
use stonechat_sasl::client::Derivation;
use stonechat_stanza::{Element, Stanza};

use super::{Error, FastToken, Ticket};

/// What became of a stanza that was queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is among the bytes that were given out.
    Sent,
    /// The server has handled it.
    Acknowledged,
    /// It was sent, its session is gone, and nobody knows whether it was handled.
    Unknown,
    /// It was not sent and will not be.
    Unsent,
}

/// What a driver has to do, or to tell others.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// Connect to the server of the account's domain. Then [`Machine::connected`](super::Machine::connected) or
    /// [`connect_failed`](super::Machine::connect_failed).
    Connect,
    /// Write all output, then do a TLS handshake as the client. Then [`tls_established`](super::Machine::tls_established) or
    /// [`lost`](super::Machine::lost).
    StartTls,
    /// Run this on a thread that may be busy. Then [`derived`](super::Machine::derived).
    Derive(Derivation),
    /// Write all output and close the connection; it is not to be told of any more.
    Disconnect,
    /// There is a session.
    Online {
        /// Its address.
        jid: FullJid,
        /// Whether it is the one of before.
        resumed: bool,
        /// The stream features that were shown for it.
        features: Vec<Element>,
    },
    /// A stanza has come.
    Stanza(Stanza),
    /// Something has become of a stanza.
    Fate(Ticket, Fate),
    /// The connection is gone or did not come about.
    Offline {
        /// Why.
        error: Error,
        /// Whether the session may be resumed.
        resumable: bool,
        /// After which time it is tried again; `None` when it is not.
        retry: Option<Duration>,
    },
    /// A token for later logins, to be kept in the place of an earlier one; `None` when that is worth nothing any more.
    Token(Option<FastToken>),
    /// All is over. `None` when it was wished for.
    Closed(Option<Error>),
}
