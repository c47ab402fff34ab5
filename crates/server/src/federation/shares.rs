//! How many pairs of domains each sender has brought about, so that who writes to many leaves room for the others.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Federation;
use super::link::Link;
use super::turns::share;

/// Of each sender, by bare address, the pairs that count for it; nobody of whom there are none.
#[derive(Debug, Default)]
pub(super) struct Shares(HashMap<Box<str>, usize>);

/// For whom a pair is held or tried.
#[derive(Debug)]
pub(super) struct Cause {
    who: Box<str>,
    is_account: bool,
    counts: AtomicBool,
}

impl Cause {
    /// The bare address of the sender.
    pub(super) fn who(&self) -> &str {
        &self.who
    }

    /// Whether the pair counts for this sender.
    pub(super) fn counts_for(&self, who: &str) -> bool {
        *self.who == *who && self.counts.load(Ordering::Relaxed)
    }
}

impl Shares {
    /// Whether another pair may be tried for this sender, where there may be `most` in all.
    pub(super) fn may(&self, who: &str, most: usize) -> bool {
        self.0.get(who).is_none_or(|pairs| *pairs < share(most))
    }

    /// A pair is tried for this sender, which is an account or is not.
    pub(super) fn begin(&mut self, who: Box<str>, is_account: bool) -> Arc<Cause> {
        *self.0.entry(who.clone()).or_default() += 1;
        Arc::new(Cause { who, is_account, counts: AtomicBool::new(true) })
    }

    /// The pair does not count any more; once.
    pub(super) fn end(&mut self, cause: &Cause) {
        if !cause.counts.swap(false, Ordering::Relaxed) {
            return;
        }
        if let Some(pairs) = self.0.get_mut(&cause.who) {
            *pairs -= 1;
            if *pairs == 0 {
                self.0.remove(&cause.who);
            }
        }
    }
}

/// That a task takes care of a pair, which counts for the sender that it was begun for. For an account it does until this is dropped or the
/// pair is given up. A room or a gateway speaks for many, who have not asked for its pairs: for it, and for a host, a pair counts until the
/// other server is reached.
#[derive(Debug)]
pub(super) struct Wanted {
    federation: Arc<Federation>,
    link: Arc<Link>,
    cause: Arc<Cause>,
}

impl Wanted {
    /// It was begun.
    pub(super) fn new(federation: &Arc<Federation>, link: &Arc<Link>, cause: Arc<Cause>) -> Self {
        Self { federation: Arc::clone(federation), link: Arc::clone(link), cause }
    }

    /// The bare address of the sender.
    pub(super) fn who(&self) -> &str {
        self.cause.who()
    }

    /// The other server is reached.
    pub(super) fn reached(&self) {
        if !self.cause.is_account {
            self.end();
        }
    }

    fn end(&self) {
        self.federation.links.lock().shares.end(&self.cause);
    }
}

impl Drop for Wanted {
    fn drop(&mut self) {
        self.end();
        self.link.over();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_a_fourth_waits_until_one_of_them_is_over() {
        let mut shares = Shares::default();
        let mut causes = Vec::new();
        for _ in 0..2 {
            assert!(shares.may("mallory@a.example", 8));
            causes.push(shares.begin("mallory@a.example".into(), true));
        }
        assert!(!shares.may("mallory@a.example", 8) && shares.may("juliet@a.example", 8));
        for _ in 0..2 {
            // Given up, and then its task is at its end.
            shares.end(&causes[0]);
        }
        assert!(shares.may("mallory@a.example", 8) && shares.0["mallory@a.example"] == 1);
        assert!(causes[1].counts_for("mallory@a.example") && !causes[1].counts_for("juliet@a.example"));
        assert!(!causes[0].counts_for("mallory@a.example"));
        shares.end(&causes[1]);
        assert!(shares.0.is_empty());
    }
}
