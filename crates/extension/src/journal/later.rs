//! Entries of logs that are written with what the journal writes, so that one commit is for many.

use stonechat_store::{Entry, Error, Log, Owner};

use super::{Inner, Journal};

/// With more bytes or entries than this, who has another waits.
const MOST_BYTES: usize = 16 << 20;
const MOST_ENTRIES: usize = 20_000;

/// Entries that are to be written, in order.
#[derive(Debug, Default)]
pub(super) struct Later {
    entries: Vec<(Log, Owner, Entry)>,
    bytes: usize,
    /// How many there ever were, and how many of them are written.
    queued: u64,
    written: u64,
}

impl Later {
    pub(super) const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    const fn has_room(&self) -> bool {
        self.bytes < MOST_BYTES && self.entries.len() < MOST_ENTRIES
    }

    pub(super) fn take(&mut self) -> Vec<(Log, Owner, Entry)> {
        self.bytes = 0;
        std::mem::take(&mut self.entries)
    }

    pub(super) fn note_written(&mut self, count: usize) {
        self.written += count as u64;
    }
}

impl Journal {
    /// Has entries appended to logs soon: before the acknowledgement of whatever stanza leads to them leaves (XEP-0198 §4), and with those of
    /// others. An entry whose id is there already is not appended again. Waits while too many wait.
    ///
    /// Cancel safe: when dropped while it waits, none of them is appended.
    pub async fn append(&self, entries: Vec<(Log, Owner, Entry)>) {
        loop {
            let mut written = std::pin::pin!(self.0.written.notified());
            written.as_mut().enable();
            {
                let mut state = self.0.state.lock();
                if state.later.has_room() || self.is_stopped() {
                    state.later.queued += entries.len() as u64;
                    state.later.bytes += entries.iter().map(|(_, _, entry)| entry.value.len()).sum::<usize>();
                    state.later.entries.extend(entries);
                    self.run(&mut state);
                    break;
                }
            }
            written.await;
        }
        self.wake(false);
    }

    /// Waits until all entries that were to be appended when this was called are in their logs.
    pub async fn appended(&self) {
        let target = self.0.state.lock().later.queued;
        loop {
            let mut written = std::pin::pin!(self.0.written.notified());
            written.as_mut().enable();
            if self.0.state.lock().later.written >= target || self.is_stopped() {
                return;
            }
            self.wake(true);
            written.await;
        }
    }
}

impl Inner {
    /// Appends entries, all in one batch, or, when one of them is there already, one by one.
    pub(super) async fn append_all(&self, entries: &[(Log, Owner, Entry)]) -> Result<(), Error> {
        match self.append_batch(entries).await {
            Err(error) if error.is_conflict() => {
                for entry in entries.chunks(1) {
                    match self.append_batch(entry).await {
                        Err(error) if error.is_conflict() => {}
                        done => done?,
                    }
                }
                Ok(())
            }
            done => done,
        }
    }

    async fn append_batch(&self, entries: &[(Log, Owner, Entry)]) -> Result<(), Error> {
        let batch = entries
            .iter()
            .fold(self.store.batch(), |batch, (log, owner, entry)| batch.append(log, owner, entry.clone()));
        batch.commit().await.map(drop)
    }
}
