//! What is stored of an account: when the last of its resources became unavailable, and the words that it left.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use stonechat_stanza::Stanza;

use crate::Last;

/// The document of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// In seconds since 1970.
    at: i64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    status: String,
}

impl Record {
    /// Of a resource that became unavailable `now`, with this presence if it sent one. The status is cut to `most` bytes.
    pub(crate) fn new(now: Timestamp, presence: Option<&Stanza>, most: usize) -> Self {
        let status = presence.and_then(status).unwrap_or_default();
        Self { at: now.as_second(), status: cut(status, most) }
    }

    /// Reads a document; `None` when it is damaged.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }

    /// The document.
    pub(crate) fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a number and a text can be written as JSON")
    }

    /// The answer. A clock that was set back does not make it negative.
    pub(crate) fn answer(self, now: Timestamp) -> Last {
        let status = Some(self.status).filter(|status| !status.is_empty());
        Last { seconds: seconds_between(self.at, now.as_second()), status }
    }
}

/// From one second since 1970 to another, 0 when it is not later.
pub(crate) fn seconds_between(from: i64, to: i64) -> u64 {
    u64::try_from(to.saturating_sub(from)).unwrap_or(0)
}

/// The text of the first `<status/>`; there may be several in different languages (RFC 6121 §4.7.2.2).
fn status(presence: &Stanza) -> Option<String> {
    let status = presence.find(stonechat_stanza::ns::CLIENT, "status")?;
    Some(status.element().ok()?.text())
}

fn cut(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stonechat_stanza::presence;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_first_status_counts() {
        let presence = "<presence type='unavailable'><status>Heading Home</status><status xml:lang='cs'>Domů</status></presence>";
        let record = Record::new(at(100), Some(&Stanza::parse(presence.as_bytes()).unwrap()), 100);
        let expected = Last { seconds: 903, status: Some("Heading Home".to_owned()) };
        assert_eq!(record.answer(at(1003)), expected);
    }

    #[test]
    fn without_a_status_there_is_none() {
        let silent = Stanza::presence(presence::Type::Unavailable);
        for presence in [None, Some(&silent)] {
            assert_eq!(Record::new(at(1), presence, 9).answer(at(2)), Last { seconds: 1, status: None });
        }
    }

    #[test]
    fn a_clock_that_was_set_back_gives_zero() {
        assert_eq!(Record::new(at(100), None, 9).answer(at(50)).seconds, 0);
    }

    #[test]
    fn a_damaged_document_is_none() {
        assert_eq!(Record::read(b"{}"), None);
        assert_eq!(Record::read(b"\xff"), None);
    }

    proptest! {
        #[test]
        fn a_record_is_read_as_it_was_written(second in 0_i64..4_000_000_000, text in "\\PC{0,20}", most in 0_usize..30) {
            let status = cut(text.clone(), most);
            prop_assert!(status.len() <= most && text.starts_with(&status));
            let record = Record { at: second, status };
            prop_assert_eq!(Record::read(&record.write()), Some(record));
        }
    }
}
