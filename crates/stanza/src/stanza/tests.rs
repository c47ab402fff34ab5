use stonechat_jid::Jid;

use super::*;
use crate::error::{Condition, StanzaError};
use crate::xml::{Content, Error, Limit, Limits, Scanner, Scope, Syntax};
use crate::{Element, ns};

fn parse(xml: &str) -> Stanza {
    Stanza::parse(xml.as_bytes()).unwrap_or_else(|error| panic!("{error}: {xml}"))
}

fn jid(text: &str) -> Jid {
    Jid::parse(text).unwrap()
}

/// As it comes out of a stream that declares the prefixes `stream` and `p` and this default namespace.
fn received(xml: &str, default: &str) -> Result<Stanza, Error> {
    let mut scope = Scope::outside(Some(Content::Client));
    scope.set_default(default);
    scope.bind("stream", ns::STREAM);
    scope.bind("p", "urn:p");
    scope.bind("c", ns::CLIENT);
    let mut scanner = Scanner::new(Limits::authenticated());
    let end = scanner.scan(xml.as_bytes(), &scope)?;
    assert_eq!(end, Some(xml.len()));
    Stanza::scanned(&scanner, xml.as_bytes(), &scope, Some("de"))
}

fn payload(stanza: &Stanza) -> &str {
    std::str::from_utf8(stanza.payload_bytes()).unwrap()
}

#[test]
fn the_header_is_read() {
    let stanza = parse(
        "<message to='A@B.example/C' from=\"d@e\" id='1&lt;2' type='chat' xml:lang='en'><body/></message>",
    );
    assert_eq!(stanza.to().unwrap().as_str(), "a@b.example/C");
    assert_eq!(stanza.to().unwrap().resource(), Some("C"));
    assert_eq!(stanza.from().unwrap().as_str(), "d@e");
    assert_eq!((stanza.id(), stanza.lang()), (Some("1<2"), Some("en")));
    assert_eq!(stanza.kind(), Kind::Message(message::Type::Chat));
    assert_eq!(
        stanza.to_string(),
        "<message to='a@b.example/C' from='d@e' id='1&lt;2' type='chat' xml:lang='en'><body/></message>"
    );
}

#[test]
fn every_kind_is_read_and_written() {
    for kind in message::Type::ALL {
        let stanza = Stanza::message(kind);
        assert_eq!(parse(&stanza.to_string()).kind(), Kind::Message(kind));
    }
    for kind in presence::Type::ALL {
        assert_eq!(parse(&Stanza::presence(kind).to_string()).kind(), Kind::Presence(kind));
    }
    for kind in iq::Type::ALL {
        assert_eq!(parse(&Stanza::iq(kind).to_string()).kind(), Kind::Iq(kind));
    }
}

#[test]
fn an_unknown_type_is_normal_for_a_message_and_a_defect_otherwise() {
    assert_eq!(parse("<message type='x'/>").kind(), Kind::Message(message::Type::Normal));
    assert_eq!(parse("<message type='x'/>").defect(), None);
    assert_eq!(parse("<presence type='x'/>").defect(), Some(Defect::PresenceType));
    assert_eq!(parse("<presence type='available'/>").defect(), Some(Defect::PresenceType));
    assert_eq!(parse("<iq type='x' id='1'><a xmlns='b'/></iq>").defect(), Some(Defect::IqType));
    assert_eq!(parse("<iq id='1'><a xmlns='b'/></iq>").defect(), Some(Defect::IqType));
}

#[test]
fn defects_are_found_and_keep_the_header() {
    for (xml, defect) in [
        ("<message to='@' from='a@b' id='1'/>", Defect::MalformedTo),
        ("<message to='a@b' from='' id='1'/>", Defect::MalformedFrom),
        ("<iq type='get'><a xmlns='b'/></iq>", Defect::IqId),
        ("<iq type='get' id='1'/>", Defect::IqChildren),
        ("<iq type='set' id='1'><a xmlns='b'/><a xmlns='b'/></iq>", Defect::IqChildren),
        ("<iq type='result' id='1'><a xmlns='b'/><a xmlns='b'/></iq>", Defect::IqChildren),
    ] {
        assert_eq!(parse(xml).defect(), Some(defect), "{xml}");
    }
    for xml in
        ["<iq type='result' id='1'/>", "<iq type='error' id='1'><a xmlns='b'/><error/></iq>", "<message/>"]
    {
        assert_eq!(parse(xml).defect(), None, "{xml}");
    }
    let stanza = parse("<message to='@' from='a@b' id='1'/>");
    assert_eq!((stanza.to(), stanza.id()), (None, Some("1")));
    let answer = stanza.error_reply(&stanza.defect().unwrap().into()).unwrap();
    assert_eq!(answer.to().unwrap().as_str(), "a@b");
    assert_eq!(answer.error().unwrap().condition, Condition::JidMalformed);
}

