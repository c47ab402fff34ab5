//! Retractions, and what they leave of a message in an archive (XEP-0424, versions 0.4 and 0.3).

use jiff::Timestamp;
use stonechat_stanza::hints::Store;
use stonechat_stanza::jid::Jid;
use stonechat_stanza::payload::Builder;
use stonechat_stanza::sid::OriginId;
use stonechat_stanza::time::DateTime;
use stonechat_stanza::{Payload as _, Stanza, message, ns};
use stonechat_xep_fallback::Fallback;

/// Retraction by the id of the message.
pub const RETRACT: &str = "urn:xmpp:message-retract:1";
/// Retraction by the origin id, of version 0.3, which many clients still send.
pub const RETRACT_0: &str = "urn:xmpp:message-retract:0";
/// What version 0.3 names the message with (XEP-0422).
const FASTEN: &str = "urn:xmpp:fasten:0";

/// What a message asks to be retracted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retraction {
    target: Target,
    /// The id of the message that asks.
    id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    Id(String),
    OriginId(String),
}

impl Retraction {
    /// The retraction in a message, if there is one.
    #[must_use]
    pub fn of(message: &Stanza) -> Option<Self> {
        let target = match message.find(RETRACT, "retract") {
            Some(retract) => Target::Id(retract.element().ok()?.attr("id")?.to_owned()),
            None => {
                let fastened = message.find(FASTEN, "apply-to")?.element().ok()?;
                fastened.get_child("retract", RETRACT_0)?;
                Target::OriginId(fastened.attr("id")?.to_owned())
            }
        };
        Some(Self { target, id: message.id().map(str::to_owned) })
    }

    /// The id that it names the message with: that of the message, in a room the one that the room has given; of the older version the
    /// origin id.
    #[must_use]
    pub fn id(&self) -> &str {
        match &self.target {
            Target::Id(id) | Target::OriginId(id) => id,
        }
    }

    /// Whether it is about this message: it names it, and the two are from the same bare JID (§5).
    #[must_use]
    pub fn is_about(&self, message: &Stanza, author: &str) -> bool {
        if message.from().is_none_or(|from| from.bare_str() != author) {
            return false;
        }
        match &self.target {
            Target::Id(id) => message.id() == Some(id),
            Target::OriginId(id) => {
                message.get::<OriginId>().ok().flatten().is_some_and(|origin| origin.id == *id)
            }
        }
    }

    /// What is left of a message that is retracted `at` (§4). `None` when nothing may be: it is such a rest itself, or the retraction has
    /// no id, without which nobody could tell what the rest is about.
    #[must_use]
    pub fn tombstone(&self, message: &Stanza, at: Timestamp) -> Option<Stanza> {
        if message.has(RETRACT, "retracted") || message.has(RETRACT_0, "retracted") {
            return None;
        }
        let stamp = DateTime::new(at).to_millisecond();
        let retracted = match &self.target {
            Target::Id(_) => {
                Builder::new("retracted", RETRACT).attr("id", self.id.as_ref()?).attr("stamp", stamp)
            }
            Target::OriginId(id) => {
                let origin = OriginId { id: id.clone() };
                Builder::new("retracted", RETRACT_0).attr("stamp", stamp).child(origin.to_element())
            }
        };
        let mut rest = message.clone();
        rest.retain(|child| child.is(ns::SID, "stanza-id"));
        // What stood between the children goes too.
        let ids: Vec<_> = rest.children().filter_map(|child| child.element().ok()).collect();
        rest.clear();
        rest.push_element(&retracted.build());
        ids.iter().for_each(|id| rest.push_element(id));
        Some(rest)
    }
}

/// The text for clients that do not know retractions.
const TEXT: &str = "/me retracted a previous message, but it's unsupported by your client.";

