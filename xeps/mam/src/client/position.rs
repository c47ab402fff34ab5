//! What was told of the archive: pure decisions.

use std::collections::{HashSet, VecDeque};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// So many ids are remembered of each sort, at most.
const MOST: usize = 5000;

/// Where a client stands in the archive of its account. To be kept as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct Position {
    /// All up to the message with this id was told.
    after: Option<String>,
    /// The time of that message.
    at: Option<Timestamp>,
    /// Messages behind it that were told, too.
    seen: VecDeque<Seen>,
    /// The ids with which the client has sent messages that it has not seen in the archive.
    sent: VecDeque<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    id: String,
    at: Timestamp,
}

/// From where to catch up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Start {
    /// Behind the message with this id.
    After(String),
    /// From this time on.
    Since(Timestamp),
    /// The last messages.
    Last,
}

#[derive(Debug)]
pub(super) struct State {
    position: Position,
    overlap: usize,
    /// What catching up has told, for what comes live after it.
    told: VecDeque<String>,
    told_set: HashSet<String>,
    seen_set: HashSet<String>,
    /// Counts the times that it began to catch up, and whether the last one goes on.
    run: u64,
    syncing: bool,
    /// When the last one began.
    began: Option<Timestamp>,
}

/// How far back the time is looked at when the message is gone: clocks differ, and what is too much is mostly gone, too.
const MARGIN: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);

impl State {
    pub(super) fn new(overlap: usize) -> Self {
        Self {
            position: Position::default(),
            overlap: overlap.min(MOST),
            told: VecDeque::new(),
            told_set: HashSet::new(),
            seen_set: HashSet::new(),
            run: 0,
            syncing: false,
            began: None,
        }
    }

    pub(super) fn position(&self) -> Position {
        self.position.clone()
    }

    pub(super) fn restore(&mut self, mut position: Position) -> bool {
        if self.run > 0 || self.position != Position::default() {
            return false;
        }
        position.seen.truncate(MOST);
        position.sent.truncate(MOST);
        self.seen_set = position.seen.iter().map(|seen| seen.id.clone()).collect();
        self.position = position;
        true
    }

    /// Begins to catch up; the number is for [`end`](Self::end).
    pub(super) fn begin(&mut self, now: Timestamp) -> u64 {
        self.began = Some(now);
        self.run += 1;
        self.syncing = true;
        self.run
    }

    /// Ends what began with this number, if nothing else has begun since.
    pub(super) fn end(&mut self, run: u64) {
        if self.run == run {
            self.syncing = false;
            self.trim();
        }
    }

    /// It has caught up. What an archive that had nothing gets from then on is behind that time.
    pub(super) fn caught_up(&mut self, run: u64) {
        if self.run == run && self.position.after.is_none() {
            self.position.at = self.position.at.or(self.began);
        }
    }

    pub(super) fn start(&self) -> Start {
        self.position.after.clone().map_or_else(|| self.start_by_time(), Start::After)
    }

    /// The same, when the message is gone.
    pub(super) fn start_by_time(&self) -> Start {
        let since = self.position.at.and_then(|at| at.checked_sub(MARGIN).ok());
        since.map_or(Start::Last, Start::Since)
    }

    /// A message came live: never moves ahead of what catching up has still to tell.
    pub(super) fn live(&mut self, id: String, at: Timestamp) {
        if !self.was_told(&id) {
            self.seen_set.insert(id.clone());
            self.position.seen.push_back(Seen { id, at });
            self.trim();
        }
    }

    /// Whether a message was told, of those that are remembered.
    pub(super) fn was_told(&self, id: &str) -> bool {
        self.seen_set.contains(id) || self.told_set.contains(id)
    }

    /// A result of catching up: whether it is to be told. `sent` is its id as a message, if the own account has sent it.
    pub(super) fn result(&mut self, id: &str, at: Option<Timestamp>, sent: Option<&str>) -> bool {
        let known = self.was_told(id) || self.position.after.as_deref() == Some(id);
        if self.seen_set.remove(id) {
            self.position.seen.retain(|seen| seen.id != id);
        }
        self.position.after = Some(id.to_owned());
        self.position.at = at.or(self.position.at);
        if self.told_set.insert(id.to_owned()) {
            self.told.push_back(id.to_owned());
            while self.told.len() > MOST {
                if let Some(oldest) = self.told.pop_front() {
                    self.told_set.remove(&oldest);
                }
            }
        }
        let ours = sent.and_then(|sent| self.position.sent.iter().position(|other| other == sent));
        if let Some(at) = ours {
            self.position.sent.remove(at);
        }
        !known && ours.is_none()
    }

    pub(super) fn sent(&mut self, id: String) {
        self.position.sent.push_back(id);
        while self.position.sent.len() > MOST {
            self.position.sent.pop_front();
        }
    }

