//! The macros and helpers, on a payload that has every kind of field.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use stonechat_jid::Jid;

use super::*;
use crate::test_trees::{any_element, text};

const NS: &str = "urn:example:all";

crate::enumeration! {
    /// A word.
    enum Word {
        One = "one",
        Two = "two",
    }
}

crate::payload! {
    #[derive(Debug, Clone, PartialEq)]
    struct Part: NS, "part" {
        id: String => required("id"),
    }
}

crate::payload! {
    #[derive(Debug, Clone, PartialEq)]
    struct All: NS, "all", strict {
        id: String => required("id"),
        by: Option<Jid> => optional("by"),
        word: Word => default("word", Word::One),
        on: bool => boolean("on", true),
        lang: Option<String> => lang,
        first: u32 => required_child("first"),
        note: Option<String> => child("note"),
        number: Vec<i64> => children("number"),
        urgent: bool => flag("urgent"),
        part: Option<Part> => payload,
    }
}

crate::payload! {
    #[derive(Debug, Clone, PartialEq)]
    struct Parts: NS, "parts" {
        head: Part => required_payload,
        parts: Vec<Part> => payloads,
    }
}

crate::payload! {
    #[derive(Debug, Clone, PartialEq)]
    struct Note: NS, "note", strict {
        text: Option<String> => optional_text,
    }
}

crate::payload! {
    #[derive(Debug, Clone, Copy, PartialEq)]
    struct Empty: NS, "empty";
}

fn all(attributes: &str, children: &str) -> Result<All, ParseError> {
    let xml = format!("<all xmlns='{NS}' {attributes}>{children}</all>");
    All::parse(&xml.parse().expect("test XML is well-formed"))
}

#[test]
fn absent_optional_parts_take_their_defaults() {
    let parsed = all("id='x'", "<first>1</first>").unwrap();
    assert_eq!((parsed.word, parsed.on, parsed.urgent), (Word::One, true, false));
    assert_eq!((parsed.by, parsed.lang, parsed.note, parsed.part), (None, None, None, None));
    assert!(parsed.number.is_empty());
}

#[test]
fn each_fault_names_its_part() {
    let fault = |attributes, children| all(attributes, children).unwrap_err();
    assert_eq!(fault("", "<first>1</first>").text(), "the attribute 'id' of <all/> is missing");
    assert_eq!(fault("id='x'", "").text(), "<first/> is missing in <all/>");
    assert_eq!(fault("id='x'", "<first>one</first>").text(), "the text of <first/> is not valid");
    assert_eq!(
        fault("id='x' word='three'", "<first>1</first>").text(),
        "the attribute 'word' of <all/> is not valid"
    );
    assert_eq!(
        fault("id='x' on='yes'", "<first>1</first>").text(),
        "the attribute 'on' of <all/> is not valid"
    );
    assert_eq!(fault("id='x'", "<first>1</first><part/>").text(), "the attribute 'id' of <part/> is missing");
}

#[test]
fn a_malformed_address_is_answered_with_jid_malformed() {
    let error = all("id='x' by='@'", "<first>1</first>").unwrap_err();
    assert_eq!(error.condition(), Condition::JidMalformed);
    assert_eq!(StanzaError::from(error).kind, crate::error::Kind::Modify);
}

#[test]
fn addresses_are_read_by_the_rules_for_received_ones() {
    let parsed = all("id='x' by=' Room@Example.org/\u{2764}\u{fe0f} '", "<first>1</first>").unwrap();
    assert_eq!(parsed.by.unwrap(), "room@example.org/\u{2764}\u{fe0f}");
}

#[test]
fn whitespace_around_typed_values_is_ignored_and_kept_in_strings() {
    let parsed = all("id=' x ' word=' two' on=' 0 '", "<first>\n 1 </first><note> n </note>").unwrap();
    assert_eq!((parsed.id.as_str(), parsed.word, parsed.on, parsed.first), (" x ", Word::Two, false, 1));
    assert_eq!(parsed.note.as_deref(), Some(" n "));
}

