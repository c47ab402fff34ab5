//! Each machine against scripts and whatever comes, and the two against each other.

mod any_order;
mod bidi;
mod incoming;
mod management;
mod outgoing;
mod pair;

use bytes::BytesMut;
use stonechat_stanza::jid::BareJid;

use super::*;
use crate::codec::{Content, Decoder, Frame, Framing, Limits};
use crate::dialback::{Pair, Secret};

const HEADER: &str = "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' \
                      xmlns:db='jabber:server:dialback' from='capulet.example' to='montague.example' version='1.0'>";
/// What the other side says first, as the one that was connected to.
const ANSWER: &str = "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' \
                      xmlns:db='jabber:server:dialback' from='montague.example' to='capulet.example' id='417GAF25' \
                      version='1.0'>";
const STARTTLS: &str = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const AUTH: &str =
    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>Y2FwdWxldC5leGFtcGxl</auth>";
const ASK: &str = "<db:result from='capulet.example' to='montague.example'>b483</db:result>";
const MESSAGE: &str =
    "<message from='juliet@capulet.example/b' to='romeo@montague.example'><body>x</body></message>";
/// What comes back.
const BACK: &str =
    "<message from='romeo@montague.example/o' to='juliet@capulet.example'><body>y</body></message>";

fn domain(name: &str) -> BareJid {
    BareJid::parse(name).unwrap()
}

fn capulet_to_montague() -> Pair {
    Pair { sender: domain("capulet.example"), target: domain("montague.example") }
}

fn secret() -> Secret {
    Secret::new([7; 32])
}

/// Reads frames from text, as the codec of a stream between servers does.
#[derive(Debug)]
struct Reader(Decoder);

impl Reader {
    fn new() -> Self {
        Self(Decoder::new(Framing::Tcp, Content::Server, Limits::authenticated()))
    }

    fn reset(&mut self) {
        self.0.reset();
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
