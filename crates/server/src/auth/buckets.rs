//! A bounded table of counters that empty with time.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

use crate::config;

/// For each key, how much has been counted and not yet forgotten. One instant per key says it all: when the last of
/// it will be forgotten (the generic cell rate algorithm of ITU-T I.371).
#[derive(Debug)]
pub(super) struct Buckets<K> {
    empty_at: HashMap<K, Instant>,
    most: usize,
    /// How long one count lasts.
    lasts: Duration,
    /// How much may be counted, as the time that it takes to be forgotten.
    depth: Duration,
}

impl<K: Hash + Eq + Copy> Buckets<K> {
    pub(super) fn new(limit: &config::Throttle, most: usize) -> Self {
        let mut buckets =
            Self { empty_at: HashMap::new(), most, lasts: Duration::ZERO, depth: Duration::ZERO };
        buckets.reconfigure(limit);
        buckets
    }

    pub(super) fn reconfigure(&mut self, limit: &config::Throttle) {
        self.lasts = limit.forgotten_after;
        self.depth = limit.forgotten_after.saturating_mul(limit.failures);
    }

    /// How long until one more may be counted; `None` when it may at once.
    pub(super) fn wait(&self, key: &K, now: Instant) -> Option<Duration> {
        let full = self.empty_at.get(key)?.saturating_duration_since(now) + self.lasts;
        full.checked_sub(self.depth).filter(|wait| !wait.is_zero())
    }

    /// Counts one.
    pub(super) fn charge(&mut self, key: K, now: Instant) {
        if self.empty_at.len() >= self.most && !self.empty_at.contains_key(&key) {
            self.make_room(now);
        }
        let empty_at = self.empty_at.entry(key).or_insert(now);
        *empty_at = (*empty_at).max(now) + self.lasts;
    }

    /// Takes one back.
    pub(super) fn refund(&mut self, key: &K) {
        if let Some(empty_at) = self.empty_at.get_mut(key)
            && let Some(earlier) = empty_at.checked_sub(self.lasts)
        {
            *empty_at = earlier;
        }
    }

    /// Forgets what is empty, or else the emptier half. As this frees a lot, it is seldom needed.
    fn make_room(&mut self, now: Instant) {
        self.empty_at.retain(|_, empty_at| *empty_at > now);
        if self.empty_at.len() < self.most / 2 {
            return;
        }
        let mut instants: Vec<Instant> = self.empty_at.values().copied().collect();
        let middle = instants.len() / 2;
        let (_, median, _) = instants.select_nth_unstable(middle);
        let median = *median;
        let fuller = self.empty_at.values().filter(|empty_at| **empty_at > median).count();
        let mut left = (self.most / 2).saturating_sub(fuller);
        self.empty_at.retain(|_, empty_at| {
            let is_median = *empty_at == median && left > 0;
            left -= usize::from(is_median);
            *empty_at > median || is_median
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(most: usize) -> Buckets<u32> {
        Buckets::new(&config::Throttle { failures: 3, forgotten_after: Duration::from_secs(10) }, most)
    }

    #[test]
    fn a_bucket_fills_and_empties_one_by_one() {
        let mut buckets = buckets(10);
        let start = Instant::now();
        for _ in 0..3 {
            assert_eq!(buckets.wait(&1, start), None);
            buckets.charge(1, start);
        }
        assert_eq!(buckets.wait(&1, start), Some(Duration::from_secs(10)));
        assert_eq!(buckets.wait(&1, start + Duration::from_secs(4)), Some(Duration::from_secs(6)));
        assert_eq!(buckets.wait(&1, start + Duration::from_secs(10)), None);
        buckets.refund(&1);
        assert_eq!(buckets.wait(&1, start), None);
    }

    #[test]
    fn the_table_stays_bounded_and_keeps_the_fullest() {
        let mut buckets = buckets(100);
        let start = Instant::now();
        for _ in 0..3 {
            buckets.charge(0, start);
        }
        for key in 1..10_000 {
            buckets.charge(key, start);
            assert!(buckets.empty_at.len() <= 100);
        }
        assert!(buckets.wait(&0, start).is_some());
    }
}
