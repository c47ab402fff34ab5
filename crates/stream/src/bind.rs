//! Resource binding on the wire (RFC 6120 §7): the stream feature, the request and its result.

use stonechat_stanza::jid::FullJid;
use stonechat_stanza::payload::{Builder, ElementExt as _, ParseError, Payload};
use stonechat_stanza::{Element, ns};

/// The stream feature `<bind/>`, by which a server tells an authenticated client to bind a resource. It is
/// mandatory whether or not it says so (RFC 6120 §7.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Feature;

impl Payload for Feature {
    const NS: &'static str = ns::BIND;
    const NAME: &'static str = "bind";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        Ok(Self)
    }

    fn to_element(&self) -> Element {
        Element::bare(Self::NAME, Self::NS)
    }
}

/// What a client sends in an IQ of type `set` to bind a resource.
///
/// ```
/// use stonechat_stanza::payload::Payload;
/// use stonechat_stream::bind::Request;
///
/// let request = Request { resource: Some("balcony".into()) };
/// assert_eq!(Request::parse(&request.to_element()).unwrap(), request);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// The resource that the client wishes for, as received; `None` to have the server make one.
    /// An empty wish is no wish (RFC 6120 §7.7.2.1 asks to repair it rather than refuse it).
    pub resource: Option<String>,
}

impl Payload for Request {
    const NS: &'static str = ns::BIND;
    const NAME: &'static str = "bind";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let resource = element.child_text("resource").filter(|text| !text.is_empty());
        Ok(Self { resource })
    }

    fn to_element(&self) -> Element {
        Builder::of::<Self>().optional_child("resource", self.resource.as_deref()).build()
    }
}

/// What a server answers: the address that the client has from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The full JID of the connected resource.
    pub jid: FullJid,
}

impl Payload for Bound {
    const NS: &'static str = ns::BIND;
    const NAME: &'static str = "bind";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let jid = element.child_text("jid").ok_or_else(|| ParseError::missing_child(Self::NAME, "jid"))?;
        let jid = FullJid::parse_received(jid.trim())
            .map_err(|_| ParseError::jid_malformed("the text of <jid/> is not a full JID"))?;
        Ok(Self { jid })
    }

    fn to_element(&self) -> Element {
        Builder::of::<Self>().text_child("jid", &self.jid).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(inner: &str) -> Element {
        format!("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>{inner}</bind>").parse().unwrap()
    }

    #[test]
    fn a_request_without_or_with_an_empty_resource_wishes_for_none() {
        for inner in
            ["", "<resource/>", "<resource></resource>", "<other/>", "<resource xmlns='urn:x'>a</resource>"]
        {
            assert_eq!(Request::parse(&element(inner)).unwrap().resource, None, "{inner}");
        }
    }

    #[test]
    fn the_examples_of_the_rfc_are_read() {
        let request = Request::parse(&element("<resource>balcony</resource>")).unwrap();
        assert_eq!(request.resource.as_deref(), Some("balcony"));
        let bound = Bound::parse(&element("<jid>\n juliet@im.example.com/balcony\n </jid>")).unwrap();
        assert_eq!(bound.jid.to_string(), "juliet@im.example.com/balcony");
        assert_eq!(Bound::parse(&bound.to_element()), Ok(bound));
    }

    #[test]
    fn a_result_without_a_full_jid_is_refused() {
        for inner in ["", "<jid/>", "<jid>juliet@im.example.com</jid>", "<jid>@/</jid>"] {
            assert!(Bound::parse(&element(inner)).is_err(), "{inner}");
        }
    }
}
