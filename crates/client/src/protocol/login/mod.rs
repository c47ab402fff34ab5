//! From a connection to a session: the driver of a stream's negotiation, with SASL (RFC 6120 §6) and binding (§7), or with SASL2
//! (XEP-0388), Bind 2 (XEP-0386), FAST (XEP-0484) and inline resumption (XEP-0198 §9) where they are offered.

mod sasl;
mod sasl2;
mod session;

use std::collections::VecDeque;
use std::sync::Arc;

use stonechat_jid::FullJid;
use stonechat_sasl::Channel;
use stonechat_sasl::client::{Derivation, Derived, Exchange};
use stonechat_sasl::scram::ClientKeys;
use stonechat_stanza::{Element, Nonza};
use stonechat_stream::codec::Frame;
use stonechat_stream::negotiation::Tls;
use stonechat_stream::negotiation::client::{self as negotiation, Action, Negotiation};
use stonechat_stream::{Features, StreamError};

use super::config::Security;
use super::wire::{Enabled, Success};
use super::{Config, Error, FastToken};

/// So many elements may come that nobody has asked for.
const STRANGE: u8 = 16;

/// What a session is to begin with, each with the feature by which a server says that it knows that.
pub(super) type Beginnings = Arc<[(&'static str, Element)]>;

/// A session that may be resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Resumable {
    pub(super) id: String,
    /// How many stanzas of the server were handled.
    pub(super) handled: u32,
    pub(super) jid: FullJid,
}

/// What an attempt wants done next.
#[derive(Debug)]
pub(super) enum Step {
    Send(Vec<u8>),
    /// The TLS handshake; then `tls_established`. Frames wait.
    StartTls,
    /// Derive these keys; then `derived`. Frames wait.
    Derive(Derivation),
    /// The decoder begins anew.
    Restart,
    /// The server has let us in, and may send more from here on.
    Authenticated,
    /// Keys that spare the derivation next time.
    Keys(ClientKeys),
    /// A token for later logins; `None` when the one there was is worth nothing.
    Token(Option<FastToken>),
    Done(Outcome),
    Fail(Error),
}

/// The session that came about.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) jid: FullJid,
    pub(super) features: Vec<Element>,
    pub(super) session: Session,
}

#[derive(Debug)]
pub(super) enum Session {
    /// The old one goes on, and the server has handled so many of our stanzas.
    Resumed(u32),
    /// A new one. The server may have said how many stanzas it has handled of the old one.
    New { counted: Counted, handled: Option<u32> },
}

/// Whether stanzas are counted (XEP-0198).
#[derive(Debug)]
pub(super) enum Counted {
    /// They are, from the beginning.
    Enabled(Enabled),
    /// They could be.
    Offered,
    No,
}

/// One attempt to get from a connection to a session.
#[derive(Debug)]
pub(super) struct Attempt {
    config: Arc<Config>,
    negotiation: Negotiation,
    channel: Channel,
    resumable: Option<Resumable>,
    keys: Option<ClientKeys>,
    token: Option<FastToken>,
    beginnings: Beginnings,
    features: Features,
    /// Whether the features are those of the session.
    at_session: bool,
    exchange: Option<Running>,
    /// What SASL2 has brought.
    success: Option<Box<Success>>,
    /// What a `<failed/>` said to have been handled.
    handled: Option<u32>,
    resuming: bool,
    any_resource: bool,
    /// A -PLUS mechanism was refused whose binding the server has not said to know.
    unbound: bool,
    strange: u8,
    waits: bool,
    over: bool,
    steps: VecDeque<Step>,
}

/// An exchange of SASL that goes on.
#[derive(Debug)]
struct Running {
    exchange: Exchange,
    sasl2: bool,
    /// Whether it is with a token.
    token: bool,
    /// The mechanism for which a token was asked.
    wants_token: Option<stonechat_sasl::Mechanism>,
}

