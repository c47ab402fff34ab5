//! The contextual rules (RFC 5892 appendix A), in one pass.

use icu_properties::CodePointMapData;
use icu_properties::props::{JoiningType, Script};
use unicode_normalization::char::canonical_combining_class;

/// The canonical combining class "Virama".
const VIRAMA: u8 = 9;

/// Checks each contextual code point of the text against its rule.
///
/// # Errors
///
/// The first one that breaks its rule.
pub(super) fn check(text: &str) -> Result<(), char> {
    let whole = Whole::of(text);
    let mut before = None;
    for (place, found) in text.char_indices() {
        let rest = text.get(place + found.len_utf8()..).unwrap_or_default();
        let after = rest.chars().next();
        let good = match found {
            '\u{200c}' => {
                before.is_some_and(is_virama) || breaks_cursive(text.get(..place).unwrap_or_default(), rest)
            }
            '\u{200d}' => before.is_some_and(is_virama),
            '\u{b7}' => before == Some('l') && after == Some('l'),
            '\u{375}' => after.is_some_and(|after| script(after) == Script::Greek),
            '\u{5f3}' | '\u{5f4}' => before.is_some_and(|before| script(before) == Script::Hebrew),
            '\u{30fb}' => whole.japanese,
            '\u{660}'..='\u{669}' => !whole.extended_digits,
            '\u{6f0}'..='\u{6f9}' => !whole.arabic_digits,
            _ => true,
        };
        if !good {
            return Err(found);
        }
        before = Some(found);
    }
    Ok(())
}

/// What rules A.7 to A.9 ask of the text as a whole.
#[derive(Default)]
struct Whole {
    /// A code point of the scripts Hiragana, Katakana or Han.
    japanese: bool,
    /// U+0660 to U+0669.
    arabic_digits: bool,
    /// U+06F0 to U+06F9.
    extended_digits: bool,
}

impl Whole {
    fn of(text: &str) -> Whole {
        let mut whole = Whole::default();
        for found in text.chars() {
            match found {
                '\u{660}'..='\u{669}' => whole.arabic_digits = true,
                '\u{6f0}'..='\u{6f9}' => whole.extended_digits = true,
                _ => {
                    whole.japanese |=
                        matches!(script(found), Script::Hiragana | Script::Katakana | Script::Han);
                }
            }
        }
        whole
    }
}

fn script(found: char) -> Script {
    CodePointMapData::<Script>::new().get(found)
}

fn is_virama(found: char) -> bool {
    canonical_combining_class(found) == VIRAMA
}

/// Rule A.1: the zero width non-joiner between `before` and `after` keeps two letters from joining. Transparent code
/// points do not count; no two non-joiners look at the same ones twice, as a non-joiner is not transparent.
fn breaks_cursive(before: &str, after: &str) -> bool {
    let joining = |found: char| CodePointMapData::<JoiningType>::new().get(found);
    let not_transparent = |kind: &JoiningType| *kind != JoiningType::Transparent;
    let left = before.chars().rev().map(joining).find(not_transparent);
    let right = after.chars().map(joining).find(not_transparent);
    matches!(left, Some(JoiningType::LeftJoining | JoiningType::DualJoining))
        && matches!(right, Some(JoiningType::RightJoining | JoiningType::DualJoining))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_of_the_registry_holds() {
        let good = [
            "\u{915}\u{94d}\u{200c}\u{937}", // A.1: after a virama
            "\u{628}\u{200c}\u{628}",        // A.1: between joining letters
            "\u{628}\u{64e}\u{200c}\u{64e}\u{628}",
            "\u{915}\u{94d}\u{200d}\u{937}", // A.2
            "l·l",                           // A.3
            "\u{375}α",                      // A.4
            "א\u{5f3}",                      // A.5
            "א\u{5f4}",                      // A.6
            "ア\u{30fb}b",                   // A.7
            "\u{660}\u{669}",                // A.8
            "\u{6f0}\u{6f9}",                // A.9
        ];
        for text in good {
            assert_eq!(check(text), Ok(()), "{text:?}");
        }
        let bad = [
            "a\u{200c}b",
            "\u{200c}",
            "\u{627}\u{200c}\u{628}",
            "\u{628}\u{200c}",
            "\u{200d}",
            "a\u{200d}",
            "l·",
            "·l",
            "a·l",
            "\u{375}a",
            "\u{375}",
            "a\u{5f3}",
            "\u{5f3}",
            "\u{5f4}א",
            "\u{30fb}",
            "a\u{30fb}b",
            "\u{660}\u{6f0}",
            "\u{6f0}\u{660}",
        ];
        for text in bad {
            assert!(check(text).is_err(), "{text:?}");
        }
    }
}
