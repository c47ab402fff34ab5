//! What receiving costs in memory.

use allocation_counter::measure;
use bytes::BytesMut;
use stonechat_stream::codec::{Content, Decoder, Frame, Framing, Limits};

const OPEN: &str = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' xml:lang='en'>";

fn open(limits: Limits) -> Decoder {
    let mut decoder = Decoder::new(Framing::Tcp, Content::Client, limits);
    assert!(matches!(decoder.decode(&mut BytesMut::from(OPEN)), Ok(Some(Frame::Open(_)))));
    decoder
}

/// Allocations, and the most bytes held at once, of decoding `text`.
fn cost(limits: Limits, text: &str) -> (u64, u64) {
    let mut decoder = open(limits);
    let mut buffer = BytesMut::from(text);
    let info = measure(|| while let Ok(Some(_)) = decoder.decode(&mut buffer) {});
    (info.count_total, info.bytes_max)
}

#[test]
fn a_stanza_is_received_with_one_allocation() {
    for text in [
        "<message from='romeo@montague.example/orchard' to='juliet@capulet.example' type='chat' id='1' xml:lang='en'>\
         <body>Neither, fair saint, if either thee dislike.</body><active xmlns='http://jabber.org/protocol/chatstates'/>\
         <request xmlns='urn:xmpp:receipts'/><origin-id xmlns='urn:xmpp:sid:0' id='1'/></message>",
        "<presence><show>away</show><priority>5</priority><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/></presence>",
        "<iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='a@b'><group>x</group></item></query></iq>",
    ] {
        assert_eq!(cost(Limits::authenticated(), text).0, 1, "{text}");
    }
}

#[test]
fn hostile_xml_before_authentication_costs_little() {
    let nested = "<a>".repeat(2_700);
    let attributes: String = (0..1_300).map(|n| format!(" a{n}=''")).collect();
    let namespaces: String = (0..500).map(|n| format!(" xmlns:n{n}='u'")).collect();
    let borrowed = format!("<message xmlns:p='{}'>{}</message>", "u".repeat(4_000), "<p:a/>".repeat(600));
    for text in [
        nested,
        format!("<a{attributes}/>"),
        format!("<a{namespaces}/>"),
        borrowed,
        format!("<a>{}", "&amp;".repeat(1_600)),
    ] {
        let (_, most) = cost(Limits::unauthenticated(), &text);
        assert!(most < 32 << 10, "{most} bytes for {}…", &text[..20]);
    }
}

#[test]
fn a_decoder_holds_nothing_between_frames() {
    let mut decoder = open(Limits::authenticated());
    let large = format!(
        "<message>{}{}{}</message>",
        "<a b='' c='' d='' e='' f='' g='' h=''>".repeat(60),
        "</a>".repeat(60),
        "<b xmlns='&amp;'/>".repeat(2_000)
    );
    let mut buffer = BytesMut::from(&*large);
    let info = measure(|| {
        assert!(matches!(decoder.decode(&mut buffer), Ok(Some(Frame::Stanza(_)))));
    });
    assert!(info.count_total > 1);
    assert_eq!((info.count_current, info.bytes_current), (0, 0));
}
