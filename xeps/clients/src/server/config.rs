//! The configuration.

use serde::{Deserialize, Serialize};

/// What is remembered of clients, and for how long (§6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// After how many days a client that stays away is forgotten, from 1 to 3650. One that still has tokens is listed all the same, without
    /// what else was known of it.
    pub keep_days: u32,
    /// How many installations of one account are remembered, from 1 to 1000; the ones that were away longest make room.
    pub clients_per_account: u32,
    /// Whether the names of software and device are kept, as the clients tell them.
    pub keep_names: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { keep_days: 60, clients_per_account: 64, keep_names: true }
    }
}

impl Config {
    pub(super) fn problem(&self) -> Option<&'static str> {
        if !(1..=3650).contains(&self.keep_days) {
            Some("`keep-days` is from 1 to 3650")
        } else if !(1..=1000).contains(&self.clients_per_account) {
            Some("`clients-per-account` is from 1 to 1000")
        } else {
            None
        }
    }
}

pub(super) const TEXT: &str = "\
# After how many days a client that stays away is forgotten, from 1 to 3650. One that still has tokens is listed all the
# same, without what else was known of it.
keep-days = 60
# How many installations of one account are remembered, from 1 to 1000; the ones that were away longest make room.
clients-per-account = 64
# Whether the names of software and device are kept, as the clients tell them.
keep-names = true
";
