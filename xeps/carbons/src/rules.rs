//! Which messages are copied (XEP-0280 §6).

use stonechat_stanza::Stanza;
use stonechat_stanza::class::{Class, Direction};

/// Whether a message is eligible for copies (§6.1), seen from the account whose sessions may get a copy: what
/// [`Class::is_copied`] says of it. `answers_eligible` is asked about errors only: whether the one at hand answers a message that was
/// eligible.
#[must_use]
pub fn eligible(message: &Stanza, direction: Direction, answers_eligible: impl FnOnce() -> bool) -> bool {
    Class::of(message).is_copied(direction, answers_eligible)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::subsequence;

    use super::*;
    use Direction::{Received, Sent};

    fn ask(xml: &str, direction: Direction) -> bool {
        eligible(&Stanza::parse(xml.as_bytes()).expect(xml), direction, || false)
    }

    /// A line for each rule: the type, the children, whether it is eligible when received and when sent. Correspondents are full JIDs.
    const TABLE: &[(&str, &str, bool, bool)] = &[
        ("chat", "", true, true),
        ("chat", "<body>x</body>", true, true),
        ("chat", "<encrypted xmlns='urn:xmpp:omemo:2'/>", true, true),
        ("normal", "<body>x</body>", true, true),
        ("normal", "", false, false),
        ("normal", "<subject>x</subject>", false, false),
        ("normal", "<body xmlns='urn:other'>x</body>", false, false),
        ("normal", "<received xmlns='urn:xmpp:receipts' id='1'/>", true, true),
        ("normal", "<request xmlns='urn:xmpp:receipts'/>", true, true),
        ("normal", "<composing xmlns='http://jabber.org/protocol/chatstates'/>", true, true),
        ("normal", "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", true, true),
        ("headline", "<body>x</body>", false, false),
        ("headline", "<received xmlns='urn:xmpp:receipts' id='1'/>", true, true),
        ("groupchat", "<body>x</body>", false, false),
        ("groupchat", "<received xmlns='urn:xmpp:receipts' id='1'/>", false, false),
        ("error", "<body>x</body>", false, false),
        ("unheard-of", "<body>x</body>", true, true),
        ("chat", "<body>x</body><private xmlns='urn:xmpp:carbons:2'/>", false, false),
        ("chat", "<body>x</body><private xmlns='urn:other'/>", true, true),
        ("chat", "<body>x</body><no-copy xmlns='urn:xmpp:hints'/>", false, false),
        ("chat", "<body>x</body><no-store xmlns='urn:xmpp:hints'/>", true, true),
        ("chat", "<received xmlns='urn:xmpp:carbons:2'/>", false, false),
        ("chat", "<body>x</body><sent xmlns='urn:xmpp:carbons:2'/>", false, false),
        // §6.1, rooms.
        ("normal", "<x xmlns='jabber:x:conference' jid='room@muc.example'/>", true, true),
        (
            "normal",
            "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='a@b.example'/></x>",
            true,
            true,
        ),
        ("chat", "<body>x</body><x xmlns='http://jabber.org/protocol/muc#user'/>", false, true),
        ("normal", "<x xmlns='http://jabber.org/protocol/muc#user'/>", false, true),
        (
            "chat",
            "<received xmlns='urn:xmpp:receipts' id='1'/><x xmlns='http://jabber.org/protocol/muc#user'/>",
            false,
            true,
        ),
    ];

    #[test]
    fn the_rules_are_those_of_the_table() {
        for &(kind, children, received, sent) in TABLE {
            let xml = format!(
                "<message type='{kind}' from='c@muc.example/x' to='c@muc.example/x'>{children}</message>"
            );
            assert_eq!(ask(&xml, Received), received, "received: {xml}");
            assert_eq!(ask(&xml, Sent), sent, "sent: {xml}");
        }
    }

    #[test]
    fn what_a_room_itself_says_is_no_private_message() {
        let x = "<body>x</body><x xmlns='http://jabber.org/protocol/muc#user'/>";
        assert!(ask(&format!("<message type='chat' from='room@muc.example'>{x}</message>"), Received));
        assert!(!ask(
            "<message from='room@muc.example'><x xmlns='http://jabber.org/protocol/muc#user'/></message>",
            Received
        ));
    }

    #[test]
    fn an_error_is_eligible_when_it_answers_what_was() {
        let error = |children: &str| {
            Stanza::parse(format!("<message type='error'>{children}</message>").as_bytes()).unwrap()
        };
        assert!(eligible(&error(""), Received, || true));
        // The hint is that of the original, which was eligible all the same.
        assert!(eligible(&error("<no-copy xmlns='urn:xmpp:hints'/>"), Sent, || true));
        assert!(!eligible(&error("<private xmlns='urn:xmpp:carbons:2'/>"), Received, || true));
        assert!(!eligible(&error("<sent xmlns='urn:xmpp:carbons:2'/>"), Received, || true));
        assert!(!eligible(
            &error("<composing xmlns='http://jabber.org/protocol/chatstates'/>"),
            Received,
            || false
        ));
    }

    #[test]
    fn only_messages_are_eligible() {
        for xml in ["<presence><body>x</body></presence>", "<iq type='set' id='1'><body>x</body></iq>"] {
            assert!(!ask(xml, Sent) && !ask(xml, Received));
        }
    }

    /// Children that allow, forbid, or do not matter.
    const PARTS: &[&str] = &[
        "<body>x</body>",
        "<subject>x</subject>",
        "<active xmlns='http://jabber.org/protocol/chatstates'/>",
        "<request xmlns='urn:xmpp:receipts'/>",
        "<markable xmlns='urn:xmpp:chat-markers:0'/>",
        "<private xmlns='urn:xmpp:carbons:2'/>",
        "<no-copy xmlns='urn:xmpp:hints'/>",
        "<store xmlns='urn:xmpp:hints'/>",
        "<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'/></received>",
        "<sent xmlns='urn:xmpp:carbons:2'/>",
        "<forwarded xmlns='urn:xmpp:forward:0'/>",
        "<x xmlns='http://jabber.org/protocol/muc#user'/>",
        "<x xmlns='http://jabber.org/protocol/muc#user'><invite to='a@b.example'/></x>",
        "<x xmlns='jabber:x:conference' jid='a@b.example'/>",
        "<unknown xmlns='urn:example:unknown'/>",
    ];

    fn any_message() -> impl Strategy<Value = (String, Vec<&'static str>, String)> {
        let kind =
            proptest::sample::select(vec!["", "normal", "chat", "groupchat", "headline", "error", "x"]);
        let parts = subsequence(PARTS, 0..=PARTS.len()).prop_shuffle();
        let peer = proptest::sample::select(vec!["a@b.example", "a@b.example/c", "b.example"]);
        (kind.prop_map(str::to_owned), parts, peer.prop_map(str::to_owned))
    }

    fn build(kind: &str, parts: &[&str], peer: &str) -> Stanza {
        let kind = if kind.is_empty() { String::new() } else { format!(" type='{kind}'") };
        let xml = format!("<message{kind} from='{peer}' to='{peer}'>{}</message>", parts.concat());
        Stanza::parse(xml.as_bytes()).expect("test XML is well-formed")
    }

    proptest! {
        #[test]
        fn what_is_marked_private_or_is_a_wrapper_or_group_chat_is_never_copied(
            (kind, mut parts, peer) in any_message(),
            bar in proptest::sample::select(vec![5_usize, 6, 8, 9, PARTS.len()]),
            received: bool,
        ) {
            let kind = if let Some(part) = PARTS.get(bar) {
                parts.push(part);
                kind
            } else {
                "groupchat".to_owned()
            };
            let direction = if received { Received } else { Sent };
            // A hint of an error is not its own.
            prop_assume!(!(bar == 6 && kind == "error"));
            prop_assert!(!eligible(&build(&kind, &parts, &peer), direction, || true));
        }

        #[test]
        fn neither_the_order_of_the_payload_nor_what_is_unknown_matters(
            (kind, mut parts, peer) in any_message(), received: bool, answers: bool,
        ) {
            let direction = if received { Received } else { Sent };
            let before = eligible(&build(&kind, &parts, &peer), direction, || answers);
            parts.reverse();
            parts.push("<more xmlns='urn:example:more'><private xmlns='urn:xmpp:carbons:2'/></more>");
            prop_assert_eq!(eligible(&build(&kind, &parts, &peer), direction, || answers), before);
        }

        #[test]
        fn the_direction_matters_to_private_messages_of_rooms_only(
            (kind, parts, peer) in any_message(), answers: bool,
        ) {
            prop_assume!(!parts.contains(&PARTS[11]));
            let message = build(&kind, &parts, &peer);
            prop_assert_eq!(eligible(&message, Received, || answers), eligible(&message, Sent, || answers));
        }

        #[test]
        fn chat_that_nothing_forbids_is_always_copied((_, parts, peer) in any_message(), received: bool) {
            let forbidding = [PARTS[5], PARTS[6], PARTS[8], PARTS[9], PARTS[11]];
            let parts: Vec<_> = parts.into_iter().filter(|part| !forbidding.contains(part)).collect();
            let direction = if received { Received } else { Sent };
            prop_assert!(eligible(&build("chat", &parts, &peer), direction, || false));
        }
    }
}
