//! The sessions of before a restart.

use std::collections::BTreeMap;

use bytes::Bytes;
use stonechat_store::{Error, Owner};

use super::Journal;
use super::entries::{Counters, Key, Written, chunk_key, counters_key, fingerprint, parse_chunk, record_key};
use super::record::Record;
use crate::mailbox::Unacknowledged;

/// So many accounts are looked at in one go.
const PAGE: u32 = 500;

/// A session that was there when the server ended.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) id: String,
    pub(crate) record: Record,
    pub(crate) counters: Counters,
    /// What the client had not acknowledged.
    pub(crate) stanzas: Vec<Unacknowledged>,
    pub(crate) written: Written,
}

impl Journal {
    /// The accounts of which there is something, those after `after`; none when there are no more.
    pub(crate) async fn owners(&self, after: Option<&Owner>) -> Result<Vec<Owner>, Error> {
        self.0.sessions.owners(after, PAGE).await
    }

    /// The sessions of an account. What cannot be read is logged, and removed with the session that it is of.
    pub(crate) async fn find(&self, owner: &Owner) -> Result<Vec<Found>, Error> {
        let mut sessions: BTreeMap<String, Pieces> = BTreeMap::new();
        for (key, value) in self.0.sessions.all(owner).await? {
            match Key::parse(&key) {
                Some(Key::Record(id)) => sessions.entry(id.to_owned()).or_default().record = Some(value),
                Some(Key::Counters(id)) => sessions.entry(id.to_owned()).or_default().counters = Some(value),
                Some(Key::Chunk(id, first)) => {
                    sessions.entry(id.to_owned()).or_default().chunks.push((first, value));
                }
                None => tracing::error!(key, "the journal has a key that means nothing"),
            }
        }
        let mut found = Vec::new();
        for (id, pieces) in sessions {
            let keys = pieces.keys(&id);
            match pieces.join(id) {
                Some(session) => found.push(session),
                None => {
                    tracing::error!(?owner, "a session in the journal cannot be read, and is given up");
                    self.remove(owner, keys).await?;
                }
            }
        }
        Ok(found)
    }

    /// Removes what there is of an account.
    pub(crate) async fn clear(&self, owner: &Owner) -> Result<(), Error> {
        self.0.sessions.clear(owner).await.map(drop)
    }

    async fn remove(&self, owner: &Owner, keys: Vec<String>) -> Result<(), Error> {
        let batch = self.0.store.batch();
        let batch = keys.iter().fold(batch, |batch, key| batch.delete_map(&self.0.sessions, owner, key));
        batch.commit().await.map(drop)
    }
}

/// What there is of a session in the store.
#[derive(Default)]
struct Pieces {
    record: Option<Bytes>,
    counters: Option<Bytes>,
    chunks: Vec<(u64, Bytes)>,
}

impl Pieces {
    fn keys(&self, id: &str) -> Vec<String> {
        let chunks = self.chunks.iter().map(|(first, _)| chunk_key(id, *first));
        [record_key(id), counters_key(id)].into_iter().chain(chunks).collect()
    }

    fn join(mut self, id: String) -> Option<Found> {
        let text = self.record?;
        let record = Record::parse(&text)?;
        let counters = Counters::parse(&self.counters?)?;
        self.chunks.sort_by_key(|(first, _)| *first);
        let (mut stanzas, mut written) = (Vec::new(), Written::default());
        for (first, bytes) in self.chunks {
            let chunk = parse_chunk(first, &bytes)?;
            written.chunks.push_back((first, first + (chunk.len() as u64).saturating_sub(1)));
            stanzas.extend(chunk.into_iter().filter(|stanza| stanza.number > counters.acked));
        }
        // They follow one another, or one would be taken for another.
        let in_order =
            stanzas.iter().zip(counters.acked + 1..).all(|(stanza, number)| stanza.number == number);
        written.record = Some(fingerprint(std::str::from_utf8(&text).ok()?));
        written.counters = Some(counters);
        in_order.then_some(Found { id, record, counters, stanzas, written })
    }
}
