//! The side that opens a stream to another server.

use std::fmt;

use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Nonza, Stanza, StanzaError, sm};

use crate::codec::{Content, Frame, Framing};
use crate::dialback::{self, Answer, Kind, Pair, Secret};
use crate::negotiation::{Tls, client};
use crate::{Features, StreamError, sasl};

mod management;
mod reverse;

pub use management::{Counting, Established, Management, too_high};

/// What a stream is opened for.
#[derive(Debug, Clone)]
pub enum Purpose {
    /// To send stanzas of the pair.
    Send {
        /// EXTERNAL may be used, as this side has shown a certificate.
        external: bool,
        /// Dialback may be used, with keys of this secret, where EXTERNAL is not offered or fails.
        dialback: Option<Secret>,
        /// What is asked of stream management, where it is offered.
        management: Management,
        /// Stanzas of the other server may come on the stream, too, where it offers that (XEP-0288).
        bidi: bool,
    },
    /// To ask the pair's target about a key that somebody has sent in its name (XEP-0220 §2.1.2), on a stream with this id.
    Verify {
        /// The id that this side has given that stream.
        stream: String,
        /// The key.
        key: String,
    },
}

/// How a stream to another server is negotiated.
#[derive(Debug, Clone)]
pub struct Config {
    /// From this side's domain to the other's.
    pub pair: Pair,
    /// What protects the connection, and what has to.
    pub tls: Tls,
    /// What it is for.
    pub purpose: Purpose,
}

/// What the driver has to do next.
#[derive(Clone)]
#[non_exhaustive]
pub enum Action {
    /// Write these bytes.
    Send(Vec<u8>),
    /// When all is written, the client's side of a TLS handshake for the pair's target. Then
    /// [`tls_established`](Outgoing::tls_established) with a decoder in its initial state, if the certificate satisfies the policy; if
    /// not, the connection is closed.
    StartTls,
    /// A decoder in its initial state reads what comes from here on. No answer.
    Restart,
    /// The pair is authorised: stanzas may be sent. No answer.
    Established(Established),
    /// The other server has handled so many stanzas, modulo 2^32 (XEP-0198 §4). No answer.
    Acknowledged(u32),
    /// A stanza of the other server, from the pair's target to its sender. Where stanzas are counted, those are that come behind
    /// [`Established`](Self::Established). No answer.
    Stanza(Stanza),
    /// The same, whose `to` is no address: its sender may be told. No answer.
    Misaddressed(Stanza),
    /// The other server asks how many of its stanzas were handled. Then [`acknowledge`](Outgoing::acknowledge), soon.
    AckWanted,
    /// The other server asks whether a key is this side's (XEP-0220 §2.1.2). Then [`judged`](Outgoing::judged).
    Judge {
        /// The pair for which it would be.
        pair: Pair,
        /// The id of the stream for which it would be.
        stream: String,
        /// The key.
        key: String,
    },
    /// The answer to [`Purpose::Verify`]; the stream is being closed. No answer.
    Answered(Answer),
    /// The stream is over: when all is sent, the connection is to be closed. No answer.
    Close(Error),
}

impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(bytes) => write!(f, "Send({} bytes)", bytes.len()),
            Self::StartTls => f.write_str("StartTls"),
            Self::Restart => f.write_str("Restart"),
            // What the stream is resumed by is nobody else's.
            Self::Established(_) => f.write_str("Established(..)"),
            Self::Acknowledged(handled) => f.debug_tuple("Acknowledged").field(handled).finish(),
            Self::Stanza(_) => f.write_str("Stanza(..)"),
            Self::Misaddressed(_) => f.write_str("Misaddressed(..)"),
            Self::AckWanted => f.write_str("AckWanted"),
            Self::Judge { pair, .. } => write!(f, "Judge({pair})"),
            Self::Answered(answer) => f.debug_tuple("Answered").field(answer).finish(),
            Self::Close(error) => f.debug_tuple("Close").field(error).finish(),
        }
    }
}

/// Why a stream to another server is over.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It did not come about, or was ended later.
    #[error("{0}")]
    Stream(#[from] client::Error),
    /// The other server does not believe the certificate of this one, and dialback is not allowed here.
    #[error("the server does not accept our certificate: {}", .0.condition.name())]
    ExternalRefused(sasl::Failure),
    /// The other server offers nothing that is allowed here.
    #[error("the server offers no way of authentication that is allowed here")]
    NoWay,
    /// Dialback: the other server was told that the key is none of this side's.
    #[error("dialback failed: the server says that the key is not valid")]
    DialbackInvalid,
    /// Dialback: the other server could not find out.
    #[error("dialback failed: {0}")]
    Dialback(Box<StanzaError>),
    /// The other server sent what only the side that has opened the stream may, or answered what it was not asked.
    #[error("the server sends what it was not asked for")]
    Unsolicited,
    /// The question is answered.
    #[error("done")]
    Done,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Features have to come.
    Opening,
    /// EXTERNAL is under way.
    External,
    /// A dialback question is to be answered.
    Asked,
    /// `<resume/>` is to be answered.
    Resuming,
    /// `<enable/>` is to be answered.
    Enabling,
    /// Stanzas may be sent.
    Established,
    /// Over.
    Closed,
}

