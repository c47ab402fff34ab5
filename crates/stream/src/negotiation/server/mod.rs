//! The receiving entity of a client's stream.

use stonechat_stanza::jid::{BareJid, FullJid};
use stonechat_stanza::{Element, Nonza, Stanza};

use super::queue::Queue;
use super::{Tls, stream_id};
use crate::codec::{Frame, Framing};
use crate::{StreamError, StreamHeader, Version};

mod action;
mod authentication;
mod binding;
mod config;
mod host;
mod opening;
mod requests;

pub use action::{Action, Answer, Close, HostWanted};
pub use config::Config;
pub use host::Host;

/// The server's side of the negotiation of one stream.
///
/// The driver feeds frames with [`frame`](Negotiation::frame) while the machine
/// [awaits](Negotiation::awaits) them, and after each input does all that
/// [`next_action`](Negotiation::next_action) has, in order.
///
/// ```
/// use stonechat_stream::codec::{Frame, Framing};
/// use stonechat_stream::negotiation::Tls;
/// use stonechat_stream::negotiation::server::{Action, Awaits, Config, Host, Negotiation};
/// use stonechat_stream::{StreamHeader, Version};
///
/// let config = Config { tls: Tls::Established, ..Config::new(Framing::Tcp) };
/// let mut stream = Negotiation::new(config);
///
/// let header = StreamHeader {
///     to: Some("example.org".into()),
///     version: Some(Version::V1_0),
///     ..StreamHeader::default()
/// };
/// stream.frame(Frame::Open(header), 0);
/// let Some(Action::HostWanted(wanted)) = stream.next_action() else { panic!() };
/// assert_eq!(wanted.to, "example.org");
///
/// stream.host(Some(Host::new(["SCRAM-SHA-256"])));
/// let Some(Action::Send(bytes)) = stream.next_action() else { panic!() };
/// let text = String::from_utf8(bytes)?;
/// assert!(text.contains("<mechanism>SCRAM-SHA-256</mechanism>"));
/// assert_eq!(stream.awaits(), Awaits::Frame);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Negotiation {
    config: Config,
    queue: Queue<Action>,
    state: State,
    secure: bool,
    /// Our header of the present stream is sent.
    opened: bool,
    /// The client's header of the present stream.
    header: Option<StreamHeader>,
    /// The domain of the present header, once the driver knows it.
    host: Option<BareJid>,
    /// The bare JID in the client's header, if it has one.
    from: Option<BareJid>,
    account: Option<BareJid>,
    /// Whose mechanisms the present features list.
    offered: Host,
    failures: u8,
    requests: u8,
}

#[derive(Debug)]
enum State {
    /// A stream header has to come.
    Header,
    /// The driver looks up the host.
    Host,
    /// Features are sent; the client chooses.
    Open,
    /// TLS handshake.
    Tls,
    /// The driver computes the mechanism's next message.
    Authenticating { mechanism: String },
    /// The client computes the mechanism's next message.
    Challenged { mechanism: String },
    /// The driver answers an IQ.
    AskedIq,
    /// The driver answers an element.
    AskedNonza,
    /// An authentication by elements that the driver knows is under way; the next of them has to come.
    Exchange,
    /// The driver binds a resource, for this request.
    Binding { request: Stanza },
    /// Negotiation is over.
    Established(FullJid),
    /// The stream is over.
    Closed,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Awaits {
    /// A frame from the client.
    Frame,
    /// The driver's answer to an action.
    Driver,
    /// The end of the TLS handshake.
    Tls,
    /// Nothing: the session has begun, or the stream is over.
    Nothing,
}

impl Negotiation {
    /// A machine that awaits the header of a new connection.
    pub fn new(config: Config) -> Self {
        Self {
            queue: Queue::new(config.framing),
            state: State::Header,
            secure: config.tls == Tls::Established,
            opened: false,
            header: None,
            host: None,
            from: None,
            account: None,
            offered: Host::default(),
            failures: 0,
            requests: 0,
            config,
        }
    }

    /// The next thing to do. To be called until there is none, after each input.
    pub fn next_action(&mut self) -> Option<Action> {
        self.queue.next()
    }

