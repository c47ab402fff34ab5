//! The configuration.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// How long tokens last, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// After how many days a token expires, from 1 to 365. A client that was away longer needs the password again.
    pub lifetime_days: u32,
    /// A token that is used when it has no more days left than these is replaced by a new one; from 0, for never, to `lifetime-days`.
    pub rotate_before_days: u32,
    /// How many installations of one account may have tokens, from 1 to 1000. When there are more, the one that was away longest loses
    /// its own.
    pub clients_per_account: u32,
    /// Whether tokens are also for clients that cannot bind them to the TLS connection (HT-SHA-256-NONE), as those in browsers.
    pub without_channel_binding: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            lifetime_days: 21,
            rotate_before_days: 14,
            clients_per_account: 32,
            without_channel_binding: true,
        }
    }
}

impl Config {
    pub(super) fn problem(&self) -> Option<&'static str> {
        if !(1..=365).contains(&self.lifetime_days) {
            Some("`lifetime-days` is from 1 to 365")
        } else if self.rotate_before_days > self.lifetime_days {
            Some("`rotate-before-days` is at most `lifetime-days`")
        } else if !(1..=1000).contains(&self.clients_per_account) {
            Some("`clients-per-account` is from 1 to 1000")
        } else {
            None
        }
    }

    pub(super) fn lifetime(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.lifetime_days))
    }

    pub(super) fn rotate_before_seconds(&self) -> i64 {
        24 * 3600 * i64::from(self.rotate_before_days)
    }

    /// The mechanisms, strongest first.
    pub(super) const fn mechanisms(&self) -> &'static [&'static str] {
        if self.without_channel_binding {
            &["HT-SHA-256-EXPR", "HT-SHA-256-ENDP", "HT-SHA-256-NONE"]
        } else {
            &["HT-SHA-256-EXPR", "HT-SHA-256-ENDP"]
        }
    }
}

pub(super) const TEXT: &str = "\
# After how many days a token expires, from 1 to 365. A client that was away longer needs the password again.
lifetime-days = 21
# A token that is used when it has no more days left than these is replaced by a new one; 0 for never.
rotate-before-days = 14
# How many installations of one account may have tokens, from 1 to 1000. When there are more, the one that was away longest
# loses its own.
clients-per-account = 32
# Whether tokens are also for clients that cannot bind them to the TLS connection (HT-SHA-256-NONE), as those in browsers.
without-channel-binding = true
";