    fn trim(&mut self) {
        let most = if self.syncing { MOST } else { self.overlap };
        while self.position.seen.len() > most {
            let Some(oldest) = self.position.seen.pop_front() else { return };
            self.seen_set.remove(&oldest.id);
            // While catching up has not come that far, what is forgotten is told twice rather than something never.
            if !self.syncing {
                self.position.after = Some(oldest.id);
                self.position.at = Some(oldest.at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AT: Timestamp = Timestamp::UNIX_EPOCH;

    #[test]
    fn what_came_live_is_not_told_again_by_the_archive_and_the_other_way_round() {
        let mut state = State::new(10);
        let run = state.begin(AT);
        state.live("2".into(), AT);
        assert!(state.result("1", Some(AT), None));
        assert!(!state.result("2", Some(AT), None));
        assert!(state.result("3", Some(AT), None));
        state.end(run);
        assert!(state.was_told("3") && state.was_told("1"));
        assert_eq!(state.start(), Start::After("3".into()));
    }

    #[test]
    fn what_the_client_has_sent_is_not_told() {
        let mut state = State::new(10);
        state.begin(AT);
        state.sent("m1".into());
        assert!(!state.result("1", None, Some("m1")));
        assert!(state.result("2", None, Some("m1")), "only once, as others may use the id too");
    }

    #[test]
    fn the_position_stays_behind_what_came_live() {
        let mut state = State::new(2);
        for id in ["1", "2", "3"] {
            state.live(id.into(), AT);
        }
        assert_eq!(state.start(), Start::After("1".into()));
        let mut later = State::new(2);
        assert!(later.restore(state.position()));
        assert!(!later.restore(state.position()), "too late");
        later.begin(AT);
        assert!(!later.result("2", None, None) && !later.result("3", None, None));
        assert!(later.result("4", None, None));
    }

    #[test]
    fn while_it_catches_up_the_position_does_not_move_past_what_is_not_told() {
        let mut state = State::new(0);
        state.live("1".into(), AT);
        let old = state.begin(AT);
        state.live("9".into(), AT);
        assert_eq!(state.start(), Start::After("1".into()));
        let run = state.begin(AT);
        state.end(old);
        assert_eq!(state.start(), Start::After("1".into()), "another run goes on");
        state.end(run);
        assert_eq!(state.start(), Start::After("9".into()));
    }

    #[test]
    fn with_an_archive_that_had_nothing_it_goes_on_from_that_time() {
        let mut state = State::new(10);
        let run = state.begin(AT + MARGIN);
        state.live("1".into(), AT + MARGIN);
        state.caught_up(run);
        state.end(run);
        assert_eq!(state.start(), Start::Since(AT));
    }

    #[test]
    fn without_the_message_it_goes_on_by_time_and_without_time_with_the_last() {
        let mut state = State::new(0);
        assert_eq!(state.start(), Start::Last);
        state.live("1".into(), AT + MARGIN);
        assert_eq!(state.start_by_time(), Start::Since(AT));
    }

    proptest! {
        /// Messages come live, or not, and sessions break anywhere: each is told once, and the archive's in its order.
        #[test]
        fn nothing_is_missing_and_nothing_is_told_twice(
            sessions in prop::collection::vec((0_usize..30, prop::collection::vec(any::<bool>(), 0..30), 0_usize..40), 1..8),
            overlap in 30_usize..40,
        ) {
            let mut archive: Vec<String> = Vec::new();
            let mut told: Vec<String> = Vec::new();
            let mut position = Position::default();
            for (absent, present, broken) in sessions.into_iter().chain([(0, vec![], usize::MAX)]) {
                let next = archive.len();
                archive.extend((next..next + absent).map(|id| id.to_string()));
                let mut state = State::new(overlap);
                prop_assert!(state.restore(position.clone()));
                let run = state.begin(AT);
                // Of what arrives while it is there, some comes live before the archive is read.
                for live in &present {
                    let id = format!("{}", archive.len());
                    archive.push(id.clone());
                    if *live && !state.was_told(&id) {
                        state.live(id.clone(), AT);
                        told.push(id);
                    }
                }
                let from = match state.start() {
                    Start::After(id) => archive.iter().position(|other| *other == id).map_or(0, |at| at + 1),
                    _ => 0,
                };
                let all = archive.len() - from;
                for id in archive[from..].iter().take(broken.min(all)) {
                    if state.result(id, Some(AT), None) {
                        told.push(id.clone());
                    }
                }
                if broken >= all {
                    state.end(run);
                }
                position = state.position();
            }
            let mut each = told.clone();
            each.sort();
            each.dedup();
            prop_assert_eq!(each.len(), told.len(), "something was told twice");
            prop_assert_eq!(told.len(), archive.len(), "something is missing");
        }
    }
}
