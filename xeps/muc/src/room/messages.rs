//! What messages of a room mean (§7.2.13, §7.2.15, §7.4, §7.5, §8.1, §8.6, §10.2.1).

use jiff::Timestamp;
use stonechat_stanza::delay::Delay;
use stonechat_stanza::error::Condition;
use stonechat_stanza::forms::{self, Form};
use stonechat_stanza::message::Type;
use stonechat_stanza::sid::{OriginId, StanzaId};
use stonechat_stanza::{Kind, Stanza, StanzaError, ns};

use super::{News, Phase, Room, Said, Step};
use crate::{OccupantId, REQUEST, USER, User};

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
        let (nick, has_body) = (nick_of(message), message.has(ns::CLIENT, "body"));
        if self.phase != Phase::In || (!has_body && (is_subject(message) || is_status(message))) {
            return None;
        }
        if message.kind() != Kind::Message(Type::Groupchat) {
            return Some(match nick? {
                nick if has_body => News::Whispered { nick, message: message.clone() },
                nick => News::Unspoken(Said { own: false, ..self.read(Some(nick), None, message) }),
            });
        }
        let delay = delay(message);
        let by_room = self.id_of(message);
        // The history tells again what was said before we were away for a while.
        let known = by_room.as_ref().map(|id| format!("room {id}"));
        let known =
            known.or_else(|| Some(format!("{} {}", message.id()?, nick.as_deref().unwrap_or_default())));
        let is_new = known.is_none_or(|known| self.seen.put(known));
        if delay.is_some() && !is_new {
            return None;
        }
        self.said = Some(now);
        let reflected = nick.as_ref() == Some(&self.nick) && self.comes_back(message);
        let said = self.read(nick, by_room.filter(|_| self.vouches.ids), message);
        // A nickname of the past may have been somebody else's.
        let by_nick = self.own_id().is_none() && said.nick.as_ref() == Some(&self.nick) && delay.is_none();
        let own = said.own || by_nick || reflected;
        let said = Said { own, reflected, delay, ..said };
        Some(if has_body { News::Said(said) } else { News::Unspoken(said) })
    }

    /// Something that was said to all, as the room's archive has it with this id (XEP-0313 §6.1.2). `None` while we are not in the room, and for what
    /// is not from it.
    pub(crate) fn archived(&self, id: String, message: &Stanza) -> Option<Said> {
        let is_from = message.from().is_some_and(|from| from.bare_str() == self.address.as_str());
        let is_for_all = message.kind() == Kind::Message(Type::Groupchat);
        let is_here = self.phase == Phase::In && is_from && is_for_all;
        is_here.then(|| self.read(nick_of(message), Some(id), message))
    }

    /// What the message alone says.
    fn read(&self, nick: Option<String>, id: Option<String>, message: &Stanza) -> Said {
        let occupant = message.get::<OccupantId>().ok().flatten();
        let occupant = occupant.filter(|_| self.vouches.occupants).map(|occupant| occupant.id);
        let own = occupant.is_some() && occupant.as_ref() == self.own_id();
        Said { nick, occupant, id, own, reflected: false, delay: None, message: message.clone() }
    }

    /// Who we are, whatever our nickname, where the room vouches for it.
    fn own_id(&self) -> Option<&String> {
        self.occupants.get(&self.nick)?.id.as_ref()
    }

    /// The id that the room has given, if nobody else has.
    fn id_of(&self, message: &Stanza) -> Option<String> {
        let all = message.children().filter_map(|child| child.parse::<StanzaId>().ok());
        all.into_iter().find(|given| given.by.as_str() == self.address.as_str()).map(|given| given.id)
    }

    fn comes_back(&mut self, message: &Stanza) -> bool {
        let origin = message.get::<OriginId>().ok().flatten().map(|origin| origin.id);
        // Rooms before version 1.31 give messages ids of their own (§7.4).
        [message.id(), origin.as_deref()].into_iter().flatten().any(|id| self.pending.take(id))
    }
}

fn nick_of(message: &Stanza) -> Option<String> {
    message.from()?.resource().map(str::to_owned)
}

/// §10.2.1: something that the room says of itself.
fn is_status(message: &Stanza) -> bool {
    let is_by_room = message.from().is_some_and(|from| from.resource().is_none());
    is_by_room && message.has(USER, "x")
}

/// §8.1: a subject, and neither a body nor a thread.
fn is_subject(message: &Stanza) -> bool {
    let has = |name| message.has(ns::CLIENT, name);
    has("subject") && !has("body") && !has("thread")
}

fn delay(message: &Stanza) -> Option<Delay> {
    message.get().ok().flatten()
}