#[test]
fn strict_payloads_refuse_what_they_do_not_know() {
    assert!(all("id='x' more='1'", "<first>1</first>").is_err());
    assert!(all("id='x'", "<first>1</first><more/>").is_err());
    assert!(all("id='x'", "<first>1</first><first xmlns='urn:other'>1</first>").is_err());
    assert!(all("id='x'", "<first>1</first>text").is_err());
    assert!(all("id='x' xml:lang='en' xmlns:a='urn:a' a:id='1'", "<first>1</first>").is_err());
    assert!(all("id='x' xml:lang='en'", "\n <first>1</first>\t").is_ok());
}

#[test]
fn other_payloads_ignore_what_they_do_not_know() {
    let xml = format!("<part xmlns='{NS}' id='1' more='2'><child/>text</part>");
    assert_eq!(Part::parse(&xml.parse().unwrap()), Ok(Part { id: "1".into() }));
}

#[test]
fn another_name_or_namespace_is_refused() {
    assert!(Empty::parse(&Element::bare("full", NS)).is_err());
    assert!(Empty::parse(&Element::bare("empty", "urn:other")).is_err());
    assert_eq!(Empty::parse(&Empty.to_element()), Ok(Empty));
}

#[test]
fn defaults_are_not_written() {
    let element = all("id='x' word='one' on='true'", "<first>1</first>").unwrap().to_element();
    assert_eq!((element.attr("word"), element.attr("on")), (None, None));
}

#[test]
fn received_names_are_cut_in_answers() {
    let error = ParseError::missing_attribute(&"é".repeat(5000), "id");
    assert!(error.text().len() < 200);
}

#[test]
fn enumerations_know_their_words() {
    for word in Word::ALL {
        assert_eq!(word.as_str().parse(), Ok(*word));
    }
    assert_eq!("ONE".parse::<Word>(), Err(UnknownValue));
}

prop_compose! {
    fn any_all()(
        id in text(), by in of("[a-z]{1,8}@[a-z]{1,8}"), two in any::<bool>(), on in any::<bool>(),
        lang in of("[a-z]{2}"), first in any::<u32>(), note in of(text()),
        number in vec(any::<i64>(), 0..4), urgent in any::<bool>(),
        part in of(text()),
    ) -> All {
        let by = by.map(|by| by.parse().expect("letters make an address"));
        let word = if two { Word::Two } else { Word::One };
        All { id, by, word, on, lang, first, note, number, urgent, part: part.map(|id| Part { id }) }
    }
}

proptest! {
    #[test]
    fn every_kind_of_field_survives_a_round_trip(all in any_all()) {
        prop_assert_eq!(All::parse(&all.to_element()), Ok(all));
    }

    #[test]
    fn nested_payloads_survive_a_round_trip(head in text(), parts in vec(text(), 0..4)) {
        // The first <part/> is the head, and the list has it too: a shape of the protocol, not of the macro.
        let mut parts: Vec<Part> = parts.into_iter().map(|id| Part { id }).collect();
        let head = Part { id: head };
        let parsed = Parts::parse(&Parts { head: head.clone(), parts: parts.clone() }.to_element());
        parts.insert(0, head.clone());
        prop_assert_eq!(parsed, Ok(Parts { head, parts }));
    }

    #[test]
    fn optional_text_survives_a_round_trip(text in text()) {
        let note = Note { text: Some(text).filter(|text| !text.is_empty()) };
        prop_assert_eq!(Note::parse(&note.to_element()), Ok(note));
    }

    #[test]
    fn no_element_makes_a_parser_panic(
        element in any_element(NS, &["all", "parts", "part", "note"], &["id", "by", "word", "on"]),
    ) {
        let _ = (All::parse(&element), Parts::parse(&element), Note::parse(&element));
        if element.is("part", NS) && element.attr("id").is_some() {
            prop_assert!(Part::parse(&element).is_ok());
        }
    }
}
