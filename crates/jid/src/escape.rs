//! JID escaping (XEP-0106): characters that a localpart may not hold, as `\hh`.

use std::borrow::Cow;

/// The characters that are escaped and their escapes (XEP-0106 §3.2, table 1). Case is significant.
const ESCAPES: [(u8, &str); 10] = [
    (b' ', r"\20"),
    (b'"', r"\22"),
    (b'&', r"\26"),
    (b'\'', r"\27"),
    (b'/', r"\2f"),
    (b':', r"\3a"),
    (b'<', r"\3c"),
    (b'>', r"\3e"),
    (b'@', r"\40"),
    (b'\\', r"\5c"),
];

const SPACE: &str = r"\20";

/// Escapes what a human or another network calls a user, so that it can become a localpart (XEP-0106 §3.2, §4.2).
///
/// A backslash is escaped only where it would read as an escape. Spaces at the very beginning and end stay: they
/// have no escape there (§3.2), and preparing the localpart will refuse them. For text that is a URI, decode it
/// first (§4.2 step 1). Case is significant: `\2F` is no escape, but a localpart is lowered when it is prepared,
/// so lower text that may hold such before escaping it.
///
/// [`unescape`] undoes it for every text.
///
/// ```
/// assert_eq!(stonechat_jid::escape("d'artagnan"), r"d\27artagnan");
/// assert_eq!(stonechat_jid::escape(r"c:\5commas"), r"c\3a\5c5commas");
/// assert_eq!(stonechat_jid::escape(r"c:\net"), r"c\3a\net");
/// ```
pub fn escape(text: &str) -> Cow<'_, str> {
    let mut out = Output::new(text);
    for (place, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b' ' if place == 0 || place + 1 == text.len() => None,
            b'\\' => escape_at(text, place).map(|_| r"\5c"),
            _ => ESCAPES.iter().find(|(plain, _)| *plain == byte).map(|(_, escape)| *escape),
        };
        if let Some(escape) = escape {
            out.replace(place, 1, escape);
        }
    }
    out.finish()
}

/// Undoes [`escape`], to show a localpart to a human or hand it to another network (XEP-0106 §3.3).
///
/// What is no escape stays as it is (§4.3), and so does `\20` at the very beginning or end, where it may not be
/// an escape (§3.2). Never compare or route by the result (§4.1 rule 5).
///
/// ```
/// assert_eq!(stonechat_jid::unescape(r"space\20cadet"), "space cadet");
/// assert_eq!(stonechat_jid::unescape(r"foob\41r"), r"foob\41r");
/// ```
pub fn unescape(text: &str) -> Cow<'_, str> {
    let mut out = Output::new(text);
    let mut from = 0;
    while let Some(place) = text.get(from..).and_then(|rest| rest.find('\\')).map(|found| from + found) {
        from = place + 1;
        let at_the_edge = place == 0 || place + SPACE.len() == text.len();
        if let Some((plain, escape)) = escape_at(text, place)
            && !(escape == SPACE && at_the_edge)
        {
            out.replace(place, escape.len(), plain.encode_utf8(&mut [0; 4]));
            from = place + escape.len();
        }
    }
    out.finish()
}

/// The escape that begins at `place`, with the character it stands for.
fn escape_at(text: &str, place: usize) -> Option<(char, &'static str)> {
    let rest = text.as_bytes().get(place..)?;
    ESCAPES
        .iter()
        .find(|(_, escape)| rest.starts_with(escape.as_bytes()))
        .map(|(plain, escape)| (char::from(*plain), *escape))
}

/// The text with replacements, copied only once there is one.
struct Output<'a> {
    source: &'a str,
    copied: String,
    /// How much of the source is in `copied`, in bytes.
    upto: usize,
}

