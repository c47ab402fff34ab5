//! A script against the server, and what comes after authentication.

use stonechat_stanza::{Element, StanzaError};

use super::*;
use crate::negotiation::server::{Action, Awaits, Close, Config, Host, Negotiation};

pub(super) fn secure() -> Config {
    Config { tls: Tls::Established, ..Config::new(Framing::Tcp) }
}

pub(super) fn unprotected() -> Config {
    Config::new(Framing::Tcp)
}

pub(super) fn host() -> Host {
    Host::new(["SCRAM-SHA-1", "PLAIN"])
        .with_channel_bindings(["tls-exporter"])
        .with_features([Element::bare("register", "http://jabber.org/features/iq-register")])
}

/// A server, what it sent and what it wants.
pub(super) struct Script {
    pub(super) stream: Negotiation,
    /// What it wanted since the last look.
    actions: Vec<Action>,
}

impl Script {
    pub(super) fn new(config: Config) -> Self {
        Self { stream: Negotiation::new(config), actions: Vec::new() }
    }

    /// At the features of a fresh stream.
    pub(super) fn opened(config: Config) -> Self {
        let mut script = Self::new(config);
        script.open();
        script.actions();
        script
    }

    /// Authenticated and at the features that offer binding.
    pub(super) fn authenticated() -> Self {
        let mut script = Self::opened(secure());
        script.frame(read(PLAIN));
        script.stream.success(juliet(), None);
        script.open();
        script.actions();
        script
    }

    pub(super) fn open(&mut self) {
        self.open_with(header());
    }

    pub(super) fn open_with(&mut self, header: StreamHeader) {
        self.frame(Frame::Open(header));
        self.stream.host(Some(host()));
    }

    pub(super) fn frame(&mut self, frame: Frame) {
        self.stream.frame(frame, 0);
    }

    pub(super) fn actions(&mut self) -> Vec<Action> {
        self.pull();
        std::mem::take(&mut self.actions)
    }

    fn pull(&mut self) {
        self.actions.extend(std::iter::from_fn(|| self.stream.next_action()));
    }

    /// What was sent since the last look, in one text.
    pub(super) fn sent(&mut self) -> String {
        let sends = self.actions().into_iter().filter_map(|action| match action {
            Action::Send(bytes) => Some(written(bytes)),
            _ => None,
        });
        sends.collect()
    }

    /// How many pieces were sent since the last look.
    pub(super) fn pieces(&mut self) -> usize {
        self.actions().iter().filter(|action| matches!(action, Action::Send(_))).count()
    }

    /// Why the stream is over; leaves the actions where they are.
    pub(super) fn close(&mut self) -> Option<Close> {
        self.pull();
        self.actions.iter().find_map(|action| match action {
            Action::Close(close) => Some(close.clone()),
            _ => None,
        })
    }
}

#[test]
fn binding_is_offered_after_authentication_and_the_old_session_as_optional() {
    let mut script = Script::opened(secure());
    script.frame(read(PLAIN));
    script.stream.success(juliet(), None);
    script.actions();
    script.open();
    let sent = script.sent();
    assert!(sent.contains("urn:ietf:params:xml:ns:xmpp-bind"), "{sent}");
    assert!(sent.contains("urn:ietf:params:xml:ns:xmpp-session") && sent.contains("<optional"), "{sent}");
    assert!(!sent.contains("mechanism") && !sent.contains("starttls"), "{sent}");
}

#[test]
fn binding_establishes_the_session() {
    let mut script = Script::authenticated();
    script.frame(read(BIND));
    assert!(matches!(&script.actions()[..], [Action::Bind { resource: Some(wish) }] if wish == "balcony"));
    script.stream.bound(balcony());
    let actions = script.actions();
    let [Action::Send(sent), Action::Established(jid)] = &actions[..] else { panic!("{actions:?}") };
    let sent = written(sent.clone());
    assert!(sent.contains("yhc13a95") && sent.contains("<jid>juliet@im.example.com/balcony</jid>"), "{sent}");
    assert_eq!(*jid, balcony());
    assert_eq!(script.stream.jid(), Some(&balcony()));
    assert_eq!(script.stream.awaits(), Awaits::Nothing);
}

