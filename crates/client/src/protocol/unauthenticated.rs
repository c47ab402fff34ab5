//! A stream on which nobody logs in: the server shows its features, and is asked something.

use std::collections::VecDeque;
use std::fmt;

use bytes::BytesMut;
use stonechat_jid::BareJid;
use stonechat_stanza::{Element, Kind, Stanza, iq};
use stonechat_stream::StreamError;
use stonechat_stream::codec::{Content, Decoder, Framing};
use stonechat_stream::negotiation::Tls;
use stonechat_stream::negotiation::client::{Action, Config, Negotiation};

use super::config::BEFORE_LOGIN;
use super::{Error, Security};

/// So much may come that nobody has asked for.
const STRANGE: u8 = 16;

/// What a driver has to do, or to tell others.
#[derive(Debug)]
#[non_exhaustive]
pub enum UnauthenticatedEvent {
    /// Write all output, then do a TLS handshake as the client. Then [`Unauthenticated::tls_established`].
    StartTls,
    /// The server has shown these features, and can be asked.
    Open(Vec<Element>),
    /// The server answers.
    Answer(Stanza),
    /// Write all output and close the connection. The stream is over.
    Closed(Error),
}

/// A stream on which nobody logs in, without IO and without a clock.
///
/// ```
/// use stonechat_client::protocol::{Security, Unauthenticated};
///
/// let server = "im.example.com".parse()?;
/// let mut stream = Unauthenticated::new(&server, true, Security::TlsRequired);
/// let mut out = bytes::BytesMut::new();
/// assert!(stream.poll_output(&mut out));
/// assert!(std::str::from_utf8(&out)?.contains("to='im.example.com'"));
/// assert!(stream.poll_event().is_none(), "the server's features have to come");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Unauthenticated {
    negotiation: Negotiation,
    decoder: Decoder,
    buffer: BytesMut,
    out: Vec<u8>,
    events: VecDeque<UnauthenticatedEvent>,
    /// The id of what was asked.
    asked: Option<String>,
    /// Bytes wait for the handshake.
    waits: bool,
    strange: u8,
    closed: bool,
}

// There may be a password among what is to be written.
impl fmt::Debug for Unauthenticated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unauthenticated")
            .field("asked", &self.asked)
            .field("closed", &self.closed)
            .finish_non_exhaustive()
    }
}

impl Unauthenticated {
    /// Opens a stream to a domain over a connection that has just been made; `tls` says whether TLS is there already (XEP-0368).
    #[must_use]
    pub fn new(domain: &BareJid, tls: bool, security: Security) -> Self {
        let tls = match (tls, security) {
            (true, _) => Tls::Established,
            (false, Security::TlsRequired) => Tls::Required,
            (false, Security::Plaintext) => Tls::Unavailable,
        };
        let mut stream = Self {
            negotiation: Negotiation::new(Config { tls, ..Config::new(&domain.to_domain()) }),
            decoder: Decoder::new(Framing::Tcp, Content::Client, BEFORE_LOGIN),
            buffer: BytesMut::new(),
            out: Vec::new(),
            events: VecDeque::new(),
            asked: None,
            waits: false,
            strange: 0,
            closed: false,
        };
        stream.act();
        stream
    }

    /// The next thing to do or to tell. To be asked after each input until there is none.
    pub fn poll_event(&mut self) -> Option<UnauthenticatedEvent> {
        self.events.pop_front()
    }

    /// Moves what is to be written to `out`; false when there is nothing.
    pub fn poll_output(&mut self, out: &mut BytesMut) -> bool {
        out.extend_from_slice(&self.out);
        let any = !self.out.is_empty();
        self.out.clear();
        any
    }

    /// Bytes have come.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        self.work();
    }

    /// The handshake is done, and the certificate is that of the domain.
    pub fn tls_established(&mut self) {
        self.waits = false;
        self.negotiation.tls_established();
        self.act();
        self.work();
    }

    /// Asks the server something. What was asked before has no answer any more. To be called when the stream is open; otherwise it is over.
    pub fn ask(&mut self, request: &Stanza) {
        self.asked = request.id().map(str::to_owned);
        self.negotiation.send_stanza(request);
        self.act();
    }

    /// Closes the stream in an orderly way.
    pub fn close(&mut self) {
        self.negotiation.give_up(None);
        self.act();
    }

    /// Whether the stream is over.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    fn work(&mut self) {
        while !self.waits && !self.closed {
            match self.decoder.decode(&mut self.buffer) {
                Ok(Some(frame)) => {
                    self.negotiation.frame(frame, self.buffer.len());
                    self.act();
                }
                Ok(None) => return,
                Err(error) => {
                    let told = StreamError::from(error);
                    self.end(error.into(), Some(told));
                }
            }
        }
    }

    fn act(&mut self) {
        while let Some(action) = self.negotiation.next_action() {
            match action {
                Action::Send(bytes) => self.out.extend_from_slice(&bytes),
                _ if self.closed => {}
                Action::StartTls => {
                    self.waits = true;
                    self.decoder.reset();
                    self.events.push_back(UnauthenticatedEvent::StartTls);
                }
                Action::Authenticate(features) => {
                    let features = features.iter().cloned().collect();
                    self.events.push_back(UnauthenticatedEvent::Open(features));
                }
                Action::Stanza(stanza) if self.answers(&stanza) => {
                    self.asked = None;
                    self.events.push_back(UnauthenticatedEvent::Answer(stanza));
                }
                Action::Stanza(_) | Action::Nonza(_) => self.strange(),
                Action::Close(error) => self.over(error.into()),
                // Nobody logs in here.
                _ => self.end(Error::Protocol("an answer to a login that there was not"), None),
            }
        }
    }

    /// Nobody but the server is on the stream, so that the id alone tells.
    fn answers(&self, stanza: &Stanza) -> bool {
        let is_answer = matches!(stanza.kind(), Kind::Iq(iq::Type::Result | iq::Type::Error));
        is_answer && self.asked.is_some() && stanza.id() == self.asked.as_deref()
    }

    fn strange(&mut self) {
        self.strange += 1;
        if self.strange > STRANGE {
            let error = Error::Protocol("it does not stop sending what nobody asked for");
            self.end(error, Some(StreamError::policy_violation()));
        }
    }

    fn end(&mut self, error: Error, told: Option<StreamError>) {
        self.over(error);
        self.negotiation.give_up(told);
        self.act();
    }

    fn over(&mut self, error: Error) {
        if !std::mem::replace(&mut self.closed, true) {
            self.events.push_back(UnauthenticatedEvent::Closed(error));
        }
    }
}
