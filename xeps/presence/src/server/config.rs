//! The configuration.

use serde::{Deserialize, Serialize};

/// The commented default.
pub(super) const TEXT: &str = "\
# Whether requests to a session are refused, as if it were not there, when they come from somebody with whom
# its user shares no presence (RFC 6121, section 8.5.3.1).
protect-sessions = true
# To how many entities that are not subscribed, such as chat rooms, a session may show its presence at the same
# time. 0 to 100000.
directed = 1000
# Up to which size in bytes a subscription request is kept whole while it waits for an answer; of a larger one only
# the bare request is kept. 0 to 1000000.
request-size = 10000
# Whether requests to contacts of other domains that have not answered are sent again when the user comes online.
repeat-requests = true
";

/// See the commented default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Whether requests to a session from those with whom its user shares no presence are refused.
    pub protect_sessions: bool,
    /// To how many entities a session may have directed presence.
    pub directed: usize,
    /// Up to which size in bytes a subscription request is kept whole.
    pub request_size: usize,
    /// Whether unanswered requests to other domains are repeated.
    pub repeat_requests: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { protect_sessions: true, directed: 1000, request_size: 10_000, repeat_requests: true }
    }
}

impl Config {
    /// Whether the values are in their ranges; else what is wrong.
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Self { directed, .. } if *directed > 100_000 => {
                Err(format!("`directed` is {directed}; it goes from 0 to 100000"))
            }
            Self { request_size, .. } if *request_size > 1_000_000 => {
                Err(format!("`request-size` is {request_size}; it goes from 0 to 1000000"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_out_of_range_is_named() {
        assert_eq!(Config::default().check(), Ok(()));
        assert!(Config { directed: 100_001, ..Config::default() }.check().unwrap_err().contains("directed"));
        assert!(
            Config { request_size: 1_000_001, ..Config::default() }
                .check()
                .unwrap_err()
                .contains("request-size")
        );
    }
}
