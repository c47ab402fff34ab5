use proptest::prelude::*;

use super::*;

fn read(name: &str, attribute: &str, text: &str) -> Result<Nonza, Failure> {
    let xml = format!("<{name} xmlns='urn:ietf:params:xml:ns:xmpp-sasl' {attribute}>{text}</{name}>");
    Nonza::from_element(&xml.parse().unwrap()).expect("an element of the exchange")
}

fn condition(result: Result<Nonza, Failure>) -> Condition {
    result.expect_err("a failure").condition
}

#[test]
fn the_rfc_example_of_plain_is_read() {
    let nonza = read("auth", "mechanism='PLAIN'", "AGp1bGlldAByMG0zMG15cjBtMzA=").unwrap();
    let expected = Auth { mechanism: "PLAIN".into(), initial: Some(b"\0juliet\0r0m30myr0m30".into()) };
    assert_eq!(nonza, Nonza::Auth(expected));
}

#[test]
fn absent_and_empty_initial_responses_differ() {
    let initial = |text| match read("auth", "mechanism='EXTERNAL'", text) {
        Ok(Nonza::Auth(auth)) => auth.initial,
        other => panic!("{other:?}"),
    };
    assert_eq!(initial(""), None);
    assert_eq!(initial("="), Some(Data::default()));
}

#[test]
fn absent_and_empty_success_data_differ() {
    assert_eq!(read("success", "", ""), Ok(Nonza::Success(None)));
    assert_eq!(read("success", "", "="), Ok(Nonza::Success(Some(Data::default()))));
}

#[test]
fn nothing_and_an_equals_sign_are_both_an_empty_response() {
    assert_eq!(read("response", "", ""), Ok(Nonza::Response(Data::default())));
    assert_eq!(read("response", "", "="), Ok(Nonza::Response(Data::default())));
}

#[test]
fn what_is_not_strict_base64_is_incorrect_encoding() {
    // White space, missing padding, padding alone, padding inside, bits behind the end, another alphabet.
    for text in ["YQ ==", " YQ==", "YQ", "==", "===", "YQ==YQ==", "YR==", "-_8=", "ä"] {
        assert_eq!(condition(read("response", "", text)), Condition::IncorrectEncoding, "{text:?}");
    }
}

#[test]
fn auth_without_a_mechanism_is_invalid_mechanism() {
    assert_eq!(condition(read("auth", "", "")), Condition::InvalidMechanism);
}

#[test]
fn elements_in_place_of_data_are_malformed() {
    assert_eq!(condition(read("response", "", "<a/>")), Condition::MalformedRequest);
}

#[test]
fn every_failure_condition_survives_a_round_trip() {
    assert_eq!(Condition::ALL.len(), 11, "RFC 6120 defines 11 conditions");
    for &condition in Condition::ALL {
        let failure = Nonza::Failure(Failure::new(condition).with_text("Call 212-555-1212 for assistance."));
        assert_eq!(Nonza::from_element(&failure.to_element()), Some(Ok(failure)));
    }
}

#[test]
fn an_unknown_failure_is_not_authorized() {
    assert_eq!(read("failure", "", "<made-up/>"), Ok(Nonza::Failure(Condition::NotAuthorized.into())));
    assert_eq!(read("failure", "", ""), Ok(Nonza::Failure(Condition::NotAuthorized.into())));
}

#[test]
fn elements_of_other_names_are_not_part_of_the_exchange() {
    assert_eq!(Nonza::from_element(&Element::bare("auth", ns::TLS)), None);
    assert_eq!(Nonza::from_element(&Element::bare("authenticate", ns::SASL)), None);
}

#[test]
fn secrets_do_not_show() {
    let nonza = Nonza::Auth(Auth { mechanism: "PLAIN".into(), initial: Some(b"\0juliet\0secret".into()) });
    assert!(!format!("{nonza:?}").contains("115"), "the byte for `s`");
    assert!(format!("{nonza:?}").contains("14 bytes"));
}

#[test]
fn mechanisms_keep_their_order_and_what_stands_beside_them() {
    let xml = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism>\
               <mechanism>PLAIN</mechanism><hostname xmlns='urn:xmpp:domain-based-name:1'>a.example</hostname></mechanisms>";
    let mechanisms = Mechanisms::parse(&xml.parse().unwrap()).unwrap();
    assert_eq!(mechanisms.names, ["EXTERNAL", "PLAIN"]);
    assert_eq!(mechanisms.other.len(), 1);
    assert_eq!(Mechanisms::parse(&mechanisms.to_element()), Ok(mechanisms));
}

#[test]
fn the_example_of_xep_0440_is_read() {
    let xml = "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-server-end-point'/>\
               <channel-binding type='tls-exporter'/></sasl-channel-binding>";
    let bindings = ChannelBindings::parse(&xml.parse().unwrap()).unwrap();
    assert_eq!(bindings.types, ["tls-server-end-point", "tls-exporter"]);
    assert_eq!(ChannelBindings::parse(&bindings.to_element()), Ok(bindings));
}

fn data() -> impl Strategy<Value = Data> {
    proptest::collection::vec(any::<u8>(), 0..64).prop_map(Data::from)
}

fn nonza() -> impl Strategy<Value = Nonza> {
    prop_oneof![
        ("[A-Z0-9_-]{1,20}", proptest::option::of(data()))
            .prop_map(|(mechanism, initial)| Nonza::Auth(Auth { mechanism, initial })),
        data().prop_map(Nonza::Challenge),
        data().prop_map(Nonza::Response),
        Just(Nonza::Abort),
        proptest::option::of(data()).prop_map(Nonza::Success),
    ]
}

proptest! {
    #[test]
    fn any_data_survives_a_round_trip(nonza in nonza()) {
        prop_assert_eq!(Nonza::from_element(&nonza.to_element()), Some(Ok(nonza)));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in any::<String>()) {
        let element = Builder::new("auth", ns::SASL).attr("mechanism", "PLAIN").text(text).build();
        let _ = Nonza::from_element(&element);
    }
}
