//! A message of a conversation, and what can be said about it.

use jiff::Timestamp;

use super::room::{Speaker, Whom};
use super::said::Change;

/// The reactions of so many to a message are kept.
pub(super) const MOST_REACTORS: usize = 200;

/// How far a message has got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// It has come.
    Received,
    /// It waits for a connection.
    Queued,
    /// It was written to the connection.
    Sent,
    /// The server has it.
    Stored,
    /// The other side has it (XEP-0184).
    Delivered,
    /// The other side has read it (XEP-0333).
    Read,
    /// It did not arrive, or may not have.
    Failed(String),
    /// It is no message: something has happened.
    Told,
}

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) id: Option<String>,
    /// Its id in the archive, which in a room is the one that the room has given.
    pub(crate) archive_id: Option<String>,
    /// What it is called here, which no other message of the conversation is.
    pub(super) key: u64,
    pub(crate) mine: bool,
    /// In a room, whoever has said it.
    pub(crate) by: Option<Speaker>,
    pub(crate) whom: Whom,
    pub(crate) at: Timestamp,
    /// Whether it has come by itself, and not only with a page of the archive.
    pub(super) heard: bool,
    pub(crate) body: String,
    /// The id of the message that it answers.
    pub(crate) reply: Option<String>,
    pub(crate) edit: Option<Edit>,
    pub(crate) retracted: bool,
    /// The reactions of each who has said some.
    pub(crate) reactions: Vec<Reactions>,
    pub(crate) state: State,
}

/// The last correction of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(super) id: Option<String>,
    pub(super) archive_id: Option<String>,
    pub(super) at: Timestamp,
}

/// The reactions of somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reactions {
    pub(crate) mine: bool,
    pub(crate) by: Option<Speaker>,
    pub(crate) all: Vec<String>,
    at: Timestamp,
    /// The id of the message that says so, and what they were before.
    id: Option<String>,
    before: Vec<String>,
}

impl Line {
    /// A message with a text.
    pub(crate) fn new(id: Option<String>, mine: bool, at: Timestamp, body: String, state: State) -> Self {
        let (archive_id, reply, edit, by) = (None, None, None, None);
        Self {
            id,
            archive_id,
            key: 0,
            mine,
            by,
            whom: Whom::Peer,
            at,
            heard: true,
            body,
            reply,
            edit,
            retracted: false,
            reactions: Vec::new(),
            state,
        }
    }

    /// The nickname of who has said it in a room.
    pub(super) fn nick(&self) -> Option<&str> {
        self.by.as_ref().map(|by| by.nick.as_str())
    }

    /// Whether it was sent with this id, at first or as a correction.
    pub(super) fn is(&self, id: &str) -> bool {
        let edit = self.edit.as_ref().and_then(|edit| edit.id.as_deref());
        self.id.as_deref() == Some(id) || edit == Some(id)
    }

    /// The id that others know it by: of what is said to all in a room the one that the room has given, and no other (XEP-0461 §4.1,
    /// XEP-0444 §4.2, XEP-0424 §5.1).
    pub(super) fn name(&self) -> Option<&str> {
        if self.whom == Whom::All { self.archive_id.as_deref() } else { self.id.as_deref() }
    }

    /// Whether others mean it by this id; that of a correction stands for the message (XEP-0444 §4).
    pub(super) fn is_named(&self, id: &str) -> bool {
        let edit = self.edit.as_ref().and_then(|edit| edit.archive_id.as_deref());
        match self.whom {
            Whom::All => self.archive_id.as_deref() == Some(id) || edit == Some(id),
            _ => self.is(id),
        }
    }
}

/// Something that was said about a message.
#[derive(Debug, Clone)]
pub(crate) struct Remark {
    /// The id of the message that it is about.
    pub(crate) about: String,
    /// Whether it is by the own account.
    pub(crate) mine: bool,
    /// In a room, whoever says it; `None` for the room itself.
    pub(crate) by: Option<Speaker>,
    pub(crate) whom: Whom,
    /// The id of the message that says it, and that in the archive.
    pub(crate) id: Option<String>,
    pub(crate) archive_id: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) change: Change,
}

