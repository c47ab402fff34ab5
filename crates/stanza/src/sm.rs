//! The elements of stream management (XEP-0198 §2 to §6), which clients and servers, and servers among themselves, exchange between stanzas.
//!
//! ```
//! use stonechat_stanza::Element;
//! use stonechat_stanza::sm::{Ack, Nonza};
//!
//! let element: Element = "<a xmlns='urn:xmpp:sm:3' h='3'/>".parse()?;
//! assert_eq!(Nonza::from_element(&element), Some(Ok(Nonza::Ack(Ack { h: 3 }))));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::payload::{Builder, ElementExt as _, ParseError, Payload as _};
use crate::{Element, StanzaError, ns, payload};

/// Namespace of the elements and of the stream feature (§2).
pub const NS: &str = ns::SM;

/// Asks for an acknowledgement (§4).
pub const REQUEST: &[u8] = b"<r xmlns='urn:xmpp:sm:3'/>";

payload! {
    /// Asks to have stanzas counted from here on (§3).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Enable: NS, "enable" {
        /// Whether who asks may want to resume the session.
        pub resume: bool => boolean("resume", false),
        /// For how many seconds it would like to be able to.
        pub max: Option<u32> => optional("max"),
    }
}

payload! {
    /// Stanzas are counted from here on (§3).
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Enabled: NS, "enabled" {
        /// What the session is named by when it is resumed.
        pub id: Option<String> => optional("id"),
        /// Whether the session can be resumed.
        pub resume: bool => boolean("resume", false),
        /// For how many seconds it can.
        pub max: Option<u32> => optional("max"),
        /// Where to connect to for that.
        pub location: Option<String> => optional("location"),
    }
}

payload! {
    /// So many stanzas were handled (§4).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Ack: NS, "a" {
        /// How many, modulo 2^32.
        pub h: u32 => required("h"),
    }
}

payload! {
    /// Asks to go on with a session (§5).
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Resume: NS, "resume" {
        /// How many stanzas of the other side were handled, modulo 2^32.
        pub h: u32 => required("h"),
        /// The session.
        pub previd: String => required("previd"),
    }
}

payload! {
    /// The session goes on (§5).
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Resumed: NS, "resumed" {
        /// How many stanzas of who resumes it were handled, modulo 2^32.
        pub h: u32 => required("h"),
        /// The session.
        pub previd: String => required("previd"),
    }
}

/// Says why `<enable/>` or `<resume/>` failed, with the condition alone (§6).
#[must_use]
pub fn failed(error: &StanzaError) -> Element {
    let condition = Element::bare(error.condition.to_string(), ns::STANZAS);
    Builder::new("failed", NS).child(condition).build()
}

/// Says that a session cannot be resumed any more, of which so many stanzas of who has asked were handled, modulo 2^32 (§5).
#[must_use]
pub fn timed_out(h: u32) -> Element {
    let condition = Element::bare("item-not-found", ns::STANZAS);
    Builder::new("failed", NS).attr("h", h).child(condition).build()
}

/// Says in a stream error that more was acknowledged than was sent (§6).
#[must_use]
pub fn too_high(handled: u32, sent: u32) -> Element {
    Builder::new("handled-count-too-high", NS).attr("h", handled).attr("send-count", sent).build()
}

/// The stream feature (§2).
#[must_use]
pub fn feature() -> Element {
    Element::bare("sm", NS)
}

/// Any of the elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nonza {
    /// `<enable/>`.
    Enable(Enable),
    /// `<enabled/>`.
    Enabled(Enabled),
    /// `<r/>`.
    Request,
    /// `<a/>`.
    Ack(Ack),
    /// `<resume/>`.
    Resume(Resume),
    /// `<resumed/>`.
    Resumed(Resumed),
    /// `<failed/>`, with how many stanzas of who has asked were handled, modulo 2^32, where that is told (§5).
    Failed(Option<u32>),
}

