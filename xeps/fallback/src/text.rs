//! The text that is left.

use std::ops::Range;

use stonechat_stanza::{Stanza, ns};

use crate::Fallback;

/// The body of a message without what is a fallback for one of `known`; `None` when there is no body, or nothing is left of it.
/// Fallbacks that cannot be read are left where they are.
#[must_use]
pub fn body_without(message: &Stanza, known: &[&str]) -> Option<String> {
    let body = message.find(ns::CLIENT, "body")?.element().ok()?.text();
    let fallbacks = message.children().filter_map(|child| child.parse::<Fallback>().ok());
    let known = |fallback: &Fallback| fallback.of.as_deref().is_some_and(|of| known.contains(&of));
    let mut parts = Vec::new();
    for fallback in fallbacks.filter(known) {
        if fallback.is_whole() {
            return None;
        }
        let end = |end: Option<u32>| end.map_or(usize::MAX, |end| end as usize);
        parts.extend(fallback.bodies.iter().map(|part| part.start.unwrap_or(0) as usize..end(part.end)));
    }
    Some(without(&body, &parts)).filter(|text| !text.is_empty())
}

/// A text without some parts of it, which are counted in code points (XEP-0426). Parts may overlap, be empty, and reach beyond the text.
#[must_use]
pub fn without(text: &str, parts: &[Range<usize>]) -> String {
    let left = |at: &usize| !parts.iter().any(|part| part.contains(at));
    text.chars().enumerate().filter(|(at, _)| left(at)).map(|(_, char)| char).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn left(body: &str, fallback: &str) -> Option<String> {
        let xml = format!("<message><body>{body}</body>{fallback}</message>");
        body_without(&Stanza::parse(xml.as_bytes()).expect("a stanza"), &["urn:a", "urn:b"])
    }

    fn fallback(of: &str, parts: &str) -> String {
        format!("<fallback xmlns='urn:xmpp:fallback:0' for='{of}'>{parts}</fallback>")
    }

    #[test]
    fn only_what_is_known_is_taken_away() {
        let part = "<body start='0' end='2'/>";
        assert_eq!(left("abcd", &fallback("urn:a", part)).as_deref(), Some("cd"));
        assert_eq!(left("abcd", &fallback("urn:other", part)).as_deref(), Some("abcd"));
        assert_eq!(left("abcd", "<fallback xmlns='urn:xmpp:fallback:0'/>").as_deref(), Some("abcd"));
        let two = fallback("urn:a", part) + &fallback("urn:b", "<body start='3'/>");
        assert_eq!(left("abcd", &two).as_deref(), Some("c"));
    }

    #[test]
    fn without_parts_the_whole_body_is_a_fallback() {
        assert_eq!(left("abcd", &fallback("urn:a", "")), None);
        assert_eq!(left("abcd", &fallback("urn:a", "<body/>")), None);
        assert_eq!(left("abcd", &fallback("urn:a", "<subject/>")).as_deref(), Some("abcd"));
    }

    #[test]
    fn characters_are_code_points() {
        assert_eq!(
            left("\u{1F44B}\u{1F3FD}ok", &fallback("urn:a", "<body start='0' end='2'/>")).as_deref(),
            Some("ok")
        );
    }

    #[test]
    fn a_part_that_cannot_be_read_takes_nothing_away() {
        assert_eq!(left("abcd", &fallback("urn:a", "<body start='x' end='2'/>")).as_deref(), Some("abcd"));
    }

    proptest! {
        #[test]
        fn what_is_left_is_of_the_text(text in ".{0,12}", start in 0_usize..20, end in 0_usize..20) {
            let left = without(&text, std::slice::from_ref(&(start..end)));
            let count = text.chars().count();
            prop_assert_eq!(left.chars().count(), count - count.min(end).saturating_sub(start));
        }
    }
}
