//! Whether a domain is tried again when a stream to it was lost.

use std::time::Duration;

use tokio::time::Instant;

use super::failure::Failure;

/// A stream that lasts so long was a good one.
const STABLE: Duration = Duration::from_secs(5);
/// The second time it is tried again after this, and then after twice as long each time.
const SECOND: Duration = Duration::from_millis(50);

/// How long a domain has been tried again in vain.
#[derive(Debug, Default)]
pub(super) struct Persistence {
    lost: Option<Lost>,
}

#[derive(Debug)]
struct Lost {
    since: Instant,
    /// How long is waited the next time.
    delay: Duration,
}

/// What a stream was good for that is over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ran {
    pub(super) long: Duration,
    /// What the other server has not acknowledged is not lost.
    pub(super) counted: bool,
    /// Something was acknowledged.
    pub(super) progressed: bool,
}

impl Persistence {
    /// After which time the domain is tried again, with what is under way; `None` when it is given up. `ran` is the stream that was lost;
    /// `None` when there was none. Nothing is tried for longer than `most` in vain, and `longest` is the longest time in between.
    ///
    /// A domain that was not reached at the first time is not tried again for the same stanzas.
    pub(super) fn delay(
        &mut self,
        ran: Option<Ran>,
        failure: &Failure,
        most: Duration,
        longest: Duration,
        now: Instant,
    ) -> Option<Duration> {
        let progressed = ran.is_some_and(|ran| ran.progressed || ran.long >= STABLE);
        if progressed {
            self.lost = None;
        }
        let was_reached = match ran {
            Some(ran) => ran.counted,
            None => self.lost.is_some(),
        };
        let again = progressed || (was_reached && failure.is_passing());
        if !again || matches!(failure, Failure::Stopping) {
            return None;
        }
        let lost = self.lost.get_or_insert(Lost { since: now, delay: Duration::ZERO });
        if now - lost.since >= most {
            return None;
        }
        let delay = lost.delay;
        lost.delay = (delay * 2).max(SECOND).min(longest);
        Some(delay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Duration = Duration::from_secs(60);
    const LONGEST: Duration = Duration::from_millis(150);

    fn broken() -> Failure {
        Failure::Broken("reset".to_owned())
    }

    fn ran(seconds: u64, counted: bool, progressed: bool) -> Option<Ran> {
        Some(Ran { long: Duration::from_secs(seconds), counted, progressed })
    }

    fn first(ran: Option<Ran>, failure: &Failure) -> Option<Duration> {
        Persistence::default().delay(ran, failure, MOST, LONGEST, Instant::now())
    }

    #[test]
    fn a_link_that_is_cut_is_tried_again_at_once() {
        assert_eq!(first(ran(0, true, true), &broken()), Some(Duration::ZERO));
        assert_eq!(first(ran(0, true, false), &broken()), Some(Duration::ZERO), "before anything was said");
        assert_eq!(first(ran(5, false, false), &broken()), Some(Duration::ZERO), "it was good for long");
    }

    #[test]
    fn what_is_not_reached_or_has_a_reason_is_not_tried_again() {
        assert_eq!(first(None, &broken()), None, "a first time that fails");
        assert_eq!(first(ran(0, false, false), &broken()), None, "what was written may be lost");
        assert_eq!(first(ran(0, true, false), &Failure::NoService), None);
        assert_eq!(first(ran(9, true, true), &Failure::Stopping), None);
    }

    #[test]
    fn it_is_tried_ever_more_seldom_and_not_for_ever() {
        let (mut persistence, mut now) = (Persistence::default(), Instant::now());
        let mut next = |ran, now| persistence.delay(ran, &broken(), MOST, LONGEST, now);
        for (ran, expected) in [(ran(0, true, true), 0), (None, 50), (None, 100), (None, 150), (None, 150)] {
            assert_eq!(next(ran, now), Some(Duration::from_millis(expected)));
        }
        now += MOST;
        assert_eq!(next(None, now), None);
        assert_eq!(
            next(ran(0, true, true), now),
            Some(Duration::ZERO),
            "something was acknowledged meanwhile"
        );
        assert_eq!(next(None, now), Some(Duration::from_millis(50)));
    }
}
