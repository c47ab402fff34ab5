//! The decoder beside another parser: rxml for the verdict, minidom (over rxml) for the tree.
//!
//! Where the two may differ, and why:
//! - a second declaration of the same prefix in one tag: rxml lets it pass;
//! - names with characters from U+FDF0 to U+FFFD, which XML 1.0 allows and rxml's table lacks;
//! - comments: rxml skips over them or not as it likes, RFC 6120 §11.1 forbids them;
//! - text between first-level elements: legal XML, but nothing that belongs into a stream;
//! - a stream header inside of a stream: an element like any other to rxml;
//! - what follows the end of the stream: nobody looks at it here.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fmt;

use bytes::BytesMut;
use minidom::{Element, Node};
use proptest::prelude::*;
use rxml::Parse;
use stonechat_stanza::ns;
use stonechat_stanza::xml::{self, Restricted, Syntax};
use stonechat_stream::codec::{Content, Decoder, Error, Frame, Framing, Limits};

const OPEN: &str = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' xmlns:p='urn:p' version='1.0'>";
const CLOSE: &str = "</stream:stream>";

#[derive(Debug, Clone)]
enum Read {
    Stanza(Element),
    Other(Element),
}

/// What the decoder makes of `inside` between the tags of a stream, in pieces that end at `cuts`.
fn decode(inside: &[u8], cuts: &[usize]) -> (Vec<Read>, Result<bool, Error>) {
    let mut decoder = Decoder::new(Framing::Tcp, Content::Client, Limits::authenticated());
    let whole = [OPEN.as_bytes(), inside, CLOSE.as_bytes()].concat();
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (whole.len() + 1)).collect();
    ends.push(whole.len());
    ends.sort_unstable();
    let mut buffer = BytesMut::new();
    let (mut given, mut frames, mut closed) = (0, Vec::new(), false);
    for end in ends {
        buffer.extend_from_slice(&whole[given..end]);
        given = end;
        loop {
            match decoder.decode(&mut buffer) {
                Ok(Some(Frame::Open(_))) => {}
                Ok(Some(Frame::Stanza(stanza))) => frames.push(Read::Stanza(stanza.to_element())),
                Ok(Some(Frame::Nonza(nonza))) => frames.push(Read::Other(nonza.element().unwrap())),
                Ok(Some(Frame::Close)) => closed = true,
                Ok(None) => break,
                Err(error) => return (frames, Err(error)),
            }
        }
    }
    (frames, Ok(closed))
}

