//! Names of entries in logs. What is named one after the other sorts close together, so that the index over the names grows in one place
//! and not all over; 128 bits that nobody can guess follow.

use base64::Engine as _;
use base64::alphabet::Alphabet;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::NO_PAD;
use jiff::Timestamp;
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

/// The digits of Base 64 in the order of their characters, so that names sort as their bytes do.
const SORTED: &str = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
const ENGINE: GeneralPurpose = match Alphabet::new(SORTED) {
    Ok(alphabet) => GeneralPurpose::new(&alphabet, NO_PAD),
    Err(_) => panic!("64 different characters"),
};

/// Random bytes that are not used yet; asking the system for a few at a time would cost more than to use them.
static RANDOM: Mutex<([u8; 4096], usize)> = Mutex::new(([0; 4096], 4096));

/// A name that nothing has yet.
pub(crate) fn random(now: Timestamp) -> String {
    // 44 bits of milliseconds last until the year 2527. With 12 bits for the part of one that has gone by, what is named in a row sorts in
    // a row, and the index over names is only ever added to at its end.
    let nanoseconds = u128::try_from(now.as_nanosecond()).unwrap_or(0);
    let (milliseconds, rest) = (nanoseconds / 1_000_000, nanoseconds % 1_000_000);
    let at = (milliseconds << 12) | ((rest << 12) / 1_000_000);
    let [.., a, b, c, d, e, f, g] = at.to_be_bytes();
    text(&[a, b, c, d, e, f, g], random_bytes())
}

/// The name of what has this number among the things that have this key: always the same.
pub(crate) fn of(key: &[&[u8]], number: u64, what: &[u8]) -> String {
    let keyed = || key.iter().fold(Sha256::new(), |hash, part| hash.chain_update(part).chain_update([0]));
    let [.., last] = number.to_be_bytes();
    let group: [u8; 32] = keyed().chain_update((number >> 8).to_be_bytes()).finalize().into();
    let [a, b, c, d, e, ..] = group;
    let unique: [u8; 32] = keyed().chain_update(number.to_be_bytes()).chain_update(what).finalize().into();
    text(&[a, b, c, d, e, last], first(&unique))
}

fn text(sorting: &[u8], unique: [u8; 16]) -> String {
    let mut bytes = [0; 24];
    let (start, rest) = bytes.split_at_mut(sorting.len());
    start.copy_from_slice(sorting);
    rest[..unique.len()].copy_from_slice(&unique);
    ENGINE.encode(&bytes[..sorting.len() + unique.len()])
}

fn random_bytes() -> [u8; 16] {
    let (random, used) = &mut *RANDOM.lock();
    if *used == random.len() {
        getrandom::fill(random).expect("the system has random numbers");
        *used = 0;
    }
    let bytes = first(&random[*used..]);
    *used += 16;
    bytes
}

fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    std::array::from_fn(|at| bytes.get(at).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_given_later_sort_behind() {
        let at = |microseconds| Timestamp::from_microsecond(microseconds).expect("in range");
        let times = [1, 63, 64, 999, 1_000, 1_001, 4_095_999, 1_800_000_000_000_000, 1_800_000_000_000_001];
        let names: Vec<_> = times.map(|time| random(at(time))).into();
        assert!(names.is_sorted(), "{names:?}");
        assert!(names.iter().all(|name| name.len() == 31), "{names:?}");
    }

    #[test]
    fn names_of_one_moment_differ() {
        let names: BTreeSet<_> = (0..1_000).map(|_| random(Timestamp::UNIX_EPOCH)).collect();
        assert_eq!(names.len(), 1_000);
    }

    #[test]
    fn a_name_is_the_same_for_the_same_thing_and_only_for_it() {
        let name = of(&[b"key", b"juliet"], 7, b"text");
        assert_eq!(name, of(&[b"key", b"juliet"], 7, b"text"));
        for other in [
            of(&[b"key", b"romeo"], 7, b"text"),
            of(&[b"keyj", b"uliet"], 7, b"text"),
            of(&[b"key", b"juliet"], 8, b"text"),
            of(&[b"key", b"juliet"], 7, b"texts"),
        ] {
            assert_ne!(name, other);
        }
    }

    #[test]
    fn names_of_numbers_in_a_row_sort_in_a_row() {
        let names: Vec<_> = (512..768).map(|number| of(&[b"key"], number, b"text")).collect();
        assert!(names.is_sorted(), "{names:?}");
    }
}
