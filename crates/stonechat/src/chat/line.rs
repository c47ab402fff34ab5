//! A message of a conversation, and what can be said about it.

use jiff::Timestamp;

use super::room::Speaker;
use super::said::Change;

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
    /// Its id in the archive.
    pub(crate) archive_id: Option<String>,
    pub(crate) mine: bool,
    /// In a room, whoever has said it.
    pub(crate) by: Option<Speaker>,
    /// Whether it was said in a room to us alone.
    pub(crate) whispered: bool,
    pub(crate) at: Timestamp,
    /// Whether it has come by itself, and not only with a page of the archive.
    pub(super) heard: bool,
    pub(crate) body: String,
    /// The id of the message that it answers.
    pub(crate) reply: Option<String>,
    /// The id of its last correction, and when that was.
    pub(crate) edit: Option<(Option<String>, Timestamp)>,
    pub(crate) retracted: bool,
    /// The other side's reactions and one's own.
    pub(crate) reactions: [Reactions; 2],
    pub(crate) state: State,
}

/// The reactions of one side, and when they were said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Reactions {
    pub(crate) all: Vec<String>,
    at: Option<Timestamp>,
}

impl Line {
    /// A message with a text.
    pub(crate) fn new(id: Option<String>, mine: bool, at: Timestamp, body: String, state: State) -> Self {
        let (archive_id, reply, edit, by) = (None, None, None, None);
        Self {
            id,
            archive_id,
            mine,
            by,
            whispered: false,
            at,
            heard: true,
            body,
            reply,
            edit,
            retracted: false,
            reactions: <_>::default(),
            state,
        }
    }

    /// The nickname of who has said it in a room.
    pub(super) fn nick(&self) -> Option<&str> {
        self.by.as_ref().map(|by| by.nick.as_str())
    }

    /// Whether it was sent with this id, at first or as a correction.
    pub(super) fn is(&self, id: &str) -> bool {
        let edit = self.edit.as_ref().and_then(|(edit, _)| edit.as_deref());
        self.id.as_deref() == Some(id) || edit == Some(id)
    }
}

/// Something that was said about a message.
#[derive(Debug, Clone)]
pub(crate) struct Remark {
    /// The id of the message that it is about.
    pub(crate) about: String,
    /// Whether it is by the own account.
    pub(crate) mine: bool,
    /// In a room, whoever says it.
    pub(crate) by: Option<Speaker>,
    /// The id of the message that says it.
    pub(crate) id: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) change: Change,
}

impl Remark {
    /// Whether it is about this message, and by who may say it.
    pub(super) fn fits(&self, line: &Line) -> bool {
        let may = match self.change {
            Change::Corrected(_) | Change::Retracted => {
                self.mine == line.mine && (self.mine || is_same(self.by.as_ref(), line.by.as_ref()))
            }
            Change::Delivered | Change::Read => self.mine != line.mine,
            Change::Reacted(_) => true,
        };
        may && line.is(&self.about)
    }
}

/// Whether it is the same one; in a conversation of two nobody else speaks.
fn is_same(one: Option<&Speaker>, other: Option<&Speaker>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.is(other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

impl Line {
    /// Takes what was said about it.
    pub(super) fn change(&mut self, remark: Remark) {
        match remark.change {
            Change::Corrected(body) => {
                let newer = self.edit.as_ref().is_none_or(|(_, at)| *at <= remark.at);
                if newer && !self.retracted {
                    self.body = body;
                    self.edit = Some((remark.id, remark.at));
                }
            }
            Change::Retracted => {
                self.retracted = true;
                self.body.clear();
            }
            Change::Reacted(all) => {
                let known = &mut self.reactions[usize::from(remark.mine)];
                if known.at.is_none_or(|at| at <= remark.at) {
                    *known = Reactions { all, at: Some(remark.at) };
                }
            }
            Change::Delivered => self.reach(State::Delivered),
            Change::Read if self.mine => self.reach(State::Read),
            Change::Read => {}
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
