//! The configuration.

use serde::{Deserialize, Serialize};

use crate::report;

/// The commented default.
pub(super) const TEXT: &str = "\
# How many addresses an account may block. 1 to 10000.
items = 1000
# How many reports of abuse are kept for the operator in all; the oldest go first. 0 to 100000; with 0 none are taken.
reports = 1000
# How many of these may be from one account. 1 to 1000.
reports-per-account = 50
# How much of the words of a report is kept, in bytes. 0 to 20000.
report-text = 2000
# How many messages a report may name. 0 to 1000.
report-messages = 20
";

/// Limits; see the commented default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// How many addresses an account may block.
    pub items: usize,
    /// How many reports are kept in all; with 0 none are taken.
    pub reports: usize,
    /// How many of these may be from one account.
    pub reports_per_account: usize,
    /// How much of the words of a report is kept, in bytes.
    pub report_text: usize,
    /// How many messages a report may name.
    pub report_messages: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { items: 1000, reports: 1000, reports_per_account: 50, report_text: 2000, report_messages: 20 }
    }
}

impl Config {
    /// Whether the values are in their ranges; else what is wrong.
    pub(super) fn check(&self) -> Result<(), String> {
        let ranges = [
            ("items", self.items, 1, 10_000),
            ("reports", self.reports, 0, 100_000),
            ("reports-per-account", self.reports_per_account, 1, 1_000),
            ("report-text", self.report_text, 0, 20_000),
            ("report-messages", self.report_messages, 0, 1_000),
        ];
        match ranges.into_iter().find(|(_, value, least, most)| !(*least..=*most).contains(value)) {
            None => Ok(()),
            Some((key, value, least, most)) => {
                Err(format!("`{key}` is {value}; it goes from {least} to {most}"))
            }
        }
    }

    pub(super) const fn report(&self) -> report::Limits {
        report::Limits { text: self.report_text, stanza_ids: self.report_messages }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_out_of_range_is_named() {
        assert_eq!(Config::default().check(), Ok(()));
        let problem = Config { items: 0, ..Config::default() }.check().unwrap_err();
        assert!(problem.contains("items"), "{problem}");
    }
}
