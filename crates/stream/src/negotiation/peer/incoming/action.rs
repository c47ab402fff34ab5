//! What the driver is told, and what it answers.

use std::fmt;

use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Element, Stanza, sm};

use crate::dialback::Pair;
use crate::negotiation::Tls;
use crate::negotiation::queue::Sends;
use crate::negotiation::server::Close;

/// How streams of other servers are negotiated.
#[derive(Debug, Clone)]
pub struct Config {
    /// What protects the connection, and what has to.
    pub tls: Tls,
    /// So many pairs of domains one stream may be for, those that are being asked about included.
    pub max_pairs: usize,
    /// A domain of this server, for the header that goes before an error when the peer named none that is.
    pub default_host: Option<String>,
}

/// What a peer's header asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostWanted {
    /// The domain that is to be spoken with.
    pub to: BareJid,
    /// The domain that the peer says to be; not to be believed yet.
    pub from: Option<BareJid>,
    /// Whether TLS protects the connection.
    pub secure: bool,
}

/// What is offered to the domain that a peer says to be.
#[derive(Debug, Clone, Default)]
pub struct Offer {
    /// EXTERNAL: the peer's certificate is that of the domain, and good.
    pub external: bool,
    /// Dialback.
    pub dialback: bool,
    /// Stream management (XEP-0198), for when a pair is authorised.
    pub management: bool,
    /// Stanzas of this side on the same stream (XEP-0288), for when a pair is authorised. Offered before TLS as well, and asked for behind it.
    pub bidi: bool,
    /// Further features, once TLS protects the connection.
    pub features: Vec<Element>,
}

/// What the driver has to do next.
#[derive(Clone)]
#[non_exhaustive]
pub enum Action {
    /// Write these bytes.
    Send(Vec<u8>),
    /// When all is written, the server's side of a TLS handshake. Then [`tls_established`](super::Incoming::tls_established) with a decoder in
    /// its initial state.
    StartTls,
    /// Is the domain served here, and what is offered? Then [`host`](super::Incoming::host), or [`error`](super::Incoming::error) for who is
    /// not spoken with.
    HostWanted(HostWanted),
    /// A decoder in its initial state reads what comes from here on. No answer.
    Restart,
    /// The pair asks to be let through, with this key. Then, at any time: [`verified`](super::Incoming::verified).
    Verify {
        /// The pair.
        pair: Pair,
        /// The id of this stream.
        stream: String,
        /// The key that the sender's server is to be asked about.
        key: String,
    },
    /// Somebody asks whether a key is this server's. Then [`judged`](super::Incoming::judged).
    Judge {
        /// The pair for which it would be.
        pair: Pair,
        /// The id of the stream for which it would be.
        stream: String,
        /// The key.
        key: String,
    },
    /// From here on stanzas of the pair are taken. No answer.
    Authorized(Pair),
    /// From here on stanzas of this pair, and of no other, may be sent on the stream: it is the inverse of the first that was authorised. They
    /// are counted, for [`Acknowledged`](Self::Acknowledged), from where `<enabled/>` or `<resumed/>` is sent. No answer.
    Bidirectional(Pair),
    /// A stanza of a pair that is authorised. No answer.
    Stanza(Stanza),
    /// A stanza from a domain that is authorised, whose `to` is no address; `target` is a domain of a pair with that one. No answer.
    Misaddressed {
        /// The stanza.
        stanza: Stanza,
        /// Who may tell its sender.
        target: BareJid,
    },
    /// The peer wants its stanzas to be counted. Then [`enabled`](super::Incoming::enabled).
    Enable(sm::Enable),
    /// The peer wants to go on with an earlier stream, on which a pair that is [authorised](super::Incoming::authorized) has sent. Then
    /// [`resumed`](super::Incoming::resumed) or [`not_resumed`](super::Incoming::not_resumed).
    Resume(sm::Resume),
    /// The peer asks how many of its stanzas were handled. Then [`acknowledge`](super::Incoming::acknowledge), soon.
    AckWanted,
    /// The peer has handled so many stanzas, modulo 2^32, of those that were sent on its stream. No answer.
    Acknowledged(u32),
    /// The stream is over: when all is sent, the connection is to be closed. No answer.
    Close(Close),
}

impl Sends for Action {
    fn send(bytes: Vec<u8>) -> Self {
        Self::Send(bytes)
    }

    fn sent(&mut self) -> Option<&mut Vec<u8>> {
        match self {
            Self::Send(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(bytes) => write!(f, "Send({} bytes)", bytes.len()),
            Self::StartTls => f.write_str("StartTls"),
            Self::HostWanted(wanted) => f.debug_tuple("HostWanted").field(wanted).finish(),
            Self::Restart => f.write_str("Restart"),
            Self::Verify { pair, .. } => write!(f, "Verify({pair})"),
            Self::Judge { pair, .. } => write!(f, "Judge({pair})"),
            Self::Authorized(pair) => write!(f, "Authorized({pair})"),
            Self::Bidirectional(pair) => write!(f, "Bidirectional({pair})"),
            Self::Stanza(_) => f.write_str("Stanza(..)"),
            Self::Misaddressed { target, .. } => write!(f, "Misaddressed({target})"),
            Self::Enable(enable) => f.debug_tuple("Enable").field(enable).finish(),
            // What names the stream is nobody else's.
            Self::Resume(_) => f.write_str("Resume(..)"),
            Self::AckWanted => f.write_str("AckWanted"),
            Self::Acknowledged(handled) => f.debug_tuple("Acknowledged").field(handled).finish(),
            Self::Close(close) => f.debug_tuple("Close").field(close).finish(),
        }
    }
}