/// The machine of the side that opens a stream to another server.
///
/// The driver feeds frames with [`frame`](Self::frame), and after each input does all that [`next_action`](Self::next_action) has, in
/// order.
///
/// ```
/// use stonechat_stanza::jid::BareJid;
/// use stonechat_stream::dialback::{Pair, Secret};
/// use stonechat_stream::negotiation::Tls;
/// use stonechat_stream::negotiation::peer::{Management, Outgoing, OutgoingAction, OutgoingConfig, Purpose};
///
/// let pair = Pair { sender: BareJid::parse("capulet.example")?, target: BareJid::parse("montague.example")? };
/// let purpose =
///     Purpose::Send { external: true, dialback: Some(Secret::new([7; 32])), management: Management::Enable, bidi: true };
/// let mut stream = Outgoing::new(OutgoingConfig { pair, tls: Tls::Required, purpose });
/// let Some(OutgoingAction::Send(bytes)) = stream.next_action() else { panic!() };
/// let header = String::from_utf8(bytes)?;
/// assert!(header.contains("xmlns='jabber:server'") && header.contains("from='capulet.example'"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Outgoing {
    stream: client::Negotiation,
    pair: Pair,
    purpose: Purpose,
    step: Step,
    /// Why the stream is given up.
    error: Option<Error>,
    /// EXTERNAL was refused so.
    refused: Option<sasl::Failure>,
    /// Stream management is among the last features.
    offers_management: bool,
    /// Stanzas are counted.
    counts: bool,
    /// How many stanzas of the stream that could not be resumed were handled.
    handled_before: Option<u32>,
    /// The pair may send.
    authorized: bool,
    /// The other server was asked to send, too.
    bidi: bool,
}