#[test]
fn stamping_an_address_mends_it() {
    let mut stanza = parse("<message to='@' from='@'/>");
    stanza.set_from(jid("a@b"));
    assert_eq!(stanza.defect(), Some(Defect::MalformedTo));
    stanza.set_to(None);
    assert_eq!(stanza.defect(), None);
    assert_eq!(stanza.to_string(), "<message from='a@b'/>");
}

#[test]
fn the_language_of_the_stream_is_inherited() {
    assert_eq!(received("<message/>", ns::CLIENT).unwrap().to_string(), "<message xml:lang='de'/>");
    assert_eq!(received("<message xml:lang='en'/>", ns::CLIENT).unwrap().lang(), Some("en"));
}

#[test]
fn children_are_found_by_expanded_name() {
    let stanza = parse(
        "<message> <body>a</body><x:y xmlns:x='u'/><z xmlns='u&amp;v'/><none xmlns=''/><body>b</body></message>",
    );
    let names: Vec<(&str, &str)> = stanza.children().map(|child| (child.ns(), child.name())).collect();
    assert_eq!(names, [(ns::CLIENT, "body"), ("u", "y"), ("u&v", "z"), ("", "none"), (ns::CLIENT, "body")]);
    assert!(stanza.has("u&v", "z") && !stanza.has("u", "z") && !stanza.has(ns::SERVER, "body"));
    assert_eq!(stanza.find(ns::CLIENT, "body").unwrap().element().unwrap().text(), "a");
    assert_eq!(stanza.find("u", "y").unwrap().bytes(), b"<x:y xmlns:x='u'/>");
    assert!(stanza.find("", "none").unwrap().element().unwrap().has_ns(""));
}

#[test]
fn the_content_namespace_is_that_of_the_stream() {
    for ns in [ns::CLIENT, ns::SERVER, ns::COMPONENT_ACCEPT] {
        let stanza = parse(&format!("<message xmlns='{ns}'><body>a</body></message>"));
        assert!(stanza.has(ns::CLIENT, "body"));
        assert_eq!(stanza.to_string(), "<message><body>a</body></message>");
        let mut out = Vec::new();
        stanza.write_in(&mut out, ns);
        assert_eq!(out, format!("<message xmlns='{ns}'><body>a</body></message>").into_bytes());
    }
    assert_eq!(Stanza::parse(b"<message xmlns='urn:x'/>").unwrap_err(), Error::NotAStanza);
    assert_eq!(Stanza::parse(b"<body/>").unwrap_err(), Error::NotAStanza);
}

#[test]
fn a_body_cannot_hide_behind_another_content_namespace() {
    for xml in [
        "<message><body xmlns='jabber:server'>a</body></message>",
        "<message><body xmlns = \"jabber:client\">a</body></message>",
        "<message><s:body xmlns:s='jabber:component:accept'>a</s:body></message>",
        "<message xmlns:s='jabber:server'><s:body>a</s:body></message>",
        "<s:message xmlns:s='jabber:client' xmlns='urn:x'><s:body>a</s:body></s:message>",
    ] {
        let stanza = parse(xml);
        assert!(stanza.has(ns::CLIENT, "body"), "{xml}");
        let text = payload(&stanza);
        let seen = parse(&format!("<message xmlns='jabber:server'>{text}</message>"));
        assert_eq!(seen.find(ns::CLIENT, "body").unwrap().element().unwrap().text(), "a", "{text}");
        let elsewhere = format!("<x xmlns='jabber:server'>{text}</x>").parse::<Element>().unwrap();
        assert_eq!(elsewhere.get_child("body", ns::SERVER).unwrap().text(), "a", "{text}");
    }
}

