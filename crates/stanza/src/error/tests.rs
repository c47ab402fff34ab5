use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::test_trees::{any_element, text};

fn parse(xml: &str) -> StanzaError {
    StanzaError::parse(&xml.parse().expect("test XML is well-formed")).expect("an <error/> always parses")
}

/// RFC 6120 §8.3.3.1 to §8.3.3.22: the types of the conditions, where the RFC fixes one.
#[test]
fn conditions_have_the_types_of_the_rfc() {
    let table = [
        ("bad-request", "modify"),
        ("conflict", "cancel"),
        ("forbidden", "auth"),
        ("gone", "cancel"),
        ("internal-server-error", "cancel"),
        ("item-not-found", "cancel"),
        ("jid-malformed", "modify"),
        ("not-acceptable", "modify"),
        ("not-allowed", "cancel"),
        ("not-authorized", "auth"),
        ("recipient-unavailable", "wait"),
        ("redirect", "modify"),
        ("registration-required", "auth"),
        ("remote-server-not-found", "cancel"),
        ("remote-server-timeout", "wait"),
        ("resource-constraint", "wait"),
        ("service-unavailable", "cancel"),
        ("subscription-required", "auth"),
    ];
    for (condition, kind) in table {
        let condition: Condition = condition.parse().unwrap();
        assert_eq!(condition.kind().as_str(), kind, "{condition}");
    }
    let choices = [Condition::FeatureNotImplemented, Condition::PolicyViolation];
    let choices =
        [choices.as_slice(), &[Condition::UndefinedCondition, Condition::UnexpectedRequest]].concat();
    assert_eq!(table.len() + choices.len(), Condition::ALL.len());
}

/// RFC 6120 §8.3.3.5.
#[test]
fn gone_says_where() {
    let error = parse(
        "<error xmlns='jabber:client' by='example.net' type='cancel'>
          <gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>
            xmpp:romeo@afterlife.example.net
          </gone>
        </error>",
    );
    assert_eq!(error.condition, Condition::Gone);
    assert_eq!(error.uri.as_deref(), Some("xmpp:romeo@afterlife.example.net"));
    assert_eq!(error.by.as_ref().map(ToString::to_string).as_deref(), Some("example.net"));
    assert_eq!(StanzaError::parse(&error.to_element()), Ok(error));
}

/// RFC 6120 §8.3.3.14.
#[test]
fn redirect_says_where_to() {
    let error = parse(
        "<error xmlns='jabber:client' type='modify'>
          <redirect xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>
            xmpp:characters@conference.example.org
          </redirect>
        </error>",
    );
    assert_eq!(error, StanzaError::redirect("xmpp:characters@conference.example.org"));
}

/// RFC 6120 §8.3.4.
#[test]
fn application_conditions_stand_beside_the_defined_one() {
    let error = parse(
        "<error xmlns='jabber:client' type='modify'>
          <undefined-condition xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>
          <text xml:lang='en' xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>too many</text>
          <too-many-parameters xmlns='http://example.org/ns'/>
        </error>",
    );
    assert_eq!((error.condition, error.kind), (Condition::UndefinedCondition, Kind::Modify));
    assert!(error.has_application("http://example.org/ns", "too-many-parameters"));
    assert_eq!(error.text.as_ref().and_then(|text| text.lang.as_deref()), Some("en"));
    assert_eq!(StanzaError::parse(&error.to_element()), Ok(error));
}

/// RFC 6120 §8.3.2: an unknown condition is equivalent to undefined-condition.
#[test]
fn unknown_conditions_and_types_do_not_fail() {
    let ns = ns::STANZAS;
    let error = parse(&format!("<error xmlns='jabber:client' type='later'><melted xmlns='{ns}'/></error>"));
    assert_eq!(error, StanzaError::undefined_condition());
    let error = parse(&format!("<error xmlns='jabber:client' code='503'><conflict xmlns='{ns}'/></error>"));
    assert_eq!(error, StanzaError::conflict());
    assert_eq!(parse("<error xmlns='jabber:client' by='@'/>"), StanzaError::undefined_condition());
}

#[test]
fn a_new_address_is_written_only_where_it_belongs() {
    let error = StanzaError { uri: Some("xmpp:a@b".into()), ..StanzaError::conflict() };
    assert_eq!(StanzaError::parse(&error.to_element()), Ok(StanzaError::conflict()));
}

#[test]
fn errors_are_small_enough_to_return_by_value() {
    assert!(size_of::<StanzaError>() <= 128, "{}", size_of::<StanzaError>());
}

#[test]
fn errors_print_condition_type_and_text() {
    assert_eq!(StanzaError::conflict().with_text("taken").to_string(), "conflict (cancel): taken");
}

prop_compose! {
    fn any_error()(
        condition in select(Condition::ALL), kind in select(Kind::ALL),
        uri in of("xmpp:[a-z]{1,8}"), body in of(text()),
        lang in of("[a-z]{2}"), by in of("[a-z]{1,8}\\.example"),
        application in of("[a-z]{1,8}"),
    ) -> StanzaError {
        StanzaError {
            kind,
            condition,
            uri: uri.filter(|_| condition.has_uri()).map(Into::into),
            text: body.map(|text| Text { lang: lang.map(Into::into), text: text.into() }),
            by: by.map(|by| by.parse().expect("a domain is an address")),
            application: application.map(|name| Box::new(Element::bare(name, "urn:example:errors"))),
        }
    }
}

proptest! {
    #[test]
    fn every_error_survives_a_round_trip(error in any_error()) {
        prop_assert_eq!(StanzaError::parse(&error.to_element()), Ok(error));
    }

    #[test]
    fn any_error_element_parses(element in any_element(ns::CLIENT, &["error"], &["type", "by", "code"])) {
        prop_assert_eq!(StanzaError::parse(&element).is_ok(), element.is("error", ns::CLIENT));
    }
}
