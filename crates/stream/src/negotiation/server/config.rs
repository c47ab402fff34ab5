//! What the operator and the listener decide before a stream begins.

use crate::codec::Framing;
use crate::negotiation::Tls;

/// How a server negotiates the streams of one listener.
///
/// ```
/// use stonechat_stream::codec::Framing;
/// use stonechat_stream::negotiation::{Tls, server::Config};
///
/// let direct_tls = Config { tls: Tls::Established, ..Config::new(Framing::Tcp) };
/// assert_eq!(Config::new(Framing::Tcp).tls, Tls::Required);
/// # let _ = direct_tls;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// TCP or WebSocket.
    pub framing: Framing,
    /// What protects the connection, and what has to.
    pub tls: Tls,
    /// A domain of this server, for the header that goes before an error when the client named none or an
    /// unknown one (RFC 6120 §4.9.1.3). Without it that header is from the empty string.
    pub default_host: Option<String>,
    /// The languages of this server's texts, the default first (RFC 6120 §4.7.4).
    pub languages: Vec<String>,
    /// Authentications that may fail on one stream; the last of them ends it with `policy-violation`.
    /// RFC 6120 §6.4.5 asks for 2 to 5 retries. 0 counts as 1.
    pub max_failures: u8,
    /// Requests before a session that are answered by others: registrations and unknown elements before
    /// authentication, failed attempts to bind after it. One more ends the stream with `policy-violation`.
    pub max_requests: u8,
    /// Offer the empty session request of RFC 3921, which old clients insist on.
    pub legacy_session: bool,
}

impl Config {
    /// The defaults: TLS required, English, 4 failures, 32 requests, the legacy session offered.
    pub fn new(framing: Framing) -> Self {
        Self {
            framing,
            tls: Tls::Required,
            default_host: None,
            languages: vec!["en".to_owned()],
            max_failures: 4,
            max_requests: 32,
            legacy_session: true,
        }
    }
}
