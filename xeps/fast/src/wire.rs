//! The elements (§3).

use std::fmt;

use jiff::Timestamp;
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::time::DateTime;
use stonechat_stanza::{Element, payload};

/// Namespace of all elements.
pub const NS: &str = "urn:xmpp:fast:0";

payload! {
    /// What a server offers (§3.1).
    #[derive(Debug, Clone, Default, PartialEq, Eq)]
    pub struct Feature: NS, "fast" {
        /// The mechanisms that tokens can be had for.
        pub mechanisms: Vec<String> => children("mechanism"),
    }
}

payload! {
    /// Asks for a token (§3.2).
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct RequestToken: NS, "request-token" {
        /// The mechanism that it is to be used in.
        pub mechanism: String => required("mechanism"),
    }
}

payload! {
    /// Says that the client authenticates with a token (§3.4).
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
    pub struct Fast: NS, "fast" {
        /// How often the client has used the token, this time included; positive.
        pub count: Option<u32> => optional("count"),
        /// The token is to be worth nothing any more (§3.6).
        pub invalidate: bool => boolean("invalidate", false),
    }
}

/// A token (§3.3). `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The secret.
    pub token: String,
    /// When it expires.
    pub expiry: Timestamp,
}

impl Token {
    /// The element.
    #[must_use]
    pub fn to_element(&self) -> Element {
        // XEP-0082 wants no more of a second than is needed.
        let expiry = DateTime::new(self.expiry);
        Builder::new("token", NS).attr("expiry", expiry).attr("token", &self.token).build()
    }

    /// Reads the element; `None` if it is another one or broken.
    #[must_use]
    pub fn read(element: &Element) -> Option<Self> {
        if !element.is("token", NS) {
            return None;
        }
        let expiry: DateTime = element.required_value("expiry").ok()?;
        Some(Self { token: element.attr("token")?.to_owned(), expiry: expiry.timestamp() })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("expiry", &self.expiry).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use stonechat_stanza::payload::Payload as _;

    use super::*;

    fn element(xml: &str) -> Element {
        xml.parse().unwrap()
    }

    /// Example 1, without `tls-0rtt`.
    #[test]
    fn the_feature_lists_mechanisms() {
        let xml = "<fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-ENDP</mechanism><mechanism>HT-SHA-256-NONE</mechanism></fast>";
        let feature = Feature::parse(&element(xml)).unwrap();
        assert_eq!(feature.mechanisms, ["HT-SHA-256-ENDP", "HT-SHA-256-NONE"]);
        assert_eq!(feature.to_element(), element(xml));
    }

    /// Examples 2, 4 and 6.
    #[test]
    fn requests_are_those_of_the_examples() {
        let request = element("<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-ENDP'/>");
        assert_eq!(RequestToken::parse(&request).unwrap().mechanism, "HT-SHA-256-ENDP");
        let used = Fast::parse(&element("<fast xmlns='urn:xmpp:fast:0' count='123' />")).unwrap();
        assert_eq!(used, Fast { count: Some(123), invalidate: false });
        for invalidate in ["1", "true"] {
            let xml = format!("<fast xmlns='urn:xmpp:fast:0' count='123' invalidate='{invalidate}'/>");
            assert!(Fast::parse(&element(&xml)).unwrap().invalidate);
        }
        assert!(Fast::parse(&element("<fast xmlns='urn:xmpp:fast:0' count='-1'/>")).is_err());
    }

    /// Example 3.
    #[test]
    fn a_token_is_that_of_the_example() {
        let xml = "<token xmlns='urn:xmpp:fast:0' expiry='2020-03-12T14:36:15Z' token='WXZzciBwYmFmdmZnZiBqdmd1IGp2eXFhcmZm' />";
        let token = Token::read(&element(xml)).unwrap();
        assert_eq!(token.to_element(), element(xml));
        assert!(Token::read(&element("<token xmlns='urn:xmpp:fast:0' token='x'/>")).is_none());
    }
}
