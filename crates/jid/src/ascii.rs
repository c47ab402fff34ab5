//! The fast path: ASCII addresses, with no table but one of 256 bytes, and for [plain] ones not even that.
//!
//! What it accepts is an address by every rule; what it does not recognise (non-ASCII, errors, a trailing dot, IP
//! addresses, A-labels) goes to the general path, which decides and names the error.

use crate::{MAX_BYTES, MAX_PART_BYTES, plain};

/// Not allowed in a localpart: controls, space and RFC 7622 §3.3.1.
const NOT_LOCAL: u8 = 1;
/// Not a letter, digit, hyphen or dot.
const NOT_HOST: u8 = 1 << 1;
const UPPER: u8 = 1 << 2;
const HYPHEN: u8 = 1 << 3;
/// Neither a digit nor a dot: a host without any such byte claims to be an IPv4 address.
const NOT_NUMERIC: u8 = 1 << 4;
const AT: u8 = 1 << 5;
const SLASH: u8 = 1 << 6;
const DOT: u8 = 1 << 7;

const CLASS: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = class_of(byte as u8);
        byte += 1;
    }
    table
}

const fn class_of(byte: u8) -> u8 {
    let local = if is_local(byte) { 0 } else { NOT_LOCAL };
    local
        | match byte {
            b'a'..=b'z' => NOT_NUMERIC,
            b'A'..=b'Z' => NOT_NUMERIC | UPPER,
            b'0'..=b'9' => 0,
            b'-' => NOT_NUMERIC | HYPHEN,
            b'.' => DOT,
            b'@' => AT | NOT_HOST,
            b'/' => SLASH | NOT_HOST,
            _ => NOT_HOST,
        }
}

/// Whether an ASCII byte may stand in a localpart: printable, not a space, not excluded by RFC 7622 §3.3.1.
pub(crate) const fn is_local(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'&' | b'\'' | b'/' | b':' | b'<' | b'>' | b'@')
}

/// Where the separators of a valid ASCII address are (0: there is none), and whether it has to be lowered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scan {
    pub(crate) at: u16,
    pub(crate) slash: u16,
    /// The localpart or domainpart has upper-case letters.
    pub(crate) upper: bool,
}

/// The address `text` is, if it is one and ASCII.
#[inline]
pub(crate) fn scan(text: &str) -> Option<Scan> {
    plain::scan(text).or_else(|| by_table(text))
}

/// As [`scan`], byte by byte.
#[inline(never)]
pub(crate) fn by_table(text: &str) -> Option<Scan> {
    let bytes = text.as_bytes();
    if bytes.len() > MAX_BYTES {
        return None;
    }
    let (mut end, mut seen) = until(bytes, 0, AT | SLASH);
    let mut at = 0;
    let mut upper = seen & UPPER;
    if bytes.get(end) == Some(&b'@') {
        if seen & NOT_LOCAL != 0 || end == 0 || end > MAX_PART_BYTES {
            return None;
        }
        at = end;
        (end, seen) = until(bytes, at + 1, SLASH);
        upper |= seen & UPPER;
    }
    let start = if at == 0 { 0 } else { at + 1 };
    if seen & (NOT_HOST | NOT_NUMERIC) != NOT_NUMERIC || !labels_fit(bytes.get(start..end)?, seen) {
        return None;
    }
    let slash = if end == bytes.len() {
        0
    } else {
        if !is_resource(bytes.get(end + 1..)?) {
            return None;
        }
        end
    };
    Some(Scan { at: at as u16, slash: slash as u16, upper: upper != 0 })
}

/// The place of the first byte of a class in `stop` (or the end), and the classes seen before it.
#[inline(always)]
fn until(bytes: &[u8], from: usize, stop: u8) -> (usize, u8) {
    let mut seen = 0;
    let mut place = from;
    while let Some(&byte) = bytes.get(place) {
        let class = CLASS[usize::from(byte)];
        if class & stop != 0 {
            break;
        }
        seen |= class;
        place += 1;
    }
    (place, seen)
}

