//! Each machine against scripts and whatever comes, and the two against each other.

mod accepting;
mod any_order;
mod connecting;
mod pair;

use bytes::BytesMut;
use stonechat_stanza::jid::BareJid;

use super::*;
use crate::codec::{Content, Decoder, Frame, Framing, Limits};
use crate::component::Secret;
use crate::negotiation::server::Close;
use crate::{Condition, StreamError};

/// XEP-0114 §3, example 1.
const HEADER: &str = "<stream:stream xmlns='jabber:component:accept' \
                      xmlns:stream='http://etherx.jabber.org/streams' to='plays.shakespeare.lit'>";
/// XEP-0114 §3, example 2.
const ANSWER: &str = "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' \
                      xmlns='jabber:component:accept' from='plays.shakespeare.lit' id='3BF96D32'>";
/// XEP-0114 §3, example 3. Its secret is `test`.
const HANDSHAKE: &str = "<handshake>aaee83c26aeeafcbabeabfcbcd50df997e0a2a1e</handshake>";
/// XEP-0114 §3, example 4.
const GRANTED: &str = "<handshake/>";
const MESSAGE: &str =
    "<message from='juliet@plays.shakespeare.lit/b' to='romeo@montague.example'><body>x</body></message>";

fn domain() -> BareJid {
    BareJid::parse("plays.shakespeare.lit").unwrap()
}

fn secret() -> Secret {
    Secret::new("test")
}

/// Reads frames from text, as the codec of a component's stream does.
#[derive(Debug)]
struct Reader(Decoder);

impl Reader {
    fn new() -> Self {
        Self(Decoder::new(Framing::Tcp, Content::Component, Limits::authenticated()))
    }

    fn read(&mut self, xml: &str) -> Vec<Frame> {
        let mut bytes = BytesMut::from(xml);
        let mut frames = Vec::new();
        while let Some(frame) = self.0.decode(&mut bytes).expect("scripts are well-formed") {
            frames.push(frame);
        }
        assert!(bytes.is_empty(), "{xml} is not whole");
        frames
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("what is sent is UTF-8")
}