impl Outgoing {
    /// A machine that sends the header of a new connection.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let Config { pair, tls, purpose } = config;
        let stream = client::Negotiation::new(client::Config {
            framing: Framing::Tcp,
            content: Content::Server,
            tls,
            to: pair.target.clone(),
            from: Some(pair.sender.clone()),
            lang: None,
        });
        Self {
            stream,
            pair,
            purpose,
            step: Step::Opening,
            error: None,
            refused: None,
            offers_management: false,
            counts: false,
            handled_before: None,
            authorized: false,
            bidi: false,
        }
    }

    /// The next thing to do. To be called until there is none, at the beginning and after each input.
    pub fn next_action(&mut self) -> Option<Action> {
        loop {
            let done = match self.stream.next_action()? {
                client::Action::Send(bytes) => Some(Action::Send(bytes)),
                client::Action::StartTls => Some(Action::StartTls),
                client::Action::Restart => Some(Action::Restart),
                client::Action::Authenticate(features) => self.authenticate(&features),
                // EXTERNAL proves nothing to this side; the certificate has.
                client::Action::Success(_) => {
                    self.stream.accept();
                    None
                }
                client::Action::Failure(failure) => {
                    self.refused = Some(failure);
                    self.second_way()
                }
                client::Action::Challenge(_) => {
                    self.stream.abort();
                    None
                }
                client::Action::Authenticated(features) => {
                    self.note_features(&features);
                    self.authorized()
                }
                client::Action::Nonza(nonza) => self.nonza(&nonza),
                client::Action::Stanza(stanza) => self.stanza(stanza),
                client::Action::Close(error) => {
                    self.step = Step::Closed;
                    Some(Action::Close(self.error.take().unwrap_or(Error::Stream(error))))
                }
                client::Action::BindFailed(_) | client::Action::Established(_) => self.unsolicited(),
            };
            if done.is_some() {
                return done;
            }
        }
    }

    /// Whether stanzas may be sent.
    #[must_use]
    pub fn is_established(&self) -> bool {
        self.step == Step::Established
    }

    /// Takes what the codec read. `pending` is the number of bytes that have arrived behind this frame and are not read yet: behind
    /// `<proceed/>` there must be none.
    pub fn frame(&mut self, frame: Frame, pending: usize) {
        self.stream.frame(frame, pending);
    }

    /// TLS is established, the certificate satisfies the policy, and the decoder is fresh.
    pub fn tls_established(&mut self) {
        self.stream.tls_established();
    }

    /// Ends the stream, with an error for the other server where there is one to blame it for.
    pub fn give_up(&mut self, error: Option<StreamError>) {
        self.stream.give_up(error);
    }

    fn authenticate(&mut self, features: &Features) -> Option<Action> {
        self.note_features(features);
        let mechanisms = features.get::<sasl::Mechanisms>().ok().flatten().unwrap_or_default();
        let offered = mechanisms.names.iter().any(|name| name == EXTERNAL);
        self.ask_for_bidi(features);
        match &self.purpose {
            Purpose::Send { external: true, .. } if offered && self.stream.is_secure() => {
                self.step = Step::External;
                // XEP-0178 §3, step 10: for those who need to be told.
                self.stream.authenticate(EXTERNAL, Some(self.pair.sender.as_str().as_bytes()));
                None
            }
            Purpose::Send { .. } => self.second_way(),
            Purpose::Verify { stream, key } => {
                // The pair is that of this stream; whose key it is, is its target.
                let asked = Pair { sender: self.pair.target.clone(), target: self.pair.sender.clone() };
                let question = dialback::Nonza::verify(&asked, stream, key.clone());
                self.step = Step::Asked;
                self.stream.send_element(&question.to_element());
                None
            }
        }
    }

    /// Dialback, if it is allowed.
    fn second_way(&mut self) -> Option<Action> {
        let Purpose::Send { dialback: Some(secret), .. } = &self.purpose else {
            let refused = self.refused.take();
            return self.fail(refused.map_or(Error::NoWay, Error::ExternalRefused));
        };
        let id = self.stream.header().and_then(|header| header.id.clone());
        let Some(id) = id else { return self.fail(Error::NoWay) };
        let key = secret.key(&self.pair, &id);
        self.step = Step::Asked;
        self.stream.send_element(&dialback::Nonza::ask(&self.pair, key).to_element());
        None
    }

    fn nonza(&mut self, nonza: &Nonza) -> Option<Action> {
        let element = nonza.element().ok();
        if let Some(management) = element.as_ref().and_then(sm::Nonza::from_element) {
            return self.management(management);
        }
        let Some(Ok(dialback)) = element.as_ref().and_then(dialback::Nonza::from_element) else {
            return self.unsupported();
        };
        if let dialback::Content::Key(key) = &dialback.content
            && self.is_bidi()
        {
            return self.question(&dialback, key);
        }
        // XEP-0220 §3.1: an answer has to be one to what was asked on this stream.
        let answer = match dialback.content {
            dialback::Content::Answer(answer)
                if self.step == Step::Asked
                    && self.asked_for() == dialback.kind
                    && dialback.from == self.pair.target
                    && dialback.to == self.pair.sender =>
            {
                answer
            }
            _ => return self.unsolicited(),
        };
        match (&self.purpose, answer) {
            (Purpose::Verify { .. }, answer) => {
                // The answer comes before the end.
                self.error = Some(Error::Done);
                self.step = Step::Closed;
                self.stream.give_up(None);
                Some(Action::Answered(answer))
            }
            (Purpose::Send { .. }, Answer::Valid) => self.authorized(),
            (Purpose::Send { .. }, Answer::Invalid) => self.fail(Error::DialbackInvalid),
            (Purpose::Send { .. }, Answer::Error(error)) => self.fail(Error::Dialback(error)),
        }
    }

    fn asked_for(&self) -> Kind {
        match &self.purpose {
            Purpose::Send { .. } => Kind::Result,
            Purpose::Verify { stream, .. } => Kind::Verify { stream: stream.clone() },
        }
    }

    fn unsupported(&mut self) -> Option<Action> {
        self.error = Some(Error::Unsolicited);
        self.stream.give_up(Some(StreamError::unsupported_stanza_type()));
        None
    }

    fn unsolicited(&mut self) -> Option<Action> {
        self.error = Some(Error::Unsolicited);
        self.stream.give_up(Some(StreamError::not_authorized()));
        None
    }

    fn fail(&mut self, error: Error) -> Option<Action> {
        self.error = Some(error);
        self.stream.give_up(None);
        None
    }
}

const EXTERNAL: &str = "EXTERNAL";

impl Config {
    /// For stanzas from `sender` to `target`, with TLS required.
    #[must_use]
    pub fn send(sender: BareJid, target: BareJid, external: bool, dialback: Option<Secret>) -> Self {
        let purpose = Purpose::Send { external, dialback, management: Management::default(), bidi: false };
        Self { pair: Pair { sender, target }, tls: Tls::Required, purpose }
    }
}
