//! What a session waits for besides its client and its mailbox.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep_until};

use crate::config::Timeouts;

/// After so much without traffic, buffers that are kept for the next write are given back.
const QUIET: Duration = Duration::from_secs(10);
/// While the client takes no bytes: how often is looked whether the session has to end anyway.
const STUCK_TICK: Duration = Duration::from_secs(1);

/// The deadlines of a session, on one timer. It is put to an earlier time when need be; that a deadline has moved to a
/// later time is noticed when it goes off, so traffic costs nothing here.
#[derive(Debug)]
pub(super) struct Timer {
    sleep: Pin<Box<Sleep>>,
    write: Duration,
    idle: Option<Duration>,
    ping: Option<Duration>,
    /// When the client last sent something.
    received: Instant,
    /// When it was last sent white space.
    pinged: Instant,
    /// Since when it takes no bytes.
    stuck_since: Option<Instant>,
    /// When it was asked what it has got, if it has not answered as far as is known.
    asked_at: Option<Instant>,
    /// Until when nothing is read, as it sends too fast.
    pub(super) paused_until: Option<Instant>,
    /// There was traffic since `quiet_at` was set.
    active: bool,
    quiet_at: Option<Instant>,
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing that the session has to know of, but it may look around.
    Nothing,
    /// There was no traffic for a while.
    Quiet,
    /// White space has to be sent.
    Ping,
    /// The client has been silent for too long.
    Idle,
    /// The client has taken no bytes for too long.
    Stuck,
    /// The client may not have answered for too long what it has got.
    Unanswered,
}

impl Timer {
    pub(super) fn new(timeouts: &Timeouts, now: Instant) -> Self {
        let unless_zero = |duration: Duration| (!duration.is_zero()).then_some(duration);
        let mut timer = Self {
            sleep: Box::pin(sleep_until(now + QUIET)),
            write: timeouts.write,
            idle: unless_zero(timeouts.idle),
            ping: unless_zero(timeouts.whitespace_ping),
            received: now,
            pinged: now,
            stuck_since: None,
            asked_at: None,
            paused_until: None,
            active: true,
            quiet_at: Some(now + QUIET),
        };
        timer.arm();
        timer
    }

    /// Something came from the client.
    pub(super) fn received(&mut self, now: Instant) {
        self.received = now;
        self.traffic(now);
    }

    fn traffic(&mut self, now: Instant) {
        self.active = true;
        if self.quiet_at.is_none() {
            self.quiet_at = Some(now + QUIET);
            self.arm();
        }
    }

    /// Everything was written.
    pub(super) fn written(&mut self, anything: bool) {
        self.stuck_since = None;
        if anything {
            self.active = true;
            if self.quiet_at.is_none() {
                self.traffic(Instant::now());
            }
        }
    }

    /// Not everything could be written; `moved` if anything was.
    pub(super) fn stuck(&mut self, moved: bool) {
        if moved || self.stuck_since.is_none() {
            self.stuck_since = Some(Instant::now());
            self.arm();
        }
    }

    /// The client was asked what it has got, so long ago.
    pub(super) fn asked(&mut self, ago: Option<Duration>) {
        self.asked_at = ago.and_then(|ago| Instant::now().checked_sub(ago));
        if self.asked_at.is_some() {
            self.arm();
        }
    }

    /// How long the client may take to take bytes, and to answer.
    pub(super) const fn patience(&self) -> Duration {
        self.write
    }

    pub(super) const fn is_stuck(&self) -> bool {
        self.stuck_since.is_some()
    }

    /// Nothing is read until then.
    pub(super) fn pause_until(&mut self, until: Instant) {
        self.paused_until = Some(until);
        self.arm();
    }

