//! The configuration.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use stonechat_store::Limit;

/// What is stored for an account, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// How many messages an account may have waiting; 0 for none. What comes back from a broken connection is counted apart, with the same
    /// limits, as it had been accepted before.
    pub max_messages: u64,
    /// How many bytes those may have together.
    pub max_bytes: u64,
    /// After how many days a message that was not fetched is deleted; 0 for never. A message beyond that age is never delivered; it is
    /// deleted when the account's next message is stored or the account comes online.
    pub max_age_days: u32,
    /// Whether strangers get an error for a message that cannot be delivered or stored. Those who may see the presence of the recipient
    /// always do.
    pub tell_strangers: bool,
    /// Whether messages that an archive has are not delivered any more to an account of which a session was bound together with its login
    /// (XEP-0386 §3.2), whether or not they have been read there.
    pub clear_at_bind: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_messages: 1000,
            max_bytes: 10 << 20,
            max_age_days: 0,
            tell_strangers: false,
            clear_at_bind: false,
        }
    }
}

impl Config {
    pub(super) const fn limit(&self) -> Limit {
        Limit { max_entries: self.max_messages, max_bytes: self.max_bytes }
    }

    /// The time before which messages are too old, if any can be.
    pub(super) fn cutoff(&self, now: Timestamp) -> Option<Timestamp> {
        let age = SignedDuration::from_hours(24 * i64::from(self.max_age_days));
        (self.max_age_days > 0).then(|| now.checked_sub(age).unwrap_or(Timestamp::MIN))
    }
}

pub(super) const TEXT: &str = "\
# How many messages may wait for an account; 0 for none. Who sends more gets an error, unless it is a stranger (tell-strangers).
max-messages = 1000
# How many bytes these messages may have together.
max-bytes = 10485760
# After how many days a message that was not fetched is deleted; 0 for never.
max-age-days = 0
# Whether strangers get an error for a message that is not delivered and not stored, as when there is no such account or it has as many
# messages waiting as it may. Without that nobody learns by messages who has an account and who is online, except those who
# may see the presence of the recipient; a message to a mistyped address vanishes then.
tell-strangers = false
# Whether messages that the archive has wait no longer once a client binds its session together with its login (XEP-0386), as
# that says a server must. Without that they wait until they were read, in the archive or here, also for clients that read no archive.
clear-at-bind = false
";
