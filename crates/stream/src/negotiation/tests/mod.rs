//! Each machine against scripts, and the two against each other.

use stonechat_stanza::jid::{BareJid, FullJid};

use super::Tls;
use crate::codec::{Frame, Framing};
use crate::{StreamError, StreamHeader, Version};

mod any_order;
mod client;
mod dialogue;
mod extensions;
mod pair;
mod server;
mod server_authentication;
mod server_opening;
mod wire;

use wire::{read, written};

const PLAIN: &str =
    "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AGp1bGlldAByMG0zMG15cjBtMzA=</auth>";
const SCRAM: &str = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>biws</auth>";
const RESPONSE: &str = "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>biws</response>";
const ABORT: &str = "<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>";
const STARTTLS: &str = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const MESSAGE: &str = "<message to='romeo@example.net'><body>Wherefore art thou?</body></message>";
const REGISTER: &str = "<iq type='get' id='r1'><query xmlns='jabber:iq:register'/></iq>";
const BIND: &str = "<iq id='yhc13a95' type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>\
                    <resource>balcony</resource></bind></iq>";
const UNKNOWN: &str = "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'/>";

fn header() -> StreamHeader {
    StreamHeader {
        to: Some("im.example.com".to_owned()),
        from: Some("juliet@im.example.com".to_owned()),
        version: Some(Version::V1_0),
        lang: Some("en".to_owned()),
        ..StreamHeader::default()
    }
}

fn juliet() -> BareJid {
    BareJid::parse("juliet@im.example.com").unwrap()
}

fn balcony() -> FullJid {
    FullJid::parse("juliet@im.example.com/balcony").unwrap()
}
