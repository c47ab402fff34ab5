use std::fmt::Write;

use bytes::BytesMut;
use stonechat_stanza::{Element, ns, xml};

use super::*;
use crate::{Condition, StreamError, Version};

const OPEN: &str = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.com' version='1.0' xml:lang='de'>";

/// What a decoder says to all of `bytes`, checked to be the same for whole and for single bytes.
fn decode(framing: Framing, limits: Limits, bytes: &[u8]) -> (Vec<Frame>, Result<(), Error>) {
    fn run(mut decoder: Decoder, pieces: &mut dyn Iterator<Item = &[u8]>) -> (Vec<Frame>, Result<(), Error>) {
        let mut buffer = BytesMut::new();
        let mut frames = Vec::new();
        for piece in pieces {
            buffer.extend_from_slice(piece);
            loop {
                match decoder.decode(&mut buffer) {
                    Ok(Some(frame)) => frames.push(frame),
                    Ok(None) => break,
                    Err(error) => return (frames, Err(error)),
                }
            }
        }
        (frames, Ok(()))
    }
    let decoder = || Decoder::new(framing, Content::Client, limits);
    let whole = run(decoder(), &mut [bytes].into_iter());
    if framing == Framing::Tcp {
        let cut = run(decoder(), &mut bytes.chunks(1));
        assert_eq!(format!("{cut:?}"), format!("{whole:?}"), "byte by byte");
    }
    whole
}

fn inside(text: impl AsRef<[u8]>) -> (Vec<Frame>, Result<(), Error>) {
    let (mut frames, result) =
        decode(Framing::Tcp, Limits::authenticated(), &[OPEN.as_bytes(), text.as_ref()].concat());
    assert!(matches!(frames.remove(0), Frame::Open(_)));
    (frames, result)
}

fn condition_inside(text: impl AsRef<[u8]>) -> Condition {
    inside(text).1.expect_err("it has to be refused").condition()
}

fn condition_of_header(text: &str) -> Condition {
    decode(Framing::Tcp, Limits::unauthenticated(), text.as_bytes())
        .1
        .expect_err("it has to be refused")
        .condition()
}

fn header(text: &str) -> StreamHeader {
    match decode(Framing::Tcp, Limits::unauthenticated(), text.as_bytes()) {
        (frames, Ok(())) => match frames.into_iter().next() {
            Some(Frame::Open(header)) => header,
            other => panic!("{other:?}"),
        },
        (_, Err(error)) => panic!("{error}"),
    }
}

fn message(decoder: &mut Decoder, text: &str) -> Result<Option<Frame>, Error> {
    decoder.decode(&mut BytesMut::from(text))
}

fn websocket() -> Decoder {
    Decoder::new(Framing::WebSocket, Content::Client, Limits::authenticated())
}

// --- streams over TCP -------------------------------------------------------

#[test]
fn a_stream_is_read_from_its_header_to_its_end() {
    let (frames, result) = inside(
        "\n<presence/> <a xmlns='u'/>\t<stream:error><reset xmlns='v'/></stream:error></stream:stream \n>rest",
    );
    result.unwrap();
    let [Frame::Stanza(stanza), Frame::Nonza(a), Frame::Nonza(error), Frame::Close] = &frames[..] else {
        panic!("{frames:?}")
    };
    assert_eq!(stanza.lang(), Some("de"));
    assert!(a.is("u", "a") && error.is(ns::STREAM, "error"));
    assert_eq!(a.bytes(), b"<a xmlns='u'/>");
    assert!(error.element().unwrap().has_child("reset", "v"));
}

#[test]
fn the_header_says_all_it_has_to_say() {
    let read = header(
        "<?xml version='1.0' encoding='UTF-8'?>\n<stream:stream from='a@b' to='c' id='&lt;1' version='1.0' xml:lang='en' xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback'>",
    );
    let expected = StreamHeader {
        to: Some("c".into()),
        from: Some("a@b".into()),
        id: Some("<1".into()),
        version: Some(Version::V1_0),
        lang: Some("en".into()),
        content_ns: ns::SERVER.into(),
    };
    assert_eq!(read, expected);
}