#[test]
fn declarations_from_outside_are_copied_into_the_children_that_need_them() {
    for (xml, default, expected) in [
        ("<message><p:x/><y xmlns='u'/></message>", ns::CLIENT, "<p:x xmlns:p='urn:p'/><y xmlns='u'/>"),
        (
            "<message><a xmlns='u' p:b='1'><p:x/></a></message>",
            ns::CLIENT,
            "<a xmlns:p='urn:p' xmlns='u' p:b='1'><p:x/></a>",
        ),
        (
            "<message xmlns:q='urn:q'><a xmlns='u'><q:x/></a><q:b/></message>",
            ns::CLIENT,
            "<a xmlns:q='urn:q' xmlns='u'><q:x/></a><q:b xmlns:q='urn:q'/>",
        ),
        ("<message xmlns:p='other'><p:x/></message>", ns::CLIENT, "<p:x xmlns:p='other'/>"),
        (
            "<message><x xmlns:p='own' xmlns='u'><p:x/></x></message>",
            ns::CLIENT,
            "<x xmlns:p='own' xmlns='u'><p:x/></x>",
        ),
        (
            "<c:message xmlns='urn:&lt;'><x>t</x> <c:body>b</c:body></c:message>",
            ns::CLIENT,
            "<x xmlns='urn:&lt;'>t</x> <body>b</body>",
        ),
        ("<message xmlns='jabber:client'><body/><x xmlns='u'/></message>", "", "<body/><x xmlns='u'/>"),
        ("<c:message><body/></c:message>", "", "<body xmlns=''/>"),
    ] {
        let stanza = received(xml, default).unwrap();
        assert_eq!(payload(&stanza), expected, "{xml}");
        // The index of the copy is that of a stanza which came that way.
        let again = parse(&stanza.to_string());
        assert_eq!(again.to_string(), stanza.to_string());
        for (ours, theirs) in stanza.children().zip(again.children()) {
            assert_eq!((ours.ns(), ours.name(), ours.bytes()), (theirs.ns(), theirs.name(), theirs.bytes()));
            assert!(ours.element().unwrap().is(ours.name(), ours.ns()));
        }
    }
}

#[test]
fn copying_declarations_cannot_outgrow_the_limit() {
    let long = "u".repeat(4_000);
    let xml = format!("<message xmlns:q='{long}'>{}</message>", "<q:a/>".repeat(1_000));
    assert_eq!(received(&xml, ns::CLIENT).unwrap_err(), Error::Limit(Limit::Bytes));
}

#[test]
fn changes_leave_the_rest_as_it_is() {
    let original = parse("<message id='&#x41;'><body>a</body> <x xmlns='u&amp;v'/><y xmlns='w'/></message>");
    let mut stanza = original.clone();
    assert_eq!(stanza.remove(ns::CLIENT, "body"), 1);
    assert_eq!(stanza.remove(ns::CLIENT, "body"), 0);
    assert_eq!(stanza.to_string(), "<message id='A'> <x xmlns='u&amp;v'/><y xmlns='w'/></message>");
    assert!(stanza.has("u&v", "x") && stanza.has("w", "y"));

    stanza.push_element(&Element::bare("z", "new&old"));
    stanza.push_element(&"<body xmlns='jabber:server'>b</body>".parse().unwrap());
    stanza.push_child(&original.children().nth(1).unwrap());
    stanza.push_bytes(b"<i xmlns='&quot;'/>text<j xmlns='k'/>").unwrap();
    stanza.push_element(&Element::bare("none", ""));
    let names: Vec<(&str, &str)> = stanza.children().map(|child| (child.ns(), child.name())).collect();
    let expected = [
        ("u&v", "x"),
        ("w", "y"),
        ("new&old", "z"),
        (ns::CLIENT, "body"),
        ("u&v", "x"),
        ("\"", "i"),
        ("k", "j"),
        ("", "none"),
    ];
    assert_eq!(names, expected);
    assert_eq!(
        parse(&stanza.to_string()).children().map(|child| (child.ns(), child.name())).collect::<Vec<_>>(),
        expected
    );
    for child in stanza.children() {
        assert!(child.element().unwrap().is(child.name(), child.ns()));
    }
    assert_eq!(original.children().count(), 3);
    assert_eq!(stanza.id(), Some("A"));
    stanza.clear();
    assert_eq!(stanza.to_string(), "<message id='A'/>");
}

