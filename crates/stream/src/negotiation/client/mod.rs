//! The initiating entity of a client's stream.

use stonechat_stanza::jid::FullJid;
use stonechat_stanza::{Element, Nonza, Stanza};

use super::Tls;
use super::queue::Queue;
use crate::codec::{Content, Frame, Framing};
use crate::{Features, StreamError, StreamHeader};

mod action;
mod authentication;
mod binding;
mod config;
mod error;
mod opening;

pub use action::Action;
pub use config::Config;
pub use error::{Error, Fault};

/// The client's side of the negotiation of one stream.
///
/// The driver feeds frames with [`frame`](Negotiation::frame), and after each input does all that
/// [`next_action`](Negotiation::next_action) has, in order. When an action has an answer, frames are held
/// back until it is given.
///
/// ```
/// use stonechat_stanza::jid::BareJid;
/// use stonechat_stream::codec::Frame;
/// use stonechat_stream::negotiation::Tls;
/// use stonechat_stream::negotiation::client::{Action, Config, Negotiation};
/// use stonechat_stream::{StreamHeader, Version};
///
/// let account = BareJid::parse("juliet@im.example.com")?;
/// let mut stream = Negotiation::new(Config { tls: Tls::Established, ..Config::new(&account) });
/// let Some(Action::Send(bytes)) = stream.next_action() else { panic!() };
/// assert!(String::from_utf8(bytes)?.contains("to='im.example.com'"));
///
/// // What the server answers, as the codec reads it.
/// stream.frame(Frame::Open(StreamHeader { version: Some(Version::V1_0), ..StreamHeader::default() }), 0);
/// assert!(stream.next_action().is_none(), "features have to come");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Negotiation {
    config: Config,
    queue: Queue<Action>,
    state: State,
    secure: bool,
    authenticated: bool,
    /// The server's header of the present stream.
    header: Option<StreamHeader>,
    /// The mechanisms of the present features.
    offered: Vec<String>,
    /// How many times a resource was asked for: the request's identifier.
    binds: u32,
    /// Our end of the stream is sent.
    finished: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The server's header has to come.
    Header,
    /// Features have to come.
    Features,
    /// `<starttls/>` is sent.
    TlsAsked,
    /// TLS handshake.
    Tls,
    /// The driver chooses a mechanism.
    Choosing,
    /// The server computes the mechanism's next message.
    Authenticating,
    /// The driver computes the mechanism's next message.
    Challenged,
    /// `<abort/>` is sent.
    Aborting,
    /// The driver checks the server's proof.
    Proving,
    /// The driver decides how to begin the session.
    Ready,
    /// The server binds a resource.
    Binding,
    /// Negotiation is over.
    Established,
    /// The stream is over.
    Closed,
}

impl Negotiation {
    /// A machine that sends the header of a new connection.
    pub fn new(config: Config) -> Self {
        let mut negotiation = Self {
            queue: Queue::new(config.framing),
            state: State::Header,
            secure: config.tls == Tls::Established,
            authenticated: false,
            header: None,
            offered: Vec::new(),
            binds: 0,
            finished: false,
            config,
        };
        negotiation.open();
        negotiation
    }

    /// The next thing to do. To be called until there is none, at the beginning and after each input.
    pub fn next_action(&mut self) -> Option<Action> {
        self.queue.next()
    }

    /// The server's header of the present stream.
    pub fn header(&self) -> Option<&StreamHeader> {
        self.header.as_ref()
    }

    /// Whether TLS protects the connection.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Takes what the codec read. `pending` is the number of bytes that have arrived behind this frame and
    /// are not read yet: behind `<proceed/>` there must be none, as they would be taken for protected data.
    pub fn frame(&mut self, frame: Frame, pending: usize) {
        match (self.state, frame) {
            (State::Closed, _) => {}
            (State::Tls | State::Established, _) => self.out_of_turn(),
            (_, Frame::Close) => {
                self.say_close();
                self.close(Error::Closed);
            }
            (State::Header, Frame::Open(header)) => self.take_header(header),
            (State::Header, _) => self.broken(StreamError::bad_format()),
            (_, Frame::Stanza(stanza)) => self.stanza(stanza),
            (_, Frame::Nonza(nonza)) => self.nonza(nonza, pending),
            (_, Frame::Open(_)) => self.broken(StreamError::bad_format()),
        }
    }

