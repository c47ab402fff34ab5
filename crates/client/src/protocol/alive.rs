//! Is the server still there?

use std::time::{Duration, Instant};

/// When to ask whether the server is still there, and how long to wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeepAlive {
    /// Silence of the server after which it is asked.
    pub idle: Duration,
    /// How long it may then go on being silent.
    pub patience: Duration,
    /// The same, when the network is said to have changed.
    pub patience_after_change: Duration,
}

impl Default for KeepAlive {
    /// After a minute of silence it is asked and has 20 seconds; 5 after a change of the network.
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(60),
            patience: Duration::from_secs(20),
            patience_after_change: Duration::from_secs(5),
        }
    }
}

/// What the passing of time leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    /// Ask the server for something.
    Ask,
    /// The server is gone.
    Dead,
}

/// The watch over one connection.
#[derive(Debug)]
pub(super) struct Alive {
    settings: KeepAlive,
    heard: Instant,
    /// Until when an answer has to come.
    until: Option<Instant>,
}

impl Alive {
    pub(super) fn new(settings: KeepAlive, now: Instant) -> Self {
        Self { settings, heard: now, until: None }
    }

    /// Something came.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.until = None;
    }

    pub(super) fn deadline(&self) -> Instant {
        self.until.unwrap_or(self.heard + self.settings.idle)
    }

    pub(super) fn timeout(&mut self, now: Instant) -> Due {
        match self.until {
            Some(until) if until <= now => Due::Dead,
            Some(_) => Due::Nothing,
            None if self.heard + self.settings.idle <= now => {
                self.until = Some(now + self.settings.patience);
                Due::Ask
            }
            None => Due::Nothing,
        }
    }

    /// The network is said to have changed: the server is to be asked now.
    pub(super) fn network_changed(&mut self, now: Instant) {
        let until = now + self.settings.patience_after_change;
        self.until = Some(self.until.map_or(until, |earlier| earlier.min(until)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_leads_to_a_question_and_further_silence_to_the_end() {
        let now = Instant::now();
        let at = |seconds| now + Duration::from_secs(seconds);
        let mut alive = Alive::new(KeepAlive::default(), now);
        assert_eq!((alive.deadline(), alive.timeout(at(59))), (at(60), Due::Nothing));
        assert_eq!((alive.timeout(at(60)), alive.deadline()), (Due::Ask, at(80)));
        alive.heard(at(70));
        assert_eq!((alive.deadline(), alive.timeout(at(80))), (at(130), Due::Nothing));
        assert_eq!(alive.timeout(at(130)), Due::Ask);
        assert_eq!(alive.timeout(at(150)), Due::Dead);
    }

    #[test]
    fn after_a_change_of_the_network_patience_is_short() {
        let now = Instant::now();
        let mut alive = Alive::new(KeepAlive::default(), now);
        alive.network_changed(now);
        assert_eq!(alive.deadline(), now + Duration::from_secs(5));
        assert_eq!(alive.timeout(alive.deadline()), Due::Dead);
    }
}
