//! How much of everything.

use serde::{Deserialize, Serialize};

/// Limits of connections, streams and sessions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections at the same time, in all. Default: 10000.
    pub connections: usize,
    /// Connections at the same time from one IPv4 address or one IPv6 /64 network. Default: 100.
    pub connections_per_ip: usize,
    /// Bytes of one stanza. Default: 262144. At least 10000 (RFC 6120 §13.12).
    pub stanza_bytes: usize,
    /// Bytes of one element before the client has logged in. Default: 8192.
    pub stanza_bytes_before_login: usize,
    /// Bytes that wait for a client to read them. Default: 1048576.
    pub mailbox_bytes: usize,
    /// Sessions that one account may have at the same time. Default: 32. A change takes effect at the next start.
    pub sessions_per_account: usize,
    /// Bytes a second that a client may send for long; one that sends faster is read more slowly. 0 means any number.
    /// Default: 1048576.
    pub bytes_per_second: u32,
    /// Bytes that a client may send at once before `bytes_per_second` counts. Default: 4194304.
    pub burst_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            connections_per_ip: 100,
            stanza_bytes: 256 << 10,
            stanza_bytes_before_login: 8 << 10,
            mailbox_bytes: 1 << 20,
            sessions_per_account: 32,
            bytes_per_second: 1 << 20,
            burst_bytes: 4 << 20,
        }
    }
}