/// Asks that the message with this id be taken back, of those with whom the conversation is (§3). It needs an id when it is sent.
#[must_use]
pub fn retract(to: Jid, kind: message::Type, id: &str) -> Stanza {
    let mut stanza = Stanza::message(kind).with_to(to);
    stanza.push_element(&Builder::new("retract", RETRACT).attr("id", id).build());
    stanza.push(&Fallback::whole(RETRACT));
    stanza.push_element(&Builder::new("body", ns::CLIENT).text(TEXT).build());
    stanza.with(&Store)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stanza(xml: &str) -> Stanza {
        Stanza::parse(xml.as_bytes()).expect(xml)
    }

    const WRONG: &str = "<message type='chat' from='romeo@montague.example/a' to='lord@capulet.example' id='wrong-recipient-1'>
        <body>Have not saints lips, and holy palmers too?</body>
        <origin-id xmlns='urn:xmpp:sid:0' id='origin-id-1'/>
        <encrypted xmlns='eu.siacs.conversations.axolotl'><payload>secret</payload></encrypted>text
        <stanza-id xmlns='urn:xmpp:sid:0' by='room@muc.example' id='kept'/>
      </message>";
    const ROMEO: &str = "romeo@montague.example";

    fn by_id() -> Retraction {
        Retraction::of(&stanza(
            "<message id='retract-message-1'><retract id='wrong-recipient-1' xmlns='urn:xmpp:message-retract:1'/>\
             <body>/me retracted a previous message</body></message>",
        ))
        .unwrap()
    }

    fn by_origin_id() -> Retraction {
        Retraction::of(&stanza(
            "<message id='retract-message-1'><apply-to id='origin-id-1' xmlns='urn:xmpp:fasten:0'>\
             <retract xmlns='urn:xmpp:message-retract:0'/></apply-to><body>x</body></message>",
        ))
        .unwrap()
    }

    #[test]
    fn both_versions_name_the_message() {
        for retraction in [by_id(), by_origin_id()] {
            assert!(retraction.is_about(&stanza(WRONG), ROMEO));
            assert!(!retraction.is_about(&stanza(WRONG), "mercutio@montague.example"));
            assert!(!retraction.is_about(&stanza("<message from='romeo@montague.example' id='x'/>"), ROMEO));
        }
    }

    #[test]
    fn what_is_no_retraction_is_none() {
        for xml in [
            "<message><body>x</body></message>",
            "<message><retract xmlns='urn:xmpp:message-retract:1'/></message>",
            "<message><retract xmlns='urn:xmpp:message-retract:0' id='1'/></message>",
            "<message><apply-to id='1' xmlns='urn:xmpp:fasten:0'><other xmlns='urn:o'/></apply-to></message>",
            "<message><apply-to xmlns='urn:xmpp:fasten:0'><retract xmlns='urn:xmpp:message-retract:0'/></apply-to></message>",
        ] {
            assert_eq!(Retraction::of(&stanza(xml)), None, "{xml}");
        }
    }

    /// Example 7 of both versions.
    #[test]
    fn a_tombstone_has_the_header_and_nothing_of_the_content() {
        let at = "2019-09-20T23:09:32Z".parse().unwrap();
        let expected = [
            (
                by_id(),
                "<retracted xmlns='urn:xmpp:message-retract:1' id='retract-message-1' stamp='2019-09-20T23:09:32Z'/>",
            ),
            (
                by_origin_id(),
                "<retracted xmlns='urn:xmpp:message-retract:0' stamp='2019-09-20T23:09:32Z'>\
                 <origin-id xmlns='urn:xmpp:sid:0' id='origin-id-1'/></retracted>",
            ),
        ];
        for (retraction, retracted) in expected {
            let rest = retraction.tombstone(&stanza(WRONG), at).unwrap();
            let header = "<message from='romeo@montague.example/a' to='lord@capulet.example' id='wrong-recipient-1' type='chat'>";
            let id = "<stanza-id xmlns='urn:xmpp:sid:0' by='room@muc.example' id='kept'/>";
            let expected = stanza(&format!("{header}{retracted}{id}</message>"));
            assert_eq!(rest.to_element(), expected.to_element());
            assert_eq!(retraction.tombstone(&rest, at).map(|rest| rest.to_string()), None, "a second time");
        }
    }

    #[test]
    fn a_retraction_without_an_id_leaves_the_message() {
        let retraction = Retraction::of(&stanza(
            "<message><retract id='1' xmlns='urn:xmpp:message-retract:1'/></message>",
        ))
        .unwrap();
        assert_eq!(
            retraction.tombstone(&stanza(WRONG), Timestamp::UNIX_EPOCH).map(|rest| rest.to_string()),
            None
        );
    }
}
