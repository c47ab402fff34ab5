//! What a message says, for the conversation that it belongs to: a text, or something about an earlier message.
//!
//! It is read from the message alone, so that it is the same for what comes now, what another device has received or sent, and what is in
//! the archive.

use jiff::Timestamp;
use stonechat_jid::BareJid;
use stonechat_stanza::delay::Delay;
use stonechat_stanza::{Kind, Stanza, message};
use stonechat_xep_correction::Replace;
use stonechat_xep_mam::client::id_of;
use stonechat_xep_markers::{Displayed, Markable};
use stonechat_xep_muc::USER;
use stonechat_xep_reactions::Reactions;
use stonechat_xep_receipts::Received;
use stonechat_xep_replies::Reply;
use stonechat_xep_retraction::Retraction;

use crate::stanzas;

/// A message as it came.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) stanza: Stanza,
    /// When, where whoever has kept it says so.
    pub(crate) at: Option<Timestamp>,
    /// Its id in the archive.
    pub(crate) archive_id: Option<String>,
}

impl Heard {
    /// One that comes now, or that was kept for us until now.
    pub(crate) fn live(stanza: Stanza) -> Self {
        let at = delayed(&stanza);
        Self { stanza, at, archive_id: None }
    }

    /// Its id in the archive of the account, where that is known.
    pub(crate) fn id_in_archive(&self, account: &BareJid) -> Option<String> {
        self.archive_id.clone().or_else(|| id_of(&self.stanza, account))
    }
}

/// When a message was sent, where it says that it is late (XEP-0203).
pub(crate) fn delayed(stanza: &Stanza) -> Option<Timestamp> {
    stanza.get::<Delay>().ok().flatten().map(|delay| delay.stamp.timestamp())
}

/// A message of a conversation of two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) with: BareJid,
    /// Whether it is by the own account.
    pub(crate) mine: bool,
    pub(crate) id: Option<String>,
    pub(crate) what: What,
}

/// What it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// A text.
    Text {
        body: String,
        /// The id of the message that it answers (XEP-0461).
        reply: Option<String>,
        /// Whether it asks to be told when it is read (XEP-0333).
        markable: bool,
    },
    /// Something about the message with this id.
    About(String, Change),
    /// Nothing that is shown.
    Nothing,
}

/// What is said about an earlier message of the conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// Its author has another text for it (XEP-0308).
    Corrected(String),
    /// Its author takes it back (XEP-0424).
    Retracted,
    /// All reactions to it of one of the two (XEP-0444).
    Reacted(Vec<String>),
    /// A client of the other side has it (XEP-0184).
    Delivered,
    /// All up to it was read (XEP-0333).
    Read,
}

impl Said {
    /// Reads a message; what is not valid in it is as if it were not there. `None` for what belongs to no conversation of two, such as what
    /// somebody in a room says to us alone (XEP-0045 §7.5).
    pub(crate) fn of(stanza: &Stanza, account: &BareJid) -> Option<Self> {
        let Kind::Message(message::Type::Chat | message::Type::Normal) = stanza.kind() else { return None };
        if stanza.has(USER, "x") {
            return None;
        }
        let mine = stanza.from().is_none_or(|from| from.bare_str() == account.as_str());
        let other = if mine { stanza.to() } else { stanza.from() };
        let with = other.map_or_else(|| account.clone(), |other| other.to_bare());
        Some(Self { with, mine, id: stanza.id().map(str::to_owned), what: What::of(stanza) })
    }
}

impl What {
    /// Reads what any message says.
    pub(super) fn of(stanza: &Stanza) -> Self {
        let body = stonechat_xep_replies::body(stanza);
        if let Some(retraction) = Retraction::of(stanza) {
            return Self::About(retraction.id().to_owned(), Change::Retracted);
        }
        if let Ok(Some(Reactions { id, all })) = stanza.get() {
            return Self::About(id, Change::Reacted(all));
        }
        if let (Ok(Some(Replace { id })), Some(body)) = (stanza.get(), &body) {
            return Self::About(id, Change::Corrected(body.clone()));
        }
        if let Some(body) = body.or_else(|| stanzas::text(stanza, "body")) {
            let reply = stanza.get::<Reply>().ok().flatten().map(|reply| reply.id);
            let markable = stanza.get::<Markable>().is_ok_and(|asks| asks.is_some());
            return Self::Text { body, reply, markable };
        }
        match (stanza.get::<Displayed>(), stanza.get::<Received>()) {
            (Ok(Some(Displayed { id })), _) => Self::About(id, Change::Read),
            (_, Ok(Some(Received { id }))) => Self::About(id, Change::Delivered),
            _ => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROMEO: &str = "from='romeo@example.net/o' to='juliet@example.com'";

    fn said(attributes: &str, children: &str) -> Option<Said> {
        let xml = format!("<message {attributes}>{children}</message>");
        Said::of(&Stanza::parse(xml.as_bytes()).unwrap(), &"juliet@example.com".parse().unwrap())
    }

    fn what(children: &str) -> What {
        said(&format!("{ROMEO} type='chat'"), children).unwrap().what
    }

    #[test]
    fn whose_it_is_and_with_whom() {
        let theirs = said(&format!("{ROMEO} type='chat' id='1'"), "").unwrap();
        assert_eq!((theirs.with.as_str(), theirs.mine), ("romeo@example.net", false));
        let ours = said("from='juliet@example.com/desk' to='romeo@example.net'", "").unwrap();
        assert_eq!((ours.with.as_str(), ours.mine), ("romeo@example.net", true));
        assert_eq!(said(&format!("{ROMEO} type='groupchat'"), "<body>x</body>"), None);
        let whispered = "<body>x</body><x xmlns='http://jabber.org/protocol/muc#user'/>";
        assert_eq!(said(&format!("{ROMEO} type='chat'"), whispered), None);
    }

    #[test]
    fn a_text_is_without_what_it_quotes() {
        let reply = "<body>&gt; cake?\nyes</body><reply xmlns='urn:xmpp:reply:0' id='1'/><markable xmlns='urn:xmpp:chat-markers:0'/>\
             <fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='8'/></fallback>";
        let expected = What::Text { body: "yes".to_owned(), reply: Some("1".to_owned()), markable: true };
        assert_eq!(what(reply), expected);
        let plain = What::Text { body: "x".to_owned(), reply: None, markable: false };
        assert_eq!(what("<body>x</body>"), plain);
        // What breaks the rules says nothing.
        assert_eq!(what("<body>x</body><reactions xmlns='urn:xmpp:reactions:0'/>"), plain);
    }

    #[test]
    fn what_is_about_another_message_names_it() {
        for (children, change) in [
            (
                "<body>x</body><replace xmlns='urn:xmpp:message-correct:0' id='1'/>",
                Change::Corrected("x".to_owned()),
            ),
            (
                "<body>/me retracted</body><retract xmlns='urn:xmpp:message-retract:1' id='1'/>",
                Change::Retracted,
            ),
            (
                "<reactions xmlns='urn:xmpp:reactions:0' id='1'><reaction>y</reaction></reactions>",
                Change::Reacted(vec!["y".to_owned()]),
            ),
            ("<received xmlns='urn:xmpp:receipts' id='1'/>", Change::Delivered),
            ("<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", Change::Read),
        ] {
            assert_eq!(what(children), What::About("1".to_owned(), change));
        }
        assert_eq!(what("<composing xmlns='http://jabber.org/protocol/chatstates'/>"), What::Nothing);
    }
}