#[test]
fn after_a_failed_binding_the_client_may_try_again() {
    let mut script = Script::authenticated();
    script.frame(read(BIND));
    script.stream.bind_failed(&StanzaError::conflict());
    let sent = script.sent();
    assert!(sent.contains("<conflict") && sent.contains("yhc13a95"), "{sent}");
    script.frame(read(BIND));
    assert!(matches!(script.actions()[..], [Action::Bind { .. }]));
}

#[test]
fn a_binding_without_an_id_is_an_error_and_not_the_end() {
    let mut script = Script::authenticated();
    script.frame(read("<iq type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"));
    assert!(script.sent().contains("<bad-request"));
    assert_eq!(script.stream.awaits(), Awaits::Frame);
}

#[test]
fn endless_bindings_end_the_stream() {
    let mut script = Script::authenticated();
    for _ in 0..secure().max_requests {
        script.frame(read(BIND));
        script.stream.bind_failed(&StanzaError::conflict());
        assert_eq!(script.stream.awaits(), Awaits::Frame);
    }
    script.frame(read(BIND));
    assert!(script.sent().contains("<policy-violation"));
}

#[test]
fn stanzas_before_binding_are_not_authorized() {
    for xml in [
        MESSAGE,
        REGISTER,
        "<presence/>",
        "<iq type='get' id='a'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
    ] {
        let mut script = Script::authenticated();
        script.frame(read(xml));
        let sent = script.sent();
        assert!(sent.contains("<not-authorized"), "{xml}: {sent}");
        assert_eq!(script.stream.awaits(), Awaits::Nothing);
    }
}

#[test]
fn authentication_after_authentication_is_refused() {
    for xml in [PLAIN, RESPONSE, ABORT] {
        let mut script = Script::authenticated();
        script.frame(read(xml));
        assert!(script.sent().contains("<unsupported-stanza-type"), "{xml}");
    }
}

#[test]
fn the_address_that_is_bound_is_of_the_account() {
    let mut script = Script::authenticated();
    script.frame(read(BIND));
    script.stream.bound(FullJid::parse("romeo@im.example.com/orchard").unwrap());
    let sent = script.sent();
    assert!(sent.contains("<internal-server-error") && !sent.contains("romeo"), "{sent}");
}

#[test]
fn an_error_of_the_client_ends_the_stream() {
    let mut script = Script::opened(secure());
    script.frame(read("<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"));
    assert_eq!(script.close(), Some(Close::PeerError(StreamError::reset())));
}

#[test]
fn the_driver_can_end_the_stream_at_any_time_with_an_error() {
    let mut script = Script::new(secure());
    script.stream.error(StreamError::not_well_formed());
    let sent = script.sent();
    assert!(sent.contains("<stream:stream ") && sent.contains("<not-well-formed"), "{sent}");
    let mut script = Script::authenticated();
    script.stream.error(StreamError::system_shutdown());
    let sent = script.sent();
    assert!(!sent.contains("<stream:stream ") && sent.contains("<system-shutdown"), "{sent}");
}

#[test]
fn a_driver_out_of_turn_ends_the_stream() {
    let mut script = Script::opened(secure());
    script.stream.success(juliet(), None);
    assert!(script.sent().contains("<internal-server-error"));
    let mut script = Script::opened(secure());
    script.stream.bound(balcony());
    assert!(script.sent().contains("<internal-server-error"));
    let mut script = Script::opened(secure());
    script.stream.tls_established();
    assert!(script.sent().contains("<internal-server-error"));
}

#[test]
fn a_closed_stream_ignores_everything() {
    let mut script = Script::opened(secure());
    script.frame(Frame::Close);
    script.actions();
    script.stream.success(juliet(), None);
    script.stream.error(StreamError::reset());
    script.frame(read(PLAIN));
    script.stream.host(None);
    assert_eq!(script.actions().len(), 0);
}
