//! A conversation, and the messages in it.

use std::collections::VecDeque;

use jiff::Timestamp;
use stonechat_jid::BareJid;

/// So many messages of a conversation are kept.
pub(crate) const MOST_LINES: usize = 2000;

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
    pub(crate) state: State,
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
    /// Whether the other side is typing.
    pub(crate) composing: bool,
    /// Whether the other side tells its chat states (XEP-0085 §5.1).
    pub(crate) tells_states: bool,
    /// How many lines of the screen the view is above the end.
    pub(crate) scroll: usize,
    pub(crate) history: History,
}

impl Conversation {
    pub(crate) fn new(with: BareJid) -> Self {
        Self {
            with,
            lines: VecDeque::new(),
            unread: 0,
            composing: false,
            tells_states: false,
            scroll: 0,
            history: History::Unasked,
        }
    }

    /// Takes a message in its place in time, unless it is here already; whether it was not.
    pub(crate) fn insert(&mut self, line: Line) -> bool {
        let same = |known: &Line| {
            let by_archive = known.archive_id.is_some() && known.archive_id == line.archive_id;
            // Two different messages of one side do not have the same id and text.
            by_archive
                || (known.id.is_some()
                    && known.id == line.id
                    && known.mine == line.mine
                    && known.body == line.body)
        };
        if let Some(known) = self.lines.iter_mut().find(|known| same(known)) {
            known.archive_id = known.archive_id.take().or(line.archive_id);
            // What is in the archive has arrived there.
            if known.mine && matches!(known.state, State::Queued | State::Sent | State::Failed(_)) {
                known.state = line.state;
            }
            return false;
        }
        let at = self.lines.iter().rposition(|known| known.at <= line.at).map_or(0, |at| at + 1);
        self.lines.insert(at, line);
        if self.lines.len() > MOST_LINES {
            self.lines.pop_front();
        }
        true
    }

    /// The own message with this id.
    pub(crate) fn mine(&mut self, id: &str) -> Option<&mut Line> {
        self.lines.iter_mut().rev().find(|line| line.mine && line.id.as_deref() == Some(id))
    }

    /// How many messages wait for a connection.
    pub(crate) fn queued(&self) -> usize {
        self.lines.iter().filter(|line| line.state == State::Queued).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, at: i64) -> Line {
        let at = Timestamp::from_second(at).unwrap();
        let body = format!("text of {id}");
        Line { id: Some(id.to_owned()), archive_id: None, mine: false, at, body, state: State::Received }
    }

    fn conversation() -> Conversation {
        Conversation::new("romeo@example.net".parse().unwrap())
    }

    fn ids(conversation: &Conversation) -> Vec<&str> {
        conversation.lines.iter().filter_map(|line| line.id.as_deref()).collect()
    }

    #[test]
    fn messages_are_in_the_order_of_their_time_and_each_is_there_once() {
        let mut one = conversation();
        assert!(one.insert(line("b", 2)) && one.insert(line("c", 3)) && one.insert(line("a", 1)));
        assert!(one.insert(line("d", 3)));
        let again = Line { archive_id: Some("7".to_owned()), ..line("b", 2) };
        assert!(!one.insert(again.clone()) && !one.insert(Line { id: None, ..again }));
        assert_eq!(ids(&one), ["a", "b", "c", "d"]);
        assert_eq!(one.lines[1].archive_id.as_deref(), Some("7"));
    }

    #[test]
    fn an_id_that_the_other_side_has_taken_from_us_hides_nothing() {
        let mut one = conversation();
        assert!(one.insert(Line { mine: true, ..line("a", 1) }) && one.insert(line("a", 2)));
        assert!(one.insert(Line { body: "another".to_owned(), ..line("a", 3) }));
    }

    #[test]
    fn what_the_archive_has_did_arrive() {
        let mut one = conversation();
        let mine = Line { mine: true, state: State::Failed("the session ended".to_owned()), ..line("a", 1) };
        one.insert(mine.clone());
        one.insert(Line { state: State::Stored, ..mine });
        assert_eq!(one.lines[0].state, State::Stored);
    }

    #[test]
    fn what_is_kept_has_a_bound() {
        let mut one = conversation();
        for at in 0..2 * MOST_LINES {
            one.insert(line(&at.to_string(), at as i64));
        }
        assert_eq!(one.lines.len(), MOST_LINES);
    }
}
