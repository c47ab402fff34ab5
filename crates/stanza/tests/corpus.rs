//! Every example of the specifications goes through scanner, stanza, reader and writer.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::PathBuf;

use minidom::Element;
use stonechat_stanza::jid::Jid;
use stonechat_stanza::xml::{Content, Error, Limits, Restricted, Scanner, Scope};
use stonechat_stanza::{Nonza, Stanza, ns};

struct Case {
    name: String,
    flags: String,
    names: Vec<String>,
    bytes: Vec<u8>,
}

impl Case {
    fn is(&self, flag: &str) -> bool {
        self.flags.split([',', ' ']).any(|known| known == flag)
    }

    fn scope(&self) -> Scope {
        let mut scope = Scope::stream(Content::Client);
        scope.bind("stream", ns::STREAM);
        if self.is("dialback") {
            scope.bind("db", ns::DIALBACK);
        }
        scope
    }
}

fn cases() -> Vec<Case> {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus");
    let mut cases = Vec::new();
    for folder in ["", "rfc/"] {
        let manifest = fs::read_to_string(corpus.join(folder).join("MANIFEST.tsv")).unwrap();
        for line in manifest.lines().skip(1) {
            let fields: Vec<&str> = line.split('\t').collect();
            let name = format!("{folder}{}", fields[0]);
            let names = if fields[5 - usize::from(!folder.is_empty())] == "-" {
                Vec::new()
            } else {
                fields[5 - usize::from(!folder.is_empty())].split(' ').map(String::from).collect()
            };
            let flags = fields[4 - usize::from(!folder.is_empty())].to_owned();
            let bytes = fs::read(corpus.join(&name)).unwrap();
            cases.push(Case { name, flags, names, bytes });
        }
    }
    cases
}

fn fragments() -> impl Iterator<Item = Case> {
    cases().into_iter().filter(|case| {
        // Lines of prose stand before its first element.
        case.name != "rfc/rfc6120-132.xml"
            && !case.name.starts_with("malformed/")
            && !case.is("comment")
            && !case.is("pi")
            && !case.is("opens")
    })
}

/// The first-level elements of a file; `None` for stanzas that are read as something else.
fn elements(case: &Case) -> Result<Vec<(String, Element)>, Error> {
    let scope = case.scope();
    let mut scanner = Scanner::new(Limits::authenticated());
    let mut rest = &case.bytes[..];
    let mut found = Vec::new();
    loop {
        let space = scanner.space_ahead(rest);
        rest = &rest[space..];
        scanner.consume(space);
        if rest.is_empty() || rest.starts_with(b"</") {
            return Ok(found);
        }
        let end = scanner.scan(rest, &scope)?.ok_or(Error::Incomplete)?;
        let (ns, name) = scanner.name(rest, &scope).unwrap();
        let name = format!("{{{ns}}}{name}");
        let tree = if scanner.is_stanza() {
            round_trip(&case.name, Stanza::scanned(&scanner, rest, &scope, None)?, &rest[..end])
        } else {
            Nonza::scanned(&scanner, rest, &scope)?.element().unwrap()
        };
        found.push((name, tree));
        rest = &rest[end..];
        scanner.consume(end);
    }
}

/// Writes and reads a stanza in every way there is.
fn round_trip(name: &str, stanza: Stanza, original: &[u8]) -> Element {
    let tree = stanza.to_element();
    let mut written = Vec::new();
    stanza.write(&mut written);
    assert_eq!(written.len(), stanza.wire_len(), "{name}");
    let again = Stanza::parse(&written).unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(again.to_element(), tree, "{name}");
    let mut twice = Vec::new();
    again.write(&mut twice);
    assert_eq!(twice, written, "{name}");

    let mut standing_alone = Vec::new();
    stanza.write_in(&mut standing_alone, ns::SERVER);
    assert_eq!(Stanza::parse(&standing_alone).unwrap().to_element(), tree, "{name}");
    assert_eq!(Stanza::from_element(&tree).unwrap().to_element(), tree, "{name}");

    for child in stanza.children() {
        let element = child.element().unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(element.is(child.name(), child.ns()), "{name}: {child:?}");
    }
    // What was received is what another reader sees.
    if stanza.defect().is_none() {
        let mut seen = seen_by_minidom(original);
        // RFC 6121 §5.2.2: a normal message need not say so.
        if seen.attr("type") == Some("normal") {
            seen.attrs_mut().remove("", "type");
        }
        // RFC 7622: addresses are compared, and passed on, in canonical form.
        for address in ["to", "from"] {
            let canonical = seen.attr(address).map(|value| Jid::parse_received(value).unwrap().to_string());
            if let (Some(value), Some(canonical)) = (seen.attrs_mut().get_mut("", address), canonical) {
                *value = canonical;
            }
        }
        assert_eq!(tree, seen, "{name}");
    }
    tree
}

