//! The stanzas that are received, written and routed.

use bytes::BytesMut;
use stonechat_stanza::Stanza;
use stonechat_stream::codec::{Content, Decoder, Frame, Framing, Limits};

/// The stream header of a client.
pub(crate) const HEADER: &str = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='capulet.example' version='1.0'>";

/// A chat message as clients send it, about 340 bytes long.
pub(crate) const MESSAGE: &str = "<message to='juliet@capulet.example/balcony' type='chat' id='5a3b1c0e-7d7f-4c7e-9a51-0f2f6c0c2d11' xml:lang='en'>\
<body>Neither, fair saint, if either thee dislike.</body>\
<active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>\
<origin-id xmlns='urn:xmpp:sid:0' id='5a3b1c0e-7d7f-4c7e-9a51-0f2f6c0c2d11'/></message>";

/// Presence with entity capabilities, about 300 bytes long.
pub(crate) const PRESENCE: &str = "<presence id='p-4711' xml:lang='en'>\
<show>away</show><status>In the orchard &amp; soon back</status><priority>5</priority>\
<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://conversations.im' ver='QgayPKawpkPSDYmwT/WM94uAlu0='/>\
<idle xmlns='urn:xmpp:idle:1' since='2026-11-22T10:00:00Z'/></presence>";

/// A ping (XEP-0199) to the host.
pub(crate) const PING: &str =
    "<iq type='get' id='ping-1' to='capulet.example'><ping xmlns='urn:xmpp:ping'/></iq>";

/// An open stream of a client that has logged in.
pub(crate) fn decoder() -> Decoder {
    let mut decoder = Decoder::new(Framing::Tcp, Content::Client, Limits::authenticated());
    let opened = decoder.decode(&mut BytesMut::from(HEADER));
    assert!(matches!(opened, Ok(Some(Frame::Open(_)))), "the header is read");
    decoder
}

/// The stanza as the codec receives it.
pub(crate) fn received(text: &str) -> Stanza {
    match decoder().decode(&mut BytesMut::from(text)) {
        Ok(Some(Frame::Stanza(stanza))) => stanza,
        other => panic!("no stanza: {other:?}"),
    }
}
