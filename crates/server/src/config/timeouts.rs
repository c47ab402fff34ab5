//! How long for everything.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::seconds;

/// Timeouts, in seconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timeouts {
    /// From the connection to the bound resource, whatever the client sends. Default: 60.
    #[serde(with = "seconds")]
    pub login: Duration,
    /// How long a client may take no bytes while there are some for it, or not answer what it has got where it said it would
    /// (XEP-0198); then its connection ends. Default: 60.
    #[serde(with = "seconds")]
    pub write: Duration,
    /// How long a client may send nothing, not even white space; then its session ends. 0 means for ever.
    /// Told to clients (XEP-0478). Default: 3600.
    #[serde(with = "seconds")]
    pub idle: Duration,
    /// After how long without a byte from the client the server sends white space, so that a connection that is dead is
    /// found out. 0 means never. Default: 0, as `tcp_keepalive` does the same without waking the client.
    #[serde(with = "seconds")]
    pub whitespace_ping: Duration,
    /// After how long of silence the system probes whether the other end is still there. 0 means never. Default: 120.
    #[serde(with = "seconds")]
    pub tcp_keepalive: Duration,
    /// How long a sender waits for room in full mailboxes, for all recipients of a stanza together; then it counts as
    /// undelivered. Default: 5. A change takes effect at the next start.
    #[serde(with = "seconds")]
    pub mailbox: Duration,
    /// How long connections may take to end when the server stops; then they are cut. Default: 10.
    #[serde(with = "seconds")]
    pub shutdown: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            login: Duration::from_secs(60),
            write: Duration::from_secs(60),
            idle: Duration::from_secs(3600),
            whitespace_ping: Duration::ZERO,
            tcp_keepalive: Duration::from_secs(120),
            mailbox: Duration::from_secs(5),
            shutdown: Duration::from_secs(10),
        }
    }
}
