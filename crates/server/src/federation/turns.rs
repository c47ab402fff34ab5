//! Who may set up a stream next, so that nobody who wants many keeps the others from theirs.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

/// How many of all that there may be, turns or pairs that are tried, the same one has at most: a fourth.
pub(super) fn share(most: usize) -> usize {
    (most / 4).max(1)
}

/// Turns at something that is done only so many times at once. They come in the order in which they are asked for, but the same one never
/// has more than a fourth of them, and waits for its own first.
#[derive(Debug)]
pub(super) struct Turns {
    all: Semaphore,
    share: usize,
    /// Those who have a turn or wait for one; as many as there are such at the most.
    lines: Mutex<HashMap<Box<str>, Line>>,
}

#[derive(Debug)]
struct Line {
    turns: Arc<Semaphore>,
    wanted: usize,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    _of_all: SemaphorePermit<'a>,
    _of_line: OwnedSemaphorePermit,
    _place: Place<'a>,
}

/// A place in a line; the line goes with the last one.
#[derive(Debug)]
struct Place<'a> {
    turns: &'a Turns,
    who: Box<str>,
}

impl Turns {
    /// At most so many at the same time.
    pub(super) fn new(most: usize) -> Self {
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        Self { all: Semaphore::new(most), share: share(most), lines: Mutex::default() }
    }

    /// Waits for a turn; cancel safe. Nobody ends that, so there always is one.
    pub(super) async fn take(&self, who: &str) -> Option<Turn<'_>> {
        let (place, line) = self.place(who);
        let of_line = line.acquire_owned().await.ok()?;
        let of_all = self.all.acquire().await.ok()?;
        Some(Turn { _of_all: of_all, _of_line: of_line, _place: place })
    }

    fn place(&self, who: &str) -> (Place<'_>, Arc<Semaphore>) {
        let mut lines = self.lines.lock();
        let line = lines
            .entry(who.into())
            .or_insert_with(|| Line { turns: Arc::new(Semaphore::new(self.share)), wanted: 0 });
        line.wanted += 1;
        (Place { turns: self, who: who.into() }, Arc::clone(&line.turns))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut lines = self.turns.lines.lock();
        if let Some(line) = lines.get_mut(&self.who) {
            line.wanted -= 1;
            if line.wanted == 0 {
                lines.remove(&self.who);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn now<'a>(turns: &'a Turns, who: &str) -> Option<Turn<'a>> {
        turns.take(who).now_or_never().flatten()
    }

    #[test]
    fn who_wants_many_leaves_turns_to_the_others() {
        let turns = Turns::new(8);
        let of_one: Vec<_> = (0..100).map_while(|_| now(&turns, "mallory")).collect();
        assert_eq!(of_one.len(), 2);
        let others: Vec<_> = (0..100).filter_map(|at| now(&turns, &format!("juliet{at}"))).collect();
        assert_eq!(others.len(), 6);
        drop(of_one);
        assert!(now(&turns, "romeo").is_some());
    }

    #[test]
    fn nothing_is_remembered_of_who_wants_nothing() {
        let turns = Turns::new(1);
        let held = now(&turns, "a").unwrap();
        // One that was given up while it waited.
        assert!(now(&turns, "b").is_none());
        assert_eq!(turns.lines.lock().len(), 1);
        drop(held);
        assert!(turns.lines.lock().is_empty());
        assert!(now(&turns, "b").is_some());
    }
}
