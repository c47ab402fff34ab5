//! The fastest path: addresses of lower-case letters, digits, `.`, `-` and (in the localpart) `_`, eight bytes at a
//! time in ordinary integers.
//!
//! Each byte of a word is tested in its own high bit. The tests first clear the high bit of every byte and add less
//! than 128, so that no byte carries into the next; bytes that are not ASCII are caught apart.

use crate::ascii::{MAX_LABEL_BYTES, Scan};
use crate::{MAX_BYTES, MAX_PART_BYTES};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The address `text` is, if it is one and this plain. Host names with `--` or of more than 63 bytes are left to
/// others.
#[inline]
pub(crate) fn scan(text: &str) -> Option<Scan> {
    let bytes = text.as_bytes();
    if bytes.len() > MAX_BYTES {
        return None;
    }
    let mut host = Host::default();
    let mut end = host.run::<true>(bytes, 0);
    let mut at = 0;
    if bytes.get(end) == Some(&b'@') {
        if end == 0 || end > MAX_PART_BYTES {
            return None;
        }
        at = end;
        host = Host::default();
        end = host.run::<false>(bytes, at + 1);
    }
    let start = if at == 0 { 0 } else { at + 1 };
    if !host.is_name(bytes, start, end) {
        return None;
    }
    let slash = match bytes.get(end) {
        None => 0,
        Some(b'/') if is_resource(bytes, end + 1) => end,
        Some(_) => return None,
    };
    Some(Scan { at: at as u16, slash: slash as u16, upper: false })
}

/// What a run of plain bytes has shown that matters if it is a host name.
struct Host {
    /// High bits of letters.
    letters: u64,
    /// High bits of underscores, which no host name has.
    underscores: u64,
    /// High bits of dots and hyphens that follow a dot or a hyphen or begin the run: an empty label, a label with a
    /// hyphen at an end, or two hyphens.
    doubled: u64,
    /// Whether the byte before the word was a dot or a hyphen, in the high bit of the lowest byte.
    after_mark: u64,
}

impl Default for Host {
    fn default() -> Host {
        Host { letters: 0, underscores: 0, doubled: 0, after_mark: 0x80 }
    }
}

impl Host {
    /// Goes from `from` to the first byte that is not plain (or the end) and returns its place.
    #[inline(always)]
    fn run<const LOCAL: bool>(&mut self, bytes: &[u8], from: usize) -> usize {
        let mut place = from;
        loop {
            let word = load(bytes, place);
            let low = word & !HIGH;
            let letters = between(low, b'a', b'z');
            let underscores = if LOCAL { equal(low, b'_') } else { 0 };
            // '-', '.', '/' and the digits stand in a row.
            let plain = (letters | between(low, b'-', b'9') | underscores) & !equal(low, b'/') & !word & HIGH;
            let stop = !plain & HIGH;
            // All bits below the first byte that is not plain.
            let run = stop.wrapping_sub(1) & !stop;
            // '-' and '.' are neighbours too.
            let marks = between(low, b'-', b'.') & HIGH & run;
            self.letters |= letters & run;
            self.underscores |= underscores & run;
            self.doubled |= marks & ((marks << 8) | self.after_mark);
            self.after_mark = marks >> 56;
            if stop != 0 {
                return place + stop.trailing_zeros() as usize / 8;
            }
            place += 8;
        }
    }

    /// Whether the run from `start` to `end` is surely a host name, and no IPv4 address.
    #[inline(always)]
    fn is_name(&self, bytes: &[u8], start: usize, end: usize) -> bool {
        self.letters & HIGH != 0
            && (self.underscores & HIGH) | self.doubled == 0
            && end - start <= MAX_LABEL_BYTES
            && !matches!(bytes.get(end - 1), Some(b'.' | b'-'))
    }
}

