//! What is on the wire: the feature (XEP-0160 §4), and the note that a message is late (XEP-0203).

use jiff::Timestamp;
use stonechat_stanza::delay::Delay;
use stonechat_stanza::jid::Jid;
use stonechat_stanza::{Child, Stanza, ns};

/// The feature that a host with an offline store lists (§4).
pub const FEATURE: &str = "msgoffline";

/// The words in the `<delay/>` of a stored message (§2, example 3).
pub const REASON: &str = "Offline Storage";

/// Discards the `<delay/>`s that claim to be by the host, from a stanza that came from elsewhere (XEP-0203 §5). The result is
/// their number.
pub fn discard_forged(stanza: &mut Stanza, domain: &str) -> usize {
    let before = stanza.children().count();
    stanza.retain(|child| !is_by(child, domain));
    before - stanza.children().count()
}

/// Notes that the host has had a message since `at`.
pub fn stamp(message: &mut Stanza, domain: &str, at: Timestamp) {
    let delay = Delay { reason: Some(REASON.to_owned()), ..Delay::new(Jid::parse(domain).ok(), at) };
    message.push(&delay);
}

/// Takes the host's own note out of a message, and gives the time in it. For a message whose forged ones were
/// [discarded](discard_forged).
pub fn take_stamp(message: &mut Stanza, domain: &str) -> Option<Timestamp> {
    let own = message.children().find(|child| is_by(child, domain))?;
    let at = own.parse::<Delay>().ok().map(|delay| delay.stamp.timestamp());
    discard_forged(message, domain);
    at
}

/// Whether a child is a delay whose `from` is the host itself, even one that is not valid otherwise.
fn is_by(child: &Child<'_>, domain: &str) -> bool {
    child.is(ns::DELAY, "delay")
        && child.element().is_ok_and(|delay| {
            let from = delay.attr("from").and_then(|from| Jid::parse_received(from).ok());
            from.is_some_and(|from| from.domain() == domain && from.local().is_none())
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// XEP-0160 example 3, XEP-0203 example 1.
    #[test]
    fn the_note_is_that_of_the_example() {
        let mut message = Stanza::parse(
            b"<message from='romeo@montague.net/orchard' to='juliet@capulet.com'><body>x</body></message>",
        )
        .unwrap();
        stamp(&mut message, "capulet.com", "2002-09-10T23:08:25Z".parse().unwrap());
        let delay = message.find(ns::DELAY, "delay").unwrap().element().unwrap();
        assert_eq!(delay.attr("from"), Some("capulet.com"));
        assert_eq!(delay.attr("stamp"), Some("2002-09-10T23:08:25Z"));
        assert_eq!(delay.text(), "Offline Storage");
    }

    /// XEP-0203 §5.
    #[test]
    fn only_what_claims_to_be_by_the_host_is_discarded() {
        let delay =
            |from: &str| format!("<delay xmlns='urn:xmpp:delay' {from} stamp='2002-09-10T23:08:25Z'/>");
        for (from, forged) in [
            ("from='capulet.com'", true),
            ("from='CAPULET.com'", true),
            ("from='capulet.com/x'", true),
            ("from='juliet@capulet.com'", false),
            ("from='muc.capulet.com'", false),
            ("from='@'", false),
            ("", false),
        ] {
            let mut message =
                Stanza::parse(format!("<message><body>x</body>{}</message>", delay(from)).as_bytes())
                    .unwrap();
            assert_eq!(discard_forged(&mut message, "capulet.com"), usize::from(forged), "{from}");
            assert_eq!(message.has(ns::DELAY, "delay"), !forged, "{from}");
            assert!(message.has(ns::CLIENT, "body"));
        }
        let mut broken =
            Stanza::parse(b"<message><delay xmlns='urn:xmpp:delay' from='capulet.com'/></message>").unwrap();
        assert_eq!(discard_forged(&mut broken, "capulet.com"), 1);
    }

    proptest! {
        #[test]
        fn a_stamp_comes_out_as_it_went_in(millis in 0_i64..4_000_000_000_000) {
            let at = Timestamp::from_millisecond(millis).expect("in range");
            let plain = Stanza::parse(b"<message><body>x</body><delay xmlns='urn:xmpp:delay' from='b.example' stamp='2002-09-10T23:08:25Z'/></message>").expect("well-formed");
            let mut message = plain.clone();
            stamp(&mut message, "capulet.com", at);
            prop_assert_eq!(take_stamp(&mut message, "capulet.com"), Some(at));
            prop_assert_eq!(message.to_string(), plain.to_string());
            prop_assert_eq!(take_stamp(&mut message, "capulet.com"), None);
        }
    }
}
