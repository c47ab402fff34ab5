//! Stanza forwarding (XEP-0297): a stanza inside another.

use minidom::Element;

use crate::delay::Delay;
use crate::ns;
use crate::payload::{Builder, ElementExt, ParseError, Payload};
use crate::{Stanza, xml};

/// A stanza as somebody else had it: `<forwarded/>` (XEP-0297 §3).
///
/// What it holds is a report, never to be handled as if it had been received itself (§7.1).
///
/// ```
/// use stonechat_stanza::{Stanza, forward::Forwarded, message, payload::Payload};
///
/// let forwarded = Forwarded::new(Stanza::message(message::Type::Chat).with_id("0202197"));
/// let parsed = Forwarded::parse(&forwarded.to_element())?;
/// assert_eq!(parsed.stanza.id(), Some("0202197"));
/// # Ok::<(), stonechat_stanza::ParseError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Forwarded {
    /// When the forwarding entity received the stanza (§3.2 rule 2).
    pub delay: Option<Delay>,
    /// The stanza. It is written in the content namespace of client streams (§3.2 rule 3).
    pub stanza: Stanza,
}

impl Forwarded {
    /// A stanza, without a word on when it was received.
    pub fn new(stanza: Stanza) -> Self {
        Self { delay: None, stanza }
    }

    /// With the time at which the stanza was received.
    #[must_use]
    pub fn with_delay(mut self, delay: Delay) -> Self {
        self.delay = Some(delay);
        self
    }

    /// Appends the element as XML, with its namespace: the same as [`to_element`](Payload::to_element)
    /// gives, but the stanza's payload is copied as bytes and not made a tree.
    pub fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<forwarded xmlns='urn:xmpp:forward:0'>");
        if let Some(delay) = &self.delay {
            xml::write_element(&delay.to_element(), Self::NS, out);
        }
        self.stanza.write_in(out, ns::CLIENT);
        out.extend_from_slice(b"</forwarded>");
    }
}

impl Payload for Forwarded {
    const NS: &'static str = ns::FORWARD;
    const NAME: &'static str = "forwarded";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let stanza = element.children().find(|child| is_stanza(child));
        let stanza = stanza.ok_or_else(|| ParseError::bad_request("<forwarded/> holds no stanza"))?;
        let stanza = Stanza::from_element(stanza)
            .map_err(|_| ParseError::bad_request("the stanza in <forwarded/> is not valid"))?;
        Ok(Self { delay: element.get()?, stanza })
    }

    fn to_element(&self) -> Element {
        Builder::of::<Self>().payloads(&self.delay).child(self.stanza.to_element()).build()
    }
}

/// A stanza without a namespace of its own would be in that of `<forwarded/>`, which is wrong (§3.2 rule 3).
fn is_stanza(element: &Element) -> bool {
    let names = ["message", "presence", "iq"];
    names.contains(&element.name()) && (element.has_ns(ns::CLIENT) || element.has_ns(ns::SERVER))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::test_trees::any_element;

    fn parse(children: &str) -> Result<Forwarded, ParseError> {
        let xml = format!("<forwarded xmlns='urn:xmpp:forward:0'>{children}</forwarded>");
        Forwarded::parse(&xml.parse().expect("test XML is well-formed"))
    }

    fn written(forwarded: &Forwarded) -> Element {
        let mut out = Vec::new();
        forwarded.write(&mut out);
        xml::read_element(&out, "").expect("what is written can be read")
    }

    /// XEP-0297 example 2.
    #[test]
    fn the_example_parses() {
        let forwarded = parse(
            "<delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25Z'/>
            <message from='juliet@capulet.lit/orchard'
                     id='0202197'
                     to='romeo@montague.lit'
                     type='chat'
                     xmlns='jabber:client'>
              <body>Yet I should kill thee with much cherishing.</body>
              <mood xmlns='http://jabber.org/protocol/mood'><amorous/></mood>
            </message>",
        )
        .unwrap();
        let stamp = forwarded.delay.as_ref().map(|delay| delay.stamp.to_string());
        assert_eq!(stamp.as_deref(), Some("2010-07-10T23:08:25Z"));
        assert_eq!(forwarded.stanza.from().map(|from| from.as_str()), Some("juliet@capulet.lit/orchard"));
        assert!(forwarded.stanza.has(ns::CLIENT, "body"));
        assert!(forwarded.stanza.has("http://jabber.org/protocol/mood", "mood"));
        assert_eq!(written(&forwarded), forwarded.to_element());
        assert_eq!(Forwarded::parse(&forwarded.to_element()).unwrap().to_element(), forwarded.to_element());
    }

    #[test]
    fn stanzas_of_servers_are_stanzas() {
        let forwarded =
            parse("<presence xmlns='jabber:server' to='a@b.example'><show>xa</show></presence>").unwrap();
        assert!(forwarded.stanza.has(ns::CLIENT, "show"));
        assert!(forwarded.to_element().has_child("presence", ns::CLIENT));
    }

    /// XEP-0297 §3.2 rule 3.
    #[test]
    fn a_stanza_without_its_own_namespace_is_none() {
        assert!(parse("<message><body/></message>").is_err());
        assert!(parse("").is_err());
        assert!(parse("<body xmlns='jabber:client'/>").is_err());
    }

    proptest! {
        #[test]
        fn no_element_makes_the_parser_panic(
            element in any_element(ns::FORWARD, &["forwarded", "delay", "message"], &["stamp", "type", "id"]),
            stanza in any_element(ns::CLIENT, &["message", "iq", "body"], &["to", "from", "type", "id"]),
        ) {
            let element = Builder::of::<Forwarded>().child(element).child(stanza).build();
            if let Ok(forwarded) = Forwarded::parse(&element) {
                prop_assert_eq!(written(&forwarded), forwarded.to_element());
                prop_assert!(Forwarded::parse(&forwarded.to_element()).is_ok());
            }
        }
    }
}
