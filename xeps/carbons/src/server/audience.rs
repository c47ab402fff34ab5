//! Who wants copies, and what has been copied lately.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::Mutex;
use stonechat_extension::{Session, SessionState};

/// Whether a session has enabled carbons.
#[derive(Debug, Default)]
pub(super) struct Enabled(AtomicBool);

impl SessionState for Enabled {
    const NAME: &'static str = "carbons";

    fn save(&self) -> Option<String> {
        self.0.load(Ordering::Acquire).then(|| "enabled".to_owned())
    }

    fn restore(session: &Session, _: &str) {
        session.account().state::<Audience>().join(session);
    }
}

/// Whether this session wants copies.
pub(super) fn wants_copies(session: &Session) -> bool {
    session.state_if_any::<Enabled>().is_some_and(|enabled| enabled.0.load(Ordering::Acquire))
}

/// What is held for an account while one of its sessions is connected. It is there once a session has enabled carbons.
#[derive(Debug, Default)]
pub(super) struct Audience {
    /// How many sessions want copies, so that one look tells that nobody does. The sessions themselves have the last word.
    size: AtomicUsize,
    /// Keyed, as ids are chosen by peers.
    hasher: RandomState,
    /// Of eligible messages: the correspondent and the id.
    recent: Mutex<VecDeque<u64>>,
}

impl Audience {
    pub(super) fn join(&self, session: &Session) {
        if !session.state::<Enabled>().0.swap(true, Ordering::AcqRel) {
            self.size.fetch_add(1, Ordering::AcqRel);
        }
    }

    pub(super) fn leave(&self, session: &Session) {
        if session.state_if_any::<Enabled>().is_some_and(|enabled| enabled.0.swap(false, Ordering::AcqRel)) {
            self.size.fetch_sub(1, Ordering::AcqRel);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.size.load(Ordering::Acquire) == 0
    }

    /// Remembers that a message to or from `peer` (a bare JID) was eligible, and forgets the oldest beyond `most`.
    pub(super) fn remember(&self, peer: &str, id: &str, most: usize) {
        let mut recent = self.recent.lock();
        if most > 0 {
            recent.push_back(self.hasher.hash_one((peer, id)));
        }
        while recent.len() > most {
            recent.pop_front();
        }
    }

    /// Whether such a message is remembered.
    pub(super) fn remembers(&self, peer: &str, id: &str) -> bool {
        let wanted = self.hasher.hash_one((peer, id));
        self.recent.lock().contains(&wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first_and_only_so_many_are_kept() {
        let audience = Audience::default();
        for id in ["1", "2", "3"] {
            audience.remember("b@example.org", id, 2);
        }
        assert!(!audience.remembers("b@example.org", "1"));
        assert!(audience.remembers("b@example.org", "2") && audience.remembers("b@example.org", "3"));
        assert!(!audience.remembers("c@example.org", "3"));
        audience.remember("b@example.org", "4", 0);
        assert!(!audience.remembers("b@example.org", "3") && !audience.remembers("b@example.org", "4"));
    }
}
