//! Where something goes that is said in a conversation, and what it says of the message that it answers.

use stonechat_jid::{BareJid, Jid};
use stonechat_stanza::sid::{OriginId, StanzaId};
use stonechat_stanza::{Stanza, message};
use stonechat_xep_muc::User;

use super::conversation::Conversation;
use super::line::Line;
use super::room::{Standing, Whom};
use crate::stanzas;

/// Where something goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) to: Jid,
    pub(super) kind: message::Type,
    whom: Whom,
}

impl Address {
    /// A message that goes there, with what such a message has besides; `id` is its own.
    pub(super) fn written_on(&self, message: Stanza, id: &str) -> Stanza {
        let message = message.with_to(self.to.clone());
        match self.whom {
            Whom::Peer => message,
            // Some rooms give messages other ids.
            Whom::All => message.with(&OriginId { id: id.to_owned() }),
            // XEP-0045 §7.5.
            Whom::Alone(_) => message.with(&User::default()),
        }
    }
}

impl Conversation {
    /// Where something goes that is for these; never to more than are meant.
    pub(super) fn address(&self, whom: &Whom) -> Result<Address, String> {
        let address = |to: Jid, kind| Ok(Address { to, kind, whom: whom.clone() });
        match (whom, &self.room) {
            (Whom::Peer, None) => address(Jid::from(&self.with), message::Type::Chat),
            (Whom::All | Whom::Alone(_), Some(room)) if room.standing != Standing::In => {
                Err("we are not in the room: /join enters it".to_owned())
            }
            (Whom::All, Some(_)) => address(Jid::from(&self.with), message::Type::Groupchat),
            (Whom::Alone(other), Some(room)) => {
                let place = room.nick_of(other).and_then(|nick| self.with.with_resource(nick).ok());
                let place = place.ok_or_else(|| format!("{} is not in the room any more", other.nick))?;
                address(place.into(), message::Type::Chat)
            }
            (Whom::Peer, Some(_)) | (Whom::All | Whom::Alone(_), None) => {
                Err("that message was said elsewhere".to_owned())
            }
        }
    }
}

/// The address of who has said something in a room (XEP-0461 §3); in a conversation of two, the other one's.
pub(super) fn author(conversation: &Conversation, line: &Line) -> Option<Jid> {
    match &line.whom {
        Whom::Peer => Some(Jid::from(&conversation.with)),
        Whom::All | Whom::Alone(_) => Some(conversation.with.with_resource(line.nick()?).ok()?.into()),
    }
}

/// The answer to a message of the conversation. It is not said yet where it goes.
pub(super) fn answer(
    conversation: &Conversation,
    line: &Line,
    account: &BareJid,
    text: &str,
) -> Option<Stanza> {
    let (kind, author) = match &line.whom {
        Whom::Peer if line.mine => (message::Type::Chat, Jid::from(account)),
        Whom::Peer | Whom::Alone(_) => (message::Type::Chat, author(conversation, line)?),
        Whom::All => (message::Type::Groupchat, author(conversation, line)?),
    };
    let name = line.name()?;
    let original = stanzas::saying(kind, &conversation.with, name, &line.body).with_from(author);
    let by_room = StanzaId { id: name.to_owned(), by: Jid::from(&conversation.with) };
    let original = if line.whom == Whom::All { original.with(&by_room) } else { original };
    stonechat_xep_replies::reply(&original, text)
}
