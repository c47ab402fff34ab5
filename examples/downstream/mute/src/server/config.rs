//! The configuration.

use serde::{Deserialize, Serialize};

/// The section as people see it.
pub(super) const TEXT: &str = "\
# How many words an account may mute. 1 to 1000.
words = 100
# How long a word may be, in bytes. 1 to 500.
word-length = 50
# Whether a sender is told that a message was not taken. Who is told can find out the words.
tell-sender = false
";

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// How many words an account may mute.
    pub words: usize,
    /// How long a word may be, in bytes.
    pub word_length: usize,
    /// Whether a sender is told that a message was not taken.
    pub tell_sender: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self { words: 100, word_length: 50, tell_sender: false }
    }
}

impl Config {
    /// What is wrong with it, if anything is.
    pub(super) fn check(&self) -> Result<(), String> {
        let ranges = [("words", self.words, 1000), ("word-length", self.word_length, 500)];
        match ranges.into_iter().find(|(_, value, most)| !(1..=*most).contains(value)) {
            None => Ok(()),
            Some((key, value, most)) => Err(format!("`{key}` is {value}; it goes from 1 to {most}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_out_of_range_is_named() {
        assert_eq!(Config::default().check(), Ok(()));
        let problem = Config { words: 0, ..Config::default() }.check();
        assert_eq!(problem, Err("`words` is 0; it goes from 1 to 1000".to_owned()));
    }
}
