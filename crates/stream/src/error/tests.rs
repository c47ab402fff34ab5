use super::*;

fn parse(inner: &str) -> StreamError {
    let xml = format!("<stream:error xmlns:stream='http://etherx.jabber.org/streams'>{inner}</stream:error>");
    StreamError::from_element(&xml.parse().unwrap()).unwrap()
}

#[test]
fn every_condition_survives_a_round_trip() {
    assert_eq!(Condition::PLAIN.len() + 1, 25, "RFC 6120 defines 25 conditions");
    let other_host = Condition::SeeOtherHost("example.org:5222".to_owned());
    for condition in Condition::PLAIN.iter().chain([&other_host]) {
        let error = StreamError::new(condition.clone()).with_text("why & <how>");
        assert_eq!(StreamError::from_element(&error.to_element()), Some(error));
    }
}

#[test]
fn an_unknown_or_missing_condition_is_undefined_condition() {
    assert_eq!(parse("").condition, Condition::UndefinedCondition);
    let unknown = parse("<made-up xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>");
    assert_eq!(unknown.condition, Condition::UndefinedCondition);
}

#[test]
fn the_old_name_of_not_well_formed_is_understood() {
    let old = parse("<xml-not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>");
    assert_eq!(old.condition, Condition::NotWellFormed);
}

#[test]
fn text_and_application_condition_are_read() {
    let error = parse(
        "<not-well-formed xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>\
         <text xml:lang='en' xmlns='urn:ietf:params:xml:ns:xmpp-streams'>Some text</text>\
         <escape-your-data xmlns='http://example.org/ns'/>",
    );
    assert_eq!(error.condition, Condition::NotWellFormed);
    assert_eq!(error.text, Some(Text { lang: Some("en".into()), text: "Some text".into() }));
    assert!(error.application.unwrap().is("escape-your-data", "http://example.org/ns"));
}

#[test]
fn an_error_in_another_namespace_is_none() {
    assert_eq!(StreamError::from_element(&Element::bare("error", ns::CLIENT)), None);
}

#[test]
fn the_other_host_is_taken_apart() {
    let parts = |text: &str| {
        StreamError::see_other_host(text).other_host().map(|(host, port)| (host.to_owned(), port))
    };
    assert_eq!(parts("example.org"), Some(("example.org".into(), None)));
    assert_eq!(parts("192.0.2.1:9222"), Some(("192.0.2.1".into(), Some(9222))));
    assert_eq!(parts("[2001:db8::1]"), Some(("2001:db8::1".into(), None)));
    for bad in [
        "",
        ":1",
        "a b",
        "example.org:",
        "example.org:0",
        "example.org:70000",
        "[::1",
        "[::1]x",
        "[nope]",
        "a:+1",
        "2001:db8::1",
    ] {
        assert_eq!(parts(bad), None, "{bad:?}");
    }
    assert_eq!(StreamError::reset().other_host(), None);
}

#[test]
fn the_rfc_example_of_see_other_host_is_read_without_its_white_space() {
    let error = parse(
        "<see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>
           [2001:41D0:1:A49b::1]:9222
         </see-other-host>",
    );
    assert_eq!(error.other_host(), Some(("2001:41D0:1:A49b::1", Some(9222))));
}