impl Remark {
    /// Whether it is about this message, and by who may say it.
    pub(super) fn fits(&self, line: &Line) -> bool {
        let is_own = self.mine && line.mine;
        let is_theirs = !self.mine && !line.mine;
        let (may, means) = match self.change {
            Change::Corrected(_) => {
                let by_author = is_theirs && is_same(self.by.as_ref(), line.by.as_ref());
                (is_own || by_author, line.is(&self.about))
            }
            Change::Retracted => {
                // A room takes back what it does not want to have been said (XEP-0425 §3.1).
                let by_room = !self.mine && self.whom == Whom::All && self.by.is_none();
                let by_author = is_theirs && is_surely_same(self.by.as_ref(), line.by.as_ref());
                // Some name it by its sender's id (§5.1).
                (is_own || by_author || by_room, line.is_named(&self.about) || line.is(&self.about))
            }
            Change::Delivered | Change::Read => (self.mine != line.mine, line.is_named(&self.about)),
            Change::Reacted(_) => (true, line.is_named(&self.about)),
        };
        may && means && self.whom.is(&line.whom)
    }
}

/// Whether it is the same one; in a conversation of two nobody else speaks.
fn is_same(one: Option<&Speaker>, other: Option<&Speaker>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is(other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// Whether that is certain, too.
fn is_surely_same(one: Option<&Speaker>, other: Option<&Speaker>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is_surely(other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

impl Line {
    /// Takes what was said about it.
    pub(super) fn change(&mut self, remark: Remark) {
        match remark.change {
            Change::Corrected(body) => {
                let newer = self.edit.as_ref().is_none_or(|edit| edit.at <= remark.at);
                if newer && !self.retracted {
                    self.body = body;
                    let Remark { id, archive_id, at, .. } = remark;
                    self.edit = Some(Edit { id, archive_id, at });
                }
            }
            Change::Retracted => {
                self.retracted = true;
                self.body.clear();
                self.reactions.clear();
            }
            Change::Reacted(all) => {
                let Remark { mine, by, id, at, .. } = remark;
                self.react(Reactions { mine, by, all, at, id, before: Vec::new() });
            }
            Change::Delivered => self.reach(State::Delivered),
            Change::Read if self.mine => self.reach(State::Read),
            Change::Read => {}
        }
    }

    /// Takes all reactions of somebody in the place of those before, unless newer ones are known.
    fn react(&mut self, now: Reactions) {
        let is_by_same = |known: &&mut Reactions| {
            known.mine == now.mine && (now.mine || is_same(known.by.as_ref(), now.by.as_ref()))
        };
        let has_room = self.reactions.len() < MOST_REACTORS && !self.retracted;
        match self.reactions.iter_mut().find(is_by_same) {
            // What one has said oneself comes back from rooms.
            Some(known) if known.id.is_some() && known.id == now.id => {}
            Some(known) if known.at <= now.at => {
                let before = std::mem::take(&mut known.all);
                *known = Reactions { before, ..now };
            }
            None if has_room => self.reactions.push(now),
            Some(_) | None => {}
        }
    }

    /// One's own reactions that were said with this id are refused: they are what they were before (XEP-0444 §3.3).
    pub(super) fn unreact(&mut self, id: &str) {
        if let Some(known) =
            self.reactions.iter_mut().find(|known| known.mine && known.id.as_deref() == Some(id))
        {
            known.all = std::mem::take(&mut known.before);
        }
    }

    /// It has got so far, if not farther.
    pub(crate) fn reach(&mut self, state: State) {
        let far = |state: &State| match state {
            State::Received | State::Failed(_) | State::Queued | State::Told => 0,
            State::Sent => 1,
            State::Stored => 2,
            State::Delivered => 3,
            State::Read => 4,
        };
        if far(&state) > far(&self.state) {
            self.state = state;
        }
    }
}
