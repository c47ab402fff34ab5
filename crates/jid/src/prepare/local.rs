//! Localparts.

use std::borrow::Cow;

use super::{check_class, check_length, settle};
use crate::ascii;
use crate::error::{Error, Part};
use crate::precis::{self, Class};

/// The canonical form of a localpart: `UsernameCaseMapped` (RFC 8265 §3.3) without the characters that RFC 7622
/// §3.3.1 excludes.
///
/// # Errors
///
/// The first rule broken.
pub fn local(raw: &str) -> Result<Cow<'_, str>, Error> {
    if !raw.is_ascii() {
        return settle(Part::Local, raw, username_case_mapped);
    }
    check_length(Part::Local, raw)?;
    check_ascii(raw)?;
    if raw.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Ok(Cow::Owned(raw.to_ascii_lowercase()));
    }
    Ok(Cow::Borrowed(raw))
}

/// One round of the profile, its rules in the order of RFC 8265 §3.3.2 and §3.3.3.
fn username_case_mapped(raw: &str) -> Result<Cow<'_, str>, Error> {
    let text = precis::map_width(Cow::Borrowed(raw));
    check_class(Part::Local, &text, Class::Identifier)?;
    let text = precis::nfc(precis::map_case(text));
    if !precis::satisfies_bidi(&text) {
        return Err(Error::Bidi(Part::Local));
    }
    check_length(Part::Local, &text)?;
    check_ascii(&text)?;
    Ok(text)
}

/// Refuses the ASCII characters that may not be in a localpart.
fn check_ascii(text: &str) -> Result<(), Error> {
    match text.bytes().find(|&byte| byte.is_ascii() && !ascii::is_local(byte)) {
        Some(byte) => Err(Error::Forbidden { part: Part::Local, found: char::from(byte) }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_width_are_mapped() {
        let cases = [
            ("JULIET", "juliet"),
            ("Σ", "σ"),
            ("ΣΑΣ", "σασ"),
            ("ς", "ς"),
            ("ＪＵＬＩＥＴ", "juliet"),
            ("ﾃｽﾄ", "テスト"),
            ("A\u{30a}", "å"),
            ("İ", "i\u{307}"),
            ("fußball", "fußball"),
            ("𞤀𞤁", "𞤢𞤣"),
        ];
        for (raw, canonical) in cases {
            assert_eq!(local(raw).as_deref(), Ok(canonical), "{raw}");
        }
    }

    #[test]
    fn canonical_localparts_are_borrowed() {
        for raw in ["juliet", "jülïét", "тест", "テスト"] {
            assert!(matches!(local(raw), Ok(Cow::Borrowed(_))), "{raw}");
        }
    }

    #[test]
    fn excluded_characters_are_refused_however_they_are_written() {
        for found in ['"', '&', '\'', '/', ':', '<', '>', '@', ' ', '\u{7f}', '\0'] {
            assert_eq!(local(&format!("a{found}b")), Err(Error::Forbidden { part: Part::Local, found }));
            assert_eq!(local(&format!("ä{found}b")), Err(Error::Forbidden { part: Part::Local, found }));
        }
        assert_eq!(local("a＠b"), Err(Error::Forbidden { part: Part::Local, found: '@' }));
    }

    #[test]
    fn the_error_names_the_rule() {
        assert_eq!(local(""), Err(Error::Empty(Part::Local)));
        assert_eq!(local(&"a".repeat(1024)), Err(Error::TooLong(Part::Local)));
        assert_eq!(local(&"ä".repeat(512)), Err(Error::TooLong(Part::Local)));
        assert_eq!(local(&"ä".repeat(100_000)), Err(Error::TooLong(Part::Local)));
        assert_eq!(local("a\u{378}"), Err(Error::Unassigned { part: Part::Local, found: '\u{378}' }));
        assert_eq!(local("a·b"), Err(Error::Context { part: Part::Local, found: '·' }));
        assert_eq!(local("אa"), Err(Error::Bidi(Part::Local)));
        assert_eq!(local("l·l").as_deref(), Ok("l·l"));
    }
}
