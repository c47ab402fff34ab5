//! STARTTLS on the wire (RFC 6120 §5): the stream feature and the three elements of the exchange.
//!
//! STARTTLS exists on plain TCP only: a direct TLS connection (XEP-0368) and a WebSocket (RFC 7395
//! §3.9) have their encryption before the stream begins.

use stonechat_stanza::payload::{Builder, ElementExt as _, ParseError, Payload};
use stonechat_stanza::{Element, ns};

/// The application protocol that a client and a server name in the TLS handshake for a client's
/// stream (ALPN, XEP-0368 §3).
pub const ALPN_CLIENT: &[u8] = b"xmpp-client";
/// The application protocol for a stream between servers (ALPN, XEP-0368 §3).
pub const ALPN_SERVER: &[u8] = b"xmpp-server";

/// The stream feature `<starttls/>`.
///
/// ```
/// use stonechat_stanza::payload::Payload;
/// use stonechat_stream::tls::Feature;
///
/// let element = Feature { required: true }.to_element();
/// assert!(element.has_child("required", "urn:ietf:params:xml:ns:xmpp-tls"));
/// assert_eq!(Feature::parse(&element).unwrap(), Feature { required: true });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Feature {
    /// Nothing else will be done on this stream before TLS (RFC 6120 §5.3.1).
    pub required: bool,
}

impl Payload for Feature {
    const NS: &'static str = ns::TLS;
    const NAME: &'static str = "starttls";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        Ok(Self { required: element.child("required").is_some() })
    }

    fn to_element(&self) -> Element {
        Builder::of::<Self>().flag("required", self.required).build()
    }
}

/// The elements by which TLS is asked for and granted (RFC 6120 §5.4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Nonza {
    /// From the initiating entity: begin.
    StartTls,
    /// From the receiving entity: the handshake begins behind this element.
    Proceed,
    /// From the receiving entity: no, and the stream ends.
    Failure,
}

impl Nonza {
    /// The element.
    pub fn to_element(self) -> Element {
        let name = match self {
            Self::StartTls => "starttls",
            Self::Proceed => "proceed",
            Self::Failure => "failure",
        };
        Element::bare(name, ns::TLS)
    }

    /// Reads an element; `None` for what is not part of this exchange.
    pub fn from_element(element: &Element) -> Option<Self> {
        if !element.has_ns(ns::TLS) {
            return None;
        }
        match element.name() {
            "starttls" => Some(Self::StartTls),
            "proceed" => Some(Self::Proceed),
            "failure" => Some(Self::Failure),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_survives_a_round_trip() {
        for nonza in [Nonza::StartTls, Nonza::Proceed, Nonza::Failure] {
            assert_eq!(Nonza::from_element(&nonza.to_element()), Some(nonza));
        }
        for feature in [Feature { required: true }, Feature { required: false }] {
            assert_eq!(Feature::parse(&feature.to_element()), Ok(feature));
        }
    }

    #[test]
    fn names_of_other_namespaces_are_not_part_of_the_exchange() {
        assert_eq!(Nonza::from_element(&Element::bare("failure", ns::SASL)), None);
        assert_eq!(Nonza::from_element(&Element::bare("other", ns::TLS)), None);
    }
}
