//! The server's side of a component's stream.

use std::fmt;

use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::{Defect, Nonza, Stanza, ns};

use super::HANDSHAKE;
use crate::codec::{Frame, Framing};
use crate::component::Secret;
use crate::negotiation::queue::{Queue, Sends};
use crate::negotiation::server::Close;
use crate::negotiation::stream_id;
use crate::{StreamError, StreamHeader};

/// What the driver has to do next.
#[derive(Clone)]
#[non_exhaustive]
pub enum Action {
    /// Write these bytes.
    Send(Vec<u8>),
    /// Is there a component of this domain? Then [`component`](Accepting::component).
    Wanted(BareJid),
    /// The other end has proved to be the component. What it sends comes from here on, and it may be sent stanzas once what is to be sent is
    /// written. No answer.
    Established,
    /// A stanza from an address of the component's domain, with `to`. No answer.
    Stanza(Stanza),
    /// A stanza from an address of the component's domain whose `to` is missing or no address; its sender may be told. No answer.
    Misaddressed(Stanza),
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
            Self::Wanted(domain) => write!(f, "Wanted({domain})"),
            Self::Established => f.write_str("Established"),
            Self::Stanza(_) => f.write_str("Stanza(..)"),
            Self::Misaddressed(_) => f.write_str("Misaddressed(..)"),
            Self::Close(close) => f.debug_tuple("Close").field(close).finish(),
        }
    }
}

#[derive(Debug)]
enum State {
    /// A stream header has to come.
    Header,
    /// The driver looks up the component.
    Wanted(BareJid),
    /// A handshake has to come.
    Handshake { domain: BareJid, secret: Secret, id: String },
    /// Stanzas flow.
    Established(BareJid),
    /// The stream is over.
    Closed,
}

/// The machine of a server that a component connects to.
///
/// The driver feeds frames with [`frame`](Self::frame) while the machine [takes](Self::takes_frames) them, and after each input does all that
/// [`next_action`](Self::next_action) has, in order.
///
/// No stanza gets through before the handshake, nor one whose `from` is of another domain: the stream is closed. One without `from` is from the
/// component's domain.
#[derive(Debug)]
pub struct Accepting {
    queue: Queue<Action>,
    state: State,
    /// Whom the other end wants to be.
    to: Option<String>,
    opened: bool,
}

impl Default for Accepting {
    fn default() -> Self {
        Self::new()
    }
}

impl Accepting {
    /// A machine that awaits the header of a new connection.
    #[must_use]
    pub fn new() -> Self {
        Self { queue: Queue::new(Framing::Tcp), state: State::Header, to: None, opened: false }
    }

    /// The next thing to do. To be called until there is none, after each input.
    pub fn next_action(&mut self) -> Option<Action> {
        self.queue.next()
    }

    /// Whether a frame may be given. Frames are to be held back otherwise, until the driver has answered.
    #[must_use]
    pub fn takes_frames(&self) -> bool {
        matches!(self.state, State::Header | State::Handshake { .. } | State::Established(_))
    }

    /// Takes what the codec read.
    pub fn frame(&mut self, frame: Frame) {
        match (&self.state, frame) {
            (State::Closed, _) => {}
            (State::Wanted(_), _) => self.error(StreamError::internal_server_error()),
            (State::Header, Frame::Open(header)) => self.take_header(header),
            (_, Frame::Close) => self.finish(),
            (State::Header, _) | (_, Frame::Open(_)) => self.error(StreamError::bad_format()),
            (_, Frame::Nonza(nonza)) => self.nonza(&nonza),
            (State::Handshake { .. }, Frame::Stanza(_)) => self.error(StreamError::not_authorized()),
            (State::Established(domain), Frame::Stanza(stanza)) => match stamp(domain, stanza) {
                Some(stanza) if stanza.to().is_some() && stanza.defect() != Some(Defect::MalformedTo) => {
                    self.queue.push(Action::Stanza(stanza));
                }
                Some(stanza) => self.queue.push(Action::Misaddressed(stanza)),
                None => self.error(StreamError::invalid_from()),
            },
        }
    }

