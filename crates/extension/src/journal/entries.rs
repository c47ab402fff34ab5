//! What the journal has in the store: for each session a record, its counters, and its stanzas in chunks.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use bytes::Bytes;
use jiff::Timestamp;
use stonechat_store::{Batch, Map, Owner};

use crate::mailbox::{Shelved, Unacknowledged};

/// The two counters of a session.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    /// How many stanzas of the client were handled.
    pub(crate) handled: u32,
    /// How many stanzas the client has acknowledged.
    pub(crate) acked: u64,
}

/// What is in the store of a session.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// The fingerprint of its record.
    pub(super) record: Option<u64>,
    pub(super) counters: Option<Counters>,
    /// The first and the last number in each chunk.
    pub(super) chunks: VecDeque<(u64, u64)>,
}

/// Tells one record from another, within this process.
pub(super) fn fingerprint(record: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    record.hash(&mut hasher);
    hasher.finish()
}

pub(super) fn record_key(id: &str) -> String {
    id.to_owned()
}

pub(super) fn counters_key(id: &str) -> String {
    format!("{id}#")
}

pub(super) fn chunk_key(id: &str, first: u64) -> String {
    format!("{id}/{first:016x}")
}

/// What a key is about, and of which session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Key<'a> {
    Record(&'a str),
    Counters(&'a str),
    Chunk(&'a str, u64),
}

impl<'a> Key<'a> {
    pub(super) fn parse(key: &'a str) -> Option<Self> {
        match (key.split_once('/'), key.strip_suffix('#')) {
            (Some((id, first)), _) => Some(Self::Chunk(id, u64::from_str_radix(first, 16).ok()?)),
            (None, Some(id)) => Some(Self::Counters(id)),
            (None, None) => Some(Self::Record(key)),
        }
    }
}

impl Counters {
    pub(super) fn to_bytes(self) -> Vec<u8> {
        [self.handled.to_be_bytes().as_slice(), &self.acked.to_be_bytes()].concat()
    }

    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (handled, acked) = bytes.split_first_chunk::<4>()?;
        let acked = acked.try_into().ok()?;
        Some(Self { handled: u32::from_be_bytes(*handled), acked: u64::from_be_bytes(acked) })
    }
}

/// Stanzas as one value: of each the time in milliseconds, the length, the bytes.
pub(super) fn chunk(stanzas: &[Unacknowledged]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(stanzas.iter().map(|stanza| stanza.bytes.len() + 12).sum());
    for stanza in stanzas {
        bytes.extend_from_slice(&stanza.at.as_millisecond().to_be_bytes());
        bytes.extend_from_slice(&u32::try_from(stanza.bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(&stanza.bytes);
    }
    bytes
}

/// The stanzas of a chunk, of which the first has this number; `None` if that is not one.
pub(super) fn parse_chunk(first: u64, mut bytes: &[u8]) -> Option<Vec<Unacknowledged>> {
    let mut stanzas = Vec::new();
    while let Some((at, rest)) = bytes.split_first_chunk::<8>() {
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (stanza, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        stanzas.push(Unacknowledged {
            number: first + stanzas.len() as u64,
            at: Timestamp::from_millisecond(i64::from_be_bytes(*at)).ok()?,
            bytes: stanza.to_vec(),
        });
        bytes = rest;
    }
    bytes.is_empty().then_some(stanzas)
}

/// A change of the store, which may have to be tried again.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Put(Owner, String, Bytes),
    Delete(Owner, String),
    /// What was stored elsewhere is in the journal now.
    Taken(Shelved),
}

impl Change {
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Put(_, key, value) => key.len() + value.len(),
            Self::Delete(_, key) => key.len(),
            Self::Taken(stored) => stored.id.len(),
        }
    }

    pub(super) fn add_to(&self, batch: Batch, map: &Map) -> Batch {
        match self {
            Self::Put(owner, key, value) => batch.put_map(map, owner, key, value.clone()),
            Self::Delete(owner, key) => batch.delete_map(map, owner, key),
            Self::Taken(Shelved { log, owner, id }) => batch.delete_entries(log, owner, vec![id.clone()]),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_tell_what_they_are_about() {
        assert_eq!(Key::parse(&record_key("ab")), Some(Key::Record("ab")));
        assert_eq!(Key::parse(&counters_key("ab")), Some(Key::Counters("ab")));
        assert_eq!(Key::parse(&chunk_key("ab", 300)), Some(Key::Chunk("ab", 300)));
        assert_eq!(Key::parse("ab/x"), None);
    }

    proptest! {
        #[test]
        fn a_chunk_comes_out_as_it_went_in(
            first in 1_u64..1 << 40,
            of in proptest::collection::vec((0_i64..4_000_000_000_000, proptest::collection::vec(any::<u8>(), 0..50)), 0..8),
        ) {
            let stanzas: Vec<_> = of
                .into_iter()
                .zip(first..)
                .map(|((at, bytes), number)| Unacknowledged {
                    number,
                    at: Timestamp::from_millisecond(at).expect("in range"),
                    bytes,
                })
                .collect();
            prop_assert_eq!(parse_chunk(first, &chunk(&stanzas)), Some(stanzas));
        }

        #[test]
        fn no_bytes_make_the_parsers_panic(bytes: Vec<u8>, key: String) {
            let _ = parse_chunk(1, &bytes);
            let _ = Counters::parse(&bytes);
            let _ = Key::parse(&key);
        }

        #[test]
        fn counters_come_out_as_they_went_in(handled: u32, acked: u64) {
            let counters = Counters { handled, acked };
            prop_assert_eq!(Counters::parse(&counters.to_bytes()), Some(counters));
        }
    }
}
