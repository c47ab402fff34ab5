//! What is known to go wrong elsewhere.

use std::fmt::Write;

use super::*;

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
