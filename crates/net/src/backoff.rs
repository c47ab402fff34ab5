//! How long to wait before the next attempt to connect.

use std::time::Duration;

/// How long to wait before attempts to connect, after the first. Each time twice as long as before, and of that a random part, so that
/// those of a server that has failed do not all come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The most that is waited the first time.
    pub first: Duration,
    /// The most that is ever waited.
    pub most: Duration,
    /// A connection that lasted so long was a good one, after which waiting begins anew.
    pub good: Duration,
}

impl Default for Backoff {
    /// At first up to 2 seconds, at most 5 minutes; what held for 30 seconds was good.
    fn default() -> Self {
        Self { first: Duration::from_secs(2), most: Duration::from_secs(300), good: Duration::from_secs(30) }
    }
}

/// The waiting of one client or component.
#[derive(Debug, Clone)]
pub struct Waits {
    backoff: Backoff,
    failures: u32,
    random: u64,
}

impl Waits {
    /// Nothing has failed yet. `seed` differs from those of others.
    #[must_use]
    pub fn new(backoff: Backoff, seed: u64) -> Self {
        Self { backoff, failures: 0, random: seed | 1 }
    }

    /// The next one: between half and the whole of what it may be at most.
    #[expect(clippy::should_implement_trait, reason = "there is always another, and nothing to iterate over")]
    pub fn next(&mut self) -> Duration {
        let doubled = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        self.failures = self.failures.saturating_add(1).min(31);
        let most = self
            .backoff
            .first
            .checked_mul(doubled)
            .map_or(self.backoff.most, |most| most.min(self.backoff.most));
        // xorshift64: this has to be different elsewhere, not unpredictable.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let part = (self.random >> 40) as f64 / (1_u64 << 24) as f64;
        most.mul_f64(0.5 + part / 2.0)
    }

    /// A connection has ended that lasted this long.
    pub fn ended(&mut self, lasted: Duration) {
        if lasted >= self.backoff.good {
            self.failures = 0;
        }
    }

    /// Begins anew.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn waits_grow_up_to_the_most_and_are_never_short(seed: u64, first in 1..5000_u64, most in 1..500_000_u64, times in 1..80_usize) {
            let backoff = Backoff { first: Duration::from_millis(first), most: Duration::from_millis(most), ..Backoff::default() };
            let mut waits = Waits::new(backoff, seed);
            for time in 0..times {
                let most = (first as f64 * 2_f64.powi(time.min(40) as i32)).min(most as f64);
                let wait = waits.next().as_secs_f64() * 1000.0;
                prop_assert!(wait >= most * 0.49 && wait <= most * 1.01, "{wait} of {most}");
            }
        }
    }

    #[test]
    fn only_a_connection_that_lasted_begins_anew() {
        let mut waits = Waits::new(Backoff::default(), 7);
        for _ in 0..8 {
            waits.next();
        }
        waits.ended(Duration::from_secs(29));
        assert!(waits.next() > Duration::from_secs(100));
        waits.ended(Duration::from_secs(30));
        assert!(waits.next() <= Duration::from_secs(2));
    }
}
