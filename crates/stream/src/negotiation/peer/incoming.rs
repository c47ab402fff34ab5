//! The side that takes the stanzas of another server.

use std::fmt;

use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Defect, Element, Nonza, Stanza, StanzaError, ns};

use crate::codec::{Frame, Framing};
use crate::dialback::{self, Answer, Kind, Pair};
use crate::header::answer_language;
use crate::negotiation::queue::{Queue, Sends};
use crate::negotiation::server::Close;
use crate::negotiation::{Tls, stream_id};
use crate::{Features, StreamError, StreamHeader, Version, sasl, tls};

const EXTERNAL: &str = "EXTERNAL";
/// So many times EXTERNAL may fail.
const MAX_FAILURES: u8 = 3;

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
    /// Further features, once TLS protects the connection.
    pub features: Vec<Element>,
}

/// What the driver has to do next.
#[derive(Clone)]
#[non_exhaustive]
pub enum Action {
    /// Write these bytes.
    Send(Vec<u8>),
    /// When all is written, the server's side of a TLS handshake. Then [`tls_established`](Incoming::tls_established) with a decoder in
    /// its initial state.
    StartTls,
    /// Is the domain served here, and what is offered? Then [`host`](Incoming::host), or [`error`](Incoming::error) for who is
    /// not spoken with.
    HostWanted(HostWanted),
    /// A decoder in its initial state reads what comes from here on. No answer.
    Restart,
    /// The pair asks to be let through, with this key. Then, at any time: [`verified`](Incoming::verified).
    Verify {
        /// The pair.
        pair: Pair,
        /// The id of this stream.
        stream: String,
        /// The key that the sender's server is to be asked about.
        key: String,
    },
    /// Somebody asks whether a key is this server's. Then [`judged`](Incoming::judged).
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
    /// A stanza of a pair that is authorised. No answer.
    Stanza(Stanza),
    /// A stanza from a domain that is authorised, whose `to` is no address; `target` is a domain of a pair with that one. No answer.
    Misaddressed {
        /// The stanza.
        stanza: Stanza,
        /// Who may tell its sender.
        target: BareJid,
    },
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
            Self::Stanza(_) => f.write_str("Stanza(..)"),
            Self::Misaddressed { target, .. } => write!(f, "Misaddressed({target})"),
            Self::Close(close) => f.debug_tuple("Close").field(close).finish(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// A stream header has to come.
    Header,
    /// The driver looks up the host.
    Host,
    /// Features are sent.
    Open,
    /// An empty challenge is sent, as `<auth/>` came without a response.
    Challenged,
    /// TLS handshake.
    Tls,
    /// The stream is over.
    Closed,
}

#[derive(Debug)]
struct Entry {
    pair: Pair,
    authorized: bool,
}

/// The machine of the side that takes the stanzas of another server.
///
/// The driver feeds frames with [`frame`](Self::frame) while the machine [takes](Self::takes_frames) them, and after each input does
/// all that [`next_action`](Self::next_action) has, in order.
///
/// No stanza gets through whose pair of domains is not authorised on this stream: the stream is closed. What authorises a pair is
/// EXTERNAL for the domains of the header, or the driver's [`verified`](Self::verified) for a pair that asked for it.
#[derive(Debug)]
pub struct Incoming {
    config: Config,
    queue: Queue<Action>,
    state: State,
    secure: bool,
    /// Our header of the present stream is sent.
    opened: bool,
    id: String,
    header: Option<StreamHeader>,
    to: Option<BareJid>,
    from: Option<BareJid>,
    offer: Offer,
    /// What EXTERNAL has authorised.
    external: Option<Pair>,
    pairs: Vec<Entry>,
    failures: u8,
    /// How often a pair has asked to be let through.
    asked: usize,
}

/// So many times as many questions as pairs are borne: each has another server be asked.
const QUESTIONS_PER_PAIR: usize = 4;

impl Incoming {
    /// A machine that awaits the header of a new connection.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            queue: Queue::new(Framing::Tcp),
            state: State::Header,
            secure: config.tls == Tls::Established,
            opened: false,
            id: String::new(),
            header: None,
            to: None,
            from: None,
            offer: Offer::default(),
            external: None,
            pairs: Vec::new(),
            failures: 0,
            asked: 0,
            config,
        }
    }

    /// The next thing to do. To be called until there is none, after each input.
    pub fn next_action(&mut self) -> Option<Action> {
        self.queue.next()
    }

    /// Whether a frame may be given. Frames are to be held back otherwise, until the driver has answered.
    #[must_use]
    pub fn takes_frames(&self) -> bool {
        matches!(self.state, State::Header | State::Open | State::Challenged)
    }

    /// Whether stanzas of any pair are taken.
    #[must_use]
    pub fn is_authorized(&self) -> bool {
        self.pairs.iter().any(|entry| entry.authorized)
    }

    /// Takes what the codec read. `pending` is the number of bytes other than white space that have arrived behind this frame and are not
    /// read yet: behind `<starttls/>` there must be none (RFC 6120 §5.3.3).
    pub fn frame(&mut self, frame: Frame, pending: usize) {
        match (self.state, frame) {
            (State::Closed, _) => {}
            (State::Header, Frame::Open(header)) => self.take_header(header),
            (State::Header, Frame::Close) | (State::Open | State::Challenged, Frame::Close) => {
                self.finished()
            }
            (State::Header, _) => self.error(StreamError::bad_format()),
            (State::Open, Frame::Stanza(stanza)) => self.stanza(stanza),
            (State::Open | State::Challenged, Frame::Nonza(nonza)) => self.nonza(&nonza, pending),
            (State::Open | State::Challenged, Frame::Open(_)) => self.error(StreamError::bad_format()),
            (State::Challenged, Frame::Stanza(_)) => self.error(StreamError::not_authorized()),
            (State::Host | State::Tls, _) => self.out_of_turn(),
        }
    }

    /// The driver's answer to [`Action::HostWanted`]; `None` if the domain is not served here.
    pub fn host(&mut self, offer: Option<Offer>) {
        if self.state != State::Host {
            return self.out_of_turn();
        }
        let Some(offer) = offer else { return self.error(StreamError::host_unknown()) };
        self.offer = if self.needs_tls() { Offer::default() } else { offer };
        if !self.open() {
            return;
        }
        let features = self.features();
        self.queue.element(&features.into_element());
        self.state = State::Open;
    }

    /// TLS is established and the decoder fresh: all that was said before is forgotten.
    pub fn tls_established(&mut self) {
        if self.state != State::Tls {
            return self.out_of_turn();
        }
        self.secure = true;
        self.restart();
    }

    /// The driver's answer to [`Action::Verify`]. Of a pair that did not ask, or was answered, it is ignored.
    pub fn verified(&mut self, pair: &Pair, answer: Answer) {
        if !self.speaks() {
            return;
        }
        let Some(at) = self.pairs.iter().position(|entry| entry.pair == *pair && !entry.authorized) else {
            return;
        };
        let question = dialback::Nonza::ask(pair, String::new());
        if answer == Answer::Valid {
            self.pairs[at].authorized = true;
            self.queue.element(&question.answer(Answer::Valid).to_element());
            return self.queue.push(Action::Authorized(pair.clone()));
        }
        self.pairs.swap_remove(at);
        // XEP-0220 §2.2.1: others may be on the stream by right.
        if answer == Answer::Invalid && self.is_authorized() {
            let error = Box::new(StanzaError::forbidden());
            return self.queue.element(&question.answer(Answer::Error(error)).to_element());
        }
        let is_invalid = answer == Answer::Invalid;
        self.queue.element(&question.answer(answer).to_element());
        if is_invalid {
            self.error(StreamError::not_authorized().with_text("dialback failed"));
        }
    }

    /// The driver's answer to [`Action::Judge`].
    pub fn judged(&mut self, pair: &Pair, stream: &str, answer: Answer) {
        if !self.speaks() {
            return;
        }
        let question = dialback::Nonza::verify(pair, stream, String::new());
        self.queue.element(&question.answer(answer).to_element());
    }

    /// Ends the stream with an error: what the codec refused, a timeout, a shutdown, or who is not spoken with.
    pub fn error(&mut self, error: StreamError) {
        match self.state {
            State::Closed => return,
            // In the middle of a handshake there is no layer to write XML to.
            State::Tls => return self.close(Close::Error(error)),
            _ => {}
        }
        if self.open() {
            self.queue.element(&error.to_element());
            self.queue.close();
            self.close(Close::Error(error));
        }
    }

    /// Closes the stream, as this side has nothing more to hear.
    pub fn finish(&mut self) {
        if self.state != State::Closed {
            self.finished();
        }
    }

    /// Whether an element can be written now.
    fn speaks(&self) -> bool {
        self.opened && !matches!(self.state, State::Closed | State::Tls)
    }

    fn finished(&mut self) {
        if self.opened {
            self.queue.close();
        }
        self.close(Close::Finished);
    }

    fn out_of_turn(&mut self) {
        self.error(StreamError::internal_server_error());
    }

    fn close(&mut self, close: Close) {
        self.state = State::Closed;
        self.pairs.clear();
        self.queue.push(Action::Close(close));
    }

    fn restart(&mut self) {
        self.state = State::Header;
        self.opened = false;
        self.header = None;
        self.offer = Offer::default();
        // Nobody is answered on a stream that is no more.
        self.pairs.retain(|entry| entry.authorized);
    }

    fn take_header(&mut self, header: StreamHeader) {
        let domain = |value: &Option<String>| {
            let domain = BareJid::parse_received(value.as_deref()?).ok()?;
            domain.local().is_none().then_some(domain)
        };
        let (to, from) = (domain(&header.to), domain(&header.from));
        let is_from_malformed = header.from.is_some() && from.is_none();
        let (is_server, version) = (header.content_ns == ns::SERVER, header.version);
        self.header = Some(header);
        self.from = from;
        if !is_server {
            return self.error(StreamError::invalid_namespace());
        }
        if version < Some(Version::V1_0) {
            return self.error(StreamError::unsupported_version());
        }
        let Some(to) = to.filter(|_| !is_from_malformed) else {
            return self.error(StreamError::improper_addressing());
        };
        // After EXTERNAL it is fixed who speaks, and with whom.
        if let Some(pair) = &self.external
            && (pair.target != to || self.from.as_ref() != Some(&pair.sender))
        {
            return self.error(StreamError::not_authorized().with_text("the stream is for other domains"));
        }
        self.to = Some(to.clone());
        self.state = State::Host;
        self.queue.push(Action::HostWanted(HostWanted { to, from: self.from.clone(), secure: self.secure }));
    }

    /// Sends our header, unless it was sent on this stream. `false` if there cannot be one and the stream is over.
    fn open(&mut self) -> bool {
        if self.opened {
            return true;
        }
        let Some(id) = stream_id() else {
            self.close(Close::Error(StreamError::internal_server_error()));
            return false;
        };
        self.opened = true;
        self.id.clone_from(&id);
        let lang = self.header.as_ref().and_then(|header| header.lang.as_deref());
        let known = self.to.as_ref().map(BareJid::as_str).filter(|_| self.state == State::Host);
        let header = StreamHeader {
            to: self.from.as_ref().map(ToString::to_string),
            from: known.or(self.config.default_host.as_deref()).map(str::to_owned),
            id: Some(id),
            version: Some(Version::V1_0),
            lang: Some(answer_language(lang, &[]).to_owned()),
            content_ns: ns::SERVER.into(),
        };
        self.queue.open(&header);
        true
    }

    fn needs_tls(&self) -> bool {
        !self.secure && self.config.tls == Tls::Required
    }

    fn offers_tls(&self) -> bool {
        !self.secure && matches!(self.config.tls, Tls::Required | Tls::Optional)
    }

    fn features(&mut self) -> Features {
        let mut features = Features::new();
        if self.offers_tls() {
            features.push(&tls::Feature { required: self.needs_tls() });
        }
        if self.needs_tls() {
            return features;
        }
        if self.offer.external && self.external.is_none() {
            features.push(&sasl::Mechanisms { names: vec![EXTERNAL.to_owned()], other: Vec::new() });
        }
        if self.offer.dialback {
            features.push(&dialback::Feature { errors: true });
        }
        for feature in std::mem::take(&mut self.offer.features) {
            features.push_element(feature);
        }
        features
    }

    fn nonza(&mut self, nonza: &Nonza, pending: usize) {
        let Ok(element) = nonza.element() else { return self.error(StreamError::invalid_xml()) };
        if let Some(error) = StreamError::from_element(&element) {
            self.queue.close();
            return self.close(Close::PeerError(error));
        }
        if let Some(nonza) = sasl::Nonza::from_element(&element) {
            return self.sasl(nonza);
        }
        if self.state == State::Challenged {
            return self.error(StreamError::not_authorized());
        }
        if element.has_ns(ns::TLS) {
            return match tls::Nonza::from_element(&element) {
                Some(tls::Nonza::StartTls) => self.starttls(pending),
                _ => self.error(StreamError::unsupported_stanza_type()),
            };
        }
        match dialback::Nonza::from_element(&element) {
            Some(Ok(dialback)) => self.dialback(dialback),
            Some(Err(_)) => self.error(StreamError::bad_format().with_text(dialback::Malformed.to_string())),
            None => self.error(StreamError::unsupported_stanza_type()),
        }
    }

    fn starttls(&mut self, pending: usize) {
        if !self.offers_tls() || pending > 0 || !self.pairs.is_empty() {
            self.queue.element(&tls::Nonza::Failure.to_element());
            self.queue.close();
            return self.close(Close::TlsRefused);
        }
        self.queue.element(&tls::Nonza::Proceed.to_element());
        self.queue.push(Action::StartTls);
        self.state = State::Tls;
    }

    fn sasl(&mut self, nonza: Result<sasl::Nonza, sasl::Failure>) {
        let challenged = self.state == State::Challenged;
        self.state = State::Open;
        match nonza {
            Ok(sasl::Nonza::Auth(auth)) if !challenged => self.auth(auth),
            Ok(sasl::Nonza::Response(data)) if challenged => self.external(&data),
            Ok(sasl::Nonza::Abort) => self.fail(sasl::Condition::Aborted.into()),
            Ok(_) => self.fail(sasl::Condition::MalformedRequest.into()),
            Err(failure) => self.fail(failure),
        }
    }

    fn auth(&mut self, auth: sasl::Auth) {
        if self.needs_tls() {
            return self.fail(sasl::Condition::EncryptionRequired.into());
        }
        if !self.offer.external || self.external.is_some() || auth.mechanism != EXTERNAL {
            return self.fail(sasl::Condition::InvalidMechanism.into());
        }
        match auth.initial {
            Some(data) => self.external(&data),
            None => {
                self.queue.element(&sasl::Nonza::Challenge(sasl::Data::default()).to_element());
                self.state = State::Challenged;
            }
        }
    }

    /// XEP-0178 §3, step 11: the domain of the header, for which the certificate is. Who names another wants to be somebody else.
    fn external(&mut self, authzid: &[u8]) {
        let (Some(from), Some(to)) = (self.from.clone(), self.to.clone()) else {
            return self.fail(sasl::Condition::NotAuthorized.into());
        };
        let named = std::str::from_utf8(authzid).ok().and_then(|name| BareJid::parse_received(name).ok());
        if !authzid.is_empty() && named.as_ref() != Some(&from) {
            return self.fail(sasl::Condition::InvalidAuthzid.into());
        }
        let pair = Pair { sender: from, target: to };
        self.pairs.retain(|entry| entry.pair != pair);
        if self.pairs.len() >= self.config.max_pairs {
            return self.error(StreamError::resource_constraint());
        }
        self.pairs.push(Entry { pair: pair.clone(), authorized: true });
        self.external = Some(pair.clone());
        self.queue.element(&sasl::Nonza::Success(None).to_element());
        self.queue.push(Action::Restart);
        self.queue.push(Action::Authorized(pair));
        self.restart();
    }

    fn fail(&mut self, failure: sasl::Failure) {
        self.queue.element(&sasl::Nonza::Failure(failure).to_element());
        self.failures += 1;
        if self.failures >= MAX_FAILURES {
            self.error(StreamError::policy_violation().with_text("too many failed authentications"));
        }
    }

    fn dialback(&mut self, dialback: dialback::Nonza) {
        let key = match &dialback.content {
            dialback::Content::Key(key) => key.clone(),
            // XEP-0220 §3.1: nothing is ever asked on this stream, so this is an answer to nothing.
            dialback::Content::Answer(_) => return self.error(StreamError::not_authorized()),
        };
        if self.needs_tls() {
            let error = StanzaError::policy_violation().with_text("TLS is required");
            return self.refuse(&dialback, error);
        }
        match dialback.kind.clone() {
            Kind::Verify { stream } => {
                let pair = Pair { sender: dialback.to, target: dialback.from };
                self.queue.push(Action::Judge { pair, stream, key });
            }
            Kind::Result => self.ask(&dialback, key),
        }
    }

    fn ask(&mut self, question: &dialback::Nonza, key: String) {
        if !self.offer.dialback {
            return self
                .refuse(question, StanzaError::not_authorized().with_text("a certificate is required"));
        }
        let pair = Pair { sender: question.from.clone(), target: question.to.clone() };
        match self.pairs.iter().find(|entry| entry.pair == pair) {
            Some(entry) if entry.authorized => {
                self.queue.element(&question.answer(Answer::Valid).to_element());
            }
            Some(_) => self.error(StreamError::policy_violation().with_text("the same was asked before")),
            None if self.pairs.len() >= self.config.max_pairs => {
                self.refuse(question, StanzaError::resource_constraint());
            }
            None if self.asked >= self.config.max_pairs.saturating_mul(QUESTIONS_PER_PAIR) => {
                self.error(StreamError::policy_violation().with_text("too many questions"));
            }
            None => {
                self.asked += 1;
                self.pairs.push(Entry { pair: pair.clone(), authorized: false });
                self.queue.push(Action::Verify { pair, stream: self.id.clone(), key });
            }
        }
    }

    fn refuse(&mut self, question: &dialback::Nonza, error: StanzaError) {
        self.queue.element(&question.answer(Answer::Error(Box::new(error))).to_element());
    }

    fn stanza(&mut self, stanza: Stanza) {
        let Some(from) = stanza.from() else {
            // RFC 6120 §8.1.2.2.
            return self.error(StreamError::improper_addressing());
        };
        let authorized = || self.pairs.iter().filter(|entry| entry.authorized);
        if let Some(to) = stanza.to() {
            if authorized().any(|entry| entry.pair.is(from.domain(), to.domain())) {
                return self.queue.push(Action::Stanza(stanza));
            }
            let is_sender = authorized().any(|entry| entry.pair.sender.as_str() == from.domain());
            return self.error(match is_sender {
                true => StreamError::host_unknown().with_text("the stream is not for that domain"),
                false => StreamError::invalid_from(),
            });
        }
        let target = authorized().find(|entry| entry.pair.sender.as_str() == from.domain());
        match target.map(|entry| entry.pair.target.clone()) {
            None => self.error(StreamError::invalid_from()),
            Some(target) if stanza.defect() == Some(Defect::MalformedTo) => {
                self.queue.push(Action::Misaddressed { stanza, target });
            }
            // RFC 6120 §8.1.1.2.
            Some(_) => self.error(StreamError::improper_addressing()),
        }
    }
}
