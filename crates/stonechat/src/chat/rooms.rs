//! What happens in rooms (XEP-0045), and what is remembered of them (XEP-0402).

use jiff::Timestamp;
use stonechat_jid::BareJid;
use stonechat_stanza::delay::Delay;
use stonechat_stanza::sid::OriginId;
use stonechat_stanza::{Stanza, StanzaError};
use stonechat_xep_bookmarks::client::Event as Remembered;
use stonechat_xep_correction::Replace;
use stonechat_xep_muc::client::{Entered, Exit, Invitation, News, Occupant, Said, Why};

use super::conversation::Conversation;
use super::event::Effect;
use super::line::{Line, Remark, State};
use super::model::{MOST_CONVERSATIONS, Model};
use super::room::{Room, Speaker, Standing, mentions};
use super::said::{Change, delayed};
use crate::stanzas;

impl Model {
    /// Something happens in a room; of one that we have just entered it is said who is there.
    pub(super) fn in_room(&mut self, room: &BareJid, news: News, occupants: Vec<Occupant>) -> Vec<Effect> {
        if let News::Entered(entered) = news {
            self.entered(room, entered, occupants);
            return Vec::new();
        }
        let Some(at) = self.place(room).filter(|at| self.conversations[*at].room.is_some()) else {
            if let News::Refused(error) = news {
                self.not_let_in(room, &error);
            }
            return Vec::new();
        };
        match news {
            News::Said(said) => return self.said_in_room(at, said),
            News::Whispered { nick, message } => return self.whispered(at, nick, &message),
            News::Refused(error) => {
                self.not_let_in(room, &error);
                self.stands(at, Standing::Out(error.to_string()));
            }
            News::Exited(exit) => self.exited(at, exit),
            News::NickRefused(error) => self.notice = Some(format!("{room}: no other nickname: {error}")),
            News::Subject { text, by, delay } => self.subject(at, text, by, delay),
            other => self.company(at, other),
        }
        Vec::new()
    }

    fn not_let_in(&mut self, room: &BareJid, error: &StanzaError) {
        self.notice = Some(format!("{room} does not let us in: {error}"));
    }

    fn entered(&mut self, room: &BareJid, entered: Entered, occupants: Vec<Occupant>) {
        // One that was entered because it is remembered is here from now on.
        let Some(at) = self.conversation(room) else { return };
        let conversation = &mut self.conversations[at];
        let known = conversation.room.take().unwrap_or_else(|| Room::entering(String::new()));
        let mut now = Room { nick: entered.nick, again: entered.again, standing: Standing::In, ..known };
        now.occupants.clear();
        occupants.into_iter().for_each(|occupant| now.put(occupant));
        conversation.become_room(now);
    }

    fn stands(&mut self, at: usize, standing: Standing) {
        if let Some(room) = &mut self.conversations[at].room {
            room.standing = standing;
            room.occupants.clear();
        }
    }

    fn exited(&mut self, at: usize, exit: Exit) {
        let returns = exit.returns();
        let what = told(&exit);
        self.happened(at, if returns { format!("{what}; the room is entered again") } else { what.clone() });
        self.stands(at, if returns { Standing::Entering } else { Standing::Out(what) });
    }

    fn subject(&mut self, at: usize, text: Option<String>, by: Option<String>, delay: Option<Delay>) {
        let Some(room) = &mut self.conversations[at].room else { return };
        let is_another = room.subject != text;
        room.subject.clone_from(&text);
        // Who enters is told the subject that there is.
        if let (Some(by), None, true) = (by, delay, is_another) {
            let text = text.unwrap_or_else(|| "nothing".to_owned());
            self.happened(at, format!("{by} has changed the subject to: {text}"));
        }
    }

    /// Who is there has changed. Only what is more than coming and going is told among what is said.
    fn company(&mut self, at: usize, news: News) {
        let Some(room) = &mut self.conversations[at].room else { return };
        match news {
            News::Arrived(occupant) | News::Changed { now: occupant, .. } => room.put(occupant),
            News::Departed { occupant, exit } => {
                room.occupants.remove(&occupant.nick);
                if exit.why != Why::Left {
                    self.happened(at, format!("{}: {}", occupant.nick, told(&exit)));
                }
            }
            News::Renamed { from, to, own } => {
                room.rename(&from, &to, own);
                self.happened(at, format!("{from} is {to} now"));
            }
            _ => {}
        }
    }

    /// Something that is no message is told among the messages.
    fn happened(&mut self, at: usize, what: String) {
        let line = Line::new(None, false, self.now, what, State::Told);
        self.conversations[at].insert(line);
    }

