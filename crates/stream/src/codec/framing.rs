//! How frames are written.

use stonechat_stanza::xml::{escape_attribute, write_element, write_element_prefixed};
use stonechat_stanza::{Element, Stanza, ns};

use crate::StreamHeader;

/// What carries a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Framing {
    /// One long document (RFC 6120 §4).
    #[default]
    Tcp,
    /// One document per WebSocket message (RFC 7395). What one call writes is one message.
    WebSocket,
}

impl Framing {
    /// Appends the header that opens a stream, or opens it anew.
    pub fn write_open(self, header: &StreamHeader, out: &mut Vec<u8>) {
        let mut attribute = |name: &str, value: &str| {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"='");
            escape_attribute(value, out);
            out.push(b'\'');
        };
        match self {
            Framing::Tcp => {
                attribute("<?xml version='1.0'?><stream:stream xmlns", &header.content_ns);
                attribute(" xmlns:stream", ns::STREAM);
                // XEP-0220 §2.4.1: also the sign that dialback is spoken here.
                if header.content_ns == ns::SERVER {
                    attribute(" xmlns:db", ns::DIALBACK);
                }
            }
            Framing::WebSocket => attribute("<open xmlns", ns::FRAMING),
        }
        let version = header.version.map(|version| version.to_string());
        let attributes = [
            (" to", &header.to),
            (" from", &header.from),
            (" id", &header.id),
            (" version", &version),
            (" xml:lang", &header.lang),
        ];
        for (name, value) in attributes {
            if let Some(value) = value {
                attribute(name, value);
            }
        }
        out.extend_from_slice(if self == Framing::Tcp { b">" } else { b"/>" });
    }

    /// Appends a stanza.
    pub fn write_stanza(self, stanza: &Stanza, out: &mut Vec<u8>) {
        match self {
            Framing::Tcp => stanza.write(out),
            Framing::WebSocket => stanza.write_in(out, ns::CLIENT),
        }
    }

    /// Appends a first-level element that is not a stanza. One in the stream namespace, like
    /// `<stream:features/>`, gets the prefix `stream`; one of dialback gets `db`, as the header of a stream between servers declares it
    /// and as other servers insist on.
    pub fn write_element(self, element: &Element, out: &mut Vec<u8>) {
        let default = if self == Framing::Tcp { ns::CLIENT } else { "" };
        if element.has_ns(ns::STREAM) {
            write_element_prefixed(element, "stream", self == Framing::WebSocket, default, out);
        } else if element.has_ns(ns::DIALBACK) {
            write_element_prefixed(element, "db", self == Framing::WebSocket, default, out);
        } else {
            write_element(element, default, out);
        }
    }

    /// Appends what closes a stream.
    pub fn write_close(self, out: &mut Vec<u8>) {
        match self {
            Framing::Tcp => out.extend_from_slice(b"</stream:stream>"),
            Framing::WebSocket => {
                out.extend_from_slice(b"<close xmlns='");
                out.extend_from_slice(ns::FRAMING.as_bytes());
                out.extend_from_slice(b"'/>");
            }
        }
    }
}
