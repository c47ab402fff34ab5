//! Writing and reading of text: references, line ends, characters that XML cannot carry.

use std::borrow::Cow;

use memchr::memchr2;

use super::names::{char_at, is_xml_char};

/// Where the next byte is that text must not hold as it is; the replacement comes with it.
///
/// A carriage return is written as a reference because a reader turns it into a line feed (XML 1.0
/// §2.11), `>` because of `]]>`, and characters that XML has no way to say become U+FFFD.
fn text_replacement(bytes: &[u8], at: usize) -> Option<(&'static str, usize)> {
    Some(match bytes[at] {
        b'<' => ("&lt;", 1),
        b'>' => ("&gt;", 1),
        b'&' => ("&amp;", 1),
        b'\r' => ("&#xD;", 1),
        b'\t' | b'\n' => return None,
        0..0x20 => ("\u{FFFD}", 1),
        0xEF => match char_at(bytes, at) {
            Some((c, len)) if !is_xml_char(c) => ("\u{FFFD}", len),
            _ => return None,
        },
        _ => return None,
    })
}

/// The same for a value between single quotes, where a reader turns tabs and line feeds into spaces.
fn attribute_replacement(bytes: &[u8], at: usize) -> Option<(&'static str, usize)> {
    Some(match bytes[at] {
        b'\'' => ("&apos;", 1),
        b'"' => ("&quot;", 1),
        b'\t' => ("&#x9;", 1),
        b'\n' => ("&#xA;", 1),
        _ => return text_replacement(bytes, at),
    })
}

const TEXT: u8 = 1;
const ATTRIBUTE: u8 = 2;

/// Bytes for which a replacement may be due.
static SPECIAL: [u8; 256] = {
    let mut table = [0u8; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = TEXT | ATTRIBUTE;
        byte += 1;
    }
    table[b'\t' as usize] = ATTRIBUTE;
    table[b'\n' as usize] = ATTRIBUTE;
    table[b'<' as usize] = TEXT | ATTRIBUTE;
    table[b'>' as usize] = TEXT | ATTRIBUTE;
    table[b'&' as usize] = TEXT | ATTRIBUTE;
    table[b'\'' as usize] = ATTRIBUTE;
    table[b'"' as usize] = ATTRIBUTE;
    table[0xEF] = TEXT | ATTRIBUTE;
    table
};

/// How many bytes are looked at together.
const BLOCK: usize = 16;

/// Whether none of the bytes may need a replacement anywhere. Written so that it becomes vector instructions.
fn is_plain(block: &[u8; BLOCK]) -> bool {
    let special = |byte: u8| {
        (byte < 0x20)
            | (byte == b'<')
            | (byte == b'>')
            | (byte == b'&')
            | (byte == b'\'')
            | (byte == b'"')
            | (byte == 0xEF)
    };
    !block.iter().fold(false, |any, &byte| any | special(byte))
}

type Replacement = fn(&[u8], usize) -> Option<(&'static str, usize)>;

fn escape(bytes: &[u8], class: u8, replacement: Replacement, mut out: impl FnMut(&[u8])) {
    let (mut done, mut at) = (0, 0);
    while at < bytes.len() {
        if bytes[at..].first_chunk().is_some_and(is_plain) {
            at += BLOCK;
            continue;
        }
        // A rest that is shorter than a block is looked at as the end of one.
        if bytes.len() - at < BLOCK && bytes.last_chunk().is_some_and(is_plain) {
            break;
        }
        let end = bytes.len().min(at + BLOCK);
        while at < end {
            if SPECIAL[bytes[at] as usize] & class == 0 {
                at += 1;
                continue;
            }
            match replacement(bytes, at) {
                Some((instead, len)) => {
                    out(&bytes[done..at]);
                    out(instead.as_bytes());
                    at += len;
                    done = at;
                }
                None => at += 1,
            }
        }
    }
    out(&bytes[done..]);
}

/// Appends text as it has to stand between tags. Characters that XML cannot carry (U+0000 and such)
/// become U+FFFD.
pub fn escape_text(text: &str, out: &mut Vec<u8>) {
    escape(text.as_bytes(), TEXT, text_replacement, |part| out.extend_from_slice(part));
}

/// Appends a value as it has to stand between quotes of either kind, without the quotes. Characters that
/// XML cannot carry become U+FFFD.
pub fn escape_attribute(value: &str, out: &mut Vec<u8>) {
    escape_attribute_bytes(value.as_bytes(), out);
}

/// As [`escape_attribute`], for a value that is known to be UTF-8.
pub(crate) fn escape_attribute_bytes(value: &[u8], out: &mut Vec<u8>) {
    escape(value, ATTRIBUTE, attribute_replacement, |part| out.extend_from_slice(part));
}

/// How many bytes [`escape_attribute`] appends for a value in UTF-8.
pub(crate) fn escaped_len(value: &[u8]) -> usize {
    let mut len = 0;
    escape(value, ATTRIBUTE, attribute_replacement, |part| len += part.len());
    len
}

/// Resolves the references of well-formed text or of an attribute's value, and normalises it as a reader
/// of XML must: line ends become line feeds (XML 1.0 §2.11); in a value, whitespace becomes spaces
/// (§3.3.3). What is not a legal reference stays as it is.
pub fn unescape(raw: &str, attribute: bool) -> Cow<'_, str> {
    let bytes = raw.as_bytes();
    let plain = match attribute {
        true => !bytes.iter().any(|b| matches!(b, b'&' | b'\r' | b'\n' | b'\t')),
        false => memchr2(b'&', b'\r', bytes).is_none(),
    };
    if plain {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['&', '\r', '\n', '\t']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        match rest.as_bytes()[0] {
            b'&' => match reference(rest) {
                Some((c, len)) => {
                    text.push(c);
                    rest = &rest[len..];
                    continue;
                }
                None => text.push('&'),
            },
            b'\r' => {
                text.push(if attribute { ' ' } else { '\n' });
                if rest.as_bytes().get(1) == Some(&b'\n') {
                    rest = &rest[1..];
                }
            }
            _ if attribute => text.push(' '),
            other => text.push(char::from(other)),
        }
        rest = &rest[1..];
    }
    text.push_str(rest);
    Cow::Owned(text)
}

