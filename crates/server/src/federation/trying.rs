//! How many domains that were not reached yet each sender has tried, so that who makes them up leaves room for the others.

use std::collections::HashMap;
use std::sync::Arc;

use super::Federation;
use super::turns::share;

/// Of each sender, by bare address, the pairs that are tried for it; nobody of whom there are none.
#[derive(Debug, Default)]
pub(super) struct Trying(HashMap<Box<str>, usize>);

impl Trying {
    /// Whether another pair may be tried for this sender, where there may be `most` in all.
    pub(super) fn may(&self, who: &str, most: usize) -> bool {
        self.0.get(who).is_none_or(|tried| *tried < share(most))
    }

    /// A pair is tried for this sender.
    pub(super) fn begin(&mut self, who: &str) {
        *self.0.entry(who.into()).or_default() += 1;
    }

    fn end(&mut self, who: &str) {
        if let Some(tried) = self.0.get_mut(who) {
            *tried -= 1;
            if *tried == 0 {
                self.0.remove(who);
            }
        }
    }
}

/// That a pair is tried for a sender; until it is reached, or this is dropped.
#[derive(Debug)]
pub(super) struct Wanted {
    federation: Arc<Federation>,
    who: Box<str>,
    is_tried: bool,
}

impl Wanted {
    /// It was begun.
    pub(super) fn new(federation: &Arc<Federation>, who: Box<str>) -> Self {
        Self { federation: Arc::clone(federation), who, is_tried: true }
    }

    /// The bare address of the sender.
    pub(super) fn who(&self) -> &str {
        &self.who
    }

    /// The other server is reached.
    pub(super) fn reached(&mut self) {
        if std::mem::take(&mut self.is_tried) {
            self.federation.links.lock().trying.end(&self.who);
        }
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        self.reached();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_tried_a_fourth_waits_until_one_of_them_is_over() {
        let mut trying = Trying::default();
        for _ in 0..2 {
            assert!(trying.may("mallory@a.example", 8));
            trying.begin("mallory@a.example");
        }
        assert!(!trying.may("mallory@a.example", 8) && trying.may("juliet@a.example", 8));
        trying.end("mallory@a.example");
        assert!(trying.may("mallory@a.example", 8));
        trying.end("mallory@a.example");
        assert!(trying.0.is_empty());
    }
}
