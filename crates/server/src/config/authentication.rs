//! How clients log in.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::seconds;

/// How many attempts to log in may fail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Throttle {
    /// How many may fail one after the other.
    pub failures: u32,
    /// How long it takes for one failure to be forgotten, in seconds.
    #[serde(with = "seconds")]
    pub forgotten_after: Duration,
}

/// Mechanisms, passwords, and the slowing down of guesses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Authentication {
    /// The SASL mechanisms that are offered, where the connection allows them: the `-PLUS` ones with channel binding,
    /// PLAIN with TLS. Default: SCRAM-SHA-1, SCRAM-SHA-256 and SCRAM-SHA-512, each with `-PLUS`, and PLAIN.
    /// ANONYMOUS is a matter of each host.
    pub mechanisms: Vec<String>,
    /// PBKDF2 iterations of new passwords, from 4096 to 2000000. Default: 10000. When it changes, asking for accounts that
    /// do not exist can be told from asking for those whose password is older than the change.
    pub iterations: u32,
    /// How many characters a new password has to have. Default: 8.
    pub minimum_password_length: usize,
    /// Failed attempts on one stream; the last of them ends it. From 1 to 255. Default: 4.
    pub failures_per_stream: u8,
    /// Failed attempts from one IPv4 address or IPv6 /64 network. Default: 30, one forgotten every 10 seconds.
    pub per_ip: Throttle,
    /// Failed attempts for one account from everywhere. When they are used up, each network has `per_account_and_ip`, so
    /// that nobody can lock the owner out. Default: 20, one forgotten every 30 seconds.
    pub per_account: Throttle,
    /// Failed attempts for one account from one network while `per_account` is used up. Default: 5, one forgotten every
    /// 60 seconds.
    pub per_account_and_ip: Throttle,
}

impl Default for Authentication {
    fn default() -> Self {
        let throttle =
            |failures, seconds| Throttle { failures, forgotten_after: Duration::from_secs(seconds) };
        Self {
            mechanisms: [
                "SCRAM-SHA-512-PLUS",
                "SCRAM-SHA-256-PLUS",
                "SCRAM-SHA-1-PLUS",
                "SCRAM-SHA-512",
                "SCRAM-SHA-256",
                "SCRAM-SHA-1",
                "PLAIN",
            ]
            .map(str::to_owned)
            .to_vec(),
            iterations: 10_000,
            minimum_password_length: 8,
            failures_per_stream: 4,
            per_ip: throttle(30, 10),
            per_account: throttle(20, 30),
            per_account_and_ip: throttle(5, 60),
        }
    }
}
