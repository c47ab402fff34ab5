use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::Push::{Important, No, Quiet};
use super::*;

fn class(kind: &str, children: &str) -> Class {
    let xml = format!("<message from='a@b.example/c' to='d@e.example/f' type='{kind}'>{children}</message>");
    Class::of(&Stanza::parse(xml.as_bytes()).expect(&xml))
}

/// In the order of the table in the documentation: archived, stored, pushed, may wait.
type Answers = (bool, bool, Push, bool);

fn answers(kind: &str, children: &str) -> Answers {
    let class = class(kind, children);
    (class.is_archived(), class.is_stored(), class.push(), class.may_wait())
}

const BODY: &str = "<body>x</body>";
const COMPOSING: &str = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
const STORE: &str = "<store xmlns='urn:xmpp:hints'/>";
const NO_STORE: &str = "<no-store xmlns='urn:xmpp:hints'/>";
const NO_PERMANENT_STORE: &str = "<no-permanent-store xmlns='urn:xmpp:hints'/>";

/// The lines of the table in the documentation.
const TOLD: Answers = (true, true, Important, false);
const CALL: Answers = (true, true, Quiet, false);
const CHANGE: Answers = (true, true, Quiet, true);
const RECEIPT: Answers = (true, true, No, true);
const UNKNOWN: Answers = (false, true, Quiet, false);
const EVENT: Answers = (false, true, No, true);
const NOTHING: Answers = (false, false, No, true);

const TABLE: &[(&str, Answers)] = &[
    (BODY, TOLD),
    ("<body>x</body><fallback xmlns='urn:xmpp:fallback:0' for='urn:example:new'/>", TOLD),
    ("<body>x</body><reply xmlns='urn:xmpp:reply:0' id='1'/>", TOLD),
    ("<body>x</body><unheard-of xmlns='urn:example:unheard-of'/>", TOLD),
    ("<encrypted xmlns='eu.siacs.conversations.axolotl'><header/><payload>x</payload></encrypted>", TOLD),
    ("<encrypted xmlns='urn:xmpp:omemo:2'><header/><payload>x</payload></encrypted>", TOLD),
    ("<openpgp xmlns='urn:xmpp:openpgp:0'>x</openpgp>", TOLD),
    ("<x xmlns='jabber:x:encrypted'>x</x>", TOLD),
    (
        "<what xmlns='urn:example:what'/><encryption xmlns='urn:xmpp:eme:0' namespace='urn:example:what'/>",
        TOLD,
    ),
    ("<x xmlns='jabber:x:oob'><url>https://example.org</url></x>", TOLD),
    ("<file-sharing xmlns='urn:xmpp:sfs:0'/>", TOLD),
    ("<x xmlns='jabber:x:conference' jid='room@muc.example'/>", TOLD),
    ("<x xmlns='http://jabber.org/protocol/muc#user'><invite from='a@b.example'/></x>", TOLD),
    ("<body>x</body><x xmlns='http://jabber.org/protocol/muc#user'/>", TOLD),
    ("<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>", TOLD),
    ("<invite xmlns='urn:xmpp:call-invites:0' video='true'/>", TOLD),
    ("<retract xmlns='urn:xmpp:jingle-message:0' id='1'/>", CALL),
    ("<accept xmlns='urn:xmpp:jingle-message:0' id='1'/>", CALL),
    ("<left xmlns='urn:xmpp:call-invites:0' id='1'/>", CALL),
    ("<subject>x</subject>", CALL),
    ("<body>x</body><replace xmlns='urn:xmpp:message-correct:0' id='1'/>", CHANGE),
    ("<body/><replace xmlns='urn:xmpp:message-correct:0' id='1'/>", CHANGE),
    ("<reactions xmlns='urn:xmpp:reactions:0' id='1'><reaction>x</reaction></reactions>", CHANGE),
    (
        "<reactions xmlns='urn:xmpp:reactions:0' id='1'/><body>x</body><fallback xmlns='urn:xmpp:fallback:0'/>",
        CHANGE,
    ),
    ("<retract xmlns='urn:xmpp:message-retract:1' id='1'/>", CHANGE),
    (
        "<retract xmlns='urn:xmpp:message-retract:1' id='1'/><body>x</body><fallback xmlns='urn:xmpp:fallback:0'/>",
        CHANGE,
    ),
    (
        "<apply-to xmlns='urn:xmpp:fasten:0' id='1'><retract xmlns='urn:xmpp:message-retract:0'/></apply-to>",
        CHANGE,
    ),
    ("<encrypted xmlns='eu.siacs.conversations.axolotl'><header/></encrypted>", CHANGE),
    ("<received xmlns='urn:xmpp:receipts' id='1'/>", RECEIPT),
    ("<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", RECEIPT),
    ("<unheard-of xmlns='urn:example:unheard-of'/>", UNKNOWN),
    ("<unheard-of/>", UNKNOWN),
    ("<x xmlns='http://jabber.org/protocol/muc#user'><status code='101'/></x>", UNKNOWN),
    (
        "<x xmlns='http://jabber.org/protocol/muc#user'><decline><reason>no invite</reason></decline></x>",
        UNKNOWN,
    ),
    ("<event xmlns='http://jabber.org/protocol/pubsub#event'><items node='urn:example'/></event>", EVENT),
    ("<body></body>", EVENT),
    ("<body/>", EVENT),
    ("", NOTHING),
    (COMPOSING, NOTHING),
    ("<x xmlns='jabber:x:event'><composing/></x>", NOTHING),
    ("<rtt xmlns='urn:xmpp:rtt:0'><t>x</t></rtt>", NOTHING),
    ("<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>", NOTHING),
    (
        "<thread>1</thread><origin-id xmlns='urn:xmpp:sid:0' id='1'/><private xmlns='urn:xmpp:carbons:2'/>",
        NOTHING,
    ),
    ("<delay xmlns='urn:xmpp:delay' stamp='2010-07-10T23:08:25Z'/>", NOTHING),
    ("<fallback xmlns='urn:xmpp:fallback:0'/><reply xmlns='urn:xmpp:reply:0' id='1'/>", NOTHING),
];

