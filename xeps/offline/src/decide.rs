//! Which messages are stored (XEP-0160 §3, XEP-0334 §4): one function from values to a value.

use stonechat_stanza::Stanza;
use stonechat_stanza::class::Class;
use stonechat_stanza::jid::BareJid;

/// What becomes of a message that nobody is there to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// It is stored.
    Store,
    /// It is of a type that is not stored: `groupchat`, `headline`, `error` (XEP-0160 §3); or no message.
    WrongType,
    /// It asks not to be stored (XEP-0334 §4.2).
    Hint,
    /// It says nothing that is worth knowing later: chat states (XEP-0160 §3).
    Transient,
    /// The account itself, thus the server, has made it for one session: a copy of a message, a push. It is made from what is stored
    /// elsewhere, and nobody waits for it.
    OwnAccount,
}

/// Decides about a message for `account`, by its [`Class`].
#[must_use]
pub fn decide(message: &Stanza, account: &BareJid) -> Verdict {
    let class = Class::of(message);
    match () {
        () if !class.is_personal() => Verdict::WrongType,
        // Clients' stanzas are from their full JIDs, so nobody else can have made this.
        () if message.from().is_some_and(|from| from.as_str() == account.as_str()) => Verdict::OwnAccount,
        () if class.forbids_storing() => Verdict::Hint,
        () if class.is_stored() => Verdict::Store,
        () => Verdict::Transient,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    use super::*;
    use Verdict::{Hint, OwnAccount, Store, Transient, WrongType};

    fn ask(xml: &str) -> Verdict {
        decide(&Stanza::parse(xml.as_bytes()).expect(xml), &BareJid::parse("juliet@capulet.com").unwrap())
    }

    const BODY: &str = "<body>x</body>";
    const COMPOSING: &str = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
    const STORE: &str = "<store xmlns='urn:xmpp:hints'/>";
    const NO_STORE: &str = "<no-store xmlns='urn:xmpp:hints'/>";

    /// XEP-0160 §3.
    #[test]
    fn the_type_decides_first() {
        for (kind, verdict) in [
            ("", Store),
            (" type='normal'", Store),
            (" type='unheard-of'", Store),
            (" type='chat'", Store),
            (" type='groupchat'", WrongType),
            (" type='headline'", WrongType),
            (" type='error'", WrongType),
        ] {
            assert_eq!(ask(&format!("<message{kind}>{BODY}{STORE}</message>")), verdict, "{kind}");
        }
        assert_eq!(ask("<presence><status>x</status></presence>"), WrongType);
        assert_eq!(ask("<iq type='set' id='1'><body>x</body></iq>"), WrongType);
    }

    #[test]
    fn what_says_nothing_lasting_is_not_stored() {
        for payload in [
            "",
            COMPOSING,
            "<active xmlns='http://jabber.org/protocol/chatstates'/><thread>1</thread>",
            "<gone xmlns='http://jabber.org/protocol/chatstates'/><origin-id xmlns='urn:xmpp:sid:0' id='1'/>",
            "<paused xmlns='http://jabber.org/protocol/chatstates'/><no-permanent-store xmlns='urn:xmpp:hints'/>",
            "<x xmlns='jabber:x:event'><composing/></x>",
            "<rtt xmlns='urn:xmpp:rtt:0'><t>x</t></rtt>",
            "<private xmlns='urn:xmpp:carbons:2'/>",
        ] {
            for kind in ["chat", "normal"] {
                let message = format!("<message type='{kind}'>{payload}</message>");
                assert_eq!(ask(&message), Transient, "{message}");
            }
        }
    }

    #[test]
    fn messages_without_a_body_are_stored_when_they_say_something() {
        for payload in [
            "<received xmlns='urn:xmpp:receipts' id='1'/>",
            "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>",
            "<reactions xmlns='urn:xmpp:reactions:0' id='1'><reaction>x</reaction></reactions>",
            "<retract xmlns='urn:xmpp:message-retract:1' id='1'/>",
            "<retract xmlns='urn:xmpp:message-retract:1' id='1'/><body>fallback</body><fallback xmlns='urn:xmpp:fallback:0'/>",
            "<replace xmlns='urn:xmpp:message-correct:0' id='1'/><body/>",
            "<encrypted xmlns='eu.siacs.conversations.axolotl'/>",
            "<subject>x</subject>",
            "<x xmlns='jabber:x:conference' jid='room@muc.example'/>",
            "<x xmlns='http://jabber.org/protocol/muc#user'><invite from='a@b.example'/></x>",
            "<unheard-of xmlns='urn:example:unheard-of'/>",
        ] {
            assert_eq!(
                ask(&format!("<message type='chat'>{COMPOSING}{payload}</message>")),
                Store,
                "{payload}"
            );
        }
    }

    /// XEP-0334 §4.
    #[test]
    fn hints_are_followed() {
        assert_eq!(ask(&format!("<message>{BODY}{NO_STORE}</message>")), Hint);
        assert_eq!(ask(&format!("<message>{BODY}{STORE}{NO_STORE}</message>")), Hint);
        assert_eq!(ask(&format!("<message type='chat'>{COMPOSING}{STORE}</message>")), Store);
        assert_eq!(
            ask(&format!("<message>{BODY}<no-permanent-store xmlns='urn:xmpp:hints'/></message>")),
            Store
        );
    }

    #[test]
    fn what_the_account_sent_to_itself_is_not_stored_but_what_its_sessions_sent_is() {
        let copy = "<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'/></received>";
        for payload in [copy, BODY] {
            let from = |from: &str| ask(&format!("<message from='{from}'>{BODY}{payload}</message>"));
            assert_eq!(from("juliet@capulet.com"), OwnAccount);
            assert_eq!(from("juliet@capulet.com/balcony"), Store);
            assert_eq!(from("romeo@capulet.com"), Store);
        }
    }

    const LASTING: &[&str] = &[
        BODY,
        "<received xmlns='urn:xmpp:receipts' id='1'/>",
        "<a xmlns='urn:example:a'/>",
        "<a xmlns=''/>",
    ];
    const PASSING: &[&str] = &[
        COMPOSING,
        "<thread>1</thread>",
        "<origin-id xmlns='urn:xmpp:sid:0' id='1'/>",
        "<no-copy xmlns='urn:xmpp:hints'/>",
    ];

    proptest! {
        #[test]
        fn a_chat_message_is_stored_exactly_when_something_lasting_or_the_hint_is_in_it(
            lasting in subsequence(LASTING, 0..=LASTING.len()),
            passing in subsequence(PASSING, 0..=PASSING.len()),
            kind in select(vec!["chat", "normal"]),
            store: bool,
        ) {
            let hint = if store { STORE } else { "" };
            let mut parts: Vec<_> = passing.iter().chain(&lasting).copied().collect();
            let message = |parts: &[&str]| format!("<message type='{kind}'>{}{hint}</message>", parts.concat());
            let expected = if lasting.is_empty() && !store { Transient } else { Store };
            prop_assert_eq!(ask(&message(&parts)), expected);
            parts.reverse();
            prop_assert_eq!(ask(&message(&parts)), expected);
            parts.push(NO_STORE);
            prop_assert_eq!(ask(&message(&parts)), Hint);
        }
    }
}