/// Whether the labels of a host name of letters, digits, hyphens and dots are NR-LDH labels, and short enough.
#[inline(always)]
fn labels_fit(host: &[u8], seen: u8) -> bool {
    if seen & HYPHEN != 0 {
        return host.len() <= MAX_HOST_BYTES && host.split(|&byte| byte == b'.').all(is_nr_ldh);
    }
    if host.len() > MAX_LABEL_BYTES {
        return host.len() <= MAX_HOST_BYTES
            && host
                .split(|&byte| byte == b'.')
                .all(|label| !label.is_empty() && label.len() <= MAX_LABEL_BYTES);
    }
    // No label can be too long here, so only empty ones are left to find.
    let mut after_dot = true;
    for &byte in host {
        let dot = byte == b'.';
        if dot && after_dot {
            return false;
        }
        after_dot = dot;
    }
    !after_dot
}

/// The longest label of a host name, in octets (RFC 1034 §3.1).
pub(crate) const MAX_LABEL_BYTES: usize = 63;
/// The longest host name, in octets without the root's dot (RFC 1034 §3.1).
pub(crate) const MAX_HOST_BYTES: usize = 253;

/// Whether a label of letters, digits and hyphens is an NR-LDH label (RFC 5890 §2.3.1): no hyphen at either end,
/// and none in both the third and fourth place, where A-labels have theirs.
pub(crate) fn is_nr_ldh(label: &[u8]) -> bool {
    let (Some(first), Some(last)) = (label.first(), label.last()) else { return false };
    label.len() <= MAX_LABEL_BYTES && *first != b'-' && *last != b'-' && label.get(2..4) != Some(b"--")
}

/// Whether the bytes are an ASCII resourcepart by the strict rules.
#[inline(always)]
fn is_resource(bytes: &[u8]) -> bool {
    let Some(first) = bytes.first() else { return false };
    let outside = bytes.iter().fold(false, |outside, byte| outside | (byte.wrapping_sub(b' ') > b'~' - b' '));
    !outside && *first != b' ' && bytes.len() <= MAX_PART_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_slash(text: &str) -> Option<(u16, u16)> {
        scan(text).map(|scan| (scan.at, scan.slash))
    }

    #[test]
    fn separators_are_found_in_every_shape() {
        assert_eq!(at_slash("a@b.c/d"), Some((1, 5)));
        assert_eq!(at_slash("a@b.c"), Some((1, 0)));
        assert_eq!(at_slash("b.c/d"), Some((0, 3)));
        assert_eq!(at_slash("b.c"), Some((0, 0)));
        assert_eq!(at_slash("a.example.com/b@example.net"), Some((0, 13)));
        assert_eq!(at_slash("a@b/c/d@e"), Some((1, 3)));
    }

    #[test]
    fn upper_case_counts_outside_the_resource_only() {
        assert_eq!(scan("a@b/C").map(|scan| scan.upper), Some(false));
        assert_eq!(scan("A@b/c").map(|scan| scan.upper), Some(true));
        assert_eq!(scan("a@B/c").map(|scan| scan.upper), Some(true));
    }

    #[test]
    fn anything_unusual_is_left_to_the_general_path() {
        let long_label = format!("a@{}.b", "c".repeat(64));
        let long_local = format!("{}@b", "a".repeat(1024));
        let long_host = format!("a@{}b", "c.".repeat(127));
        let unusual = [
            "",
            "@",
            "/",
            "a@",
            "@b",
            "a@b/",
            "/b",
            "a@b@c",
            "a@b..c",
            "a@.b",
            "a@b.",
            "a@b-/c",
            "a@-b",
            "a@b_c",
            "a@xn--bcher-kva.example",
            "a@ab--cd",
            "127.0.0.1",
            "a@1.2",
            "[::1]",
            "a b@c",
            "a\"@b",
            "a@b/ c",
            "a@b/\u{1}",
            "a@b/\u{7f}",
            "é@b",
            "a@é",
            "a@b/é",
            &long_label,
            &long_local,
            &long_host,
        ];
        for text in unusual {
            assert_eq!(scan(text), None, "{text}");
        }
    }

    #[test]
    fn lengths_up_to_the_limits_pass() {
        assert!(scan(&format!("{}@b", "a".repeat(1023))).is_some());
        assert!(scan(&format!("a@{}", "c".repeat(63))).is_some());
        assert!(scan(&format!("a@{}b", "c.".repeat(126))).is_some());
        assert!(scan(&format!("a@b/{}", "c".repeat(1023))).is_some());
        assert!(scan(&format!("a@b/{}", "c".repeat(1024))).is_none());
    }
}