#[test]
fn the_answers_are_those_of_the_table() {
    for (children, expected) in TABLE {
        for kind in ["chat", "normal", "unheard-of"] {
            assert_eq!(answers(kind, children), *expected, "{kind}: {children}");
            let marked = format!("{children}{COMPOSING}<request xmlns='urn:xmpp:receipts'/>");
            assert_eq!(answers(kind, &marked), *expected, "{kind}: {marked}");
        }
    }
}

#[test]
fn headlines_errors_and_group_chat_are_not_kept_for_an_account() {
    for (children, _) in TABLE {
        for kind in ["headline", "error", "groupchat"] {
            for hint in ["", STORE] {
                let class = class(kind, &format!("{children}{hint}"));
                assert!(!class.is_archived() && !class.is_stored(), "{kind}: {children}");
            }
        }
    }
}

#[test]
fn a_headline_may_always_wait_and_an_error_never() {
    for (children, _) in TABLE {
        assert!(!class("error", children).may_wait(), "{children}");
        assert_eq!(
            class("headline", children).may_wait(),
            !children.contains("jingle") && !children.contains("call-")
        );
        assert_eq!(class("headline", children).push(), No);
        assert_eq!(class("error", children).push(), No);
    }
}

#[test]
fn a_room_keeps_what_is_said_or_changed_in_it() {
    for (children, (archived, ..)) in TABLE {
        assert_eq!(class("groupchat", children).is_archived_by_room(), *archived, "{children}");
        assert!(!class("chat", children).is_archived_by_room());
    }
    assert!(!class("groupchat", &format!("{BODY}{NO_STORE}")).is_archived_by_room());
    assert_eq!(class("groupchat", BODY).push(), Important);
    assert!(class("groupchat", COMPOSING).may_wait());
}

/// XEP-0334 §4.
#[test]
fn hints_count_before_what_is_found() {
    for (hints, archived, stored) in [
        (NO_STORE.to_owned(), false, false),
        (NO_PERMANENT_STORE.to_owned(), false, true),
        (format!("{STORE}{NO_STORE}"), false, false),
        (format!("{STORE}{NO_PERMANENT_STORE}"), false, true),
        (STORE.to_owned(), true, true),
    ] {
        let class = class("chat", &format!("{BODY}{hints}"));
        assert_eq!((class.is_archived(), class.is_stored()), (archived, stored), "{hints}");
    }
    assert_eq!(answers("chat", &format!("{COMPOSING}{STORE}")), (true, true, No, true));
}

/// XEP-0334 §5.
#[test]
fn the_hints_of_an_error_are_not_its_own() {
    assert!(!class("error", NO_STORE).forbids_storing());
    assert!(class("chat", NO_STORE).forbids_storing());
}

#[test]
fn a_copied_message_does_not_wait_and_says_nothing_itself() {
    let copy = "<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'/></received>";
    assert_eq!(answers("chat", copy), (false, false, No, false));
}

#[test]
fn nothing_is_true_of_presence_and_iq() {
    for xml in ["<presence><body>x</body></presence>", "<iq type='set' id='1'><body>x</body></iq>"] {
        let class = Class::of(&Stanza::parse(xml.as_bytes()).unwrap());
        assert!(!class.is_archived() && !class.is_archived_by_room() && !class.is_stored());
        assert!(!class.may_wait() && class.push() == No && !class.is_copied(Direction::Sent, || true));
    }
}

proptest! {
    #[test]
    fn neither_the_order_nor_the_number_of_children_matters(
        parts in subsequence(TABLE, 0..6).prop_shuffle(),
        kind in select(vec!["chat", "normal", "groupchat", "headline", "error"]),
    ) {
        let mut parts: Vec<&str> = parts.into_iter().map(|(children, _)| children).collect();
        let before = class(kind, &parts.concat());
        parts.reverse();
        let again = parts.repeat(2);
        prop_assert_eq!(class(kind, &again.concat()), before);
    }

    #[test]
    fn what_is_archived_or_wakes_a_phone_is_stored(
        parts in subsequence(TABLE, 0..6), hints in subsequence(&[STORE, NO_STORE, NO_PERMANENT_STORE], 0..3),
    ) {
        let children: String = parts.into_iter().map(|(children, _)| children).chain(hints).collect();
        let class = class("chat", &children);
        prop_assert!(!class.is_archived() || class.is_stored());
        prop_assert!(class.push() == No || class.is_stored() || class.forbids_storing());
        prop_assert!(class.push() != Important || !class.may_wait());
    }
}
