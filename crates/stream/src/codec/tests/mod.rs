//! What a decoder says to bytes.

mod hostile;
mod websocket;

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
