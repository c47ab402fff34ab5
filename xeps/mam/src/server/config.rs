//! The configuration.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Policy;

/// The most that [`Config::max_page`] can be: what a store gives in one read.
const MOST_IN_PAGE: u32 = stonechat_store::MAX_PAGE;

/// What is archived, for how long, and how it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Whose messages are archived for an account that has not said anything else (XEP-0441 §2.1.1).
    pub default: ByDefault,
    /// How many messages an account's archive has at most; 0 for any number. The oldest go, soon after there are more.
    pub max_messages: u64,
    /// After how many days a message is deleted; 0 for never. One beyond that age is not told any more; it is deleted within
    /// a day or so.
    pub max_age_days: u32,
    /// How many messages a page has at most, and when nothing is said; 1 to 1000.
    pub max_page: u32,
    /// How many bytes the messages of a page have together at most; one is always there. Half of what a mailbox takes, so that a page fits.
    pub max_page_bytes: usize,
    /// Among how many messages, the last between the two, one that is retracted is looked for; 0 for no tombstones.
    pub retraction_depth: u32,
}

/// [`Policy`] as the configuration has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ByDefault {
    /// [`Policy::Always`]
    #[default]
    Always,
    /// [`Policy::Roster`]
    Roster,
    /// [`Policy::Never`]
    Never,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            default: ByDefault::Always,
            max_messages: 500_000,
            max_age_days: 365,
            max_page: 200,
            max_page_bytes: 1 << 19,
            retraction_depth: 1000,
        }
    }
}

impl Config {
    pub(super) fn problem(&self) -> Option<String> {
        let fits = (1..=MOST_IN_PAGE).contains(&self.max_page);
        (!fits).then(|| format!("`max-page` is from 1 to {MOST_IN_PAGE}"))
    }

    /// For accounts that have not said anything.
    pub(super) const fn policy(&self) -> Policy {
        match self.default {
            ByDefault::Always => Policy::Always,
            ByDefault::Roster => Policy::Roster,
            ByDefault::Never => Policy::Never,
        }
    }

    /// The time before which messages are too old, if any can be.
    pub(super) fn cutoff(&self, now: Timestamp) -> Option<Timestamp> {
        let age = SignedDuration::from_hours(24 * i64::from(self.max_age_days));
        (self.max_age_days > 0).then(|| now.checked_sub(age).unwrap_or(Timestamp::MIN))
    }
}

pub(super) const TEXT: &str = "\
# Whose messages are archived for an account that has not said anything else: \"always\", \"roster\" (of contacts) or
# \"never\".
default = \"always\"
# How many messages an account's archive has at most; 0 for any number. The oldest go.
max-messages = 500000
# After how many days a message is deleted; 0 for never.
max-age-days = 365
# How many messages a page has at most, 1 to 1000.
max-page = 200
# How many bytes the messages of a page have together at most.
max-page-bytes = 524288
# Among how many messages, the last between the two, one that is retracted is looked for; 0 for no tombstones.
retraction-depth = 1000
";