/// Whether the bytes from `from` on are an ASCII resourcepart by the strict rules. `from` is behind a host name.
#[inline(always)]
fn is_resource(bytes: &[u8], from: usize) -> bool {
    let length = bytes.len() - from;
    if length == 0 || length > MAX_PART_BYTES || bytes.get(from) == Some(&b' ') {
        return false;
    }
    let mut good = HIGH;
    let mut place = from;
    while let Some(word) = bytes.get(place..).and_then(<[u8]>::first_chunk) {
        good &= printable(u64::from_le_bytes(*word));
        place += 8;
    }
    match bytes.last_chunk() {
        // The rest, together with bytes before it: all of these are printable, or were looked at already.
        Some(word) => good &= printable(u64::from_le_bytes(*word)),
        None if bytes.iter().any(|byte| !matches!(byte, b' '..=b'~')) => return false,
        None => {}
    }
    good == HIGH
}

/// High bits of the bytes from `' '` to `'~'`.
#[inline(always)]
fn printable(word: u64) -> u64 {
    between(word & !HIGH, b' ', b'~') & !word & HIGH
}

/// High bits of the bytes from `from` to `to`, other bits undefined. No byte of `low` has its high bit set.
#[inline(always)]
const fn between(low: u64, from: u8, to: u8) -> u64 {
    low.wrapping_add(ONES * (0x80 - from as u64)) & !low.wrapping_add(ONES * (0x7f - to as u64))
}

/// High bits of the bytes that are `byte`, other bits undefined. No byte of `low` has its high bit set.
#[inline(always)]
const fn equal(low: u64, byte: u8) -> u64 {
    !(low ^ (ONES * byte as u64)).wrapping_add(ONES * 0x7f)
}

/// The eight bytes at `place`, the first one lowest, zeros behind the end. `place` is at most 7 behind the end.
#[inline(always)]
fn load(bytes: &[u8], place: usize) -> u64 {
    let Some(rest) = bytes.get(place..) else { return 0 };
    match (rest.first_chunk(), bytes.last_chunk()) {
        (Some(word), _) => u64::from_le_bytes(*word),
        (None, Some(word)) => {
            let known = 8 * (8 - rest.len()) as u32;
            u64::from_le_bytes(*word).checked_shr(known).unwrap_or(0)
        }
        (None, None) => rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ascii;
    use proptest::prelude::*;

    #[test]
    fn plain_addresses_are_recognised() {
        let cases = [
            ("a@b/c", (1, 3)),
            ("b", (0, 0)),
            ("b/c", (0, 1)),
            ("juliet@capulet.example/balcony", (6, 22)),
            ("ju_li-et.0@capulet0.example", (10, 0)),
            ("capulet.example/a resource with spaces, ~ and /@", (0, 15)),
            ("12345678@12345678.12345678a/12345678", (8, 27)),
            ("a@b-c.d-e-f/g", (1, 11)),
        ];
        for (text, places) in cases {
            assert_eq!(scan(text).map(|scan| (scan.at, scan.slash)), Some(places), "{text}");
        }
    }

    #[test]
    fn each_byte_is_judged_as_by_the_table_wherever_it_stands() {
        for template in ["0123456789@012345678a.b/0123456789", "0a@b/c", "012345678.0a", "a/0"] {
            for place in 0..template.len() {
                for byte in 0..128 {
                    let mut bytes = template.as_bytes().to_vec();
                    bytes[place] = byte;
                    let text = String::from_utf8(bytes).unwrap();
                    if let Some(found) = scan(&text) {
                        assert_eq!(ascii::by_table(&text), Some(found), "{text:?}");
                    }
                }
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_recognised_is_what_the_table_says(text in "[ab.]{0,12}@?[abz019.é-]{0,12}/?[a ~\u{7f}é\t]{0,12}") {
            if let Some(found) = scan(&text) {
                prop_assert_eq!(ascii::by_table(&text), Some(found));
            }
        }

        #[test]
        fn nothing_plain_is_missed(
            text in "([a-z0-9._-]{1,20}@)?[a-z][a-z0-9]{0,10}([.-][a-z0-9]{1,9}){0,4}(/[!-~][ -~]{0,20})?"
        ) {
            prop_assert!(scan(&text).is_some());
            prop_assert_eq!(ascii::by_table(&text), scan(&text));
        }
    }
}
