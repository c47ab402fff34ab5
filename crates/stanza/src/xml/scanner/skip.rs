//! Passing over what needs no look.

/// The first `<`, `&` or `>` from `at` on, or the end.
#[inline(always)]
pub(super) fn skip_text(bytes: &[u8], at: usize) -> usize {
    skip(
        bytes,
        at,
        |b| (b == b'<') | (b == b'>') | (b == b'&'),
        |word| is_in(word, b'<') | is_in(word, b'>') | is_in(word, b'&'),
    )
}

/// The first quote, `<`, `&` or whitespace other than a space from `at` on, or the end.
#[inline(always)]
pub(super) fn skip_value(bytes: &[u8], at: usize) -> usize {
    skip(
        bytes,
        at,
        |b| (b == b'\'') | (b == b'"') | (b == b'<') | (b == b'&') | (b < b' '),
        |word| {
            is_in(word, b'\'')
                | is_in(word, b'"')
                | is_in(word, b'<')
                | is_in(word, b'&')
                | is_below(word, b' ')
        },
    )
}

/// The first byte from `at` on that stops, or the end.
///
/// Blocks without a stop are passed with vector instructions; the block with one is searched eight bytes
/// at a time. A call into `memchr` costs more than both for the usual length of a value.
#[inline(always)]
fn skip(bytes: &[u8], mut at: usize, stops: impl Fn(u8) -> bool, stops_in: impl Fn(u64) -> u64) -> usize {
    const BLOCK: usize = 16;
    while let Some(block) = bytes.get(at..at + BLOCK).and_then(|block| <&[u8; BLOCK]>::try_from(block).ok()) {
        if block.iter().fold(false, |stop, &b| stop | stops(b)) {
            break;
        }
        at += BLOCK;
    }
    while let Some(word) = bytes.get(at..at + 8).and_then(|word| <[u8; 8]>::try_from(word).ok()) {
        match stops_in(u64::from_le_bytes(word)) {
            0 => at += 8,
            hits => return at + hits.trailing_zeros() as usize / 8,
        }
    }
    while at < bytes.len() && !stops(bytes[at]) {
        at += 1;
    }
    at
}

const ONES: u64 = u64::from_le_bytes([1; 8]);
const HIGHS: u64 = ONES << 7;

/// Marks the bytes of `word` that are `byte`, in their highest bit. Only the lowest mark is exact.
fn is_in(word: u64, byte: u8) -> u64 {
    let zero = word ^ (ONES * u64::from(byte));
    zero.wrapping_sub(ONES) & !zero & HIGHS
}

/// Marks the bytes of `word` that are less than `bound` (at most 128), with the same caveat.
fn is_below(word: u64, bound: u8) -> u64 {
    word.wrapping_sub(ONES * u64::from(bound)) & !word & HIGHS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_stops_at_every_place() {
        for byte in 0..=255u8 {
            for at in 0..40 {
                let mut bytes = [b'x'; 45];
                bytes[at] = byte;
                let expected = |stops: bool| if stops { at } else { 45 };
                assert_eq!(skip_text(&bytes, 0), expected(b"<>&".contains(&byte)), "{byte}");
                assert_eq!(
                    skip_value(&bytes, 0),
                    expected(b"'\"<&".contains(&byte) || byte < 0x20),
                    "{byte}"
                );
            }
        }
    }

    #[test]
    fn the_first_of_several_stops() {
        for first in 0..20 {
            for second in first..20 {
                let mut bytes = [0x80; 20];
                (bytes[first], bytes[second]) = (b'<', b'&');
                bytes[first] = b'<';
                assert_eq!((skip_text(&bytes, 0), skip_value(&bytes, 0)), (first, first));
            }
        }
    }
}