    /// Waits until something is due.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Due> {
        if self.sleep.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        let due = self.due(Instant::now());
        self.arm_anew();
        Poll::Ready(due)
    }

    fn due(&mut self, now: Instant) -> Due {
        if self.paused_until.is_some_and(|until| until <= now) {
            self.paused_until = None;
        }
        let over = |since: Option<Instant>, limit: Option<Duration>| {
            since.zip(limit).is_some_and(|(since, limit)| now >= since + limit)
        };
        if over(self.stuck_since, Some(self.write)) {
            return Due::Stuck;
        }
        if over(self.asked_at, Some(self.write)) {
            self.asked_at = None;
            return Due::Unanswered;
        }
        if over(Some(self.received), self.idle) {
            return Due::Idle;
        }
        if over(Some(self.received.max(self.pinged)), self.ping) {
            self.pinged = now;
            return Due::Ping;
        }
        match self.quiet_at {
            Some(at) if at <= now && self.active => {
                self.active = false;
                self.quiet_at = Some(now + QUIET);
                Due::Nothing
            }
            Some(at) if at <= now => {
                self.quiet_at = None;
                Due::Quiet
            }
            _ => Due::Nothing,
        }
    }

    /// When the next thing is due.
    fn next(&self) -> Option<Instant> {
        let stuck = self.stuck_since.map(|since| (since + self.write).min(Instant::now() + STUCK_TICK));
        let idle = self.idle.map(|idle| self.received + idle);
        let ping = self.ping.map(|ping| self.received.max(self.pinged) + ping);
        let asked = self.asked_at.map(|at| at + self.write);
        [stuck, asked, idle, ping, self.paused_until, self.quiet_at].into_iter().flatten().min()
    }

    /// Puts the timer to an earlier time, if something is due earlier than it would go off.
    fn arm(&mut self) {
        if let Some(next) = self.next()
            && next < self.sleep.deadline()
        {
            self.sleep.as_mut().reset(next);
        }
    }

    fn arm_anew(&mut self) {
        // An hour and nothing to do, when nothing is due at all.
        let next = self.next().unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
        self.sleep.as_mut().reset(next);
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    fn timeouts() -> Timeouts {
        Timeouts {
            write: Duration::from_secs(30),
            idle: Duration::from_secs(100),
            whitespace_ping: Duration::from_secs(60),
            ..Timeouts::default()
        }
    }

    async fn next(timer: &mut Timer) -> Due {
        loop {
            match poll_fn(|cx| timer.poll(cx)).await {
                Due::Nothing => {}
                due => return due,
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_client_is_pinged_and_then_given_up() {
        let start = Instant::now();
        let mut timer = Timer::new(&timeouts(), start);
        assert_eq!(next(&mut timer).await, Due::Quiet);
        assert_eq!(next(&mut timer).await, Due::Ping);
        assert_eq!(start.elapsed().as_secs(), 60);
        assert_eq!(next(&mut timer).await, Due::Idle);
        assert_eq!(start.elapsed().as_secs(), 100);
    }

    #[tokio::test(start_paused = true)]
    async fn traffic_puts_everything_off() {
        let start = Instant::now();
        let mut timer = Timer::new(&timeouts(), start);
        tokio::time::advance(Duration::from_secs(59)).await;
        timer.received(Instant::now());
        while next(&mut timer).await != Due::Ping {}
        assert_eq!(start.elapsed().as_secs(), 119);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_no_bytes_is_given_up_unless_it_goes_on() {
        let start = Instant::now();
        let mut timer = Timer::new(&timeouts(), start);
        timer.stuck(false);
        tokio::time::advance(Duration::from_secs(20)).await;
        timer.stuck(true);
        while next(&mut timer).await != Due::Stuck {}
        assert_eq!(start.elapsed().as_secs(), 50);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_answer_is_noticed() {
        let start = Instant::now();
        let mut timer = Timer::new(&timeouts(), start);
        timer.asked(Some(Duration::ZERO));
        while next(&mut timer).await != Due::Unanswered {}
        assert_eq!(start.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_ends() {
        let start = Instant::now();
        let mut timer = Timer::new(&Timeouts { idle: Duration::ZERO, ..Timeouts::default() }, start);
        timer.pause_until(start + Duration::from_millis(1500));
        while timer.paused_until.is_some() {
            poll_fn(|cx| timer.poll(cx)).await;
        }
        assert_eq!(start.elapsed().as_millis() / 100, 15);
    }
}
