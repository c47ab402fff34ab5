//! The string classes (RFC 8264 §4) by the algorithm of §8.

use icu_properties::props::{
    DefaultIgnorableCodePoint, GeneralCategory as Category, HangulSyllableType, NoncharacterCodePoint,
};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::{IsNormalized, is_nfkc_quick};

use super::context;

/// A string class: which code points a string may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// RFC 8264 §4.2: letters and digits, for names.
    Identifier,
    /// RFC 8264 §4.3: also spaces, symbols and punctuation, for text.
    Freeform,
}

/// The first code point that a class refuses, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is not allowed.
    Disallowed(char),
    /// Unicode has not assigned it.
    Unassigned(char),
    /// It is not allowed between these neighbours.
    Context(char),
}

/// The derived property of a code point (RFC 8264 §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Property {
    /// PVALID
    Valid,
    /// FREE_PVAL, which is ID_DIS
    FreeformOnly,
    /// CONTEXTJ or CONTEXTO
    Contextual,
    Disallowed,
    Unassigned,
}

/// Checks that a class allows each code point of the text where it stands. Takes time in proportion to the length.
pub(crate) fn check(text: &str, class: Class) -> Result<(), Refusal> {
    let mut contextual = false;
    for found in text.chars() {
        match property(found) {
            Property::Valid => {}
            Property::FreeformOnly if class == Class::Freeform => {}
            Property::Contextual => contextual = true,
            Property::FreeformOnly | Property::Disallowed => return Err(Refusal::Disallowed(found)),
            Property::Unassigned => return Err(Refusal::Unassigned(found)),
        }
    }
    if contextual { context::check(text).map_err(Refusal::Context) } else { Ok(()) }
}

/// The derived property, its categories in the order that RFC 8264 §8 prescribes.
pub(super) fn property(found: char) -> Property {
    match found {
        '\u{21}'..='\u{7e}' => return Property::Valid,
        '\0'..='\u{1f}' | '\u{7f}' => return Property::Disallowed,
        ' ' => return Property::FreeformOnly,
        _ => {}
    }
    if let Some(property) = exception(found) {
        return property;
    }
    // BackwardCompatible (§9.7) is empty.
    let category = CodePointMapData::<Category>::new().get(found);
    if category == Category::Unassigned && !CodePointSetData::new::<NoncharacterCodePoint>().contains(found) {
        Property::Unassigned
    } else if matches!(found, '\u{200c}' | '\u{200d}') {
        Property::Contextual
    } else if is_old_hangul_jamo(found)
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(found)
        || matches!(category, Category::Unassigned | Category::Control)
    {
        Property::Disallowed
    } else if has_compat(found) {
        Property::FreeformOnly
    } else {
        by_category(category)
    }
}

/// Exceptions (RFC 8264 §9.6), from RFC 5892 §2.6.
fn exception(found: char) -> Option<Property> {
    Some(match found {
        'ß' | 'ς' | '\u{6fd}' | '\u{6fe}' | '\u{f0b}' | '\u{3007}' => Property::Valid,
        '\u{b7}' | '\u{375}' | '\u{5f3}' | '\u{5f4}' | '\u{30fb}' => Property::Contextual,
        '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' => Property::Contextual,
        '\u{640}' | '\u{7fa}' | '\u{302e}' | '\u{302f}' | '\u{3031}'..='\u{3035}' | '\u{303b}' => {
            Property::Disallowed
        }
        _ => return None,
    })
}

/// OldHangulJamo (RFC 8264 §9.9), from RFC 5892 §2.9.
fn is_old_hangul_jamo(found: char) -> bool {
    let may_be = matches!(found, '\u{1100}'..='\u{11ff}' | '\u{a960}'..='\u{a97f}' | '\u{d7b0}'..='\u{d7ff}');
    may_be
        && matches!(
            CodePointMapData::<HangulSyllableType>::new().get(found),
            HangulSyllableType::LeadingJamo
                | HangulSyllableType::VowelJamo
                | HangulSyllableType::TrailingJamo
        )
}

/// HasCompat (RFC 8264 §9.17): NFKC makes something else of it.
fn has_compat(found: char) -> bool {
    is_nfkc_quick(std::iter::once(found)) == IsNormalized::No
}

/// LetterDigits, OtherLetterDigits, Spaces, Symbols and Punctuation (RFC 8264 §9.1, §9.14 to §9.18).
fn by_category(category: Category) -> Property {
    use Category::*;
    match category {
        LowercaseLetter | UppercaseLetter | OtherLetter | DecimalNumber | ModifierLetter | NonspacingMark
        | SpacingMark => Property::Valid,
        TitlecaseLetter | LetterNumber | OtherNumber | EnclosingMark => Property::FreeformOnly,
        SpaceSeparator => Property::FreeformOnly,
        MathSymbol | CurrencySymbol | ModifierSymbol | OtherSymbol => Property::FreeformOnly,
        ConnectorPunctuation | DashPunctuation | OpenPunctuation | ClosePunctuation | InitialPunctuation
        | FinalPunctuation | OtherPunctuation => Property::FreeformOnly,
        _ => Property::Disallowed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use precis_core::{DerivedPropertyValue as Value, FreeformClass, IdentifierClass, StringClass};

    /// `precis-core` derives from the tables of Unicode 6.3; RFC 8264 §8 says the results are stable, so both agree
    /// on all that was assigned then, but for the changes Unicode made to properties since.
    #[test]
    fn every_code_point_of_unicode_6_3_agrees_with_an_independent_implementation() {
        let mut compared = 0;
        let mut different = Vec::new();
        for found in (0..=0x10ffff).filter_map(char::from_u32) {
            let property = property(found);
            let identifier = IdentifierClass::default().get_value_from_char(found);
            let freeform = FreeformClass::default().get_value_from_char(found);
            let expected = match (identifier, freeform) {
                (Value::Unassigned, _) => continue,
                (Value::PValid, Value::PValid) => Property::Valid,
                (Value::SpecClassDis, Value::SpecClassPval) => Property::FreeformOnly,
                (Value::ContextJ | Value::ContextO, _) => Property::Contextual,
                (Value::Disallowed, Value::Disallowed) => Property::Disallowed,
                other => panic!("U+{:04X}: {other:?}", found as u32),
            };
            compared += 1;
            if property != expected {
                different.push((found, property, expected));
            }
        }
        assert!(compared > 200_000, "{compared}");
        assert_eq!(different, []);
    }

    #[test]
    fn newer_code_points_are_derived_and_unassigned_ones_are_not() {
        assert_eq!(property('🥰'), Property::FreeformOnly);
        assert_eq!(property('\u{a7b3}'), Property::Valid);
        assert_eq!(property('𞤀'), Property::Valid);
        assert_eq!(property('\u{30000}'), Property::Valid);
        assert_eq!(property('\u{378}'), Property::Unassigned);
        assert_eq!(property('\u{ffff}'), Property::Disallowed);
    }

    #[test]
    fn the_first_refused_code_point_is_named() {
        assert_eq!(check("a b", Class::Identifier), Err(Refusal::Disallowed(' ')));
        assert_eq!(check("a b", Class::Freeform), Ok(()));
        assert_eq!(check("a\u{378}", Class::Freeform), Err(Refusal::Unassigned('\u{378}')));
        assert_eq!(check("a\u{200d}b", Class::Freeform), Err(Refusal::Context('\u{200d}')));
        assert_eq!(check("❤\u{fe0f}", Class::Freeform), Err(Refusal::Disallowed('\u{fe0f}')));
    }
}
