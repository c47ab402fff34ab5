//! Resourceparts.

use std::borrow::Cow;

use super::{check_class, check_length, settle};
use crate::error::{Error, Part};
use crate::precis::{self, Class};

/// The canonical form of a resourcepart by the strict rules: `OpaqueString` (RFC 8265 §4.2), and no space at the
/// beginning (RFC 7622 §3.5, example 18).
///
/// # Errors
///
/// The first rule broken.
pub fn resource(raw: &str) -> Result<Cow<'_, str>, Error> {
    let prepared = if raw.is_ascii() {
        check_length(Part::Resource, raw)?;
        check_controls(raw)?;
        Cow::Borrowed(raw)
    } else {
        settle(Part::Resource, raw, opaque_string)?
    };
    if prepared.starts_with(' ') { Err(Error::LeadingSpace) } else { Ok(prepared) }
}

/// The canonical form of a resourcepart by the received rules: mapped as by [`resource`], but code points that
/// PRECIS refuses are kept.
///
/// Gives the same as [`resource`] for all that it accepts.
///
/// # Errors
///
/// [`Error::Empty`], [`Error::TooLong`], or [`Error::Forbidden`] for control characters and the noncharacters
/// U+FFFE and U+FFFF, which XML cannot carry (XML 1.0 §2.2).
pub fn received_resource(raw: &str) -> Result<Cow<'_, str>, Error> {
    if raw.is_ascii() {
        check_length(Part::Resource, raw)?;
        check_controls(raw)?;
        return Ok(Cow::Borrowed(raw));
    }
    settle(Part::Resource, raw, |raw| {
        check_controls(raw)?;
        let text = precis::nfc(precis::map_spaces(Cow::Borrowed(raw)));
        check_length(Part::Resource, &text)?;
        Ok(text)
    })
}

/// One round of the profile, its rules in the order of RFC 8265 §4.2.
fn opaque_string(raw: &str) -> Result<Cow<'_, str>, Error> {
    check_class(Part::Resource, raw, Class::Freeform)?;
    let text = precis::nfc(precis::map_spaces(Cow::Borrowed(raw)));
    check_length(Part::Resource, &text)?;
    Ok(text)
}

fn check_controls(text: &str) -> Result<(), Error> {
    match text.chars().find(|found| found.is_control() || matches!(found, '\u{fffe}' | '\u{ffff}')) {
        Some(found) => Err(Error::Forbidden { part: Part::Resource, found }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_are_mapped_and_the_rest_is_kept() {
        let cases = [
            ("Foo Bar", "Foo Bar"),
            ("x\u{3000}y", "x y"),
            ("e\u{301}", "é"),
            ("♚", "♚"),
            ("ＡＢＣ", "ＡＢＣ"),
            ("Ⅳ", "Ⅳ"),
            ("אa", "אa"),
        ];
        for (raw, canonical) in cases {
            assert_eq!(resource(raw).as_deref(), Ok(canonical), "{raw}");
            assert_eq!(received_resource(raw).as_deref(), Ok(canonical), "{raw}");
        }
    }

    #[test]
    fn code_points_newer_than_unicode_6_are_known() {
        for raw in ["🥰", "🫨", "\u{a7b3}", "𞤀𞤣𞤤𞤢𞤥", "\u{30000}"] {
            assert_eq!(resource(raw).as_deref(), Ok(raw));
        }
    }

    #[test]
    fn what_precis_refuses_is_kept_when_received() {
        for raw in [
            "\u{378}",
            "❤\u{fe0f}",
            "👨\u{200d}👩\u{200d}👧",
            " x",
            "a·b",
            "\u{202e}x",
            "\u{1100}",
            "\u{fdd0}",
        ] {
            assert!(resource(raw).is_err(), "{raw:?}");
            assert_eq!(received_resource(raw).as_deref(), Ok(raw), "{raw:?}");
        }
    }

    #[test]
    fn controls_and_lengths_are_refused_by_both_rules() {
        let ascii = "a".repeat(1024);
        let wide = "é".repeat(512);
        let cases = [
            ("", Error::Empty(Part::Resource)),
            (&ascii, Error::TooLong(Part::Resource)),
            (&wide, Error::TooLong(Part::Resource)),
            ("a\0", Error::Forbidden { part: Part::Resource, found: '\0' }),
            ("é\n", Error::Forbidden { part: Part::Resource, found: '\n' }),
            ("é\u{85}", Error::Forbidden { part: Part::Resource, found: '\u{85}' }),
            ("é\u{ffff}", Error::Forbidden { part: Part::Resource, found: '\u{ffff}' }),
        ];
        for (raw, error) in cases {
            assert_eq!(resource(raw), Err(error), "{raw:?}");
            assert_eq!(received_resource(raw), Err(error), "{raw:?}");
        }
    }
}
