//! The rule: which texts have one of the words in them.

use std::collections::BTreeSet;

/// Words, in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words(BTreeSet<String>);

/// A word as it is kept; `None` if it is none: empty, or with something in it that is neither a letter nor a digit.
pub(crate) fn word(text: &str) -> Option<String> {
    let is_word = !text.is_empty() && text.chars().all(char::is_alphanumeric);
    is_word.then(|| text.to_lowercase())
}

impl Words {
    /// Whether one of the words is in a text, as a whole word.
    #[must_use]
    pub fn are_in(&self, text: &str) -> bool {
        let mut words = text.split(|c: char| !c.is_alphanumeric()).filter_map(word);
        !self.0.is_empty() && words.any(|word| self.0.contains(&word))
    }

    /// The words in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    #[cfg(feature = "server")]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Those that are not among others.
    #[cfg(feature = "server")]
    pub(crate) fn difference<'a>(&'a self, others: &'a Self) -> impl Iterator<Item = &'a str> {
        self.0.difference(&others.0).map(String::as_str)
    }

    /// With further ones.
    #[cfg(feature = "server")]
    pub(crate) fn with(&self, more: &[String]) -> Self {
        Self(self.0.iter().chain(more).cloned().collect())
    }

    /// Without some.
    #[cfg(feature = "server")]
    pub(crate) fn without(&self, some: &[String]) -> Self {
        Self(self.0.iter().filter(|word| !some.contains(word)).cloned().collect())
    }
}

/// Of texts that are words; others are left out.
impl<T: AsRef<str>> FromIterator<T> for Words {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        Self(texts.into_iter().filter_map(|text| word(text.as_ref())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_whole_and_in_any_case() {
        let words = Words::from_iter(["Rain", "öl"]);
        for (text, found) in [
            ("rain", true),
            ("RAIN!", true),
            ("it rains", false),
            ("a rain-coat", true),
            ("rainbow", false),
            ("Öl?", true),
            ("", false),
        ] {
            assert_eq!(words.are_in(text), found, "{text}");
        }
        assert!(!Words::default().are_in("rain"));
    }

    #[test]
    fn a_word_has_letters_and_digits_only() {
        assert_eq!(word("R2D2").as_deref(), Some("r2d2"));
        for text in ["", "two words", "x!"] {
            assert_eq!(word(text), None, "{text}");
        }
    }
}
