//! The server's answers to headers.

use super::server::{Script, secure, unprotected};
use super::*;
use crate::negotiation::server::{Close, Config};

fn refusal(header: StreamHeader) -> (StreamError, String) {
    let mut script = Script::new(Config { default_host: Some("im.example.com".into()), ..secure() });
    script.frame(Frame::Open(header));
    match script.close() {
        Some(Close::Error(error)) => (error, script.sent()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_header_goes_before_every_error() {
    let (error, sent) = refusal(StreamHeader { to: None, ..header() });
    assert_eq!(error.condition, crate::Condition::ImproperAddressing);
    let header = sent.find("<stream:stream ").unwrap();
    let error = sent.find("<improper-addressing").unwrap();
    let close = sent.find("</stream:stream>").unwrap();
    assert!(header < error && error < close, "{sent}");
    assert!(sent.contains("from='im.example.com'"), "{sent}");
}

#[test]
fn an_unknown_host_is_answered_from_the_default_host_or_the_empty_string() {
    for (default_host, from) in
        [(Some("im.example.com".to_owned()), "from='im.example.com'"), (None, "from=''")]
    {
        let mut script = Script::new(Config { default_host, ..secure() });
        script.frame(Frame::Open(StreamHeader { to: Some("unknown.example".into()), ..header() }));
        script.stream.host(None);
        let sent = script.sent();
        assert!(sent.contains(from) && sent.contains("<host-unknown"), "{sent}");
    }
}

#[test]
fn a_to_that_is_no_domain_is_improper_addressing() {
    for to in ["", "juliet@im.example.com", "im.example.com/x", "@", "a b"] {
        let (error, _) = refusal(StreamHeader { to: Some(to.into()), ..header() });
        assert_eq!(error.condition, crate::Condition::ImproperAddressing, "{to:?}");
    }
}

#[test]
fn versions_before_one_are_unsupported() {
    for version in [None, Version::parse("0.9")] {
        let (error, sent) = refusal(StreamHeader { version, ..header() });
        assert_eq!(error.condition, crate::Condition::UnsupportedVersion);
        let sent = sent.split("<stream:stream ").nth(1).unwrap();
        // The lower of both; a peer without a version gets none (RFC 6120 §4.7.5).
        assert_eq!(sent.contains("version='0.9'"), version.is_some(), "{sent}");
        assert_eq!(sent.contains("version="), version.is_some(), "{sent}");
    }
}

#[test]
fn later_versions_are_answered_with_ours() {
    let mut script = Script::new(secure());
    script.open_with(StreamHeader { version: Version::parse("11.0"), ..header() });
    let sent = script.sent();
    assert!(sent.contains("version='1.0'") && sent.contains("features"), "{sent}");
}

#[test]
fn another_content_namespace_is_invalid() {
    let (error, _) = refusal(StreamHeader { content_ns: "jabber:server".into(), ..header() });
    assert_eq!(error.condition, crate::Condition::InvalidNamespace);
}

#[test]
fn the_answer_is_addressed_to_the_bare_jid_that_the_client_gave() {
    for (from, to) in [
        (Some("juliet@im.example.com"), Some("to='juliet@im.example.com'")),
        (Some("not a jid@@"), None),
        (None, None),
    ] {
        let mut script = Script::new(secure());
        script.open_with(StreamHeader { from: from.map(str::to_owned), ..header() });
        let sent = script.sent();
        match to {
            Some(to) => assert!(sent.contains(to), "{sent}"),
            None => assert!(!sent.contains(" to="), "{sent}"),
        }
    }
}

#[test]
fn the_language_is_the_clients_where_it_is_supported() {
    let config = Config { languages: vec!["en".into(), "de".into()], ..secure() };
    for (wanted, answer) in [(Some("de-CH"), "de"), (Some("fr"), "en"), (None, "en")] {
        let mut script = Script::new(config.clone());
        script.open_with(StreamHeader { lang: wanted.map(str::to_owned), ..header() });
        let sent = script.sent();
        assert!(sent.contains(&format!("xml:lang='{answer}'")), "{sent}");
    }
}

#[test]
fn stream_ids_are_long_and_never_the_same() {
    let mut ids = std::collections::HashSet::new();
    for _ in 0..64 {
        let mut script = Script::new(secure());
        script.open();
        let sent = script.sent();
        let id = sent.split(" id='").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        assert!(id.len() * 6 >= 128, "{id}: base64 carries six bits in a character");
        assert!(ids.insert(id));
    }
}

#[test]
fn what_comes_before_the_header_is_refused_with_a_header() {
    for (frame, condition) in [(read(MESSAGE), "<not-authorized"), (read(PLAIN), "<bad-format")] {
        let mut script = Script::new(secure());
        script.frame(frame);
        let sent = script.sent();
        assert!(sent.contains("<stream:stream ") && sent.contains(condition), "{sent}");
    }
}

#[test]
fn with_tls_required_nothing_else_is_offered() {
    let mut script = Script::new(unprotected());
    script.open();
    let sent = script.sent();
    assert!(sent.contains("<starttls") && sent.contains("<required"), "{sent}");
    assert!(!sent.contains("mechanism") && !sent.contains("register"), "{sent}");
}

#[test]
fn starttls_is_not_offered_under_tls() {
    let mut script = Script::new(secure());
    script.open();
    assert!(!script.sent().contains("starttls"));
}

#[test]
fn with_tls_optional_it_is_offered_beside_the_mechanisms() {
    let mut script = Script::new(Config { tls: Tls::Optional, ..unprotected() });
    script.open();
    let sent = script.sent();
    assert!(sent.contains("<starttls") && sent.contains("<mechanism"), "{sent}");
    assert!(!sent.contains("<required"), "{sent}");
}

#[test]
fn a_websocket_is_never_offered_starttls() {
    let mut script = Script::new(Config { tls: Tls::Optional, ..Config::new(Framing::WebSocket) });
    script.open();
    let sent = script.sent();
    assert!(sent.contains("<mechanism") && !sent.contains("starttls"), "{sent}");
}

#[test]
fn a_websocket_without_the_tls_that_is_required_is_refused() {
    let mut script = Script::new(Config::new(Framing::WebSocket));
    script.frame(Frame::Open(header()));
    assert!(script.sent().contains("<policy-violation"));
}

#[test]
fn on_a_websocket_each_element_is_a_message_of_its_own() {
    let mut script = Script::new(Config { tls: Tls::Established, ..Config::new(Framing::WebSocket) });
    script.open();
    assert_eq!(script.pieces(), 2, "header and features");
    let mut script = Script::new(secure());
    script.open();
    assert_eq!(script.pieces(), 1, "on TCP they leave together");
}

#[test]
fn a_second_header_is_bad_format() {
    let mut script = Script::new(Config { tls: Tls::Established, ..Config::new(Framing::WebSocket) });
    script.open();
    script.frame(Frame::Open(header()));
    assert!(script.sent().contains("<bad-format"));
}

#[test]
fn the_clients_close_is_answered() {
    let mut script = Script::new(secure());
    script.open();
    script.frame(Frame::Close);
    assert_eq!(script.close(), Some(Close::Finished));
    assert!(script.sent().ends_with("</stream:stream>"));
}

#[test]
fn the_channel_bindings_and_extra_features_of_the_host_are_offered() {
    let mut script = Script::new(secure());
    script.open();
    let sent = script.sent();
    assert!(sent.contains("type='tls-exporter'") || sent.contains("type=\"tls-exporter\""), "{sent}");
    assert!(sent.contains("http://jabber.org/features/iq-register"), "{sent}");
}