    /// Whose turn it is. Frames are to be held back unless it is the client's.
    pub fn awaits(&self) -> Awaits {
        match self.state {
            State::Header | State::Open | State::Exchange | State::Challenged { .. } => Awaits::Frame,
            State::Host
            | State::Authenticating { .. }
            | State::AskedIq
            | State::AskedNonza
            | State::Binding { .. } => Awaits::Driver,
            State::Tls => Awaits::Tls,
            State::Established(_) | State::Closed => Awaits::Nothing,
        }
    }

    /// The client's header of the present stream; its language is the default of the client's stanzas.
    pub fn header(&self) -> Option<&StreamHeader> {
        self.header.as_ref()
    }

    /// The account that the client named in the present header, if it named one. To be trusted no more than any other word of who has
    /// not authenticated.
    pub fn claimed(&self) -> Option<&BareJid> {
        self.from.as_ref().filter(|from| from.local().is_some())
    }

    /// Who has authenticated.
    pub fn account(&self) -> Option<&BareJid> {
        self.account.as_ref()
    }

    /// The address of the session, once it has begun.
    pub fn jid(&self) -> Option<&FullJid> {
        match &self.state {
            State::Established(jid) => Some(jid),
            _ => None,
        }
    }

    /// Whether TLS protects the connection.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// Takes what the codec read. `pending` is the number of bytes other than white space that have arrived behind
    /// this frame and are not read yet: behind `<starttls/>` there must be none (RFC 6120 §5.3.3), as they would be
    /// taken for protected data. The driver discards the white space.
    pub fn frame(&mut self, frame: Frame, pending: usize) {
        match (self.awaits(), frame) {
            (Awaits::Frame, frame) if matches!(self.state, State::Header) => self.before_header(frame),
            (Awaits::Frame, frame) => self.in_stream(frame, pending),
            _ => self.out_of_turn(),
        }
    }

    /// Ends the stream with an error: what the codec refused, a timeout, a shutdown. A header of ours goes first if
    /// none was sent on this stream (RFC 6120 §4.9.1.2).
    pub fn error(&mut self, error: StreamError) {
        match self.state {
            State::Closed => return,
            // In the middle of a handshake there is no layer to write XML to.
            State::Tls => return self.close(Close::Error(error)),
            _ => {}
        }
        if !self.open() {
            return;
        }
        self.queue.element(&error.to_element());
        self.queue.close();
        self.close(Close::Error(error));
    }

    /// TLS is established and the decoder fresh: all that was said before is forgotten (RFC 6120 §5.4.3.3).
    pub fn tls_established(&mut self) {
        let State::Tls = self.state else { return self.out_of_turn() };
        self.secure = true;
        self.restart();
    }

    fn in_stream(&mut self, frame: Frame, pending: usize) {
        match frame {
            Frame::Stanza(stanza) => self.stanza(stanza),
            Frame::Nonza(nonza) => self.nonza(nonza, pending),
            // A second header without a restart, possible as an `<open/>` over WebSocket (RFC 7395 §3.4).
            Frame::Open(_) => self.error(StreamError::bad_format().with_text("the stream is open already")),
            Frame::Close => self.closed_by_peer(),
        }
    }

    /// The next thing on this connection is a header.
    fn restart(&mut self) {
        self.state = State::Header;
        self.opened = false;
        self.header = None;
        self.from = None;
        self.host = None;
        self.offered = Host::default();
    }

    /// The client closed its stream, so ours is closed too (RFC 6120 §4.4).
    fn closed_by_peer(&mut self) {
        if self.opened || self.config.framing == Framing::WebSocket {
            self.queue.close();
        }
        self.close(Close::Finished);
    }

    fn close(&mut self, close: Close) {
        self.state = State::Closed;
        self.queue.push(Action::Close(close));
    }

    /// The driver did what it was not asked for. To go on could mean to leave out a step.
    fn out_of_turn(&mut self) {
        self.error(StreamError::internal_server_error());
    }

    fn send_all(&mut self, elements: &[Element]) {
        for element in elements {
            self.queue.element(element);
        }
    }
}
