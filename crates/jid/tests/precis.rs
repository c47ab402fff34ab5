//! The profiles against an independent implementation, which knows Unicode 6.3: on strings of the code points
//! assigned then, both give the same verdict and the same result.

use icu_properties::CodePointMapData;
use icu_properties::props::BidiClass;
use precis_core::profile::PrecisFastInvocation;
use precis_core::{DerivedPropertyValue, FreeformClass, StringClass};
use precis_profiles::{OpaqueString, UsernameCaseMapped};
use proptest::prelude::*;
use stonechat_jid::prepare;

fn assigned(found: &char) -> bool {
    FreeformClass::default().get_value_from_char(*found) != DerivedPropertyValue::Unassigned
}

fn code_point() -> impl Strategy<Value = char> {
    prop_oneof![
        3 => prop::char::range('a', 'z'),
        3 => prop::char::range('\u{a0}', '\u{5ff}'),
        2 => prop::char::range('\u{600}', '\u{6ff}'),
        2 => prop::char::range('\u{900}', '\u{97f}'),
        2 => prop::char::range('\u{3000}', '\u{30ff}'),
        2 => prop::char::range('\u{ff00}', '\u{ffef}'),
        1 => prop::sample::select(vec!['\u{200c}', '\u{200d}', '·', 'l', ' ', '1', '-']),
        2 => any::<char>(),
    ]
    .prop_filter("assigned in Unicode 6.3", assigned)
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(code_point(), 1..8).prop_map(String::from_iter)
}

/// What RFC 7622 adds to the profile.
fn excluded(text: &str) -> bool {
    text.contains(['"', '&', '\'', '/', ':', '<', '>', '@'])
}

/// The other implementation applies a profile once, which is not always a stable form (RFC 8264 §7). It cannot judge
/// a form in newer code points, as the lower case of Cherokee is.
fn stable(enforce: impl Fn(String) -> Option<String>, text: &str) -> Option<String> {
    let once = enforce(text.to_owned())?;
    if !once.chars().all(|found| assigned(&found)) {
        return Some(once);
    }
    let twice = enforce(once.clone())?;
    (once == twice).then_some(once)
}

/// The other implementation refuses nonspacing marks inside right-to-left strings, which the Bidi Rule allows
/// (RFC 5893 §2, conditions 2 and 3).
fn has_inner_marks(text: &str) -> bool {
    let has = |class| text.chars().any(|found| CodePointMapData::<BidiClass>::new().get(found) == class);
    has(BidiClass::NonspacingMark) && (has(BidiClass::RightToLeft) || has(BidiClass::ArabicLetter))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn localparts_are_enforced_alike(text in text().prop_filter("judged alike", |text| !has_inner_marks(text))) {
        let theirs = stable(|text| UsernameCaseMapped::enforce(text).ok().map(|text| text.into_owned()), &text)
            .filter(|text| !excluded(text));
        let ours = prepare::local(&text).ok();
        prop_assert_eq!(ours.as_deref(), theirs.as_deref());
    }

    #[test]
    fn resourceparts_are_enforced_alike(text in text()) {
        let theirs = stable(|text| OpaqueString::enforce(text).ok().map(|text| text.into_owned()), &text)
            .filter(|text| !text.starts_with(' '));
        let ours = prepare::resource(&text).ok();
        prop_assert_eq!(ours.as_deref(), theirs.as_deref());
    }
}

#[test]
fn every_single_code_point_is_enforced_alike() {
    let mut different = Vec::new();
    for found in (0..=0x10ffff).filter_map(char::from_u32).filter(assigned) {
        let text = found.to_string();
        let theirs = UsernameCaseMapped::enforce(text.as_str()).ok().filter(|text| !excluded(text));
        if prepare::local(&text).ok() != theirs {
            different.push(found);
        }
    }
    assert_eq!(different, Vec::<char>::new());
}
