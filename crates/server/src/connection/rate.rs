//! How fast a client may send: a token bucket over bytes.

use std::time::Duration;

use tokio::time::Instant;

/// A bucket of bytes that a client may send. It fills with time and is emptied by what is read; who has emptied it is read
/// again when there is something in it. Nothing is ever dropped.
#[derive(Debug)]
pub(crate) struct Rate {
    /// 0 for no limit.
    bytes_per_second: f64,
    burst: f64,
    left: f64,
    filled: Instant,
}

impl Rate {
    pub(crate) fn new(bytes_per_second: u32, burst: u32, now: Instant) -> Self {
        let burst = f64::from(burst);
        Self { bytes_per_second: bytes_per_second.into(), burst, left: burst, filled: now }
    }

    /// So much was read; until when nothing more may be.
    #[allow(clippy::cast_precision_loss, reason = "what is read at once is far below 2^52 bytes")]
    pub(crate) fn spend(&mut self, bytes: usize, now: Instant) -> Option<Instant> {
        if self.bytes_per_second == 0.0 {
            return None;
        }
        let grown = now.saturating_duration_since(self.filled).as_secs_f64() * self.bytes_per_second;
        self.left = (self.left + grown).min(self.burst) - bytes as f64;
        self.filled = now;
        (self.left < 0.0).then(|| now + Duration::from_secs_f64(-self.left / self.bytes_per_second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_and_what_follows_has_to_wait() {
        let start = Instant::now();
        let mut rate = Rate::new(1000, 5000, start);
        assert_eq!(rate.spend(5000, start), None);
        assert_eq!(rate.spend(500, start), Some(start + Duration::from_millis(500)));
        let later = start + Duration::from_secs(1);
        assert_eq!(rate.spend(500, later), None);
    }

    #[test]
    fn the_bucket_does_not_fill_beyond_the_burst() {
        let start = Instant::now();
        let mut rate = Rate::new(1000, 1000, start);
        let later = start + Duration::from_secs(3600);
        assert_eq!(rate.spend(1000, later), None);
        assert!(rate.spend(1, later).is_some());
    }

    #[test]
    fn without_a_limit_nobody_waits() {
        let start = Instant::now();
        assert_eq!(Rate::new(0, 0, start).spend(usize::MAX, start), None);
    }
}