#[test]
fn any_prefix_may_stand_for_the_stream_namespace() {
    let open = "<s:stream xmlns='jabber:client' xmlns:s='http://etherx.jabber.org/streams'>";
    let (frames, result) =
        decode(Framing::Tcp, Limits::authenticated(), format!("{open}<s:error/></s:stream>").as_bytes());
    result.unwrap();
    assert!(matches!(&frames[1], Frame::Nonza(error) if error.is(ns::STREAM, "error")));
    assert!(matches!(frames[2], Frame::Close));
}

#[test]
fn stanzas_may_name_their_namespace_themselves() {
    // RFC 6120 §4.8.2, "prefix-free canonicalization".
    let text = "<stream xmlns='http://etherx.jabber.org/streams'><message xmlns='jabber:client'><body>a</body></message><features/><message/></stream>";
    let (frames, result) = decode(Framing::Tcp, Limits::authenticated(), text.as_bytes());
    result.unwrap();
    let [
        Frame::Open(header),
        Frame::Stanza(stanza),
        Frame::Nonza(features),
        Frame::Nonza(other),
        Frame::Close,
    ] = &frames[..]
    else {
        panic!("{frames:?}")
    };
    assert_eq!(header.content_ns, ns::CLIENT);
    assert!(stanza.has(ns::CLIENT, "body"));
    assert!(features.is(ns::STREAM, "features") && other.is(ns::STREAM, "message"));
}

#[test]
fn headers_that_are_none_get_the_error_of_the_rfc() {
    for (text, condition) in [
        ("<stream:stream xmlns='jabber:client' xmlns:stream='urn:x'>", Condition::InvalidNamespace),
        ("<stream:stream xmlns='jabber:client'>", Condition::BadNamespacePrefix),
        ("<stream xmlns='jabber:client'>", Condition::BadNamespacePrefix),
        ("<message xmlns='jabber:client'>", Condition::BadFormat),
        ("<stream:streams xmlns:stream='http://etherx.jabber.org/streams'>", Condition::BadFormat),
        ("<stream:stream xmlns:stream='http://etherx.jabber.org/streams'/>", Condition::BadFormat),
        ("hello", Condition::NotWellFormed),
        ("GET / HTTP/1.1\r\n", Condition::NotWellFormed),
        ("\u{16}\u{3}\u{1}", Condition::NotWellFormed),
        ("</stream:stream>", Condition::NotWellFormed),
        ("<?xml version='1.0' encoding='utf-16'?>", Condition::UnsupportedEncoding),
        ("<?xml version='1.0'?><?xml version='1.0'?>", Condition::RestrictedXml),
        ("<!DOCTYPE x>", Condition::RestrictedXml),
        ("<!-- x -->", Condition::RestrictedXml),
    ] {
        assert_eq!(condition_of_header(text), condition, "{text}");
    }
}

#[test]
fn a_restart_loses_nothing() {
    let mut decoder = Decoder::new(Framing::Tcp, Content::Client, Limits::unauthenticated());
    let mut buffer =
        BytesMut::from(&*format!("{OPEN}<auth xmlns='u'/>\n<?xml version='1.0'?>{OPEN}<presence"));
    assert!(matches!(decoder.decode(&mut buffer), Ok(Some(Frame::Open(_)))));
    assert!(matches!(decoder.decode(&mut buffer), Ok(Some(Frame::Nonza(_)))));
    decoder.reset();
    decoder.set_limits(Limits::authenticated());
    assert!(matches!(decoder.decode(&mut buffer), Ok(Some(Frame::Open(_)))));
    assert!(matches!(decoder.decode(&mut buffer), Ok(None)));
    assert!(decoder.is_inside_frame());
    buffer.extend_from_slice(b"/>");
    assert!(matches!(decoder.decode(&mut buffer), Ok(Some(Frame::Stanza(_)))));
    assert!(!decoder.is_inside_frame() && buffer.is_empty());
}

#[test]
fn keepalives_leave_nothing_behind() {
    let mut decoder = Decoder::new(Framing::Tcp, Content::Client, Limits::unauthenticated());
    let mut buffer = BytesMut::from(OPEN);
    assert!(matches!(decoder.decode(&mut buffer), Ok(Some(_))));
    for _ in 0..10_000 {
        buffer.extend_from_slice(b" \n");
        assert!(matches!(decoder.decode(&mut buffer), Ok(None)));
        assert!(buffer.is_empty());
    }
}

