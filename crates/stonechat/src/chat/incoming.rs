//! What others send.

use jiff::Timestamp;
use stonechat_jid::BareJid;
use stonechat_stanza::{Kind, Stanza, message, presence};
use stonechat_xep_mam::Archived;

use super::conversation::{History, Line, State};
use super::model::{Effect, MOST_CONTACTS, MOST_RESOURCES, Model, Show};
use super::wire::{self, ChatState, Seen};
use crate::stanzas;

impl Model {
    pub(super) fn stanza(&mut self, stanza: &Stanza) -> Vec<Effect> {
        match stanza.kind() {
            Kind::Message(message::Type::Error) => self.bounce(stanza),
            Kind::Message(kind) => return self.message(stanza, kind),
            Kind::Presence(kind) => self.presence(stanza, kind),
            Kind::Iq(_) => {}
        }
        Vec::new()
    }

    fn bounce(&mut self, stanza: &Stanza) {
        let Some(from) = stanza.from().map(|from| from.to_bare()) else { return };
        let error = stanzas::error(stanza).map(|error| error.to_string()).unwrap_or_default();
        let conversation = self.conversations.iter_mut().find(|one| one.with == from);
        if let Some(line) = conversation.zip(stanza.id()).and_then(|(one, id)| one.mine(id)) {
            line.state = State::Failed(error);
        }
    }

    fn message(&mut self, stanza: &Stanza, kind: message::Type) -> Vec<Effect> {
        let (Some(from), Some(seen)) = (stanza.from(), Seen::of(stanza, &self.account)) else {
            return Vec::new();
        };
        let with = from.to_bare();
        let known = self.conversations.iter().position(|one| one.with == with);
        let mut effects = Vec::new();
        let at = match (&seen.body, known) {
            (Some(_), _) => self.conversation(&with),
            (None, known) => known,
        };
        let Some(at) = at else { return effects };
        if let (Some(id), true) = (stanza.id(), seen.wants_receipt && self.may_know(&with)) {
            // XEP-0184 §5.4: to the session that it came from.
            effects.push(Effect::Send { stanza: wire::receipt(from.to_jid(), kind, id), follow: None });
        }
        let shown = self.current == Some(at);
        let line = seen.body.as_ref().map(|body| self.line(stanza, &seen, body, State::Received));
        let conversation = &mut self.conversations[at];
        if let Some(line) = seen.receipt_for.as_deref().and_then(|id| conversation.mine(id)) {
            line.state = State::Delivered;
        }
        if let Some(state) = seen.state {
            conversation.tells_states = true;
            conversation.composing = state == ChatState::Composing;
        }
        if let Some(line) = line {
            conversation.composing = false;
            if conversation.insert(line) && !(shown && conversation.scroll == 0) {
                conversation.unread += 1;
            }
        }
        effects
    }

    fn line(&self, stanza: &Stanza, seen: &Seen, body: &str, state: State) -> Line {
        let mine = state != State::Received;
        Line {
            id: stanza.id().map(str::to_owned),
            archive_id: seen.archive_id.clone(),
            mine,
            at: seen.delay.as_ref().map_or(self.now, |delay| delay.stamp.timestamp().min(self.now)),
            body: body.to_owned(),
            state,
        }
    }

    /// Whether somebody may know by receipts that we are here (XEP-0184 §8).
    fn may_know(&self, jid: &BareJid) -> bool {
        self.contacts.get(jid).is_some_and(|contact| contact.subscription.is_from())
    }

    fn presence(&mut self, stanza: &Stanza, kind: presence::Type) {
        let Some(from) = stanza.from() else { return };
        let jid = from.to_bare();
        match kind {
            presence::Type::Subscribe if self.requests.len() < MOST_CONTACTS => {
                self.notice =
                    Some(format!("{jid} asks to see your presence: /accept {jid} or /refuse {jid}"));
                self.requests.insert(jid);
            }
            presence::Type::Available | presence::Type::Unavailable | presence::Type::Error => {
                let Some(contact) = self.contacts.get_mut(&jid) else { return };
                match (from.resource(), kind) {
                    (Some(resource), presence::Type::Available) => {
                        if contact.resources.len() < MOST_RESOURCES
                            || contact.resources.contains_key(resource)
                        {
                            contact.resources.insert(resource.to_owned(), show(stanza));
                        }
                    }
                    (Some(resource), _) => drop(contact.resources.remove(resource)),
                    (None, presence::Type::Available) => {}
                    (None, _) => contact.resources.clear(),
                }
                if contact.resources.is_empty()
                    && let Some(conversation) = self.conversations.iter_mut().find(|one| one.with == jid)
                {
                    conversation.composing = false;
                }
            }
            _ => {}
        }
    }

    /// Takes a page of the archive.
    pub(super) fn history(&mut self, with: &BareJid, page: Vec<Archived>, complete: bool) {
        let Some(at) = self.conversations.iter().position(|one| one.with == *with) else { return };
        let first = page.first().map(|archived| archived.id.clone());
        for archived in page {
            let stanza = &archived.forwarded.stanza;
            let (Some(from), Some(seen)) = (stanza.from(), Seen::of(stanza, &self.account)) else { continue };
            let Some(body) = &seen.body else { continue };
            let mine = from.bare_str() == self.account.as_str();
            let state = if mine { State::Stored } else { State::Received };
            let stamp = archived.forwarded.delay.as_ref().map(|delay| delay.stamp.timestamp());
            let at_time: Timestamp = stamp.unwrap_or(self.now).min(self.now);
            let line = Line {
                at: at_time,
                archive_id: Some(archived.id.clone()),
                ..self.line(stanza, &seen, body, state)
            };
            self.conversations[at].insert(line);
        }
        let conversation = &mut self.conversations[at];
        conversation.history = match first {
            Some(first) if !complete => History::Before(first),
            _ => History::Complete,
        };
    }
}

fn show(stanza: &Stanza) -> Show {
    match stanzas::text(stanza, "show").as_deref() {
        Some("away" | "xa") => Show::Away,
        Some("dnd") => Show::Busy,
        _ => Show::Here,
    }
}
