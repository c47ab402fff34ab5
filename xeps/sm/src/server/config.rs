//! The configuration.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Less would not do for one message of the usual limit.
const LEAST_BYTES: usize = 64 << 10;
/// More than what a batch of the store may have is not written in one.
const MOST_BYTES: usize = 16 << 20;
const MOST_REMEMBERED: u32 = 1000;
const MOST_DAYS: u16 = 3650;

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// For how many seconds a session waits for its client when the connection is gone, at most: a client may ask for less. 0: sessions
    /// cannot be resumed.
    pub resume_seconds: u32,
    /// How many bytes of stanzas a session keeps for its client to acknowledge. With more, senders wait for the client, as they do for a
    /// full mailbox, or not at all where it has no connection. From 65536 to 16777216.
    pub unacknowledged_bytes: usize,
    /// Where clients should connect to, to resume a session: `host:port`, with an IPv6 address in brackets. Empty: where they did before.
    pub location: String,
    /// Of how many sessions that nobody has resumed in time an account's clients can still learn how many of their stanzas were handled. Up
    /// to 1000; 0 for none.
    pub remembered_sessions: u32,
    /// For how many days. From 1 to 3650.
    pub remembered_days: u16,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            resume_seconds: 600,
            unacknowledged_bytes: 1 << 20,
            location: String::new(),
            remembered_sessions: 10,
            remembered_days: 7,
        }
    }
}

impl Config {
    pub(super) fn problem(&self) -> Option<String> {
        if !(LEAST_BYTES..=MOST_BYTES).contains(&self.unacknowledged_bytes) {
            return Some(format!("`unacknowledged-bytes` is from {LEAST_BYTES} to {MOST_BYTES}"));
        }
        if self.remembered_sessions > MOST_REMEMBERED {
            return Some(format!("`remembered-sessions` is at most {MOST_REMEMBERED}"));
        }
        let in_range = (1..=MOST_DAYS).contains(&self.remembered_days);
        (!in_range).then(|| format!("`remembered-days` is from 1 to {MOST_DAYS}"))
    }

    /// For how many seconds a session of a client that asks for `max` waits for it; `None` when it cannot be resumed.
    #[must_use]
    pub fn seconds(&self, resume: bool, max: Option<u32>) -> Option<u32> {
        let seconds = max.unwrap_or(u32::MAX).min(self.resume_seconds);
        (resume && seconds > 0).then_some(seconds)
    }

    pub(super) fn location(&self) -> Option<String> {
        Some(self.location.clone()).filter(|location| !location.is_empty())
    }
}

pub(super) fn duration(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

pub(super) const TEXT: &str = "\
# For how many seconds a session waits for its client when the connection is gone, at most: a client may ask for less.
# 0: sessions cannot be resumed.
resume-seconds = 600
# How many bytes of stanzas a session keeps for its client to acknowledge. With more, senders wait for the client, as they
# do for a full mailbox, or not at all where it has no connection. From 65536 to 16777216.
unacknowledged-bytes = 1048576
# Where clients should connect to, to resume a session: host:port, with an IPv6 address in brackets. Empty: where they did
# before.
location = \"\"
# Of how many sessions that nobody has resumed in time an account's clients can still learn how many of their stanzas were
# handled, so that they know what to send again. Up to 1000; 0 for none.
remembered-sessions = 10
# For how many days. From 1 to 3650.
remembered-days = 7
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_out_of_range_is_named() {
        assert_eq!(Config::default().problem(), None);
        for (key, config) in [
            ("unacknowledged-bytes", Config { unacknowledged_bytes: 1, ..Config::default() }),
            ("remembered-sessions", Config { remembered_sessions: 1001, ..Config::default() }),
            ("remembered-days", Config { remembered_days: 0, ..Config::default() }),
        ] {
            assert!(config.problem().is_some_and(|problem| problem.contains(key)), "{key}");
        }
    }

    #[test]
    fn a_session_waits_as_long_as_both_sides_want() {
        let config = Config { resume_seconds: 300, ..Config::default() };
        assert_eq!(config.seconds(true, None), Some(300));
        assert_eq!(config.seconds(true, Some(60)), Some(60));
        assert_eq!(config.seconds(true, Some(3600)), Some(300));
        assert_eq!(config.seconds(true, Some(0)), None);
        assert_eq!(config.seconds(false, Some(60)), None);
        let off = Config { resume_seconds: 0, ..config };
        assert_eq!(off.seconds(true, None), None);
    }
}