impl Attempt {
    /// An attempt over a connection that has just been made. `channel` is its TLS, where that is there from the beginning.
    pub(super) fn new(
        config: &Arc<Config>,
        channel: Option<Channel>,
        resumable: Option<Resumable>,
        keys: Option<ClientKeys>,
        token: Option<FastToken>,
        beginnings: Beginnings,
    ) -> Self {
        let tls = match (&channel, config.security) {
            (Some(_), _) => Tls::Established,
            (None, Security::TlsRequired) => Tls::Required,
            (None, Security::Plaintext) => Tls::Unavailable,
        };
        let negotiation = Negotiation::new(negotiation::Config {
            tls,
            lang: config.lang.clone(),
            ..negotiation::Config::new(&config.account)
        });
        let mut attempt = Self {
            config: Arc::clone(config),
            negotiation,
            channel: channel.unwrap_or_else(Channel::plaintext),
            resumable,
            keys,
            token,
            beginnings,
            features: Features::new(),
            at_session: false,
            exchange: None,
            success: None,
            handled: None,
            resuming: false,
            any_resource: false,
            unbound: false,
            strange: 0,
            waits: false,
            over: false,
            steps: VecDeque::new(),
        };
        attempt.act();
        attempt
    }

    /// The next thing to do; to be asked after each input until there is none.
    pub(super) fn next_step(&mut self) -> Option<Step> {
        self.steps.pop_front()
    }

    /// Whether frames have to wait, for a handshake or for keys.
    pub(super) fn waits(&self) -> bool {
        self.waits
    }

    pub(super) fn frame(&mut self, frame: Frame, pending: usize) {
        self.negotiation.frame(frame, pending);
        self.act();
    }

    /// The handshake is done, and the certificate is that of the domain.
    pub(super) fn tls_established(&mut self, channel: Channel) {
        self.waits = false;
        self.channel = channel;
        self.negotiation.tls_established();
        self.act();
    }

    /// The keys that [`Step::Derive`] asked for.
    pub(super) fn derived(&mut self, derived: Derived) {
        self.waits = false;
        let Some(running) = &mut self.exchange else { return };
        match running.exchange.derived(derived) {
            Ok(message) => self.respond(&message),
            Err(error) => self.fail(error.into()),
        }
        self.act();
    }

    /// What the decoder refused, or a deadline.
    pub(super) fn give_up(&mut self, error: Error, told: Option<StreamError>) {
        if self.over {
            return;
        }
        self.negotiation.give_up(told);
        self.end(error);
    }

    /// Ends with an error: whatever the machine still wants to send is sent.
    fn fail(&mut self, error: Error) {
        self.give_up(error, None);
    }

    fn end(&mut self, error: Error) {
        self.over = true;
        while let Some(action) = self.negotiation.next_action() {
            if let Action::Send(bytes) = action {
                self.steps.push_back(Step::Send(bytes));
            }
        }
        self.steps.push_back(Step::Fail(error));
    }

    fn act(&mut self) {
        while !self.over {
            let Some(action) = self.negotiation.next_action() else { return };
            match action {
                Action::Send(bytes) => self.steps.push_back(Step::Send(bytes)),
                Action::StartTls => {
                    self.waits = true;
                    self.steps.push_back(Step::Restart);
                    self.steps.push_back(Step::StartTls);
                }
                Action::Authenticate(features) => {
                    self.features = features;
                    self.authenticate();
                }
                Action::Challenge(data) => self.challenge(&data),
                Action::Success(data) => self.sasl_success(data.as_deref()),
                Action::Failure(failure) => {
                    let text = failure.text.map(|text| text.text);
                    self.refused(failure.condition.name(), text);
                }
                Action::Restart => self.steps.push_back(Step::Restart),
                Action::Authenticated(features) => {
                    self.features = features;
                    self.begin_session();
                }
                Action::BindFailed(error) => self.bind_failed(error),
                Action::Nonza(nonza) => self.nonza(&nonza),
                Action::Stanza(_) => self.strange(),
                Action::Established(jid) => self.established(jid),
                Action::Close(error) => self.end(error.into()),
                _ => self.fail(Error::Protocol("an action that is not known")),
            }
        }
    }

    fn nonza(&mut self, nonza: &Nonza) {
        let Ok(element) = nonza.element() else { return self.strange() };
        match nonza.ns() {
            stonechat_stanza::ns::SASL2 => self.sasl2(&element),
            stonechat_stanza::ns::SM => self.resumption(&element),
            _ => self.strange(),
        }
    }

    /// Something that nobody has asked for. A little of that is borne.
    fn strange(&mut self) {
        self.strange += 1;
        if self.strange > STRANGE {
            self.give_up(
                Error::Protocol("it does not stop sending what nobody asked for"),
                Some(StreamError::policy_violation()),
            );
        }
    }
}
