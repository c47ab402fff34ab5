//! What passes between the server's machine and its driver.

use std::fmt;

use stonechat_stanza::jid::{BareJid, FullJid};
use stonechat_stanza::{Element, Nonza, Stanza};

use crate::StreamError;
use crate::negotiation::queue::Sends;
use crate::sasl;

/// What the driver has to do next. Each says how it is answered, if it is.
#[derive(Clone)]
#[non_exhaustive]
pub enum Action {
    /// Write these bytes; on a WebSocket, as one text message.
    Send(Vec<u8>),
    /// All that was sent has to be written in the clear; then the server's side of a TLS handshake begins.
    /// Then: [`tls_established`](super::Negotiation::tls_established) with a decoder in its initial state.
    /// When the handshake fails the connection is closed without a further word (RFC 6120 §5.4.3.2).
    StartTls,
    /// Look up a host and what it offers. Then: [`host`](super::Negotiation::host).
    HostWanted(HostWanted),
    /// Begin with this mechanism, which the host offered. Then:
    /// [`challenge`](super::Negotiation::challenge), [`success`](super::Negotiation::success) or
    /// [`failure`](super::Negotiation::failure).
    Authenticate {
        /// One of those that the [host](super::Host) offers.
        mechanism: String,
        /// The initial response, where there is one.
        initial: Option<sasl::Data>,
    },
    /// Go on with the mechanism. Then: as after [`Authenticate`](Action::Authenticate).
    Respond(sasl::Data),
    /// Forget the mechanism that is under way: the client gave it up, began anew, or broke the protocol. No answer.
    Abort,
    /// Authentication is done and the client opens the stream anew: a decoder in its initial state reads what
    /// comes from here on, bytes that are buffered already included. No answer.
    Restart,
    /// An IQ of type `get` or `set` before authentication, such as a registration (XEP-0077). Then:
    /// [`answer_iq`](super::Negotiation::answer_iq).
    Iq(Stanza),
    /// An element that negotiation does not know. Then: [`answer_nonza`](super::Negotiation::answer_nonza).
    Nonza(Nonza),
    /// Bind a resource, the one wished for or one made by the server (RFC 6120 §7). Then:
    /// [`bound`](super::Negotiation::bound) or [`bind_failed`](super::Negotiation::bind_failed).
    Bind {
        /// The wish, as received.
        resource: Option<String>,
    },
    /// Negotiation is over; stanzas may flow. What comes from the codec is the session's. No answer.
    Established(FullJid),
    /// Nothing further happens on this stream: when all is sent, the connection is to be closed. No answer.
    Close(Close),
}

/// The question who serves a domain, asked for each header of a stream: at first, after TLS, after
/// authentication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostWanted {
    /// The domain that the client wants to reach.
    pub to: BareJid,
    /// Who the client says it is; trustworthy only once it is [`account`](HostWanted::account) too.
    pub from: Option<BareJid>,
    /// The language that the client asks for, as received.
    pub lang: Option<String>,
    /// Whether TLS protects the connection.
    pub secure: bool,
    /// Who has authenticated; the features wanted are then those of a session to be.
    pub account: Option<BareJid>,
}

/// What an extension says to an element that negotiation does not know.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// Nobody knows it: the stream ends with `unsupported-stanza-type` (RFC 6120 §4.9.3.24).
    Unsupported,
    /// These elements are sent, and nothing else changes.
    Reply(Vec<Element>),
    /// These elements are sent, and an authentication is under way: the client's next word has to be an element that is handed to the
    /// driver as well (XEP-0388 §2.4). Anything else ends the stream with `policy-violation`.
    Challenge(Vec<Element>),
    /// As [`Reply`](Answer::Reply), and it was an authentication that failed: it counts as such.
    Failed(Vec<Element>),
    /// These elements are sent and the client is authenticated, without a restart: features follow at once. It is how
    /// SASL2 ends (XEP-0388 §2.6.1).
    Authenticated {
        /// Who the client is, of the host of this stream.
        account: BareJid,
        /// What is sent before the features.
        reply: Vec<Element>,
    },
    /// These elements are sent and negotiation is over: the session was bound or resumed by an extension.
    /// The client must have authenticated, now or before. Where features belong behind what an extension answers, as after
    /// authentication without a restart, they are the last of the elements; [`Features`](crate::Features) makes them.
    Established {
        /// The address of the session, of the account that authenticated or authenticates now.
        jid: FullJid,
        /// What is sent before the session begins.
        reply: Vec<Element>,
    },
}

/// Why the stream is over.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Close {
    /// The client closed it, and the close was answered.
    Finished,
    /// This side ended it with this error, which was sent.
    Error(StreamError),
    /// The client reported this error.
    PeerError(StreamError),
    /// STARTTLS was asked for out of place, or with more data behind it (RFC 6120 §5.4.2.2).
    TlsRefused,
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
    /// Leaves out the bytes that are sent: there may be SASL data among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(bytes) => write!(f, "Send({} bytes)", bytes.len()),
            Self::StartTls => f.write_str("StartTls"),
            Self::HostWanted(wanted) => wanted.fmt(f),
            Self::Authenticate { mechanism, initial } => f
                .debug_struct("Authenticate")
                .field("mechanism", mechanism)
                .field("initial", initial)
                .finish(),
            Self::Respond(data) => f.debug_tuple("Respond").field(data).finish(),
            Self::Abort => f.write_str("Abort"),
            Self::Restart => f.write_str("Restart"),
            // A registration carries a password.
            Self::Iq(_) => f.write_str("Iq(..)"),
            Self::Nonza(_) => f.write_str("Nonza(..)"),
            Self::Bind { resource } => f.debug_struct("Bind").field("resource", resource).finish(),
            Self::Established(jid) => f.debug_tuple("Established").field(jid).finish(),
            Self::Close(close) => f.debug_tuple("Close").field(close).finish(),
        }
    }
}