#[test]
fn the_stanza_of_another_stream_is_no_stanza() {
    let (frames, result) = inside(
        "<message xmlns='jabber:server'/><message xmlns=''/><x:iq xmlns:x='jabber:component:accept'/>",
    );
    result.unwrap();
    assert_eq!(frames.len(), 3);
    for frame in frames {
        let Frame::Nonza(nonza) = frame else { panic!("{frame:?}") };
        assert_eq!(nonza.element().unwrap().ns(), nonza.ns());
    }
}

#[test]
fn a_nonza_can_stand_alone() {
    let (frames, result) =
        inside("<x p='1'><y/></x><stream:features><a xmlns='u' stream:b=''/></stream:features>");
    result.unwrap();
    for (frame, expected) in frames.iter().zip([
        "<x xmlns='jabber:client' p='1'><y/></x>",
        "<stream:features xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'><a xmlns='u' stream:b=''/></stream:features>",
    ]) {
        let Frame::Nonza(nonza) = frame else { panic!("{frame:?}") };
        assert_eq!(std::str::from_utf8(nonza.bytes()), Ok(expected));
        assert_eq!(nonza.element().unwrap(), expected.parse::<Element>().unwrap());
    }
}

// --- what is written ---------------------------------------------------------

#[test]
fn what_is_written_is_read_back() {
    let header = StreamHeader {
        to: Some("a<b>'&".into()),
        from: Some("c".into()),
        id: Some("i".into()),
        version: Some(Version::V1_0),
        lang: Some("en".into()),
        ..StreamHeader::default()
    };
    let features: Element =
        "<features xmlns='http://etherx.jabber.org/streams'><bind xmlns='u'/></features>".parse().unwrap();
    let stanza = Stanza::parse(b"<message to='a@b'><body>x</body></message>").unwrap();
    for framing in [Framing::Tcp, Framing::WebSocket] {
        let mut decoder = Decoder::new(framing, Content::Client, Limits::unauthenticated());
        let mut read = |write: &dyn Fn(&mut Vec<u8>)| {
            let mut out = Vec::new();
            write(&mut out);
            decoder.decode(&mut BytesMut::from(&out[..])).unwrap().unwrap()
        };
        let Frame::Open(opened) = read(&|out| framing.write_open(&header, out)) else { panic!() };
        assert_eq!(opened, header);
        let Frame::Nonza(nonza) = read(&|out| framing.write_element(&features, out)) else { panic!() };
        assert_eq!(nonza.element().unwrap(), features);
        assert!(nonza.bytes().starts_with(b"<stream:features"));
        let Frame::Stanza(again) = read(&|out| framing.write_stanza(&stanza, out)) else { panic!() };
        assert_eq!(again.to_string(), "<message to='a@b' xml:lang='en'><body>x</body></message>");
        assert!(matches!(read(&|out| framing.write_close(out)), Frame::Close));
    }
}

// --- what is known to go wrong elsewhere --------------------------------------

#[test]
fn dtds_entities_comments_and_processing_instructions_end_the_stream() {
    let bomb = "<!DOCTYPE lolz [<!ENTITY lol 'lol'><!ENTITY lol2 '&lol;&lol;&lol;'>]><message><body>&lol2;</body></message>";
    for text in [
        bomb,
        "<message><!DOCTYPE a></message>",
        "<!ENTITY a 'b'>",
        "<message><body>&lol;</body></message>",
        "<message to='&lol;'/>",
        "<message><!-- a --></message>",
        "<!-- a -->",
        "<?a?>",
        "<message><body><?php?></body></message>",
    ] {
        assert_eq!(condition_inside(text), Condition::RestrictedXml, "{text}");
        let mut decoder = websocket();
        let error = message(&mut decoder, text).unwrap_err();
        assert_eq!(error.condition(), Condition::RestrictedXml, "{text}");
    }
    // In a CDATA section nothing is a reference, so nothing grows.
    let (frames, _) = inside("<message><body><![CDATA[&lol;]]></body></message>");
    let Frame::Stanza(stanza) = &frames[0] else { panic!() };
    assert_eq!(stanza.find(ns::CLIENT, "body").unwrap().element().unwrap().text(), "&lol;");
}