/// Is it a well-formed document to rxml?
fn rxml_accepts(document: &[u8]) -> bool {
    let mut parser = rxml::Parser::new();
    let mut rest = document;
    loop {
        match parser.parse(&mut rest, true) {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

fn compare(inside: &[u8], cuts: &[usize]) -> Result<(), TestCaseError> {
    let (frames, verdict) = decode(inside, &[]);
    let (cut_frames, cut_verdict) = decode(inside, cuts);
    prop_assert_eq!(&verdict, &cut_verdict, "the cuts {:?} change the verdict", cuts);
    prop_assert_eq!(
        format!("{frames:?}"),
        format!("{cut_frames:?}"),
        "the cuts {:?} change the frames",
        cuts
    );

    let document = [OPEN.as_bytes(), inside, CLOSE.as_bytes()].concat();
    let accepted = rxml_accepts(&document);
    match verdict {
        Ok(true) => {
            let ended_early = inside.windows(15).any(|w| w == b"</stream:stream");
            let text = String::from_utf8_lossy(&document);
            let rare = text.contains(|c| matches!(c, '\u{FDF0}'..='\u{FFFD}'));
            prop_assert!(accepted || ended_early || rare, "refused by rxml alone");
            let Ok(tree) = text.parse::<Element>() else {
                prop_assert!(ended_early || rare);
                return Ok(());
            };
            same_trees(&frames, &tree)?;
        }
        Ok(false) => prop_assert!(!accepted, "accepted by rxml alone: incomplete"),
        Err(Error::Reopened) => {}
        Err(Error::Xml(xml::Error::Restricted(Restricted::Comment))) => {}
        Err(Error::Xml(xml::Error::Syntax(Syntax::DuplicateAttribute))) if accepted => {
            prop_assert!(inside.windows(5).filter(|w| w == b"xmlns").count() > 1, "accepted by rxml alone");
        }
        Err(Error::Xml(xml::Error::Syntax(Syntax::TextOutside | Syntax::Markup))) if accepted => {
            let tree: Element = std::str::from_utf8(&document).unwrap().parse().unwrap();
            let text = tree.texts().any(|text| !text.trim_matches([' ', '\t', '\n', '\r']).is_empty());
            prop_assert!(text || inside.windows(3).any(|w| w == b"<![" || w == b"&#x" || w[..2] == *b"&#"));
        }
        Err(error) => prop_assert!(!accepted, "accepted by rxml alone: {error}"),
    }
    Ok(())
}

fn same_trees(frames: &[Read], tree: &Element) -> Result<(), TestCaseError> {
    prop_assert_eq!(frames.len(), tree.children().count());
    for (frame, theirs) in frames.iter().zip(tree.children()) {
        match frame {
            Read::Other(ours) => prop_assert_eq!(ours, theirs),
            // Addresses are in canonical form and other attributes dropped: the content has to be the same.
            Read::Stanza(ours) => {
                prop_assert_eq!(ours.name(), theirs.name());
                prop_assert!(theirs.has_ns(ns::CLIENT));
                prop_assert_eq!(ours.attr("id"), theirs.attr("id"));
                prop_assert_eq!(ours.attr_ns(ns::XML, "lang"), theirs.attr_ns(ns::XML, "lang"));
                let nodes: Vec<Node> = theirs.nodes().map(as_content).collect();
                prop_assert_eq!(ours.nodes().cloned().collect::<Vec<_>>(), nodes);
            }
        }
    }
    Ok(())
}

/// A child in another content namespace is taken for one in this; so are those of its own in it.
fn as_content(node: &Node) -> Node {
    fn moved(element: &Element, from: &str) -> Element {
        let mut copy = Element::bare(element.name(), ns::CLIENT);
        *copy.attrs_mut() = element.attrs().clone();
        for node in element.nodes() {
            copy.append_node(match node {
                Node::Element(child) if child.ns() == from => Node::Element(moved(child, from)),
                other => other.clone(),
            });
        }
        copy
    }
    match node {
        Node::Element(element) if ns::is_content(&element.ns()) => {
            Node::Element(moved(element, &element.ns()))
        }
        other => other.clone(),
    }
}

fn choose(options: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(options).prop_map(String::from)
}

fn space() -> impl Strategy<Value = String> {
    choose(&["", "", "", " ", "\n ", "\t", "\r\n"])
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => choose(&["", "hello", "a]]b", "x > y", "&lt;&amp;&gt;", "&#65;&#x1F600;", "<![CDATA[<&]]]]>", "\r\n\r\t", "é日本𝄞", "&#xD;", "]]", "<![CDATA[]]>"]),
        1 => "[ -%'-;=?-~é\u{FFFD}]{0,40}",
    ]
}

fn attribute() -> impl Strategy<Value = String> {
    let name = choose(&[
        "a", "b", "xml:lang", "p:a", "q:a", "xmlns", "xmlns:p", "xmlns:q", "id", "to", "é", "stream:x",
        "type",
    ]);
    let value = prop_oneof![
        3 => choose(&["", "urn:p", "urn:q", "urn:r", "jabber:client", "1", "get", "chat", "&lt;", "a\n\tb", "&#10;", "a@b/c", "en", "urn:&#112;", ">", "]]>"]),
        1 => "[ -%(-;=?-~é]{0,20}",
    ];
    (space(), name, space(), space(), value, any::<bool>()).prop_map(|(s, name, s2, s3, value, double)| {
        let quote = if double { '"' } else { '\'' };
        format!(" {s}{name}{s2}={s3}{quote}{value}{quote}")
    })
}

fn element() -> impl Strategy<Value = String> {
    let name =
        || choose(&["body", "x", "p:y", "q:z", "stream:features", "error", "é-1.x", "message", "iq", "a"]);
    let attributes = || prop::collection::vec(attribute(), 0..4).prop_map(|list| list.concat());
    let leaf = (name(), attributes(), text()).prop_map(|(name, attributes, text)| match text.is_empty() {
        true => format!("<{name}{attributes}/>"),
        false => format!("<{name}{attributes}>{text}</{name}>"),
    });
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let content = prop::collection::vec(prop_oneof![3 => inner, 2 => text()], 0..4);
        (name(), attributes(), content, space()).prop_map(|(name, attributes, content, space)| {
            format!("<{name}{attributes}{space}>{}</{name}{space}>", content.concat())
        })
    })
}