/// The reference at the start of `text`: its character, and how long it is.
fn reference(text: &str) -> Option<(char, usize)> {
    let end = text.find(';')?;
    Some((resolve(&text.as_bytes()[1..end]).ok()?, end + 1))
}

/// Why a reference resolves to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unresolved {
    /// It names an entity other than the predefined ones.
    Entity,
    /// It is no reference, or one to a character that is not allowed.
    Malformed,
}

/// What stands between `&` and `;` as a character (XML 1.0 §4.1, §4.6).
pub(super) fn resolve(name: &[u8]) -> Result<char, Unresolved> {
    Ok(match name {
        b"lt" => '<',
        b"gt" => '>',
        b"amp" => '&',
        b"apos" => '\'',
        b"quot" => '"',
        [b'#', b'x', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        [] => return Err(Unresolved::Malformed),
        [..] => return Err(Unresolved::Entity),
    })
}

fn number(digits: &[u8], radix: u32) -> Result<char, Unresolved> {
    if digits.is_empty() {
        return Err(Unresolved::Malformed);
    }
    let mut code = 0u32;
    for &digit in digits {
        let digit = char::from(digit).to_digit(radix).ok_or(Unresolved::Malformed)?;
        code = code.saturating_mul(radix).saturating_add(digit);
    }
    char::from_u32(code).filter(|c| is_xml_char(*c)).ok_or(Unresolved::Malformed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn escaped(text: &str, write: fn(&str, &mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn what_xml_cannot_carry_becomes_the_replacement_character() {
        assert_eq!(
            escaped("a\0b\u{FFFE}\u{FFFF}\u{FFFD}\u{1b}", escape_text),
            "a\u{FFFD}b\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"
        );
    }

    #[test]
    fn references_to_characters_that_xml_forbids_are_none() {
        for name in [
            "#0",
            "#x1",
            "#xFFFE",
            "#xD800",
            "#x110000",
            "#99999999999999999999",
            "#",
            "#x",
            "#-1",
            "#xg",
            "",
        ] {
            assert_eq!(resolve(name.as_bytes()), Err(Unresolved::Malformed), "{name}");
        }
        for name in ["nbsp", "LT", "x", "#X41"] {
            assert!(resolve(name.as_bytes()).is_err(), "{name}");
        }
        assert_eq!(resolve(b"#x0000000000000000041"), Ok('A'));
        assert_eq!(resolve(b"#65"), Ok('A'));
    }

    #[test]
    fn line_ends_and_whitespace_are_normalised() {
        assert_eq!(unescape("a\r\nb\rc\nd&#xD;\te", false), "a\nb\nc\nd\r\te");
        assert_eq!(unescape("a\r\nb\rc\nd&#xA;\te", true), "a b c d\n e");
    }

    proptest! {
        #[test]
        fn escaping_comes_back(text in any::<String>()) {
            let carried: String = text.chars().map(|c| if is_xml_char(c) { c } else { '\u{FFFD}' }).collect();
            let written = escaped(&text, escape_text);
            prop_assert_eq!(&*unescape(&written, false), &carried);
            let value = escaped(&text, escape_attribute);
            prop_assert_eq!(&*unescape(&value, true), &carried);
            prop_assert_eq!(escaped_len(text.as_bytes()), value.len());
            prop_assert!(!value.contains(['<', '\'', '"', '\n', '\t']));
        }
    }
}