impl Nonza {
    /// Reads an element; `None` for what is not stream management.
    ///
    /// # Errors
    /// [`ParseError`] for one without what it needs.
    pub fn from_element(element: &Element) -> Option<Result<Self, ParseError>> {
        if !element.has_ns(NS) {
            return None;
        }
        Some(match element.name() {
            "enable" => Enable::parse(element).map(Self::Enable),
            "enabled" => Enabled::parse(element).map(Self::Enabled),
            "r" => Ok(Self::Request),
            "a" => Ack::parse(element).map(Self::Ack),
            "resume" => Resume::parse(element).map(Self::Resume),
            "resumed" => Resumed::parse(element).map(Self::Resumed),
            "failed" => element.value("h").map(Self::Failed),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn element(xml: &str) -> Element {
        xml.parse().expect(xml)
    }

    /// Examples 2, 8 and §3 on the values of `resume`.
    #[test]
    fn the_wish_to_resume_is_a_boolean() {
        for (resume, wanted) in
            [("", false), ("resume='true'", true), ("resume='1'", true), ("resume='0'", false)]
        {
            let enable = Enable::parse(&element(&format!("<enable xmlns='urn:xmpp:sm:3' {resume}/>")));
            assert_eq!(enable, Ok(Enable { resume: wanted, max: None }), "{resume}");
        }
        assert!(Enable::parse(&element("<enable xmlns='urn:xmpp:sm:3' resume='yes'/>")).is_err());
    }

    /// Example 9.
    #[test]
    fn enabled_is_written_as_in_the_example() {
        let enabled =
            Enabled { id: Some("some-long-sm-id".to_owned()), resume: true, max: None, location: None };
        assert_eq!(
            enabled.to_element(),
            element("<enabled xmlns='urn:xmpp:sm:3' id='some-long-sm-id' resume='true'/>")
        );
    }

    /// Examples 5 and 17.
    #[test]
    fn failures_are_written_as_in_the_examples() {
        assert_eq!(
            failed(&StanzaError::unexpected_request()),
            element(
                "<failed xmlns='urn:xmpp:sm:3'><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>"
            )
        );
        // Example 14.
        assert_eq!(
            timed_out(7),
            element(
                "<failed xmlns='urn:xmpp:sm:3' h='7'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>"
            )
        );
        assert_eq!(
            too_high(10, 8),
            element("<handled-count-too-high xmlns='urn:xmpp:sm:3' h='10' send-count='8'/>")
        );
    }

    #[test]
    fn a_count_is_a_number_below_two_to_the_thirty_second() {
        for h in ["", "h=''", "h='-1'", "h='x'", "h='4294967296'"] {
            assert!(Ack::parse(&element(&format!("<a xmlns='urn:xmpp:sm:3' {h}/>"))).is_err(), "{h}");
        }
        assert_eq!(
            Ack::parse(&element("<a xmlns='urn:xmpp:sm:3' h='4294967295'/>")),
            Ok(Ack { h: u32::MAX })
        );
    }

    #[test]
    fn each_element_is_known_by_its_name() {
        let nonza = |xml: &str| Nonza::from_element(&element(xml));
        let enable = Enable { resume: false, max: None };
        assert_eq!(nonza("<enable xmlns='urn:xmpp:sm:3'/>"), Some(Ok(Nonza::Enable(enable))));
        assert_eq!(nonza("<r xmlns='urn:xmpp:sm:3'/>"), Some(Ok(Nonza::Request)));
        for (error, h) in [(timed_out(7), Some(7)), (failed(&StanzaError::unexpected_request()), None)] {
            assert_eq!(Nonza::from_element(&error), Some(Ok(Nonza::Failed(h))));
        }
        assert!(nonza("<resume xmlns='urn:xmpp:sm:3' h='1'/>").is_some_and(|read| read.is_err()));
        assert_eq!(nonza("<r xmlns='urn:xmpp:sm:2'/>"), None);
        assert_eq!(nonza("<b xmlns='urn:xmpp:sm:3'/>"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(h: u32, previd in "[ -~]{0,20}", resume: bool, max: Option<u32>) {
            let resumed = Resumed { h, previd: previd.clone() };
            prop_assert_eq!(Resumed::parse(&resumed.to_element()), Ok(resumed));
            let enabled = Enabled { id: Some(previd), resume, max, location: None };
            prop_assert_eq!(Enabled::parse(&enabled.to_element()), Ok(enabled));
        }
    }
}
