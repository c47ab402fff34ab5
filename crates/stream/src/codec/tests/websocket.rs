//! Messages of a WebSocket (RFC 7395).

use super::*;

#[test]
fn a_websocket_carries_one_element_a_message() {
    let mut decoder = websocket();
    let open =
        "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='example.com' version='1.0' xml:lang='de'/>";
    let Ok(Some(Frame::Open(header))) = message(&mut decoder, open) else { panic!() };
    assert_eq!((header.to.as_deref(), header.content_ns.as_ref()), (Some("example.com"), ns::CLIENT));
    let stanza = "<?xml version='1.0'?><message xmlns='jabber:client'><body>a</body></message>\n";
    let Ok(Some(Frame::Stanza(stanza))) = message(&mut decoder, stanza) else { panic!() };
    assert_eq!(stanza.lang(), Some("de"));
    assert!(stanza.has(ns::CLIENT, "body"));
    let features = "<stream:features xmlns:stream='http://etherx.jabber.org/streams'/>";
    let Ok(Some(Frame::Nonza(features))) = message(&mut decoder, features) else { panic!() };
    assert!(features.is(ns::STREAM, "features"));
    assert_eq!(message(&mut decoder, open).unwrap_err(), Error::Reopened);
    decoder.reset();
    assert!(matches!(message(&mut decoder, open), Ok(Some(Frame::Open(_)))));
    let close = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";
    assert!(matches!(message(&mut decoder, close), Ok(Some(Frame::Close))));
    assert!(matches!(message(&mut decoder, "<message xmlns='jabber:client'/>"), Ok(None)));
}

#[test]
fn a_websocket_message_with_more_or_less_than_one_element_is_refused() {
    for (text, condition) in [
        ("<message xmlns='jabber:client'/><message xmlns='jabber:client'/>", Condition::BadFormat),
        ("<message xmlns='jabber:client'/>x", Condition::BadFormat),
        ("<message xmlns='jabber:client'><body>", Condition::NotWellFormed),
        ("<message xmlns='jabber:client'", Condition::NotWellFormed),
        ("<", Condition::NotWellFormed),
        (" <message xmlns='jabber:client'/>", Condition::BadFormat),
        (" ", Condition::BadFormat),
        ("hello", Condition::BadFormat),
        ("<stream:error/>", Condition::NotWellFormed),
        ("<open xmlns='urn:x'/>", Condition::InvalidNamespace),
        ("<close/>", Condition::InvalidNamespace),
    ] {
        let error = message(&mut websocket(), text).unwrap_err();
        assert_eq!(error.condition(), condition, "{text}");
    }
}

#[test]
fn an_oversized_websocket_message_is_refused() {
    let text = format!("<message xmlns='jabber:client'>{}</message>", " ".repeat(300_000));
    assert_eq!(message(&mut websocket(), &text).unwrap_err().condition(), Condition::PolicyViolation);
}
