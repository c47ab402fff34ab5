//! Delayed delivery (XEP-0203): when a stanza was first sent.

use stonechat_jid::Jid;

use crate::ns;
use crate::time::DateTime;

crate::payload! {
    /// That a stanza arrives later than it was sent (XEP-0203 §2).
    ///
    /// Anyone can write one; a server discards those that claim to be its own before they are believed
    /// (§5).
    ///
    /// ```
    /// use stonechat_stanza::{Element, delay::Delay, payload::Payload};
    ///
    /// let element: Element = "<delay xmlns='urn:xmpp:delay' from='capulet.com' \
    ///     stamp='2002-09-10T23:08:25Z'>Offline Storage</delay>".parse()?;
    /// let delay = Delay::parse(&element)?;
    /// assert_eq!(delay.stamp.to_string(), "2002-09-10T23:08:25Z");
    /// assert_eq!(delay.reason.as_deref(), Some("Offline Storage"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Delay: ns::DELAY, "delay" {
        /// Who sent the stanza first, or who delayed it.
        pub from: Option<Jid> => optional("from"),
        /// When the stanza was sent first; written in UTC.
        pub stamp: DateTime => required("stamp"),
        /// The reason in a natural language, as it stands.
        pub reason: Option<String> => optional_text,
    }
}

impl Delay {
    /// A delay by `from` of a stanza sent at `stamp`, without a reason.
    pub fn new(from: impl Into<Option<Jid>>, stamp: impl Into<DateTime>) -> Self {
        Self { from: from.into(), stamp: stamp.into(), reason: None }
    }
}

#[cfg(test)]
mod tests {
    use minidom::Element;
    use proptest::option::of;
    use proptest::prelude::*;

    use super::*;
    use crate::payload::Payload;
    use crate::test_trees::{any_element, text};

    fn parse(xml: &str) -> Result<Delay, crate::ParseError> {
        Delay::parse(&xml.parse::<Element>().expect("test XML is well-formed"))
    }

    /// XEP-0203 example 1.
    #[test]
    fn the_example_parses() {
        let delay = parse(
            "<delay xmlns='urn:xmpp:delay'
                 from='capulet.com'
                 stamp='2002-09-10T23:08:25Z'>
                Offline Storage
              </delay>",
        )
        .unwrap();
        assert_eq!(delay.from.map(|from| from.to_string()).as_deref(), Some("capulet.com"));
        assert_eq!(delay.reason.as_deref().map(str::trim), Some("Offline Storage"));
    }

    #[test]
    fn a_stamp_is_required_and_strict() {
        assert!(parse("<delay xmlns='urn:xmpp:delay'/>").is_err());
        assert!(parse("<delay xmlns='urn:xmpp:delay' stamp='20020910T23:08:25'/>").is_err());
        assert!(parse("<delay xmlns='urn:xmpp:delay' stamp='2002-09-10T23:08:25'/>").is_err());
    }

    #[test]
    fn another_zone_is_written_in_utc() {
        let delay = parse("<delay xmlns='urn:xmpp:delay' stamp='2002-09-11T01:08:25+02:00'/>").unwrap();
        assert_eq!(delay.to_element().attr("stamp"), Some("2002-09-10T23:08:25Z"));
    }

    proptest! {
        #[test]
        fn delays_survive_a_round_trip(
            second in 0_i64..4_000_000_000, from in of("[a-z]{1,9}\\.example"), reason in text(),
        ) {
            let stamp = jiff::Timestamp::from_second(second).expect("in range");
            let from: Option<Jid> = from.map(|from| from.parse().expect("a domain"));
            let reason = Some(reason).filter(|text| !text.is_empty());
            let delay = Delay { reason, ..Delay::new(from, stamp) };
            prop_assert_eq!(Delay::parse(&delay.to_element()), Ok(delay));
        }

        #[test]
        fn no_element_makes_the_parser_panic(
            element in any_element(ns::DELAY, &["delay"], &["from", "stamp"]),
        ) {
            let _ = Delay::parse(&element);
        }
    }
}
