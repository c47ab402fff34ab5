//! What handlers want done later, with the time as an argument.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Cx;

/// What is called when its time has come.
pub(super) type Timed = Box<dyn FnOnce(&mut Cx<'_>) + Send>;

/// What waits for its time.
#[derive(Default)]
pub(super) struct Timers {
    waiting: BTreeMap<(Instant, u64), Timed>,
    next: u64,
}

// What waits has no use for being shown.
impl std::fmt::Debug for Timers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Timers").field("waiting", &self.waiting.len()).finish_non_exhaustive()
    }
}

impl Timers {
    /// Has it called so long after `now`; a time that cannot be expressed does not come.
    pub(super) fn add(&mut self, now: Instant, after: Duration, call: Timed) {
        if let Some(at) = now.checked_add(after) {
            self.waiting.insert((at, self.next), call);
            self.next += 1;
        }
    }

    /// When the next one has its time.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.waiting.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next one whose time has come.
    pub(super) fn next_due(&mut self, now: Instant) -> Option<Timed> {
        let first = self.waiting.first_entry().filter(|first| first.key().0 <= now)?;
        Some(first.remove())
    }

    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }
}
