//! The component's side of its stream.

use std::fmt;

use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Nonza, Stanza, ns};

use super::HANDSHAKE;
use crate::codec::{Frame, Framing};
use crate::component::Secret;
use crate::negotiation::queue::{Queue, Sends};
use crate::{StreamError, StreamHeader};

/// Why there is no stream any more.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server ended it: `not-authorized` when the secret is not the right one, `host-unknown` when it has no such component,
    /// `conflict` when the component is connected already.
    #[error("the server ended the stream: {0}")]
    Server(StreamError),
    /// The server said something that it must not.
    #[error("the server broke the protocol: {0}")]
    Protocol(StreamError),
    /// The server closed the stream.
    #[error("the server closed the stream")]
    Ended,
    /// This side closed the stream.
    #[error("the stream was closed")]
    Closed,
}

/// What the driver has to do next.
#[derive(Clone)]
#[non_exhaustive]
pub enum Action {
    /// Write these bytes.
    Send(Vec<u8>),
    /// Stanzas may be sent. No answer.
    Established,
    /// A stanza. No answer.
    Stanza(Stanza),
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
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(bytes) => write!(f, "Send({} bytes)", bytes.len()),
            Self::Established => f.write_str("Established"),
            Self::Stanza(_) => f.write_str("Stanza(..)"),
            Self::Close(error) => f.debug_tuple("Close").field(error).finish(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The server's header has to come.
    Header,
    /// The server's word on the handshake has to come.
    Handshake,
    /// Stanzas flow.
    Established,
    /// The stream is over.
    Closed,
}

/// The machine of a component that has connected to its server.
///
/// The driver feeds frames with [`frame`](Self::frame), and after each input does all that [`next_action`](Self::next_action) has, in order.
#[derive(Debug)]
pub struct Connecting {
    queue: Queue<Action>,
    state: State,
    secret: Secret,
}

impl Connecting {
    /// A machine on a new connection: it begins with the stream header.
    #[must_use]
    pub fn new(domain: &BareJid, secret: Secret) -> Self {
        let mut queue = Queue::new(Framing::Tcp);
        let header = StreamHeader {
            to: Some(domain.to_string()),
            content_ns: ns::COMPONENT_ACCEPT.into(),
            ..StreamHeader::default()
        };
        queue.open(&header);
        Self { queue, state: State::Header, secret }
    }

    /// The next thing to do. To be called until there is none, at first and after each input.
    pub fn next_action(&mut self) -> Option<Action> {
        self.queue.next()
    }

    /// Whether stanzas may be sent.
    #[must_use]
    pub fn is_established(&self) -> bool {
        self.state == State::Established
    }

    /// Takes what the codec read.
    pub fn frame(&mut self, frame: Frame) {
        match (self.state, frame) {
            (State::Closed, _) => {}
            (State::Header, Frame::Open(header)) => self.take_header(&header),
            (_, Frame::Close) => {
                self.queue.close();
                self.close(Error::Ended);
            }
            (State::Header, _) | (_, Frame::Open(_)) => self.error(StreamError::bad_format()),
            (_, Frame::Nonza(nonza)) => self.nonza(&nonza),
            (State::Handshake, Frame::Stanza(_)) => self.error(StreamError::not_authorized()),
            (State::Established, Frame::Stanza(stanza)) => self.queue.push(Action::Stanza(stanza)),
        }
    }

    /// Ends the stream with an error, such as what the codec refused.
    pub fn error(&mut self, error: StreamError) {
        if self.state != State::Closed {
            self.queue.element(&error.to_element());
            self.queue.close();
            self.close(Error::Protocol(error));
        }
    }

    /// Closes the stream.
    pub fn finish(&mut self) {
        if self.state != State::Closed {
            self.queue.close();
            self.close(Error::Closed);
        }
    }

    fn close(&mut self, error: Error) {
        self.state = State::Closed;
        self.queue.push(Action::Close(error));
    }

    fn take_header(&mut self, header: &StreamHeader) {
        if header.content_ns != ns::COMPONENT_ACCEPT {
            return self.error(StreamError::invalid_namespace());
        }
        // Behind a header without one there is an error of the server's, or it is no server.
        if let Some(id) = &header.id {
            let handshake = format!("<{HANDSHAKE}>{}</{HANDSHAKE}>", self.secret.handshake(id));
            self.queue.written(handshake.as_bytes());
        }
        self.state = State::Handshake;
    }

    fn nonza(&mut self, nonza: &Nonza) {
        let Ok(element) = nonza.element() else { return self.error(StreamError::invalid_xml()) };
        if let Some(error) = StreamError::from_element(&element) {
            self.queue.close();
            return self.close(Error::Server(error));
        }
        if self.state == State::Handshake && element.is(HANDSHAKE, ns::COMPONENT_ACCEPT) {
            self.state = State::Established;
            self.queue.push(Action::Established);
        } else if self.state == State::Handshake && element.is("features", ns::STREAM) {
            // Of a server that speaks of a version 1.0 that this protocol does not have. There is nothing in there to choose.
        } else {
            self.error(StreamError::unsupported_stanza_type());
        }
    }
}
