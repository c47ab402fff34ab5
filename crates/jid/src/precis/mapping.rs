//! The mapping and normalisation rules of the profiles (RFC 8265 §3.3.1, §4.2.2). Each borrows what it need not
//! change.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::decompose_compatible;

/// Width mapping: fullwidth and halfwidth code points become their decomposition (UAX #11).
pub(crate) fn map_width(text: Cow<'_, str>) -> Cow<'_, str> {
    map(
        text,
        |found| matches!(found, '\u{3000}' | '\u{ff01}'..='\u{ffee}'),
        |found, out| {
            decompose_compatible(found, |part| out.push(part));
        },
    )
}

/// Case mapping: `toLowerCase()` of each code point, whatever stands beside it.
pub(crate) fn map_case(text: Cow<'_, str>) -> Cow<'_, str> {
    map(text, char::is_uppercase, |found, out| out.extend(found.to_lowercase()))
}

/// Additional mapping of OpaqueString: every space (general category Zs) becomes U+0020.
pub(crate) fn map_spaces(text: Cow<'_, str>) -> Cow<'_, str> {
    map(text, is_non_ascii_space, |_, out| out.push(' '))
}

/// Normalization Form C.
pub(crate) fn nfc(text: Cow<'_, str>) -> Cow<'_, str> {
    if unicode_normalization::is_nfc(&text) { text } else { Cow::Owned(text.nfc().collect()) }
}

fn is_non_ascii_space(found: char) -> bool {
    matches!(found, '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}')
}

/// Replaces the code points that `concerns` picks by what `replace` writes.
fn map<'a>(
    text: Cow<'a, str>,
    concerns: impl Fn(char) -> bool,
    replace: impl Fn(char, &mut String),
) -> Cow<'a, str> {
    let Some(first) = text.find(&concerns) else { return text };
    let mut out = String::with_capacity(text.len() + 8);
    let (kept, rest) = text.split_at(first);
    out.push_str(kept);
    for found in rest.chars() {
        if concerns(found) { replace(found, &mut out) } else { out.push(found) }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use icu_properties::CodePointMapData;
    use icu_properties::props::GeneralCategory;

    #[test]
    fn the_spaces_are_those_of_unicode() {
        for found in (0..=0x10ffff).filter_map(char::from_u32) {
            let space =
                CodePointMapData::<GeneralCategory>::new().get(found) == GeneralCategory::SpaceSeparator;
            assert_eq!(is_non_ascii_space(found) || found == ' ', space, "U+{:04X}", found as u32);
        }
    }

    #[test]
    fn canonical_text_is_borrowed() {
        for rule in [map_width, map_case, map_spaces, nfc] {
            assert!(matches!(rule(Cow::Borrowed("tëst 1")), Cow::Borrowed(_)));
        }
    }
}
