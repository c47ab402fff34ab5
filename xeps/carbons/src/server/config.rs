//! The configuration.

use serde::{Deserialize, Serialize};

/// The most that [`Config::remembered`] can be.
const MOST_REMEMBERED: usize = 10_000;

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Whether `<private/>` is taken out of messages before clients get them. Version 1.0.1 of XEP-0280 neither requires nor forbids it
    /// any more (§9): with it, a recipient can tell that other devices have not got a message.
    pub strip_private: bool,
    /// How many eligible messages are remembered for each account with carbons enabled, 8 bytes each, so that errors which
    /// answer them are copied too (§6.1). At most 10000; 0 for none.
    pub remembered: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { strip_private: true, remembered: 200 }
    }
}

impl Config {
    pub(super) fn problem(&self) -> Option<String> {
        (self.remembered > MOST_REMEMBERED).then(|| format!("`remembered` is at most {MOST_REMEMBERED}"))
    }
}

pub(super) const TEXT: &str = "\
# Whether the mark <private/> is taken out of messages before clients get them. Where it is left in, a recipient can tell
# that the other devices have not got a message.
strip-private = true
# How many copied messages are remembered for each account, 8 bytes each, so that errors which answer them are copied
# as well. At most 10000; 0 for none.
remembered = 200
";
