//! A script against the client.

use stonechat_stanza::Stanza;

use super::*;
use crate::negotiation::client::{Action, Config, Error, Fault, Negotiation};

const MECHANISMS: &str = "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>\
                          <mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>";
const TLS: &str = "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>";
const PROCEED: &str = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const BIND_FEATURE: &str =
    "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>";
const CHALLENGE: &str = "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>biws</challenge>";
const SUCCESS: &str = "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>biws</success>";

struct Script {
    stream: Negotiation,
}

impl Script {
    fn new(tls: Tls) -> Self {
        Self::on(Framing::Tcp, tls)
    }

    fn on(framing: Framing, tls: Tls) -> Self {
        Self { stream: Negotiation::new(Config { framing, tls, ..Config::new(&juliet()) }) }
    }

    /// Under TLS, at the choice of a mechanism.
    fn choosing() -> Self {
        let mut script = Self::new(Tls::Established);
        script.open();
        script.frame(MECHANISMS);
        script.actions();
        script
    }

    /// Authenticated, at the choice of a resource.
    fn ready() -> Self {
        let mut script = Self::choosing();
        script.stream.authenticate("SCRAM-SHA-1", None);
        script.frame(SUCCESS);
        script.stream.accept();
        script.open();
        script.frame(BIND_FEATURE);
        script.actions();
        script
    }

    fn open(&mut self) {
        let header =
            StreamHeader { version: Some(Version::V1_0), id: Some("x".into()), ..StreamHeader::default() };
        self.stream.frame(Frame::Open(header), 0);
    }

    fn frame(&mut self, xml: &str) {
        self.stream.frame(read(xml), 0);
    }

    fn actions(&mut self) -> Vec<Action> {
        std::iter::from_fn(|| self.stream.next_action()).collect()
    }

    /// What was sent, and why the stream is over if it is.
    fn outcome(&mut self) -> (String, Option<Error>) {
        let (mut sent, mut error) = (String::new(), None);
        for action in self.actions() {
            match action {
                Action::Send(bytes) => sent += &written(bytes),
                Action::Close(reason) => error = Some(reason),
                _ => {}
            }
        }
        (sent, error)
    }

    fn error(&mut self) -> Error {
        self.outcome().1.expect("the stream is over")
    }
}

#[test]
fn who_the_user_is_is_told_under_tls_only() {
    let mut script = Script::new(Tls::Required);
    let (sent, _) = script.outcome();
    assert!(
        sent.contains("to='im.example.com'") && sent.contains("version='1.0'") && !sent.contains("juliet"),
        "{sent}"
    );
    script.open();
    script.frame(TLS);
    script.frame(PROCEED);
    script.actions();
    script.stream.tls_established();
    let (sent, _) = script.outcome();
    assert!(sent.contains("from='juliet@im.example.com'"), "{sent}");
    assert!(script.stream.is_secure());
}

#[test]
fn starttls_is_asked_for_where_it_is_offered() {
    for tls in [Tls::Required, Tls::Optional] {
        let mut script = Script::new(tls);
        script.open();
        script.frame(TLS);
        assert!(script.outcome().0.contains("<starttls"));
        script.frame(PROCEED);
        assert!(matches!(script.actions()[..], [Action::StartTls]));
    }
}

#[test]
fn a_server_without_the_tls_that_is_required_is_left() {
    let mut script = Script::new(Tls::Required);
    script.open();
    script.frame(MECHANISMS);
    let error = script.error();
    assert_eq!(error, Error::TlsUnavailable);
    assert_eq!(error.fault(), Fault::Policy);
}

#[test]
fn a_server_that_requires_tls_where_there_is_none_is_left() {
    let mut script = Script::new(Tls::Unavailable);
    script.open();
    script.frame(TLS);
    let (sent, error) = script.outcome();
    assert!(sent.contains("<unsupported-feature"), "{sent}");
    assert_eq!(error, Some(Error::UnsupportedFeature));
}

#[test]
fn starttls_on_a_websocket_is_not_seen() {
    let mut script = Script::on(Framing::WebSocket, Tls::Established);
    script.open();
    script.frame(TLS);
    let actions = script.actions();
    assert!(matches!(actions.last(), Some(Action::Authenticate(_))), "{actions:?}");
}

#[test]
fn data_behind_proceed_is_not_believed() {
    let mut script = Script::new(Tls::Required);
    script.open();
    script.frame(TLS);
    script.stream.frame(read(PROCEED), 1);
    assert_eq!(script.error(), Error::Injected);
}