#[test]
fn heavy_xml_before_authentication_is_cut_by_each_limit() {
    let cases = [
        ("size", format!("<a xmlns='u'>{}</a>", "x".repeat(9_000))),
        ("depth", format!("{}{}", "<a>".repeat(20), "</a>".repeat(20))),
        ("elements", format!("<a xmlns='u'>{}</a>", "<b/>".repeat(40))),
        ("attributes", {
            let mut tag = "<a".to_owned();
            (0..100).for_each(|n| write!(tag, " a{n}=''").unwrap());
            tag + "/>"
        }),
        ("namespaces", {
            let mut tag = "<a".to_owned();
            (0..20).for_each(|n| write!(tag, " xmlns:a{n}='u'").unwrap());
            tag + "/>"
        }),
        ("names", format!("<{}/>", "n".repeat(200))),
    ];
    for (what, text) in cases {
        let whole = [OPEN, &text].concat();
        let (_, result) = decode(Framing::Tcp, Limits::unauthenticated(), whole.as_bytes());
        assert_eq!(result.unwrap_err().condition(), Condition::PolicyViolation, "{what}");
        // The same is nothing unusual once logged in, but for its depth in a stanza.
        assert_eq!(inside(&text).1.is_ok(), what != "attributes", "{what}");
    }
}

#[test]
fn limits_before_authentication_are_lower() {
    let (before, after) = (Limits::unauthenticated(), Limits::authenticated());
    assert_eq!((before.bytes, before.elements), (8192, 32));
    assert!(before.bytes < after.bytes && before.elements < after.elements && before.depth < after.depth);
    assert!(
        before.attributes < after.attributes && before.bindings < after.bindings && before.name < after.name
    );
    let text = format!("<a>{}</a>", "x".repeat(8_185));
    assert_eq!(text.len(), 8_192);
    let fits = [OPEN, &text].concat();
    assert!(decode(Framing::Tcp, before, fits.as_bytes()).1.is_ok());
}

#[test]
fn the_header_has_limits_too() {
    let long =
        format!("<stream:stream xmlns:stream='http://etherx.jabber.org/streams' to='{}'>", "x".repeat(9_000));
    assert_eq!(condition_of_header(&long), Condition::PolicyViolation);
}

#[test]
fn a_stanza_that_grows_byte_by_byte_is_refused_at_the_limit_not_at_its_end() {
    let limits = Limits { bytes: 1_000, ..Limits::authenticated() };
    let mut decoder = Decoder::new(Framing::Tcp, Content::Client, limits);
    let mut buffer = BytesMut::from(OPEN);
    assert!(matches!(decoder.decode(&mut buffer), Ok(Some(_))));
    buffer.extend_from_slice(b"<message><body>");
    let error = loop {
        match decoder.decode(&mut buffer) {
            Ok(frame) => assert!(frame.is_none()),
            Err(error) => break error,
        }
        buffer.extend_from_slice(b"x");
    };
    assert_eq!(error, Error::Xml(xml::Limit::Bytes.into()));
    assert_eq!(buffer.len(), 1_000);
}

#[test]
fn bytes_that_parsers_disagree_on_are_refused() {
    for bytes in [&b"\xff"[..], b"\xc0\xbc", b"\xe0\x80\xbc", b"\xed\xa0\x80", b"\xf5\x80\x80\x80"] {
        let text = [b"<message><body>", bytes, b"</body></message>"].concat();
        assert_eq!(condition_inside(text), Condition::UnsupportedEncoding, "{}", bytes.escape_ascii());
    }
    for text in ["\0", "\u{FFFE}", "\u{FFFF}", "\u{B}", "&#0;", "&#xFFFF;", "&#xD800;"] {
        let text = format!("<message><body>{text}</body></message>");
        assert_eq!(condition_inside(&text), Condition::NotWellFormed, "{}", text.escape_debug());
    }
}

#[test]
fn elements_of_the_stream_inside_a_stanza_are_inert() {
    for inner in [
        "<stream:stream/>",
        "<stream:stream xmlns='jabber:client'><message to='x@y'/></stream:stream>",
        "<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
        "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
        "<r xmlns='urn:xmpp:sm:3'/>",
        "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",
    ] {
        let (frames, result) =
            inside(format!("<message><x xmlns='u'>{inner}</x>{inner}</message><presence/>"));
        result.unwrap();
        assert!(matches!(&frames[..], [Frame::Stanza(_), Frame::Stanza(_)]), "{inner}: {frames:?}");
    }
    // The end of the stream can never end a stanza.
    assert_eq!(condition_inside("<message></stream:stream>"), Condition::NotWellFormed);
    assert_eq!(
        condition_inside("<message><body>&lt;/stream:stream></body></stream:stream>"),
        Condition::NotWellFormed
    );
}

