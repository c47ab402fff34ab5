//! The payload that presence has of its own (RFC 6121 §4.7.2.3).

use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ParseError, Payload, Stanza, ns};

/// `<priority/>`: how much a session wants messages to the account, from -128 to 127; a negative one wants none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Priority(pub i8);

impl Priority {
    /// That of an available presence stanza: 0 when it says nothing.
    ///
    /// # Errors
    /// `bad-request` when it is no number from -128 to 127, or is there twice.
    pub fn of(presence: &Stanza) -> Result<Self, ParseError> {
        let mut all = presence.children().filter(|child| child.is(Self::NS, Self::NAME));
        let Some(child) = all.next() else { return Ok(Self::default()) };
        if all.next().is_some() {
            return Err(ParseError::bad_request("<priority/> is there twice"));
        }
        child.parse()
    }
}

impl Payload for Priority {
    const NS: &'static str = ns::CLIENT;
    const NAME: &'static str = "priority";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        element.text_value().map(Self)
    }

    fn to_element(&self) -> Element {
        Builder::of::<Self>().text(self.0).build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(children: &str) -> Option<i8> {
        let stanza = Stanza::parse(format!("<presence>{children}</presence>").as_bytes()).expect("a stanza");
        Priority::of(&stanza).ok().map(|priority| priority.0)
    }

    #[test]
    fn a_priority_is_from_minus_128_to_127_and_0_when_nothing_is_said() {
        assert_eq!(read("<show>away</show>"), Some(0));
        for (text, value) in [("1", 1), ("127", 127), ("-128", -128), (" 5\n", 5), ("+5", 5)] {
            assert_eq!(read(&format!("<priority>{text}</priority>")), Some(value), "{text}");
        }
        for text in ["128", "-129", "", "high", "1.5", "1 1", "0x1"] {
            assert_eq!(read(&format!("<priority>{text}</priority>")), None, "{text}");
        }
        assert_eq!(read("<priority>1</priority><priority>1</priority>"), None);
        assert_eq!(read("<priority xmlns='urn:x'>high</priority>"), Some(0), "somebody else's element");
    }

    proptest! {
        #[test]
        fn every_priority_is_read_back(value: i8) {
            let stanza = Stanza::presence(stonechat_stanza::presence::Type::Available).with(&Priority(value));
            prop_assert_eq!(Priority::of(&stanza).unwrap(), Priority(value));
        }
    }
}