    /// TLS is established, the server's certificate is that of [`Config::to`], and the decoder is fresh: all
    /// that was said before is forgotten (RFC 6120 §5.4.3.3).
    pub fn tls_established(&mut self) {
        if self.state != State::Tls {
            return self.out_of_turn();
        }
        self.secure = true;
        self.open();
    }

    /// Ends the stream, with an error for the server where there is one to blame it for: what the codec refused, a
    /// timeout, a wrong proof. Without one it is merely closed.
    pub fn give_up(&mut self, error: Option<StreamError>) {
        if self.state == State::Closed {
            return;
        }
        if self.state != State::Tls && !self.finished {
            if let Some(error) = &error {
                self.queue.element(&error.to_element());
            }
            self.queue.close();
        }
        self.close(Error::GivenUp(error.unwrap_or_else(StreamError::undefined_condition)));
    }

    /// Closes the stream, and goes on taking what the server sends until it closes it as well (RFC 6120 §4.4).
    pub fn finish(&mut self) {
        match self.state {
            State::Choosing | State::Ready => self.say_close(),
            _ => self.give_up(None),
        }
    }

    /// Sends a stanza before the session, while a mechanism or a resource is to be chosen: a registration.
    pub fn send_stanza(&mut self, stanza: &Stanza) {
        match self.state {
            State::Choosing | State::Ready if self.finished => {}
            State::Choosing | State::Ready => self.queue.stanza(stanza),
            _ => self.out_of_turn(),
        }
    }

    /// Sends an element of an extension, while a mechanism or a resource is to be chosen.
    pub fn send_element(&mut self, element: &Element) {
        match self.state {
            State::Choosing | State::Ready if self.finished => {}
            State::Choosing | State::Ready => self.queue.element(element),
            _ => self.out_of_turn(),
        }
    }

    fn nonza(&mut self, nonza: Nonza, pending: usize) {
        let Ok(element) = nonza.element() else {
            return self.broken(StreamError::invalid_xml());
        };
        if let Some(error) = StreamError::from_element(&element) {
            self.say_close();
            return self.close(Error::Refused(error));
        }
        match self.state {
            State::Features => match Features::from_element(&element) {
                Some(features) => self.features(features),
                None => self.broken(StreamError::unsupported_stanza_type()),
            },
            State::TlsAsked => self.tls_answer(&element, pending),
            State::Authenticating | State::Aborting => self.sasl_answer(&element),
            State::Choosing | State::Ready | State::Binding => self.queue.push(Action::Nonza(nonza)),
            _ => self.broken(StreamError::unsupported_stanza_type()),
        }
    }

    fn stanza(&mut self, stanza: Stanza) {
        match self.state {
            State::Binding if self.is_bind_answer(&stanza) => self.bind_answer(&stanza),
            State::Choosing | State::Ready | State::Binding => self.queue.push(Action::Stanza(stanza)),
            _ => self.broken(StreamError::not_authorized()),
        }
    }

    /// The server broke the protocol.
    fn broken(&mut self, error: StreamError) {
        if !self.finished {
            self.queue.element(&error.to_element());
        }
        self.say_close();
        self.close(Error::Protocol(error));
    }

    /// The driver did what was not its turn.
    fn out_of_turn(&mut self) {
        match self.state {
            State::Closed => return,
            State::Tls => {}
            _ => self.say_close(),
        }
        self.close(Error::OutOfTurn);
    }

    /// Ends our side, once.
    fn say_close(&mut self) {
        if !std::mem::replace(&mut self.finished, true) {
            self.queue.close();
        }
    }

    fn close(&mut self, error: Error) {
        self.state = State::Closed;
        self.queue.push(Action::Close(error));
    }
}
