//! Streams between servers for both directions (XEP-0288 1.0.1) on the wire. What is done with the elements is in
//! [`negotiation::peer`](crate::negotiation::peer).

use stonechat_stanza::payload;

payload! {
    /// The stream feature by which a server says that stanzas of its own may come on the stream, too (§2.1).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Feature: "urn:xmpp:features:bidi", "bidi";
}

payload! {
    /// Asks the other server to send on the stream, too, once it is authenticated (§2.2).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Request: "urn:xmpp:bidi", "bidi";
}

#[cfg(test)]
mod tests {
    use stonechat_stanza::Element;
    use stonechat_stanza::payload::Payload as _;

    use super::*;

    /// Examples 1 and 2.
    #[test]
    fn the_elements_are_those_of_the_examples() {
        let read = |xml: &str| xml.parse::<Element>().unwrap();
        assert!(Feature::matches(&read("<bidi xmlns='urn:xmpp:features:bidi'/>")));
        let request = read("<bidi xmlns='urn:xmpp:bidi'/>");
        assert!(Request::matches(&request) && !Feature::matches(&request));
        assert_eq!(Request.to_element(), request);
    }
}
