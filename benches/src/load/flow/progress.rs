//! How far a flow is.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

/// How far a flow is. What it costs to know that does not depend on how many receive.
#[derive(Debug)]
pub(super) struct Progress {
    receivers: u64,
    sent: AtomicU64,
    /// How many stanzas all receivers have.
    done: AtomicU64,
    /// How many stanzas arrived, at each receiver.
    units: AtomicU64,
    /// A stanza and those that are a window later share a place, which counts their arrivals. Of them only one is under way
    /// at a time.
    arrived: Box<[AtomicU64]>,
    /// How many stanzas the server has acknowledged.
    acknowledged: AtomicU64,
    wake: Notify,
}

impl Progress {
    /// Of a flow to so many, with at most `window` stanzas under way. Where there are no `acks` all is taken for acknowledged.
    pub(super) fn new(receivers: usize, window: u64, acks: bool) -> Self {
        Self {
            acknowledged: AtomicU64::new(if acks { 0 } else { u64::MAX }),
            receivers: receivers as u64,
            sent: AtomicU64::new(0),
            done: AtomicU64::new(0),
            units: AtomicU64::new(0),
            arrived: (0..window).map(|_| AtomicU64::new(0)).collect(),
            wake: Notify::new(),
        }
    }

    /// The stanza with this number is sent.
    pub(super) fn sends(&self, number: u64) {
        self.sent.store(number + 1, Ordering::Release);
    }

    /// These stanzas arrived at one receiver.
    pub(super) fn arrive(&self, numbers: Range<u64>) {
        self.units.fetch_add(numbers.end - numbers.start, Ordering::Relaxed);
        let complete = numbers.filter(|number| self.is_last(*number)).count() as u64;
        if complete > 0 {
            self.done.fetch_add(complete, Ordering::AcqRel);
            self.wake();
        }
    }

    /// Whether all receivers have it, now that one more has.
    fn is_last(&self, number: u64) -> bool {
        let window = self.arrived.len() as u64;
        // Less than the window, which is a length.
        let place = usize::try_from(number % window).unwrap_or_default();
        let arrived = self.arrived[place].fetch_add(1, Ordering::AcqRel) + 1;
        arrived == self.receivers * (number / window + 1)
    }

    /// The server has handled so many stanzas of the sender.
    pub(super) fn acknowledge(&self, handled: u32) {
        self.acknowledged.fetch_max(handled.into(), Ordering::AcqRel);
    }

    /// Whether all that was sent is acknowledged.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.acknowledged.load(Ordering::Acquire) >= self.sent()
    }

    /// How many stanzas were sent.
    pub(super) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Acquire)
    }

    /// How many stanzas all receivers have.
    pub(super) fn done(&self) -> u64 {
        self.done.load(Ordering::Acquire)
    }

    /// How many stanzas arrived, at each receiver.
    pub(super) fn units(&self) -> u64 {
        self.units.load(Ordering::Relaxed)
    }

    /// Has the sender look again whether it may send.
    pub(super) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits until there is something to look at.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stanza_is_done_when_the_last_receiver_has_it() {
        let progress = Progress::new(2, 3, false);
        progress.arrive(0..3);
        assert_eq!((progress.done(), progress.units()), (0, 3));
        progress.arrive(0..1);
        assert_eq!(progress.done(), 1);
        // The first place is used again before the others are done.
        progress.arrive(3..4);
        progress.arrive(1..4);
        assert_eq!((progress.done(), progress.units()), (4, 8));
    }

    #[test]
    fn all_is_acknowledged_only_when_the_last_stanza_is() {
        let progress = Progress::new(1, 3, true);
        progress.sends(0);
        progress.sends(1);
        progress.acknowledge(1);
        assert!(!progress.is_acknowledged());
        progress.acknowledge(2);
        assert!(progress.is_acknowledged());
    }
}