/// The tree of a first-level element by another parser.
fn seen_by_minidom(bytes: &[u8]) -> Element {
    let text = format!(
        "<x xmlns='jabber:client' xmlns:stream='{}' xmlns:db='{}'>{}</x>",
        ns::STREAM,
        ns::DIALBACK,
        std::str::from_utf8(bytes).unwrap()
    );
    text.parse::<Element>().unwrap().children().next().unwrap().clone()
}

#[test]
fn every_example_is_read_as_the_manifest_says_and_round_trips() {
    let mut stanzas = 0;
    for case in fragments() {
        let found = elements(&case).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let names: Vec<String> = found.into_iter().map(|(name, _)| name).collect();
        // The manifest has no names for what stands before a lone closing tag.
        if !case.is("closes") {
            assert_eq!(names, case.names, "{}", case.name);
        }
        stanzas += names.iter().filter(|name| name.starts_with("{jabber:client}")).count();
    }
    assert!(stanzas > 1_000, "only {stanzas} stanzas in the corpus");
}

#[test]
fn malformed_examples_are_refused() {
    let malformed: Vec<Case> =
        cases().into_iter().filter(|case| case.name.starts_with("malformed/")).collect();
    assert_eq!(malformed.len(), 12);
    for case in malformed {
        assert!(elements(&case).is_err(), "{}", case.name);
    }
}

#[test]
fn examples_with_comments_or_processing_instructions_are_refused_as_restricted() {
    let restricted: Vec<Case> =
        cases().into_iter().filter(|case| case.is("comment") || case.is("pi")).collect();
    assert!(restricted.len() > 20);
    for case in restricted {
        let error = elements(&case).unwrap_err();
        assert!(
            matches!(error, Error::Restricted(Restricted::Comment | Restricted::ProcessingInstruction)),
            "{}: {error}",
            case.name
        );
    }
}

#[test]
fn stream_headers_of_the_examples_are_read() {
    let headers: Vec<Case> = cases().into_iter().filter(|case| case.is("opens")).collect();
    assert_eq!(headers.len(), 71);
    for case in headers {
        let start = case.bytes.windows(7).position(|w| w == b"<stream").unwrap_or(0);
        let bytes = &case.bytes[start..];
        let scope = Scope::outside(None);
        let mut scanner = Scanner::new(Limits::unauthenticated());
        let end = scanner.scan_start_tag(bytes, &scope).unwrap();
        assert!(end.is_some(), "{}", case.name);
        // XEP-0397 misspells the namespace in its first example; RFC 6120 shows a wrong one on purpose.
        let ns = match &*case.name {
            "streams/xep-0397-ex01.xml" => "http://etherx.jabber.org/stream",
            "rfc/rfc6120-028.xml" | "rfc/rfc6120-064.xml" => "http://wrong.namespace.example.org/",
            _ => ns::STREAM,
        };
        assert_eq!(scanner.name(bytes, &scope), Some((ns, "stream")), "{}", case.name);
    }
}

#[test]
fn every_cut_of_an_example_ends_with_the_same_verdict() {
    for case in cases().into_iter().filter(|case| case.bytes.len() < 600) {
        let scope = case.scope();
        let whole = Scanner::new(Limits::authenticated()).scan(&case.bytes, &scope);
        let mut byte_by_byte = Scanner::new(Limits::authenticated());
        let mut verdict = Ok(None);
        for end in 1..=case.bytes.len() {
            verdict = byte_by_byte.scan(&case.bytes[..end], &scope);
            if verdict != Ok(None) {
                break;
            }
        }
        assert_eq!(verdict, whole, "{}", case.name);
    }
}
