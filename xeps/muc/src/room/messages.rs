//! What messages of a room mean (§7.2.13, §7.2.15, §7.4, §7.5, §8.1, §8.6, §10.2.1).

use jiff::Timestamp;
use stonechat_stanza::delay::Delay;
use stonechat_stanza::error::Condition;
use stonechat_stanza::forms::{self, Form};
use stonechat_stanza::message::Type;
use stonechat_stanza::sid::{OriginId, StanzaId};
use stonechat_stanza::{Kind, Stanza, StanzaError, ns};

use super::{News, Phase, Room, Said, Step};
use crate::{OccupantId, REQUEST, User};

impl Room {
    /// A message to the room is sent, and should come back.
    pub(crate) fn sent(&mut self, message: &Stanza) {
        if let Some(id) = message.id() {
            self.pending.put(id.to_owned());
        }
    }

    /// A message from the room, or from an occupant, other than what people say.
    pub(crate) fn notice(&mut self, message: &Stanza, now: Timestamp) -> Vec<Step> {
        self.heard = Some(now);
        let nick = message.from().and_then(|from| from.resource());
        match message.kind() {
            Kind::Message(Type::Error) => self.returned(nick, message),
            Kind::Message(Type::Groupchat) if is_subject(message) => {
                let text = message.find(ns::CLIENT, "subject").and_then(|child| child.element().ok());
                let text = text.map(|subject| subject.text()).filter(|text| !text.is_empty());
                self.subject.clone_from(&text);
                let (by, delay) = (nick.map(str::to_owned), delay(message));
                vec![Step::tell(News::Subject { text, by, delay })]
            }
            Kind::Message(_) if nick.is_none() => self.notice_of_the_room(message),
            _ => Vec::new(),
        }
    }

    fn notice_of_the_room(&mut self, message: &Stanza) -> Vec<Step> {
        let form = || message.get::<Form>().ok().flatten();
        if let Some(form) =
            form().filter(|form| form.kind == forms::Type::Form && form.form_type() == Some(REQUEST))
        {
            return vec![Step::tell(News::VoiceRequested(form))];
        }
        match message.get::<User>() {
            Ok(Some(user)) if !user.codes.0.is_empty() => {
                vec![Step::tell(News::Configured(user.codes)), Step::Inform]
            }
            _ => Vec::new(),
        }
    }

    fn returned(&mut self, nick: Option<&str>, message: &Stanza) -> Vec<Step> {
        if let Some(id) = message.id() {
            self.pending.take(id);
        }
        let error = message.error().unwrap_or_else(StanzaError::undefined_condition);
        // §7.4: who is not in the room is told so.
        let is_out = error.condition == Condition::NotAcceptable && self.phase == Phase::In;
        let (nick, id) = (nick.map(str::to_owned), message.id().map(str::to_owned));
        let told = Step::tell(News::Returned { nick, id, error });
        if is_out { vec![told, Step::Check] } else { vec![told] }
    }

    /// Something that people say.
    pub(crate) fn said(&mut self, message: &Stanza, now: Timestamp) -> Option<News> {
        let nick = message.from().and_then(|from| from.resource()).map(str::to_owned);
        if self.phase != Phase::In || !message.has(ns::CLIENT, "body") {
            return None;
        }
        if message.kind() != Kind::Message(Type::Groupchat) {
            return Some(News::Whispered { nick: nick?, message: message.clone() });
        }
        let delay = delay(message);
        // The history tells again what was said before we were away for a while.
        let is_new = self.known_by(message, nick.as_deref()).is_none_or(|known| self.seen.put(known));
        if delay.is_some() && !is_new {
            return None;
        }
        self.said = Some(now);
        let id = message.get::<OccupantId>().ok().flatten();
        let occupant = id.filter(|_| self.vouches).map(|id| id.id);
        let by_nick = nick.as_ref() == Some(&self.nick);
        let us = self.occupants.get(&self.nick).and_then(|us| us.id.as_ref());
        // A nickname of the past may have been somebody else's.
        let own = match &us {
            Some(us) => occupant.as_ref() == Some(us),
            None => by_nick && delay.is_none(),
        };
        let reflected = by_nick && self.comes_back(message);
        Some(News::Said(Said {
            nick,
            occupant,
            own: own || reflected,
            reflected,
            delay,
            message: message.clone(),
        }))
    }

    /// What the message is told apart from others by.
    fn known_by(&self, message: &Stanza, nick: Option<&str>) -> Option<String> {
        let all = message.children().filter_map(|child| child.parse::<StanzaId>().ok());
        let given = all.into_iter().find(|given| given.by.as_str() == self.address.as_str());
        let by_room = given.map(|given| format!("room {}", given.id));
        by_room.or_else(|| Some(format!("{} {}", message.id()?, nick.unwrap_or_default())))
    }

    fn comes_back(&mut self, message: &Stanza) -> bool {
        let origin = message.get::<OriginId>().ok().flatten().map(|origin| origin.id);
        // Rooms before version 1.31 give messages ids of their own (§7.4).
        [message.id(), origin.as_deref()].into_iter().flatten().any(|id| self.pending.take(id))
    }
}

/// §8.1: a subject, and neither a body nor a thread.
fn is_subject(message: &Stanza) -> bool {
    let has = |name| message.has(ns::CLIENT, name);
    has("subject") && !has("body") && !has("thread")
}

fn delay(message: &Stanza) -> Option<Delay> {
    message.get().ok().flatten()
}