#[test]
fn a_stream_cannot_be_opened_inside_a_stream() {
    for text in [
        "<stream:stream>",
        "<stream:stream/>",
        "<s:stream xmlns:s='http://etherx.jabber.org/streams' to='x'>",
    ] {
        let error = inside(text).1.unwrap_err();
        assert_eq!(error, Error::Reopened, "{text}");
    }
}

#[test]
fn values_of_a_peer_never_leave_unescaped() {
    let (frames, _) = inside(
        "<message to='a@b/&lt;&apos;&gt;' id='&apos;/>&lt;iq&gt;' xml:lang='&quot;'><x xmlns='&apos;>&lt;/x>' a='&lt;'>&lt;b/></x></message>",
    );
    let Frame::Stanza(stanza) = &frames[0] else { panic!("{frames:?}") };
    let mut out = Vec::new();
    Framing::Tcp.write_stanza(stanza, &mut out);
    let (again, result) = inside(&out);
    result.unwrap();
    let [Frame::Stanza(again)] = &again[..] else { panic!("{again:?}") };
    assert_eq!(again.to_element(), stanza.to_element());
    assert_eq!(again.id(), Some("'/><iq>"));
}

#[test]
fn prefixes_of_a_peer_cannot_rebind_those_of_the_stream() {
    let stanza = "<message xmlns:stream='urn:evil' xmlns:xm='urn:x'><stream:a/><body xmlns:stream='urn:worse'><stream:b/></body></message><stream:error/>";
    let (frames, result) = inside(stanza);
    result.unwrap();
    let [Frame::Stanza(stanza), Frame::Nonza(error)] = &frames[..] else { panic!("{frames:?}") };
    assert!(error.is(ns::STREAM, "error"));
    assert!(stanza.has("urn:evil", "a"));
    let mut out = Vec::new();
    Framing::Tcp.write_stanza(stanza, &mut out);
    assert!(!String::from_utf8(out).unwrap().contains("<message xmlns"));
    for text in
        ["<a xmlns:xml='u'/>", "<a xmlns:xmlns='u'/>", "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>"]
    {
        assert_eq!(condition_inside(text), Condition::NotWellFormed, "{text}");
    }
}

#[test]
fn an_attribute_twice_is_refused_however_it_is_spelt() {
    for text in [
        "<message to='a' to='b'/>",
        "<a xmlns:p='u' xmlns:q='u' p:x='' q:x=''/>",
        "<a xmlns:p='http://etherx.jabber.org/streams' p:x='' stream:x=''/>",
    ] {
        assert_eq!(condition_inside(text), Condition::NotWellFormed, "{text}");
    }
}

#[test]
fn distinct_names_grow_no_tables() {
    let mut decoder = Decoder::new(Framing::Tcp, Content::Client, Limits::authenticated());
    let mut buffer = BytesMut::from(OPEN);
    assert!(matches!(decoder.decode(&mut buffer), Ok(Some(_))));
    let before = format!("{decoder:?}").len();
    for n in 0..10_000 {
        buffer.extend_from_slice(
            format!("<message a{n}=''><n{n} xmlns='urn:{n}' xmlns:p{n}='u'/></message>").as_bytes(),
        );
        assert!(matches!(decoder.decode(&mut buffer), Ok(Some(Frame::Stanza(_)))));
    }
    // All of its state is in its debug output; positions and stale bytes may have more digits.
    assert!(format!("{decoder:?}").len() <= before + 400);
}

#[test]
fn an_idle_decoder_is_small() {
    assert!(size_of::<Decoder>() <= 1024, "{}", size_of::<Decoder>());
}

#[test]
fn codec_errors_become_stream_errors() {
    let error = StreamError::from(Error::Xml(xml::Limit::Depth.into()));
    assert_eq!(error.condition, Condition::PolicyViolation);
    assert!(error.text.unwrap().text.contains("depth"));
}

// --- WebSocket -----------------------------------------------------------------

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
