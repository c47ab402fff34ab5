//! How long to wait before the next attempt to connect.

use std::time::Duration;

/// A connection that lasted so long was a good one, after which waiting begins anew.
const GOOD: Duration = Duration::from_secs(30);

/// The waiting of one component: each time twice as long as before, up to `most`, and of that a random half.
#[derive(Debug)]
pub(crate) struct Waits {
    pub(crate) first: Duration,
    pub(crate) most: Duration,
    failures: u32,
}

impl Waits {
    pub(crate) const fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, failures: 0 }
    }

    /// The next one. `random` decides where between half and the whole of what it may be it is.
    pub(crate) fn next(&mut self, random: u8) -> Duration {
        let doubled = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        self.failures = self.failures.saturating_add(1).min(31);
        let most = self.first.checked_mul(doubled).map_or(self.most, |most| most.min(self.most));
        most / 2 + most / 2 * u32::from(random) / u32::from(u8::MAX)
    }

    /// A connection has ended that lasted this long.
    pub(crate) fn ended(&mut self, lasted: Duration) {
        if lasted >= GOOD {
            self.failures = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_up_to_the_most_until_a_connection_has_lasted() {
        let (first, most) = (Duration::from_secs(1), Duration::from_secs(60));
        let mut waits = Waits::new(first, most);
        for expected in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert_eq!(waits.next(u8::MAX), Duration::from_secs(expected));
        }
        waits.ended(GOOD - Duration::from_millis(1));
        assert_eq!(waits.next(0), most / 2);
        waits.ended(GOOD);
        assert_eq!(waits.next(0), first / 2);
        for _ in 0..100 {
            assert!(waits.next(7) <= most);
        }
    }
}
