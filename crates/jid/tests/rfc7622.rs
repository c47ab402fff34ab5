//! The examples of RFC 7622 §3.5, by both sets of rules.

use stonechat_jid::{Error, Jid, JidRef, Parsed, Part, parse_received};

type Parts = (Option<&'static str>, &'static str, Option<&'static str>);

/// Table 1: number, string, parts in canonical form.
const LEGAL: [(u8, &str, Parts); 15] = [
    (1, "juliet@example.com", (Some("juliet"), "example.com", None)),
    (2, "juliet@example.com/foo", (Some("juliet"), "example.com", Some("foo"))),
    (3, "juliet@example.com/foo bar", (Some("juliet"), "example.com", Some("foo bar"))),
    (4, "juliet@example.com/foo@bar", (Some("juliet"), "example.com", Some("foo@bar"))),
    (5, r"foo\20bar@example.com", (Some(r"foo\20bar"), "example.com", None)),
    (6, "fussball@example.com", (Some("fussball"), "example.com", None)),
    (7, "fu\u{df}ball@example.com", (Some("fu\u{df}ball"), "example.com", None)),
    (8, "\u{3c0}@example.com", (Some("\u{3c0}"), "example.com", None)),
    (9, "\u{3a3}@example.com/foo", (Some("\u{3c3}"), "example.com", Some("foo"))),
    (10, "\u{3c3}@example.com/foo", (Some("\u{3c3}"), "example.com", Some("foo"))),
    (11, "\u{3c2}@example.com/foo", (Some("\u{3c2}"), "example.com", Some("foo"))),
    (12, "king@example.com/\u{265a}", (Some("king"), "example.com", Some("\u{265a}"))),
    (13, "example.com", (None, "example.com", None)),
    (14, "example.com/foobar", (None, "example.com", Some("foobar"))),
    (15, "a.example.com/b@example.net", (None, "a.example.com", Some("b@example.net"))),
];

/// Table 2: number, string, error by the strict rules.
const ILLEGAL: [(u8, &str, Error); 8] = [
    (16, "\"juliet\"@example.com", Error::Forbidden { part: Part::Local, found: '"' }),
    (17, "foo bar@example.com", Error::Forbidden { part: Part::Local, found: ' ' }),
    (18, "juliet@example.com/ foo", Error::LeadingSpace),
    (19, "@example.com/", Error::Empty(Part::Local)),
    (20, "henry\u{2163}@example.com", Error::Forbidden { part: Part::Local, found: '\u{2163}' }),
    (21, "\u{265a}@example.com", Error::Forbidden { part: Part::Local, found: '\u{265a}' }),
    (22, "juliet@", Error::Empty(Part::Domain)),
    (23, "/foobar", Error::Empty(Part::Domain)),
];

#[test]
fn legal_jids_are_taken_apart() {
    for (number, text, parts) in LEGAL {
        let jid = Jid::parse(text).unwrap();
        assert_eq!((jid.local(), jid.domain(), jid.resource()), parts, "example {number}");
        assert_eq!(Jid::from_parts(parts.0, parts.1, parts.2).unwrap(), jid, "example {number}");
    }
}

#[test]
fn legal_jids_are_borrowed_where_they_are_canonical() {
    for (number, text, parts) in LEGAL {
        let received = parse_received(text).unwrap();
        let jid = received.as_jid_ref();
        assert_eq!((jid.local(), jid.domain(), jid.resource()), parts, "example {number}");
        assert_eq!(matches!(received, Parsed::Borrowed(_)), number != 9, "example {number}");
        assert_eq!(JidRef::parse(text).is_ok(), number != 9, "example {number}");
    }
}

#[test]
fn illegal_jids_are_refused_for_the_reason_given() {
    for (number, text, error) in ILLEGAL {
        assert_eq!(Jid::parse(text), Err(error), "example {number}");
        // Only what is wrong with a resourcepart is forgiven when received.
        let received = if number == 18 { Ok(()) } else { Err(error) };
        assert_eq!(parse_received(text).map(drop), received, "example {number}");
    }
}

#[test]
fn case_mapping_ignores_the_final_sigma() {
    let [capital, small, last] =
        ["\u{3a3}@a", "\u{3c3}@a", "\u{3c2}@a"].map(|text| Jid::parse(text).unwrap());
    assert_eq!(capital, small);
    assert_ne!(small, last);
}

#[test]
fn errors_say_which_part_and_why() {
    let cases = [
        ("a b@c", "the localpart may not contain ' ' (U+0020)"),
        ("a@b_c", "the domainpart may not contain '_' (U+005F)"),
        ("a@b/\u{200b}", "the resourcepart may not contain '\\u{200b}' (U+200B)"),
        ("a@b/\u{378}", "the resourcepart contains the unassigned code point U+0378"),
        ("a@b/", "the resourcepart is empty"),
        ("a@1.2.3", "the domainpart is not a valid IP address"),
    ];
    for (text, message) in cases {
        assert_eq!(Jid::parse(text).unwrap_err().to_string(), message);
    }
    assert_eq!(Jid::parse("a@b/").unwrap_err().part(), Some(Part::Resource));
}

#[test]
fn the_longest_jid_has_parts_of_1023_bytes() {
    let local = "a".repeat(1023);
    let resource = "é".repeat(511) + "e";
    let jid = Jid::from_parts(Some(&local), "example.com", Some(&resource)).unwrap();
    assert_eq!(jid.resource(), Some(resource.as_str()));
    assert_eq!(Jid::parse(jid.as_str()).unwrap(), jid);
    assert_eq!(Jid::parse(&format!("{local}a@b")), Err(Error::TooLong(Part::Local)));
    assert_eq!(parse_received(&format!("a@b/{resource}e")).map(drop), Err(Error::TooLong(Part::Resource)));
}
