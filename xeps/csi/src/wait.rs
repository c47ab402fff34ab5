//! What can wait until the client is active (XEP-0352 §3): one function from values to a value.

use stonechat_stanza::class::Class;
use stonechat_stanza::{Child, Kind, Stanza, ns, presence};

/// Whether a stanza can wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// It cannot.
    No,
    /// It can.
    Yes,
    /// It can, and is nothing to send any more when another of the same name comes.
    UntilSaidAnew(String),
}

/// Whether a stanza can wait until its client is active.
#[must_use]
pub fn wait(stanza: &Stanza) -> Wait {
    let from = stanza.from().map_or("", |from| from.as_str());
    match stanza.kind() {
        Kind::Presence(presence::Type::Available | presence::Type::Unavailable) if !is_answer(stanza) => {
            Wait::UntilSaidAnew(format!("presence {from}"))
        }
        Kind::Message(_) if !Class::of(stanza).may_wait() => Wait::No,
        Kind::Message(_) if is_state(stanza) => Wait::UntilSaidAnew(format!("state {from}")),
        Kind::Message(_) => Wait::Yes,
        Kind::Presence(_) | Kind::Iq(_) => Wait::No,
    }
}

/// Whether presence tells the client itself something, as a room does that was entered or left (XEP-0045 §7.2, status 110).
fn is_answer(stanza: &Stanza) -> bool {
    let room = stanza.find(ns::MUC_USER, "x").and_then(|room| room.element().ok());
    room.is_some_and(|room| room.has_child("status", ns::MUC_USER))
}

/// Whether a message has a chat state and nothing else that says anything (XEP-0085).
fn is_state(stanza: &Stanza) -> bool {
    let mut any = false;
    let rest_says_nothing = stanza.children().all(|child| {
        let is_state = child.ns() == ns::CHATSTATES;
        any |= is_state;
        is_state || says_nothing(&child)
    });
    any && rest_says_nothing
}

fn says_nothing(child: &Child<'_>) -> bool {
    matches!((child.ns(), child.name()), (ns::HINTS | ns::SID | ns::DELAY, _) | (ns::CLIENT, "thread"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(xml: &str) -> Wait {
        wait(&Stanza::parse(xml.as_bytes()).expect(xml))
    }

    /// §3: "suppress presence updates until the client becomes active again", "push the latest presence from each contact".
    #[test]
    fn of_presence_the_latest_of_each_address_waits() {
        let name = Wait::UntilSaidAnew("presence a@b/c".to_owned());
        assert_eq!(ask("<presence from='a@b/c'/>"), name);
        assert_eq!(ask("<presence from='a@b/c' type='unavailable'/>"), name);
        for kind in ["subscribe", "subscribed", "unsubscribe", "unsubscribed", "error", "probe"] {
            assert_eq!(ask(&format!("<presence from='a@b/c' type='{kind}'/>")), Wait::No, "{kind}");
        }
    }

    #[test]
    fn what_a_room_tells_the_client_itself_does_not_wait() {
        let room = |inner: &str| {
            ask(&format!(
                "<presence from='r@muc/n'><x xmlns='http://jabber.org/protocol/muc#user'>{inner}</x></presence>"
            ))
        };
        assert_eq!(room("<item role='participant'/>"), Wait::UntilSaidAnew("presence r@muc/n".to_owned()));
        assert_eq!(room("<item role='participant'/><status code='110'/>"), Wait::No);
    }

    /// §3: messages with nothing but chat states.
    #[test]
    fn of_chat_states_the_latest_of_each_sender_waits() {
        let state = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
        let name = Wait::UntilSaidAnew("state a@b/c".to_owned());
        assert_eq!(ask(&format!("<message from='a@b/c' type='chat'>{state}</message>")), name);
        assert_eq!(
            ask(&format!("<message from='a@b/c' type='chat'>{state}<thread>1</thread></message>")),
            name
        );
        assert_eq!(
            ask(&format!("<message from='a@b/c' type='chat'>{state}<body>x</body></message>")),
            Wait::No
        );
    }

    #[test]
    fn messages_wait_that_are_of_little_importance_and_no_others() {
        for (payload, waits) in [
            ("<body>x</body>", false),
            ("<received xmlns='urn:xmpp:receipts' id='1'/>", true),
            ("<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", true),
            ("<reactions xmlns='urn:xmpp:reactions:0' id='1'><reaction>x</reaction></reactions>", true),
            ("<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>", false),
            ("<event xmlns='http://jabber.org/protocol/pubsub#event'/>", true),
        ] {
            let expected = if waits { Wait::Yes } else { Wait::No };
            assert_eq!(
                ask(&format!("<message type='chat' from='a@b/c'>{payload}</message>")),
                expected,
                "{payload}"
            );
        }
        assert_eq!(ask("<message type='error' from='a@b/c'><body>x</body></message>"), Wait::No);
    }

    #[test]
    fn iqs_do_not_wait() {
        for kind in ["get", "set", "result", "error"] {
            assert_eq!(ask(&format!("<iq type='{kind}' id='1'/>")), Wait::No, "{kind}");
        }
    }
}
