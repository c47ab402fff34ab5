//! What is on the wire (XEP-0198 §3 to §6).

use stonechat_stanza::payload::Builder;
use stonechat_stanza::{Element, StanzaError, ns, payload};

/// Namespace of the elements and of the stream feature (§2).
pub const NS: &str = "urn:xmpp:sm:3";

/// Asks for an acknowledgement (§4).
pub const REQUEST: &[u8] = b"<r xmlns='urn:xmpp:sm:3'/>";

payload! {
    /// Asks to have stanzas counted from here on (§3).
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Enable: NS, "enable" {
        /// Whether the client may want to resume the session.
        pub resume: bool => boolean("resume", false),
        /// For how many seconds it would like to be able to.
        pub max: Option<u32> => optional("max"),
    }
}

payload! {
    /// Stanzas are counted from here on (§3).
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Enabled: NS, "enabled" {
        /// What the client names the session by when it resumes it.
        pub id: Option<String> => optional("id"),
        /// Whether the session can be resumed.
        pub resume: bool => boolean("resume", false),
        /// For how many seconds it can.
        pub max: Option<u32> => optional("max"),
        /// Where the client should connect to for that.
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
        /// How many of the server's stanzas the client has handled, modulo 2^32.
        pub h: u32 => required("h"),
        /// The session.
        pub previd: String => required("previd"),
    }
}

payload! {
    /// The session goes on (§5).
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct Resumed: NS, "resumed" {
        /// How many of the client's stanzas the server has handled, modulo 2^32.
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

/// Says that a session cannot be resumed any more, of which so many stanzas of the client were handled, modulo 2^32 (§5).
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use stonechat_stanza::Payload;

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
