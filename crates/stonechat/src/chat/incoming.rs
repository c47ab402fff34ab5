//! What comes: messages, on whatever way, and what the connection has to say about one's own.

use jiff::Timestamp;
use stonechat_client::Progress;
use stonechat_jid::BareJid;
use stonechat_stanza::{Kind, Stanza, message};
use stonechat_xep_mam::client::Page;

use super::conversation::History;
use super::event::Effect;
use super::line::{Line, Remark, State};
use super::model::{MOST_CONVERSATIONS, Model};
use super::room::Whom;
use super::said::{Heard, Said, What};
use crate::stanzas;

impl Model {
    /// Takes a message that comes now, that another device has received or sent, or that was missed.
    pub(super) fn message(&mut self, heard: &Heard) -> Vec<Effect> {
        if heard.stanza.kind() == Kind::Message(message::Type::Error) {
            self.bounce(&heard.stanza);
            return Vec::new();
        }
        let Some(said) = Said::of(&heard.stanza, &self.account) else { return Vec::new() };
        let (mine, is_text) = (said.mine, matches!(said.what, What::Text { .. }));
        let markable = matches!(said.what, What::Text { markable: true, .. });
        let Some(at) = self.place_of(&said) else { return Vec::new() };
        let is_new = self.take(at, said, heard, true);
        let shown = self.current == Some(at);
        let conversation = &mut self.conversations[at];
        let up_to = self.up_to.get(&conversation.with);
        let was_read = up_to.is_some() && up_to == heard.id_in_archive(&self.account).as_ref();
        if !mine && is_text {
            conversation.composing = false;
        }
        if is_new && (mine || was_read) {
            // Who writes has read, and what comes before what was read was read, too.
            conversation.unread = 0;
            conversation.markable = None;
        } else if is_new {
            conversation.unread += 1;
            if markable {
                conversation.markable = Some(heard.stanza.clone());
            }
        }
        if shown { self.read() } else { Vec::new() }
    }

    /// The conversation of what was said: one that begins with it, if it is a text.
    fn place_of(&mut self, said: &Said) -> Option<usize> {
        let at = match &said.what {
            What::Text { .. } => self.conversation(&said.with),
            What::About(..) => self.place(&said.with),
            What::Nothing => None,
        };
        // What is said in rooms is told by the rooms.
        at.filter(|at| self.conversations[*at].room.is_none())
    }

    /// Puts what was said into its conversation, which has come by itself or was asked for; whether there is something new to read.
    fn take(&mut self, at: usize, said: Said, heard: &Heard, by_itself: bool) -> bool {
        let time = heard.at.map_or(self.now, |at: Timestamp| at.min(self.now));
        let state = if said.mine { State::Stored } else { State::Received };
        let conversation = &mut self.conversations[at];
        match said.what {
            What::Text { body, reply, .. } => {
                let archive_id = heard.id_in_archive(&self.account);
                let line = Line::new(said.id, said.mine, time, body, state);
                conversation.insert(Line { archive_id, reply, heard: by_itself, ..line })
            }
            What::About(about, change) => {
                let (mine, id, archive_id) = (said.mine, said.id, None);
                let (by, whom) = (None, Whom::Peer);
                conversation.remark(Remark { about, mine, by, whom, id, archive_id, at: time, change })
            }
            What::Nothing => false,
        }
    }

    /// The conversation that is shown was read, if its end is to be seen, and by somebody.
    pub(super) fn read(&mut self) -> Vec<Effect> {
        if !self.attention.has_focus() {
            return Vec::new();
        }
        let Some(conversation) = self.shown_mut().filter(|conversation| conversation.scroll == 0) else {
            return Vec::new();
        };
        conversation.seen();
        let told = conversation.markable.take().map(Effect::Displayed);
        let last = conversation.lines.iter().rev().find_map(|line| line.archive_id.clone());
        let with = conversation.with.clone();
        if let Some(last) = last
            && (self.up_to.len() < MOST_CONVERSATIONS || self.up_to.contains_key(&with))
        {
            self.up_to.insert(with, last);
        }
        told.into_iter().collect()
    }

    fn bounce(&mut self, stanza: &Stanza) {
        let Some(from) = stanza.from().map(|from| from.to_bare()) else { return };
        let error = stanzas::error(stanza).map(|error| error.to_string()).unwrap_or_default();
        let conversation = self.conversations.iter_mut().find(|one| one.with == from);
        let Some((conversation, id)) = conversation.zip(stanza.id()) else { return };
        conversation.lines.iter_mut().for_each(|line| line.unreact(id));
        if let Some(line) = conversation.mine(id) {
            line.state = State::Failed(error);
        }
    }

    /// Takes a page of the archive. What is in it is not new.
    pub(super) fn history(&mut self, with: &BareJid, page: Page) {
        let Some(at) = self.place(with) else { return };
        let first = page.messages.first().map(|message| message.id.clone());
        for kept in page.messages {
            let heard = Heard {
                stanza: kept.message,
                at: kept.at.map(stonechat_stanza::time::DateTime::timestamp),
                archive_id: Some(kept.id),
            };
            if let Some(said) = Said::of(&heard.stanza, &self.account).filter(|said| said.with == *with) {
                self.take(at, said, &heard, false);
            }
        }
        let conversation = &mut self.conversations[at];
        conversation.history = match first {
            Some(first) if !page.complete => History::Before(first),
            _ => History::Complete,
        };
    }

    /// How far the own message with this id has got.
    pub(super) fn progress(&mut self, id: &str, progress: Progress) {
        let Some(line) = self.conversations.iter_mut().find_map(|one| one.mine(id)) else { return };
        match progress {
            Progress::Queued => {}
            // What is said about the message may be faster than this.
            Progress::Sent => line.reach(State::Sent),
            Progress::Acknowledged => line.reach(State::Stored),
            Progress::Failed(error) => line.state = State::Failed(error.to_string()),
        }
    }
}
