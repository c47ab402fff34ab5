//! The configuration.

use serde::{Deserialize, Serialize};

/// The commented default.
pub(super) const TEXT: &str = "\
# How many nodes of push services an account may enable. 1 to 100.
registrations = 10
# How large the options may be that a client gives with a node, in bytes. 0 to 65536.
options-size = 4096
# In how many seconds an account's services get one notification at the most. 0 to 3600.
interval = 15
# Whether messages are pushed that are nothing to show, such as reactions. Without a summary, so that a client can tell.
quiet = true
# Whether push services, and those who carry their notifications, are told who has written the last message.
include-sender = false
# Whether they are told what it says.
include-body = false
";

/// See the commented default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// How many nodes an account may enable.
    pub registrations: u64,
    /// How large the options of a node may be, in bytes.
    pub options_size: usize,
    /// In how many seconds there is one notification at the most.
    pub interval: u64,
    /// Whether messages are pushed that are nothing to show.
    pub quiet: bool,
    /// Whether the services are told who has written.
    pub include_sender: bool,
    /// Whether the services are told what was written.
    pub include_body: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            registrations: 10,
            options_size: 4096,
            interval: 15,
            quiet: true,
            include_sender: false,
            include_body: false,
        }
    }
}

impl Config {
    /// Whether the values are in their ranges; else what is wrong.
    pub(super) fn check(&self) -> Result<(), String> {
        let ranges = [
            ("registrations", self.registrations, 1, 100),
            ("options-size", self.options_size as u64, 0, 65_536),
            ("interval", self.interval, 0, 3_600),
        ];
        match ranges.into_iter().find(|(_, value, least, most)| !(*least..=*most).contains(value)) {
            None => Ok(()),
            Some((key, value, least, most)) => {
                Err(format!("`{key}` is {value}; it goes from {least} to {most}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_out_of_range_is_named() {
        assert_eq!(Config::default().check(), Ok(()));
        let problem = Config { interval: 3_601, ..Config::default() }.check().unwrap_err();
        assert!(problem.contains("interval"), "{problem}");
    }
}