#[test]
fn a_refusal_of_tls_ends_the_stream() {
    let mut script = Script::new(Tls::Required);
    script.open();
    script.frame(TLS);
    script.frame("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    assert_eq!(script.error(), Error::TlsRefused);
}

#[test]
fn an_old_server_is_told_that_its_version_is_not_supported() {
    let mut script = Script::new(Tls::Established);
    let header = StreamHeader { version: Version::parse("0.9"), ..StreamHeader::default() };
    script.stream.frame(Frame::Open(header), 0);
    assert!(script.outcome().0.contains("<unsupported-version"));
}

#[test]
fn an_error_behind_a_header_without_a_version_is_still_heard() {
    let mut script = Script::new(Tls::Established);
    script.stream.frame(Frame::Open(StreamHeader::default()), 0);
    script.frame("<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>");
    let error = script.error();
    assert_eq!(error, Error::Refused(StreamError::host_unknown()));
    assert_eq!(error.fault(), Fault::Server);
}

#[test]
fn an_exchange_leads_to_a_session() {
    let mut script = Script::choosing();
    script.stream.authenticate("SCRAM-SHA-1", Some(b"n,,"));
    assert!(script.outcome().0.contains(">biws</auth>"));
    script.frame(CHALLENGE);
    assert!(matches!(&script.actions()[..], [Action::Challenge(data)] if data[..] == *b"n,,"));
    script.stream.respond(b"n,,");
    assert!(script.outcome().0.contains(">biws</response>"));
    script.frame(SUCCESS);
    assert!(matches!(&script.actions()[..], [Action::Success(Some(data))] if data[..] == *b"n,,"));
    script.stream.accept();
    assert!(matches!(script.actions()[..], [Action::Restart, Action::Send(_)]));
    script.open();
    script.frame(BIND_FEATURE);
    assert!(matches!(script.actions()[..], [Action::Authenticated(_)]));
    script.stream.bind(Some("balcony"));
    assert!(script.outcome().0.contains("<resource>balcony</resource>"));
    script.frame(
        "<iq id='bind-1' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
                  <jid>juliet@im.example.com/balcony</jid></bind></iq>",
    );
    assert!(matches!(&script.actions()[..], [Action::Established(jid)] if *jid == balcony()));
}

#[test]
fn success_is_nothing_without_the_drivers_word() {
    let mut script = Script::choosing();
    script.stream.authenticate("SCRAM-SHA-1", None);
    script.frame(SUCCESS);
    script.actions();
    script.stream.give_up(None);
    let (sent, error) = script.outcome();
    assert!(!sent.contains("<stream:stream "), "{sent}");
    assert!(matches!(error, Some(Error::GivenUp(_))));
}

#[test]
fn a_mechanism_that_is_not_offered_is_not_used() {
    let mut script = Script::choosing();
    script.stream.authenticate("PLAIN", Some(b"secret"));
    let (sent, error) = script.outcome();
    assert!(!sent.contains("<auth"), "{sent}");
    assert_eq!(error, Some(Error::OutOfTurn));
}

#[test]
fn after_a_failure_another_attempt_is_possible() {
    let mut script = Script::choosing();
    script.stream.authenticate("SCRAM-SHA-1", None);
    script.frame("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/></failure>");
    let condition = crate::sasl::Condition::NotAuthorized;
    assert!(
        matches!(script.actions().last(), Some(Action::Failure(failure)) if failure.condition == condition)
    );
    script.stream.authenticate("SCRAM-SHA-1", None);
    assert!(script.outcome().0.contains("<auth"));
}

#[test]
fn an_abort_is_acknowledged_by_a_failure() {
    let mut script = Script::choosing();
    script.stream.authenticate("SCRAM-SHA-1", None);
    script.frame(CHALLENGE);
    script.stream.abort();
    assert!(script.outcome().0.contains("<abort"));
    script.frame("<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><aborted/></failure>");
    assert!(matches!(script.actions()[..], [Action::Failure(_)]));
}

#[test]
fn a_failed_binding_can_be_tried_again_under_another_id() {
    let mut script = Script::ready();
    script.stream.bind(Some("balcony"));
    script.actions();
    script.frame(
        "<iq id='bind-1' type='error'><error type='cancel'>\
                  <conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
    );
    assert!(matches!(script.actions()[..], [Action::BindFailed(_)]));
    script.stream.bind(None);
    let (sent, _) = script.outcome();
    assert!(sent.contains("bind-2") && !sent.contains("resource"), "{sent}");
}

#[test]
fn an_answer_to_something_else_does_not_bind() {
    let mut script = Script::ready();
    script.stream.bind(None);
    script.actions();
    script.frame(
        "<iq id='bind-7' type='result'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
                  <jid>romeo@im.example.com/x</jid></bind></iq>",
    );
    assert!(matches!(script.actions()[..], [Action::Stanza(_)]));
}

#[test]
fn a_result_without_an_address_is_a_broken_protocol() {
    let mut script = Script::ready();
    script.stream.bind(None);
    script.actions();
    script.frame("<iq id='bind-1' type='result'/>");
    assert!(matches!(script.error(), Error::Protocol(_)));
}

#[test]
fn a_registration_passes_before_authentication() {
    let mut script = Script::choosing();
    script.stream.send_stanza(&Stanza::parse(REGISTER.as_bytes()).unwrap());
    assert!(script.outcome().0.contains("jabber:iq:register"));
    script.frame("<iq type='result' id='r1'/>");
    assert!(matches!(script.actions()[..], [Action::Stanza(_)]));
}

#[test]
fn an_extension_can_authenticate_and_establish() {
    let mut script = Script::choosing();
    script.stream.send_element(&stonechat_stanza::Element::bare("authenticate", "urn:xmpp:sasl:2"));
    script.frame("<success xmlns='urn:xmpp:sasl:2'/>");
    assert!(matches!(script.actions()[..], [Action::Send(_), Action::Nonza(_)]));
    script.stream.authenticated();
    script.frame(BIND_FEATURE);
    assert!(matches!(script.actions()[..], [Action::Authenticated(_)]));
    script.stream.established(balcony());
    assert!(matches!(script.actions()[..], [Action::Established(_)]));
}

#[test]
fn what_comes_out_of_turn_is_a_broken_protocol() {
    for xml in [MESSAGE, CHALLENGE, SUCCESS, PROCEED] {
        let mut script = Script::new(Tls::Established);
        script.open();
        script.frame(xml);
        assert!(matches!(script.error(), Error::Protocol(_)), "{xml}");
    }
    let mut script = Script::new(Tls::Established);
    script.frame(MECHANISMS);
    assert!(matches!(script.error(), Error::Protocol(_)), "features before a header");
}

#[test]
fn a_server_that_closes_is_answered() {
    let mut script = Script::choosing();
    script.stream.frame(Frame::Close, 0);
    let (sent, error) = script.outcome();
    assert_eq!((sent.as_str(), error), ("</stream:stream>", Some(Error::Closed)));
}
