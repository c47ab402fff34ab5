//! What happens in rooms (XEP-0045), and what is remembered of them (XEP-0402).

use jiff::Timestamp;
use stonechat_jid::BareJid;
use stonechat_stanza::delay::Delay;
use stonechat_stanza::sid::OriginId;
use stonechat_stanza::{Kind, Stanza, StanzaError, message};
use stonechat_xep_bookmarks::client::Event as Remembered;
use stonechat_xep_muc::client::{Entered, Exit, Invitation, News, Occupant, Said, Why};

use super::conversation::{Conversation, History};
use super::event::{Effect, Past};
use super::line::{Line, Remark, State};
use super::model::{MOST_CONVERSATIONS, Model};
use super::room::{Room, Speaker, Standing, Whom, mentions};
use super::said::{Change, What, delayed};

/// Something that was said in a room, to all or to us alone.
struct InRoom<'s> {
    message: &'s Stanza,
    id: Option<String>,
    /// The id that the room has given it.
    archive_id: Option<String>,
    own: bool,
    by: Option<Speaker>,
    whom: Whom,
    at: Timestamp,
    /// Whether it has come by itself.
    heard: bool,
}

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
            News::Unspoken(said) if said.message.kind() != Kind::Message(message::Type::Groupchat) => {
                let nick = said.nick.unwrap_or_default();
                return self.whispered(at, &nick, &said.message);
            }
            News::Said(said) | News::Unspoken(said) => return self.said_in_room(at, said),
            News::Whispered { nick, message } => return self.whispered(at, &nick, &message),
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
        let (now, own, reflected) = (said.delay.is_none(), said.own, said.reflected);
        let time = self.when(said.delay.as_ref().map(|delay| delay.stamp.timestamp()));
        let id = sent_as(&said.message, own);
        let text = self.take_in_room(at, self.said_to_all(at, &said, time, true));
        let conversation = &mut self.conversations[at];
        if let Some(line) = id.filter(|_| reflected).and_then(|id| conversation.mine(&id)) {
            line.reach(State::Delivered);
        }
        match text {
            Some(_) if own && now => conversation.seen(),
            Some(text) if !own && (now || missed(conversation)) => {
                conversation.unread += 1;
                if let Some(room) = conversation.room.as_mut().filter(|room| mentions(&text, &room.nick)) {
                    room.mentions += 1;
                }
            }
            _ => {}
        }
        if self.current == Some(at) { self.read() } else { Vec::new() }
    }

    /// What is said to us alone is for us.
    fn whispered(&mut self, at: usize, nick: &str, message: &Stanza) -> Vec<Effect> {
        let time = self.when(delayed(message));
        let room = self.conversations[at].room.as_ref();
        let by = room.map_or_else(|| Speaker::called(nick), |room| room.speaker(nick));
        let (id, archive_id) = (message.id().map(str::to_owned), None);
        let (whom, by) = (Whom::Alone(by.clone()), Some(by));
        let said = InRoom { message, id, archive_id, own: false, by, whom, at: time, heard: true };
        if self.take_in_room(at, said).is_some() {
            let conversation = &mut self.conversations[at];
            conversation.unread += 1;
            conversation.room.iter_mut().for_each(|room| room.mentions += 1);
        }
        if self.current == Some(at) { self.read() } else { Vec::new() }
    }

    fn said_to_all<'s>(&self, at: usize, said: &'s Said, time: Timestamp, heard: bool) -> InRoom<'s> {
        let room = self.conversations[at].room.as_ref();
        let by = said.nick.as_deref().map(|nick| {
            // Of the past it is not known who was there under that nickname.
            let there = room.filter(|_| heard && said.delay.is_none());
            let by = there.map_or_else(|| Speaker::called(nick), |room| room.speaker(nick));
            Speaker { id: said.occupant.clone(), ..by }
        });
        let (message, own, archive_id) = (&said.message, said.own, said.id.clone());
        InRoom { message, id: sent_as(message, own), archive_id, own, by, whom: Whom::All, at: time, heard }
    }

    /// Puts what was said into the conversation of the room; a text, where that is new to read.
    fn take_in_room(&mut self, at: usize, said: InRoom<'_>) -> Option<String> {
        let InRoom { message, id, archive_id, own, by, whom, at: time, heard } = said;
        let conversation = &mut self.conversations[at];
        match What::of(message) {
            What::Text { body, reply, .. } => {
                let state = if own { State::Delivered } else { State::Received };
                let line = Line::new(id, own, time, body.clone(), state);
                conversation.insert(Line { archive_id, by, whom, reply, heard, ..line }).then_some(body)
            }
            // Who of all has received or read something is not shown.
            What::About(_, Change::Delivered) if whom == Whom::All => None,
            What::About(_, Change::Read) if whom == Whom::All && !own => None,
            What::About(about, change) => {
                let text = if let Change::Corrected(body) = &change { body.clone() } else { String::new() };
                let remark = Remark { about, mine: own, by, whom, id, archive_id, at: time, change };
                let is_new = conversation.remark(remark);
                let unread = conversation.unread;
                conversation.room.iter_mut().for_each(|room| room.mentions = room.mentions.min(unread));
                is_new.then_some(text)
            }
            What::Nothing => None,
        }
    }

    /// Takes a page of the archive of a room. What is in it is not new.
    pub(super) fn past_of_room(&mut self, room: &BareJid, past: Past) {
        let Some(at) = self.place(room).filter(|at| self.conversations[*at].room.is_some()) else { return };
        for (said, time) in past.said {
            let time = self.when(time);
            self.take_in_room(at, self.said_to_all(at, &said, time, false));
        }
        self.conversations[at].history = match past.first {
            Some(first) if !past.complete => History::Before(first),
            _ => History::Complete,
        };
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
