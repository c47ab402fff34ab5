//! The side that takes the stanzas of another server.

use stonechat_stanza::jid::BareJid;
use stonechat_stanza::payload::Payload as _;
use stonechat_stanza::{Defect, Nonza, Stanza, ns, sm};

use crate::codec::{Frame, Framing};
use crate::dialback::{self, Answer, Kind, Pair};
use crate::header::answer_language;
use crate::negotiation::queue::Queue;
use crate::negotiation::server::Close;
use crate::negotiation::{Tls, stream_id};
use crate::{Features, StreamError, StreamHeader, Version, bidi, sasl, tls};

mod action;
mod authorization;
mod management;
mod reverse;

pub use action::{Action, Config, HostWanted, Offer};

const EXTERNAL: &str = "EXTERNAL";

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
    /// The peer's stanzas are counted.
    counts: bool,
    /// The first pair that was authorised.
    first: Option<Pair>,
    reverse: Reverse,
}

/// Whether stanzas go the other way, too (XEP-0288).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reverse {
    Off,
    /// The peer has asked for it.
    Asked,
    /// Stanzas may be sent.
    On,
}

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
            counts: false,
            first: None,
            reverse: Reverse::Off,
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
        self.offer = if self.needs_tls() { Offer { bidi: offer.bidi, ..Offer::default() } } else { offer };
        if !self.open() {
            return;
        }
        let features = self.features();
        self.queue.element(&features.into_element());
        self.state = State::Open;
        self.turn_around();
    }

    /// TLS is established and the decoder fresh: all that was said before is forgotten.
    pub fn tls_established(&mut self) {
        if self.state != State::Tls {
            return self.out_of_turn();
        }
        self.secure = true;
        self.reverse = Reverse::Off;
        self.restart();
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
        if self.offer.bidi && self.first.is_none() {
            features.push(&bidi::Feature);
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
        // Where EXTERNAL comes first, the features come again.
        if self.offer.management && (self.external.is_some() || self.offer.dialback) {
            features.push_element(sm::feature());
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
        if self.offer.bidi && bidi::Request::matches(&element) {
            return self.bidi_asked();
        }
        if self.offer.management
            && let Some(nonza) = sm::Nonza::from_element(&element)
        {
            return self.management(nonza);
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