fn stanza() -> impl Strategy<Value = String> {
    let name = choose(&["message", "presence", "iq", "iq", "message", "stream:error", "p:r", "x"]);
    let attributes = prop::collection::vec(attribute(), 0..5).prop_map(|list| list.concat());
    let content = prop::collection::vec(prop_oneof![3 => element(), 1 => text()], 0..4);
    (name, attributes, content)
        .prop_map(|(name, attributes, content)| format!("<{name}{attributes}>{}</{name}>", content.concat()))
}

fn stream() -> impl Strategy<Value = String> {
    prop::collection::vec((stanza(), space()), 0..3)
        .prop_map(|list| list.into_iter().map(|(stanza, space)| stanza + &space).collect())
}

/// Small damage, mostly with bytes that mean something.
fn damage() -> impl Strategy<Value = Vec<(prop::sample::Index, u8, Vec<u8>)>> {
    let bytes = prop_oneof![
        choose(&[
            "<",
            ">",
            "/",
            "&",
            "'",
            "\"",
            "=",
            " ",
            ":",
            "]]>",
            "<!--",
            "-->",
            "<?x?>",
            "<!DOCTYPE x>",
            "&nbsp;",
            "&#0;",
            "&#xFFFE;",
            "&",
            ";",
            "xmlns:xml='u'",
            " a='1'",
            " a='1' a='2'",
            "</x>",
            "<x/>",
            "</stream:stream>",
            "\u{FEFF}",
            "\u{FFFE}",
            "xmlns=''",
            " xmlns:p=''",
            " xmlns:xmlns='u'",
            "1",
            "-",
            "é",
            "]]"
        ])
        .prop_map(String::into_bytes),
        prop::sample::select(vec![
            b"\0".to_vec(),
            b"\xff".to_vec(),
            b"\xc0\x80".to_vec(),
            b"\xed\xa0\x80".to_vec(),
            b"\xe2\x82".to_vec(),
            b"\x1b".to_vec()
        ]),
        prop::collection::vec(any::<u8>(), 0..3),
    ];
    prop::collection::vec((any::<prop::sample::Index>(), 0u8..4, bytes), 1..3)
}

struct Damaged(Vec<u8>);

impl fmt::Debug for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_ascii())
    }
}

fn damaged() -> impl Strategy<Value = Damaged> {
    (stream(), damage()).prop_map(|(inside, damage)| {
        let mut bytes = inside.into_bytes();
        for (place, remove, insert) in damage {
            let at = place.index(bytes.len() + 1);
            let end = bytes.len().min(at + usize::from(remove));
            bytes.splice(at..end, insert);
        }
        Damaged(bytes)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3_000) })]

    #[test]
    fn generated_streams_are_read_alike(inside in stream(), cuts in prop::collection::vec(0usize..2000, 0..8)) {
        compare(inside.as_bytes(), &cuts)?;
    }

    #[test]
    fn damaged_streams_are_judged_alike(inside in damaged(), cuts in prop::collection::vec(0usize..2000, 0..8)) {
        compare(&inside.0, &cuts)?;
    }

    #[test]
    fn every_single_cut_gives_the_same_frames(inside in stream()) {
        let (frames, verdict) = decode(inside.as_bytes(), &[]);
        let all: Vec<usize> = (0..OPEN.len() + inside.len() + CLOSE.len()).collect();
        let (cut_frames, cut_verdict) = decode(inside.as_bytes(), &all);
        prop_assert_eq!(verdict, cut_verdict);
        prop_assert_eq!(format!("{frames:?}"), format!("{cut_frames:?}"));
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), websocket in any::<bool>()) {
        let framing = if websocket { Framing::WebSocket } else { Framing::Tcp };
        let mut decoder = Decoder::new(framing, Content::Client, Limits::unauthenticated());
        let mut buffer = BytesMut::from(&bytes[..]);
        while let Ok(Some(_)) = decoder.decode(&mut buffer) {}
    }
}