impl<'a> Output<'a> {
    fn new(source: &'a str) -> Output<'a> {
        Output { source, copied: String::new(), upto: 0 }
    }

    /// Puts `with` in place of `len` bytes of ASCII at `place`, which lies behind all earlier replacements.
    fn replace(&mut self, place: usize, len: usize, with: &str) {
        if self.upto == 0 {
            self.copied.reserve(self.source.len() + with.len());
        }
        self.copied.push_str(self.source.get(self.upto..place).unwrap_or_default());
        self.copied.push_str(with);
        self.upto = place + len;
    }

    fn finish(mut self) -> Cow<'a, str> {
        if self.upto == 0 {
            return Cow::Borrowed(self.source);
        }
        self.copied.push_str(self.source.get(self.upto..).unwrap_or_default());
        Cow::Owned(self.copied)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// XEP-0106 §5.1 table 3, then §4.2, §4.3, §5.2 and §5.5.
    const EXAMPLES: [(&str, &str); 19] = [
        ("space cadet", r"space\20cadet"),
        (r#"call me "ishmael""#, r"call\20me\20\22ishmael\22"),
        ("at&t guy", r"at\26t\20guy"),
        ("d'artagnan", r"d\27artagnan"),
        ("/.fanboy", r"\2f.fanboy"),
        ("::foo::", r"\3a\3afoo\3a\3a"),
        ("<foo>", r"\3cfoo\3e"),
        ("user@host", r"user\40host"),
        (r"c:\net", r"c\3a\net"),
        (r"c:\\net", r"c\3a\\net"),
        (r"c:\cool stuff", r"c\3a\cool\20stuff"),
        (r"c:\5commas", r"c\3a\5c5commas"),
        (r"\3and\2is\5cool", r"\5c3and\2is\5c5cool"),
        (r"\2plus\2is\4", r"\2plus\2is\4"),
        (r"foo\bar", r"foo\bar"),
        (r"foob\41r", r"foob\41r"),
        ("here's_a_wild_&_/cr%zy/_address", r"here\27s_a_wild_\26_\2fcr%zy\2f_address"),
        (
            r#"here's_a_wild_&_/cr%zy/_address_for:<wv>("IMPS")"#,
            r"here\27s_a_wild_\26_\2fcr%zy\2f_address_for\3a\3cwv\3e(\22IMPS\22)",
        ),
        ("treville@musketeers.lit", r"treville\40musketeers.lit"),
    ];

    #[test]
    fn the_examples_of_the_xep_hold_both_ways() {
        for (plain, escaped) in EXAMPLES {
            assert_eq!(escape(plain), escaped);
            assert_eq!(unescape(escaped), plain);
        }
    }

    #[test]
    fn an_escaped_space_is_never_first_or_last() {
        assert_eq!(escape(" a b "), r" a\20b ");
        assert_eq!(unescape(r"\20a\20b\20"), r"\20a b\20");
        assert_eq!(escape(r"\20a"), r"\5c20a");
        assert_eq!(escape(r"a\20"), r"a\5c20");
    }

    #[test]
    fn case_is_significant() {
        assert_eq!(unescape(r"\2F\3A\5C"), r"\2F\3A\5C");
        assert_eq!(escape(r"\2F"), r"\2F");
    }

    #[test]
    fn text_without_escapes_is_borrowed() {
        assert!(matches!(escape(r"plain\text"), Cow::Borrowed(_)));
        assert!(matches!(unescape(r"plain\text"), Cow::Borrowed(_)));
    }

    #[test]
    fn an_unescaped_backslash_does_not_begin_another_escape() {
        assert_eq!(unescape(r"\5c5c20"), r"\5c20");
        assert_eq!(unescape(r"\\27"), r"\'");
    }

    proptest! {
        #[test]
        fn unescaping_undoes_escaping(text in r#"([\\ "&'/:<>@023456789acef]|.){0,24}"#) {
            let escaped = escape(&text);
            prop_assert_eq!(unescape(&escaped), text.as_str());
        }

        #[test]
        fn what_is_escaped_holds_nothing_forbidden_inside(text in r#"[\\ "&'/:<>@2caf]{0,24}"#) {
            let escaped = escape(&text);
            prop_assert!(!escaped.trim_matches(' ').contains(['"', '&', '\'', '/', ':', '<', '>', '@']));
        }
    }
}
