//! Streams on which nobody logs in.

use bytes::BytesMut;
use stonechat_stanza::{Element, Stanza, iq};

use super::*;

const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='example.com' id='1' version='1.0'>";
const FEATURES: &str = "<stream:features><register xmlns='http://jabber.org/features/iq-register'/>\
    <mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>";

fn stream(tls: bool) -> Unauthenticated {
    Unauthenticated::new(&"example.com".parse().unwrap(), tls, Security::TlsRequired)
}

fn said(stream: &mut Unauthenticated) -> String {
    let mut out = BytesMut::new();
    while stream.poll_output(&mut out) {}
    String::from_utf8(out.to_vec()).unwrap()
}

fn open() -> Unauthenticated {
    let mut stream = stream(true);
    stream.feed(HEADER.as_bytes());
    stream.feed(FEATURES.as_bytes());
    let Some(UnauthenticatedEvent::Open(features)) = stream.poll_event() else { panic!("it is open") };
    assert!(features.iter().any(|feature| feature.is("register", "http://jabber.org/features/iq-register")));
    said(&mut stream);
    stream
}

fn question() -> Stanza {
    Stanza::iq(iq::Type::Get).with_id("reg1").with_element(&Element::bare("query", "jabber:iq:register"))
}

#[test]
fn a_question_has_the_answer_with_its_id() {
    let mut stream = open();
    stream.ask(&question());
    assert_eq!(said(&mut stream), "<iq id='reg1' type='get'><query xmlns='jabber:iq:register'/></iq>");
    stream.feed(b"<iq type='result' id='other'/><message/><iq type='get' id='reg1'><x xmlns='urn:x'/></iq>");
    assert!(stream.poll_event().is_none());
    stream.feed(b"<iq type='result' id='re");
    stream.feed(b"g1'/><iq type='result' id='reg1'/>");
    assert!(
        matches!(stream.poll_event(), Some(UnauthenticatedEvent::Answer(answer)) if answer.id() == Some("reg1"))
    );
    assert!(!format!("{stream:?}").contains("register"), "there may be a password in what is asked");
    assert!(stream.poll_event().is_none(), "an answer is one");
    stream.close();
    assert_eq!(said(&mut stream), "</stream:stream>");
    assert!(matches!(stream.poll_event(), Some(UnauthenticatedEvent::Closed(_))) && stream.is_closed());
}

#[test]
fn nothing_is_asked_before_tls() {
    let mut stream = stream(false);
    stream.feed(HEADER.as_bytes());
    stream.feed(b"<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><register xmlns='http://jabber.org/features/iq-register'/></stream:features>");
    assert!(stream.poll_event().is_none() && said(&mut stream).contains("<starttls"));
    stream.feed(b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    assert!(matches!(stream.poll_event(), Some(UnauthenticatedEvent::StartTls)));
    stream.tls_established();
    stream.feed(HEADER.as_bytes());
    stream.feed(FEATURES.as_bytes());
    assert!(matches!(stream.poll_event(), Some(UnauthenticatedEvent::Open(_))));

    let mut stream = self::stream(false);
    stream.feed(HEADER.as_bytes());
    stream.feed(FEATURES.as_bytes());
    assert!(
        matches!(stream.poll_event(), Some(UnauthenticatedEvent::Closed(error)) if error.fault() == Fault::Policy)
    );
}

#[test]
fn a_server_that_says_what_it_must_not_is_left() {
    let mut stream = open();
    stream.feed("<message/>".repeat(40).as_bytes());
    assert!(matches!(stream.poll_event(), Some(UnauthenticatedEvent::Closed(Error::Protocol(_)))));
    assert!(said(&mut stream).contains("<policy-violation"));
    for bad in [
        "<message><!-- x --></message>".to_owned(),
        format!("<message>{}", "x".repeat(40_000)),
        "</x>".to_owned(),
    ] {
        let mut stream = open();
        stream.feed(bad.as_bytes());
        assert!(matches!(stream.poll_event(), Some(UnauthenticatedEvent::Closed(_))), "{bad:.40}");
        assert!(said(&mut stream).ends_with("</stream:stream>") && stream.is_closed());
        stream.feed(b"<message/>");
        assert!(stream.poll_event().is_none());
    }
    let mut stream = open();
    stream
        .feed(b"<stream:error><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>");
    assert!(matches!(stream.poll_event(), Some(UnauthenticatedEvent::Closed(_))));
}

#[test]
fn who_asks_out_of_turn_has_no_stream() {
    let mut stream = stream(true);
    stream.ask(&question());
    assert!(
        matches!(stream.poll_event(), Some(UnauthenticatedEvent::Closed(error)) if error.fault() == Fault::Local)
    );
}
