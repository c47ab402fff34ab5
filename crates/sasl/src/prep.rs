//! SASLprep (RFC 4013), the form in which user names and passwords are compared and hashed.

use stringprep::tables;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

/// Longest string that is prepared, in bytes. Beyond what any mechanism has to take (RFC 4616 §2: 255 octets) and
/// the limit of a JID's localpart (RFC 7622 §3.3.1: 1023 octets).
pub const MAX_BYTES: usize = 1023;

/// What a string is prepared for (RFC 3454 §7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be stored or hashed for storage: code points that Unicode 3.2 had not assigned are refused, because what
    /// they normalise to may yet change.
    Stored,
    /// To be looked up or compared: unassigned code points are let through.
    Query,
}

/// Why a string cannot be prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing is left of it.
    #[error("the string is empty")]
    Empty,
    /// It is longer than [`MAX_BYTES`] before or after preparation.
    #[error("the string is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// RFC 4013 §2.3: a control character, private use, and the like.
    #[error("the string contains a prohibited character")]
    Prohibited,
    /// RFC 4013 §2.4: right-to-left text mixed with left-to-right text.
    #[error("the string mixes text directions")]
    Bidirectional,
    /// RFC 4013 §2.5: a code point that Unicode 3.2 does not know, in a string to be stored.
    #[error("the string contains a character that is not assigned in Unicode 3.2")]
    Unassigned,
}

/// Prepares a string with SASLprep. The result is never empty and is wiped when dropped.
///
/// ```
/// use stonechat_sasl::prep::{Error, Purpose, saslprep};
///
/// assert_eq!(*saslprep("I\u{AD}X", Purpose::Stored).unwrap(), "IX");
/// assert_eq!(saslprep("\u{7}", Purpose::Stored), Err(Error::Prohibited));
/// ```
///
/// # Errors
/// See [`Error`].
pub fn saslprep(string: &str, purpose: Purpose) -> Result<Zeroizing<String>, Error> {
    if string.len() > MAX_BYTES {
        return Err(Error::TooLong);
    }
    if string.is_empty() {
        return Err(Error::Empty);
    }
    if string.bytes().all(|byte| (0x20..0x7F).contains(&byte)) {
        return Ok(Zeroizing::new(string.to_owned()));
    }
    // The longest NFKC form of a code point is 33 bytes from 3 (Unicode TR 15 §9); with the room reserved, no
    // half-built copy of a password is left behind on the heap.
    let mut mapped = Zeroizing::new(String::with_capacity(string.len()));
    mapped.extend(string.chars().filter(|&c| !tables::commonly_mapped_to_nothing(c)).map(space));
    // The check is on the input too: what newer tables map to an old character was still unassigned.
    if purpose == Purpose::Stored && mapped.chars().any(tables::unassigned_code_point) {
        return Err(Error::Unassigned);
    }
    let mut prepared = Zeroizing::new(String::with_capacity(string.len() * 11));
    prepared.extend(mapped.nfkc());
    check(&prepared, purpose)?;
    Ok(prepared)
}

/// RFC 4013 §2.1: non-ASCII spaces become the space.
fn space(c: char) -> char {
    if tables::non_ascii_space_character(c) { ' ' } else { c }
}

fn check(prepared: &str, purpose: Purpose) -> Result<(), Error> {
    if prepared.is_empty() {
        return Err(Error::Empty);
    }
    if prepared.len() > MAX_BYTES {
        return Err(Error::TooLong);
    }
    if prepared.chars().any(prohibited) {
        return Err(Error::Prohibited);
    }
    if purpose == Purpose::Stored && prepared.chars().any(tables::unassigned_code_point) {
        return Err(Error::Unassigned);
    }
    if bidirectional(prepared) { Ok(()) } else { Err(Error::Bidirectional) }
}

/// RFC 4013 §2.3.
fn prohibited(c: char) -> bool {
    tables::non_ascii_space_character(c)
        || tables::ascii_control_character(c)
        || tables::non_ascii_control_character(c)
        || tables::private_use(c)
        || tables::non_character_code_point(c)
        || tables::surrogate_code(c)
        || tables::inappropriate_for_plain_text(c)
        || tables::inappropriate_for_canonical_representation(c)
        || tables::change_display_properties_or_deprecated(c)
        || tables::tagging_character(c)
}

/// RFC 3454 §6: with any right-to-left character there is no left-to-right one, and it begins and ends with one.
pub(crate) fn bidirectional(string: &str) -> bool {
    if !string.contains(tables::bidi_r_or_al) {
        return true;
    }
    !string.contains(tables::bidi_l)
        && string.starts_with(tables::bidi_r_or_al)
        && string.ends_with(tables::bidi_r_or_al)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stored(string: &str) -> Result<String, Error> {
        saslprep(string, Purpose::Stored).map(|prepared| (*prepared).clone())
    }

    #[test]
    fn the_examples_of_rfc_4013_section_3_hold() {
        assert_eq!(stored("I\u{AD}X"), Ok("IX".into()));
        assert_eq!(stored("user"), Ok("user".into()));
        assert_eq!(stored("USER"), Ok("USER".into()));
        assert_eq!(stored("\u{AA}"), Ok("a".into()));
        assert_eq!(stored("\u{2168}"), Ok("IX".into()));
        assert_eq!(stored("\u{7}"), Err(Error::Prohibited));
        assert_eq!(stored("\u{627}\u{31}"), Err(Error::Bidirectional));
    }

    #[test]
    fn the_code_points_that_rfc_5802_section_3_names_are_folded() {
        assert_eq!(stored("\u{BD}"), Ok("1\u{2044}2".into()));
        assert_eq!(stored("\u{B4}"), Ok(" \u{301}".into()));
        assert_eq!(stored("a\u{A0}b"), Ok("a b".into()));
    }

    #[test]
    fn unassigned_code_points_are_for_queries_only() {
        assert_eq!(stored("\u{1F600}"), Err(Error::Unassigned));
        assert_eq!(*saslprep("\u{1F600}", Purpose::Query).unwrap(), "\u{1F600}");
        // Newer tables turn U+1F100 into "0.", which Unicode 3.2 did not.
        assert_eq!(stored("\u{1F100}"), Err(Error::Unassigned));
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        assert_eq!(stored(""), Err(Error::Empty));
        assert_eq!(stored("\u{AD}\u{200B}"), Err(Error::Empty));
        assert_eq!(stored(&"a".repeat(MAX_BYTES)).map(|s| s.len()), Ok(MAX_BYTES));
        assert_eq!(stored(&"a".repeat(MAX_BYTES + 1)), Err(Error::TooLong));
        assert_eq!(stored(&"\u{FDFA}".repeat(300)), Err(Error::TooLong));
    }

    proptest! {
        #[test]
        fn what_is_stored_agrees_with_the_stringprep_crate(string in "\\PC{0,24}") {
            if let Ok(ours) = stored(&string) {
                prop_assert_eq!(ours, stringprep::saslprep(&string).unwrap().into_owned());
            }
        }

        #[test]
        fn a_stored_form_prepares_to_itself_as_a_query(string in any::<String>()) {
            if let Ok(once) = saslprep(&string, Purpose::Stored) {
                prop_assert_eq!(saslprep(&once, Purpose::Query), Ok(once));
            }
        }
    }
}