    /// The driver's answer to [`Action::Wanted`]: the secret of that component, or `None` if there is none of that domain.
    pub fn component(&mut self, secret: Option<Secret>) {
        let State::Wanted(domain) = &self.state else {
            return self.error(StreamError::internal_server_error());
        };
        let domain = domain.clone();
        let Some(secret) = secret else { return self.error(StreamError::host_unknown()) };
        let Some(id) = self.open() else { return };
        self.state = State::Handshake { domain, secret, id };
    }

    /// Ends the stream with an error: what the codec refused, a timeout, a shutdown, or that there are too many connections.
    pub fn error(&mut self, error: StreamError) {
        if matches!(self.state, State::Closed) {
            return;
        }
        // XEP-0114 §3: an error about the header, too, comes behind a header of ours.
        if self.opened || self.open().is_some() {
            self.queue.element(&error.to_element());
            self.queue.close();
            self.close(Close::Error(error));
        }
    }

    /// Closes the stream, as this side has nothing more to hear.
    pub fn finish(&mut self) {
        if matches!(self.state, State::Closed) {
            return;
        }
        if self.opened {
            self.queue.close();
        }
        self.close(Close::Finished);
    }

    fn close(&mut self, close: Close) {
        self.state = State::Closed;
        self.queue.push(Action::Close(close));
    }

    fn take_header(&mut self, header: StreamHeader) {
        self.to.clone_from(&header.to);
        if header.content_ns != ns::COMPONENT_ACCEPT {
            return self.error(StreamError::invalid_namespace());
        }
        let domain = header.to.as_deref().and_then(|to| BareJid::parse_received(to).ok());
        let Some(domain) = domain.filter(|domain| domain.local().is_none()) else {
            return self.error(StreamError::improper_addressing());
        };
        self.state = State::Wanted(domain.clone());
        self.queue.push(Action::Wanted(domain));
    }

    /// Sends our header, and returns the stream's id. `None` if there cannot be one and the stream is over.
    fn open(&mut self) -> Option<String> {
        let Some(id) = stream_id() else {
            self.close(Close::Error(StreamError::internal_server_error()));
            return None;
        };
        self.opened = true;
        let header = StreamHeader {
            from: self.to.take(),
            id: Some(id.clone()),
            content_ns: ns::COMPONENT_ACCEPT.into(),
            ..StreamHeader::default()
        };
        self.queue.open(&header);
        Some(id)
    }

    fn nonza(&mut self, nonza: &Nonza) {
        let Ok(element) = nonza.element() else { return self.error(StreamError::invalid_xml()) };
        if let Some(error) = StreamError::from_element(&element) {
            self.queue.close();
            return self.close(Close::PeerError(error));
        }
        let is_handshake = element.is(HANDSHAKE, ns::COMPONENT_ACCEPT);
        match &self.state {
            State::Handshake { domain, secret, id } if is_handshake => {
                if !secret.is_handshake(id, &element.text()) {
                    return self.error(StreamError::not_authorized());
                }
                self.state = State::Established(domain.clone());
                self.queue.written(b"<handshake/>");
                self.queue.push(Action::Established);
            }
            State::Handshake { .. } => self.error(StreamError::not_authorized()),
            _ => self.error(StreamError::unsupported_stanza_type()),
        }
    }
}

/// A stanza of a component with its `from`, if that is of the component's domain. One that has none is from the domain itself: XEP-0114 §3 wants
/// one, components in use leave it out, and nobody else can be meant.
fn stamp(domain: &BareJid, mut stanza: Stanza) -> Option<Stanza> {
    match stanza.from() {
        Some(from) => (from.domain() == domain.as_str()).then_some(stanza),
        None if stanza.defect() == Some(Defect::MalformedFrom) => None,
        None => {
            stanza.set_from(Jid::from(domain.clone()));
            Some(stanza)
        }
    }
}