#[test]
fn malformed_bytes_cannot_be_pushed() {
    let mut stanza = Stanza::message(message::Type::Chat);
    for bytes in ["</message><message>", "<a>", "<!-- -->", "&x;", "\0", "<p:a/>"] {
        assert!(stanza.push_bytes(bytes.as_bytes()).is_err(), "{bytes}");
    }
    assert_eq!(stanza.to_string(), "<message type='chat'/>");
}

#[test]
fn answers_go_back_to_where_the_question_came_from() {
    let request = parse("<iq type='get' from='a@b/c' to='d' id='7' xml:lang='en'><q xmlns='u'/></iq>");
    assert_eq!(request.reply().to_string(), "<iq to='a@b/c' from='d' id='7' type='result'/>");
    let refusal = request.error_reply(&StanzaError::item_not_found()).unwrap();
    assert_eq!((refusal.kind(), refusal.id()), (Kind::Iq(iq::Type::Error), Some("7")));
    assert_eq!(refusal.to().unwrap().as_str(), "a@b/c");
    assert!(!refusal.has("u", "q"));
    assert_eq!(refusal.error(), Some(StanzaError::item_not_found()));
    assert_eq!(refusal.defect(), None);
}

#[test]
fn errors_and_results_are_never_answered_with_an_error() {
    for xml in [
        "<iq type='result' id='1'/>",
        "<iq type='error' id='1'/>",
        "<message type='error'/>",
        "<presence type='error'/>",
    ] {
        assert!(parse(xml).error_reply(&StanzaError::bad_request()).is_none(), "{xml}");
    }
    for xml in ["<iq id='1'/>", "<message/>", "<presence type='probe'/>"] {
        assert!(parse(xml).error_reply(&StanzaError::bad_request()).is_some(), "{xml}");
    }
}

#[test]
fn one_stanza_is_expected_and_nothing_else() {
    assert_eq!(Stanza::parse(b"").unwrap_err(), Error::Incomplete);
    assert_eq!(Stanza::parse(b"<message>").unwrap_err(), Error::Incomplete);
    assert_eq!(Stanza::parse(b"<message/> ").unwrap_err(), Error::Trailing);
    assert_eq!(Stanza::parse(b" <message/>").unwrap_err(), Error::Syntax(Syntax::TextOutside));
}

#[test]
fn a_stanza_is_small_and_shared_between_threads() {
    fn is_shared<T: Send + Sync + Clone>() {}
    is_shared::<Stanza>();
    assert!(size_of::<Stanza>() <= 192, "{}", size_of::<Stanza>());
}

#[test]
fn values_are_escaped_however_they_got_there() {
    let stanza =
        Stanza::message(message::Type::Chat).with_id("'\"<>&\u{0}\n").with_to(jid("a@b/'<&")).with_lang("x'");
    let again = parse(&stanza.to_string());
    assert_eq!(again.id(), Some("'\"<>&\u{FFFD}\n"));
    assert_eq!(again.to().unwrap().as_str(), "a@b/'<&");
    assert_eq!(stanza.to_string().len(), stanza.wire_len());
}

#[test]
fn an_empty_child_is_the_same_with_and_without_a_tree() {
    for (ns, name) in [("urn:xmpp:sid:0", "stanza-id"), ("urn:x:'<&", "x"), ("", "y"), (ns::CLIENT, "thread")]
    {
        let attributes = [("id", "a<&'\"\n"), ("by", "a@b.example")];
        let mut quick = Stanza::parse(b"<message><body>x</body></message>").unwrap();
        let mut slow = quick.clone();
        quick.push_empty(ns, name, &attributes);
        let element = crate::payload::Builder::new(name, ns);
        slow.push_element(&element.attr("id", attributes[0].1).attr("by", attributes[1].1).build());
        assert_eq!(quick.to_element(), slow.to_element(), "{ns}");
        assert!(quick.has(ns, name), "{ns}");
        let again = Stanza::parse(quick.to_string().as_bytes()).unwrap();
        assert_eq!(again.to_element(), slow.to_element(), "{ns}");
    }
}
