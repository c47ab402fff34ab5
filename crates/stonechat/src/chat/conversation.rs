//! A conversation, and the messages in it.

use std::collections::VecDeque;

use jiff::Timestamp;
use stonechat_jid::BareJid;
use stonechat_stanza::Stanza;

use super::said::Change;

/// So many messages of a conversation are kept.
pub(crate) const MOST_LINES: usize = 2000;
/// So many changes wait for the messages that they are about.
const MOST_WAITING: usize = 200;

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
}

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) id: Option<String>,
    /// Its id in the archive.
    pub(crate) archive_id: Option<String>,
    pub(crate) mine: bool,
    pub(crate) at: Timestamp,
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
        let (archive_id, reply, edit) = (None, None, None);
        Self {
            id,
            archive_id,
            mine,
            at,
            body,
            reply,
            edit,
            retracted: false,
            reactions: <_>::default(),
            state,
        }
    }

    /// Whether it was sent with this id, at first or as a correction.
    fn is(&self, id: &str) -> bool {
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
    /// The id of the message that says it.
    pub(crate) id: Option<String>,
    pub(crate) at: Timestamp,
    pub(crate) change: Change,
}

impl Remark {
    /// Whether it is about this message, and by who may say it.
    fn fits(&self, line: &Line) -> bool {
        let may = match self.change {
            Change::Corrected(_) | Change::Retracted => self.mine == line.mine,
            Change::Delivered | Change::Read => self.mine != line.mine,
            Change::Reacted(_) => true,
        };
        may && line.is(&self.about)
    }
}

/// What is known of the messages before those that are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum History {
    /// Nobody has asked.
    Unasked,
    /// The archive was asked.
    Asked,
    /// There are more before this one.
    Before(String),
    /// There is nothing more.
    Complete,
}

/// A conversation.
#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) with: BareJid,
    pub(crate) lines: VecDeque<Line>,
    pub(crate) unread: usize,
    /// The last message that asks to be told when it is read, until that is told.
    pub(crate) markable: Option<Stanza>,
    /// Whether the other side is typing.
    pub(crate) composing: bool,
    /// How many lines of the screen the view is above the end.
    pub(crate) scroll: usize,
    /// The message that is chosen, by its id.
    pub(crate) chosen: Option<String>,
    pub(crate) history: History,
    waiting: VecDeque<Remark>,
}

impl Conversation {
    pub(crate) fn new(with: BareJid) -> Self {
        Self {
            with,
            lines: VecDeque::new(),
            unread: 0,
            markable: None,
            composing: false,
            scroll: 0,
            chosen: None,
            history: History::Unasked,
            waiting: VecDeque::new(),
        }
    }

    /// Takes a message in its place in time, unless it is here already; whether it was not.
    pub(crate) fn insert(&mut self, mut line: Line) -> bool {
        let same = |known: &Line| {
            let by_archive = known.archive_id.is_some() && known.archive_id == line.archive_id;
            // Two different messages of one side do not have the same id and text, unless one was corrected since.
            let by_id = known.id.is_some() && known.id == line.id && known.mine == line.mine;
            by_archive || (by_id && (known.edit.is_some() || known.retracted || known.body == line.body))
        };
        if let Some(known) = self.lines.iter_mut().find(|known| same(known)) {
            known.archive_id = known.archive_id.take().or(line.archive_id);
            // What is in the archive has arrived there.
            if known.mine && matches!(known.state, State::Queued | State::Sent | State::Failed(_)) {
                known.state = line.state;
            }
            return false;
        }
        let (now, later): (Vec<_>, Vec<_>) = self.waiting.drain(..).partition(|remark| remark.fits(&line));
        self.waiting = later.into();
        now.into_iter().for_each(|remark| line.change(remark));
        let at = self.lines.iter().rposition(|known| known.at <= line.at).map_or(0, |at| at + 1);
        self.lines.insert(at, line);
        if self.lines.len() > MOST_LINES {
            self.lines.pop_front();
        }
        true
    }

    /// Takes what was said about a message. Where that is not here, a correction takes its place, and anything else waits for it: the
    /// result is whether there is something new to read.
    pub(crate) fn remark(&mut self, remark: Remark) -> bool {
        let at = self.lines.iter().rposition(|line| remark.fits(line));
        let Some(at) = at else { return self.remark_early(remark) };
        match remark.change {
            Change::Read if remark.mine => {
                let after = self.lines.iter().skip(at + 1).filter(|line| !line.mine).count();
                self.unread = self.unread.min(after);
            }
            Change::Read => {
                for line in self.lines.iter_mut().take(at + 1).filter(|line| line.mine) {
                    line.reach(State::Read);
                }
            }
            _ => self.lines[at].change(remark),
        }
        false
    }

    fn remark_early(&mut self, remark: Remark) -> bool {
        if let Change::Corrected(body) = remark.change {
            let state = if remark.mine { State::Stored } else { State::Received };
            let line = Line::new(Some(remark.about), remark.mine, remark.at, body, state);
            return self.insert(Line { edit: Some((remark.id, remark.at)), ..line });
        }
        if self.waiting.len() >= MOST_WAITING {
            self.waiting.pop_front();
        }
        self.waiting.push_back(remark);
        false
    }

    /// The own message that was sent with this id.
    pub(crate) fn mine(&mut self, id: &str) -> Option<&mut Line> {
        self.lines.iter_mut().rev().find(|line| line.mine && line.is(id))
    }

    /// The message with this id.
    pub(crate) fn line(&self, id: &str) -> Option<&Line> {
        self.lines.iter().rev().find(|line| line.is(id))
    }

    /// What a command is about: the message that is chosen, or else the last one; of the own ones alone, or else of the other side unless
    /// it is chosen. It has an id, and is not taken back.
    pub(crate) fn target(&self, own: bool) -> Option<&Line> {
        let fits = |line: &&Line| line.id.is_some() && !line.retracted && (!own || line.mine);
        match &self.chosen {
            Some(id) => self.line(id).filter(fits),
            None => self.lines.iter().rev().find(|line| line.mine == own && fits(line)),
        }
    }

    /// Chooses another message: an older or a newer one; behind the newest, none.
    pub(crate) fn choose(&mut self, older: bool) {
        let with_id = || self.lines.iter().filter_map(|line| line.id.as_deref());
        let now = self.chosen.as_deref();
        let next = match (now, older) {
            (None, true) => with_id().next_back(),
            (None, false) => None,
            (Some(now), true) => with_id().rev().skip_while(|id| *id != now).nth(1).or(Some(now)),
            (Some(now), false) => with_id().skip_while(|id| *id != now).nth(1),
        };
        self.chosen = next.map(str::to_owned);
    }

    /// How many messages wait for a connection.
    pub(crate) fn queued(&self) -> usize {
        self.lines.iter().filter(|line| line.state == State::Queued).count()
    }
}

impl Line {
    /// Takes what was said about it.
    fn change(&mut self, remark: Remark) {
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
            State::Received | State::Failed(_) | State::Queued => 0,
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

#[cfg(test)]
#[path = "conversation_tests.rs"]
mod tests;
