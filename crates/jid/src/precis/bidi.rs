//! The Bidi Rule (RFC 5893 §2).

use icu_properties::CodePointMapData;
use icu_properties::props::BidiClass;

/// Code points below this one are neither right-to-left letters nor Arabic numbers.
const FIRST_RIGHT_TO_LEFT: char = '\u{590}';

/// Whether a string that has right-to-left code points satisfies the six conditions; one that has none does.
pub(crate) fn satisfies_bidi(text: &str) -> bool {
    let right_to_left = |found: char| {
        found >= FIRST_RIGHT_TO_LEFT
            && matches!(
                class(found),
                BidiClass::RightToLeft | BidiClass::ArabicLetter | BidiClass::ArabicNumber
            )
    };
    !text.chars().any(right_to_left) || is_right_to_left_label(text)
}

fn class(found: char) -> BidiClass {
    CodePointMapData::<BidiClass>::new().get(found)
}

/// Conditions 1 to 4. Conditions 5 and 6 are those of left-to-right labels, which may hold no right-to-left code
/// point.
fn is_right_to_left_label(text: &str) -> bool {
    let first = text.chars().next().map(class);
    if !matches!(first, Some(BidiClass::RightToLeft | BidiClass::ArabicLetter)) {
        return false;
    }
    let (mut arabic, mut european) = (false, false);
    let mut last = None;
    for class in text.chars().map(class) {
        match class {
            BidiClass::ArabicNumber => arabic = true,
            BidiClass::EuropeanNumber => european = true,
            BidiClass::RightToLeft
            | BidiClass::ArabicLetter
            | BidiClass::EuropeanSeparator
            | BidiClass::CommonSeparator
            | BidiClass::EuropeanTerminator
            | BidiClass::OtherNeutral
            | BidiClass::BoundaryNeutral
            | BidiClass::NonspacingMark => {}
            _ => return false,
        }
        if class != BidiClass::NonspacingMark {
            last = Some(class);
        }
    }
    let ends_well = matches!(
        last,
        Some(
            BidiClass::RightToLeft
                | BidiClass::ArabicLetter
                | BidiClass::EuropeanNumber
                | BidiClass::ArabicNumber
        )
    );
    ends_well && !(arabic && european)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_six_conditions_hold() {
        for good in ["abc", "äö1", "אבג", "אב1", "א-ב", "עברית\u{5b0}", "عربي", "ع\u{661}", "א!"]
        {
            assert_eq!(satisfies_bidi(good), !good.ends_with('!'), "{good:?}");
        }
        let bad = ["1א", "aא", "אa", "אaב", "א-", "ע1\u{661}", "\u{661}a", "-א", "\u{661}", "א!"];
        for text in bad {
            assert!(!satisfies_bidi(text), "{text:?}");
        }
    }
}
