//! Classes of bytes and characters: names (XML 1.0 §2.3 with the colon taken out, Namespaces §4).

/// May stand in a name.
pub(super) const NAME: u8 = 1;
/// May start a name.
pub(super) const NAME_START: u8 = 2;
/// Whitespace (production `S`).
pub(super) const SPACE: u8 = 4;

/// What each byte is. Bytes from 0x80 on have no class: the character they belong to decides.
pub(super) static CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0u8; 256];
    let mut byte = 0usize;
    while byte < 128 {
        table[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => NAME | NAME_START,
            b'0'..=b'9' | b'-' | b'.' => NAME,
            b' ' | b'\t' | b'\n' | b'\r' => SPACE,
            _ => 0,
        };
        byte += 1;
    }
    table
}

pub(super) fn is(byte: u8, class: u8) -> bool {
    CLASS[byte as usize] & class != 0
}

/// The first position from `at` on that is not whitespace.
pub(super) fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && is(bytes[at], SPACE) {
        at += 1;
    }
    at
}

/// The character that starts at `at` in bytes known to be UTF-8, and its length.
pub(super) fn char_at(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    let tail = |n: usize| bytes.get(at + n).map(|b| u32::from(b & 0x3F));
    let first = u32::from(*bytes.get(at)?);
    let (code, len) = match first {
        0..0x80 => (first, 1),
        0x80..0xE0 => ((first & 0x1F) << 6 | tail(1)?, 2),
        0xE0..0xF0 => ((first & 0x0F) << 12 | tail(1)? << 6 | tail(2)?, 3),
        _ => ((first & 0x07) << 18 | tail(1)? << 12 | tail(2)? << 6 | tail(3)?, 4),
    };
    Some((char::from_u32(code)?, len))
}

/// `NCNameStartChar`.
pub(super) fn is_name_start(c: char) -> bool {
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}'
        | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// `NCNameChar`.
pub(super) fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c,
            '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Is it a name without a colon?
pub(crate) fn is_ncname(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

/// `Char` (XML 1.0 §2.2).
pub(super) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_agrees_with_the_standard_library() {
        let mut buffer = [0; 4];
        for c in '\0'..=char::MAX {
            let encoded = c.encode_utf8(&mut buffer).as_bytes();
            assert_eq!(char_at(encoded, 0), Some((c, encoded.len())));
        }
        assert_eq!(char_at("é".as_bytes().get(..1).unwrap(), 0), None);
    }

    #[test]
    fn the_table_agrees_with_the_productions() {
        for c in '\0'..='\x7f' {
            assert_eq!(is(c as u8, NAME), is_name_char(c), "{c:?}");
            assert_eq!(is(c as u8, NAME_START), is_name_start(c), "{c:?}");
        }
    }

    #[test]
    fn names_follow_the_production() {
        for name in ["a", "_", "é", "日本", "a-b.c", "a1", "x·y"] {
            assert!(is_ncname(name), "{name}");
        }
        for name in ["", "1", "-a", ".a", "a b", "a:b", "·x", "a/", "\u{300}x", "×"] {
            assert!(!is_ncname(name), "{name}");
        }
    }
}