    fn said_in_room(&mut self, at: usize, said: Said) -> Vec<Effect> {
        let Some(body) = stanzas::text(&said.message, "body") else { return Vec::new() };
        let time = self.when(said.delay.as_ref().map(|delay| delay.stamp.timestamp()));
        let (now, own) = (said.delay.is_none(), said.own);
        let by = said.nick.map(|nick| Speaker { nick, id: said.occupant });
        let id = sent_as(&said.message, own);
        let conversation = &mut self.conversations[at];
        let state = if own { State::Delivered } else { State::Received };
        let is_new = match said.message.get::<Replace>() {
            Ok(Some(Replace { id: about })) => {
                let change = Change::Corrected(body.clone());
                conversation.remark(Remark { about, mine: own, by, id: id.clone(), at: time, change })
            }
            _ => conversation.insert(Line { by, ..Line::new(id.clone(), own, time, body.clone(), state) }),
        };
        if let Some(line) = id.filter(|_| said.reflected).and_then(|id| conversation.mine(&id)) {
            line.reach(State::Delivered);
        }
        if own && now {
            conversation.seen();
        } else if is_new && !own && (now || missed(conversation)) {
            conversation.unread += 1;
            if let Some(room) = conversation.room.as_mut().filter(|room| mentions(&body, &room.nick)) {
                room.mentions += 1;
            }
        }
        if self.current == Some(at) { self.read() } else { Vec::new() }
    }

    /// What is said to us alone is for us.
    fn whispered(&mut self, at: usize, nick: String, message: &Stanza) -> Vec<Effect> {
        let Some(body) = stanzas::text(message, "body") else { return Vec::new() };
        let time = self.when(delayed(message));
        let id = message.id().map(str::to_owned);
        let by = Some(Speaker { nick, id: None });
        let line = Line { by, whispered: true, ..Line::new(id, false, time, body, State::Received) };
        let conversation = &mut self.conversations[at];
        if conversation.insert(line) {
            conversation.unread += 1;
            conversation.room.iter_mut().for_each(|room| room.mentions += 1);
        }
        if self.current == Some(at) { self.read() } else { Vec::new() }
    }

    /// When something was said, which is not later than now.
    fn when(&self, said: Option<Timestamp>) -> Timestamp {
        said.map_or(self.now, |at| at.min(self.now))
    }

    /// We are invited.
    pub(super) fn invited(&mut self, invitation: Invitation) {
        let Invitation { room, from, reason, password, .. } = invitation;
        let by = from.map_or_else(|| "somebody".to_owned(), |from| from.to_string());
        let reason = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
        self.notice = Some(format!("{by} invites you to {room}{reason} (/join {room})"));
        if self.invitations.len() < MOST_CONVERSATIONS || self.invitations.contains_key(&room) {
            self.invitations.insert(room, password);
        }
    }

    /// What is remembered of rooms has changed.
    pub(super) fn remembered(&mut self, event: Remembered) {
        match event {
            Remembered::Loaded(all) => {
                self.bookmarks = all.into_iter().map(|one| (one.room, one.conference)).collect();
            }
            Remembered::Changed(one) => {
                self.notice = Some(format!("{} is remembered", one.room));
                if self.bookmarks.len() < MOST_CONVERSATIONS || self.bookmarks.contains_key(&one.room) {
                    self.bookmarks.insert(one.room, one.conference);
                }
            }
            Remembered::Removed(room) => {
                self.notice = Some(format!("{room} is forgotten"));
                self.bookmarks.remove(&room);
            }
            Remembered::Failed(error) => {
                tracing::debug!(%error, "no bookmarks");
            }
            _ => {}
        }
    }
}

/// The id that a message was sent with: some rooms give them others, and leave the sender's own beside (XEP-0359 §3).
fn sent_as(message: &Stanza, own: bool) -> Option<String> {
    let origin = message.get::<OriginId>().ok().flatten().filter(|_| own).map(|origin| origin.id);
    origin.or_else(|| message.id().map(str::to_owned))
}

/// Whether what the room tells of the past was missed, and not said before we first came.
fn missed(conversation: &Conversation) -> bool {
    conversation.room.as_ref().is_some_and(|room| room.again)
}

/// How somebody came to be out of the room.
fn told(exit: &Exit) -> String {
    let by = exit.actor.as_ref().and_then(|actor| actor.nick.as_deref());
    let by = by.map(|nick| format!(" by {nick}")).unwrap_or_default();
    let reason = exit.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{}{by}{reason}", exit.why)
}
