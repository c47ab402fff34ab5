//! What the client's machine asks of its driver.

use std::fmt;

use stonechat_stanza::jid::FullJid;
use stonechat_stanza::{Nonza, Stanza, StanzaError};

use super::Error;
use crate::negotiation::queue::Sends;
use crate::{Features, sasl};

/// What the driver has to do next. Each says how it is answered, if it is.
#[derive(Clone)]
#[non_exhaustive]
pub enum Action {
    /// Write these bytes; on a WebSocket, as one text message.
    Send(Vec<u8>),
    /// When all is written, the client's side of a TLS handshake for the domain
    /// [`Config::to`](super::Config::to). Then: [`tls_established`](super::Negotiation::tls_established) with a
    /// decoder in its initial state. When the handshake fails the connection is closed.
    StartTls,
    /// Choose from the mechanisms in these features. Then:
    /// [`authenticate`](super::Negotiation::authenticate) or [`give_up`](super::Negotiation::give_up); to
    /// register first, [`send_stanza`](super::Negotiation::send_stanza).
    Authenticate(Features),
    /// The server's next message to the mechanism. Then: [`respond`](super::Negotiation::respond) or
    /// [`abort`](super::Negotiation::abort).
    Challenge(sasl::Data),
    /// The server says that the client is authenticated, with the mechanism's last message if there is one: it may hold the
    /// server's proof, and has to be checked. Then: [`accept`](super::Negotiation::accept) or
    /// [`give_up`](super::Negotiation::give_up).
    Success(Option<sasl::Data>),
    /// Authentication failed. Then: as after [`Authenticate`](Action::Authenticate).
    Failure(sasl::Failure),
    /// Authenticated; a decoder in its initial state reads what comes from here on. No answer.
    Restart,
    /// Authenticated, and these are the features of the session to be. Then:
    /// [`bind`](super::Negotiation::bind).
    Authenticated(Features),
    /// The server did not bind the resource. Then: [`bind`](super::Negotiation::bind) with another one, or
    /// [`give_up`](super::Negotiation::give_up).
    BindFailed(StanzaError),
    /// A stanza before the session, such as the answer to a registration. No answer.
    Stanza(Stanza),
    /// An element that negotiation does not know. No answer.
    Nonza(Nonza),
    /// Negotiation is over; stanzas may flow, from this address. No answer.
    Established(FullJid),
    /// The stream is over: when all is sent, the connection is to be closed. No answer.
    Close(Error),
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
    /// Leaves out the bytes that are sent: there may be a password among them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(bytes) => write!(f, "Send({} bytes)", bytes.len()),
            Self::StartTls => f.write_str("StartTls"),
            Self::Authenticate(features) => f.debug_tuple("Authenticate").field(features).finish(),
            Self::Challenge(data) => f.debug_tuple("Challenge").field(data).finish(),
            Self::Success(data) => f.debug_tuple("Success").field(data).finish(),
            Self::Failure(failure) => f.debug_tuple("Failure").field(failure).finish(),
            Self::Restart => f.write_str("Restart"),
            Self::Authenticated(features) => f.debug_tuple("Authenticated").field(features).finish(),
            Self::BindFailed(error) => f.debug_tuple("BindFailed").field(error).finish(),
            Self::Stanza(_) => f.write_str("Stanza(..)"),
            Self::Nonza(_) => f.write_str("Nonza(..)"),
            Self::Established(jid) => f.debug_tuple("Established").field(jid).finish(),
            Self::Close(error) => f.debug_tuple("Close").field(error).finish(),
        }
    }
}
