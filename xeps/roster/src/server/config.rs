//! The configuration.

use serde::{Deserialize, Serialize};

/// The commented default.
pub(super) const TEXT: &str = "\
# How many contacts a roster may have. 1 to 50000.
items = 2000
# How many groups a contact may be in. 0 to 1000.
groups = 50
# How long the name of a contact may be, in bytes. 0 to 10000.
name-length = 1023
# How long the name of a group may be, in bytes. 1 to 10000.
group-length = 1023
# How many subscription requests may wait for the answer of one account. 0 to 10000.
requests = 500
# How many of these may come from one domain.
requests-per-domain = 100
# How many removed contacts are remembered per roster, so that a client that was away learns of the removal
# without getting the whole roster. 0 to 10000.
removed = 100
";

/// Limits of a roster; see the commented default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// How many contacts a roster may have.
    pub items: usize,
    /// How many groups a contact may be in.
    pub groups: usize,
    /// How long the name of a contact may be, in bytes.
    pub name_length: usize,
    /// How long the name of a group may be, in bytes.
    pub group_length: usize,
    /// How many subscription requests may wait for the answer of one account.
    pub requests: usize,
    /// How many of these may come from one domain.
    pub requests_per_domain: usize,
    /// How many removed contacts are remembered per roster.
    pub removed: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            items: 2000,
            groups: 50,
            name_length: 1023,
            group_length: 1023,
            requests: 500,
            requests_per_domain: 100,
            removed: 100,
        }
    }
}

impl Config {
    /// Whether the values are in their ranges; else what is wrong.
    pub(super) fn check(&self) -> Result<(), String> {
        let ranges = [
            ("items", self.items, 1, 50_000),
            ("groups", self.groups, 0, 1_000),
            ("name-length", self.name_length, 0, 10_000),
            ("group-length", self.group_length, 1, 10_000),
            ("requests", self.requests, 0, 10_000),
            ("requests-per-domain", self.requests_per_domain, 0, 10_000),
            ("removed", self.removed, 0, 10_000),
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
        let problem = Config { items: 0, ..Config::default() }.check().unwrap_err();
        assert!(problem.contains("items"), "{problem}");
    }
}
