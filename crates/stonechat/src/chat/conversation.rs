//! A conversation, and the messages in it.

use std::collections::VecDeque;

use stonechat_jid::BareJid;
use stonechat_stanza::Stanza;

use super::event::Effect;
use super::line::{Edit, Line, Remark, State};
use super::room::{Room, Standing};
use super::said::Change;

/// So many messages of a conversation are kept.
pub(crate) const MOST_LINES: usize = 2000;
/// So many changes wait for the messages that they are about.
const MOST_WAITING: usize = 200;

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
    /// The room that it is in; `None` for one of two.
    pub(crate) room: Option<Room>,
    pub(crate) lines: VecDeque<Line>,
    pub(crate) unread: usize,
    /// The last message that asks to be told when it is read, until that is told.
    pub(crate) markable: Option<Stanza>,
    /// Whether the other side is typing.
    pub(crate) composing: bool,
    /// How many lines of the screen the view is above the end.
    pub(crate) scroll: usize,
    /// The message that is chosen, by its key.
    pub(crate) chosen: Option<u64>,
    pub(crate) history: History,
    waiting: VecDeque<Remark>,
    keys: u64,
}

impl Conversation {
    pub(crate) fn new(with: BareJid) -> Self {
        Self {
            with,
            room: None,
            lines: VecDeque::new(),
            unread: 0,
            markable: None,
            composing: false,
            scroll: 0,
            chosen: None,
            history: History::Unasked,
            waiting: VecDeque::new(),
            keys: 0,
        }
    }

    /// From here on it is in a room, whose last words the room itself tells; what is before them its archive has.
    pub(super) fn become_room(&mut self, room: Room) {
        if self.room.replace(room).is_none() {
            self.history = History::Unasked;
        }
    }

    /// Asks for what was said before, where there may be more of it.
    pub(super) fn more(&mut self) -> Option<Effect> {
        let with = self.with.clone();
        let oldest = || self.lines.iter().find_map(|line| line.archive_id.clone());
        let before = match (&self.history, &self.room) {
            (_, Some(room)) if room.standing != Standing::In => return None,
            (History::Before(id), _) => Some(id.clone()),
            (History::Unasked, Some(_)) => oldest(),
            _ => return None,
        };
        self.history = History::Asked;
        Some(match self.room {
            Some(_) => Effect::FetchRoom { room: with, before },
            None => Effect::FetchHistory { with, before },
        })
    }

    /// All of it was read.
    pub(super) fn seen(&mut self) {
        self.unread = 0;
        self.room.iter_mut().for_each(|room| room.mentions = 0);
    }

    /// Takes a message in its place in time, unless it is here already; whether there is something new to read. What was asked of the archive may
    /// have it before it comes by itself, and it is new then, too.
    pub(crate) fn insert(&mut self, mut line: Line) -> bool {
        let same = |known: &Line| {
            let by_archive = known.archive_id.is_some() && known.archive_id == line.archive_id;
            // Two different messages of one side do not have the same id and text, unless one was corrected since.
            let by_id = known.id.is_some()
                && known.id == line.id
                && known.mine == line.mine
                && known.whom.is(&line.whom)
                && (known.mine || known.nick() == line.nick());
            by_archive || (by_id && (known.edit.is_some() || known.retracted || known.body == line.body))
        };
        if let Some(known) = self.lines.iter_mut().find(|known| same(known)) {
            known.archive_id = known.archive_id.take().or(line.archive_id);
            // What is in the archive has arrived there.
            if known.mine && matches!(known.state, State::Queued | State::Sent | State::Failed(_)) {
                known.state = line.state;
            }
            let is_new = line.heard && !known.heard && !known.mine;
            known.heard |= line.heard;
            return is_new;
        }
        let (now, later): (Vec<_>, Vec<_>) = self.waiting.drain(..).partition(|remark| remark.fits(&line));
        self.waiting = later.into();
        now.into_iter().for_each(|remark| line.change(remark));
        self.keys += 1;
        line.key = self.keys;
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
            let Remark { about, mine, by, whom, id, archive_id, at, .. } = remark;
            let edit = Some(Edit { id, archive_id, at });
            return self.insert(Line { edit, by, whom, ..Line::new(Some(about), mine, at, body, state) });
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

    /// The message that this one answers.
    pub(crate) fn answered(&self, answer: &Line) -> Option<&Line> {
        let id = answer.reply.as_deref()?;
        self.lines.iter().rev().find(|line| line.is_named(id) && line.whom.is(&answer.whom))
    }

    /// What a command is about: the message that is chosen, or else the last one; of the own ones alone, or else of the other side unless
    /// it is chosen. It has an id, and is not taken back.
    pub(crate) fn target(&self, own: bool) -> Option<&Line> {
        let fits = |line: &&Line| has_id(line) && !line.retracted && (!own || line.mine);
        match self.chosen {
            Some(key) => self.lines.iter().find(|line| line.key == key).filter(fits),
            None => self.lines.iter().rev().find(|line| line.mine == own && fits(line)),
        }
    }

    /// Chooses another message: an older or a newer one; behind the newest, none.
    pub(crate) fn choose(&mut self, older: bool) {
        let keys = || self.lines.iter().filter(|line| has_id(line)).map(|line| line.key);
        self.chosen = match (self.chosen, older) {
            (None, true) => keys().next_back(),
            (None, false) => None,
            (Some(now), true) => keys().rev().skip_while(|key| *key != now).nth(1).or(Some(now)),
            (Some(now), false) => keys().skip_while(|key| *key != now).nth(1),
        };
    }

    /// How many messages wait for a connection.
    pub(crate) fn queued(&self) -> usize {
        self.lines.iter().filter(|line| line.state == State::Queued).count()
    }
}

fn has_id(line: &Line) -> bool {
    line.id.is_some() || line.archive_id.is_some()
}

#[cfg(test)]
#[path = "conversation_tests.rs"]
mod tests;
