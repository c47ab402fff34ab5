//! Entries of logs that are written with what the journal writes, so that one commit is for many.

use std::sync::atomic::Ordering;

use stonechat_store::{Batch, Entry, Log, MAX_VALUE, Owner, Store};
use tokio::time::sleep;

use super::flush::AGAIN;
use super::{Inner, Journal};

/// With more bytes or entries than this, who has another waits.
const MOST_BYTES: usize = 16 << 20;
const MOST_ENTRIES: usize = 20_000;

/// Entries that are to be written, in order.
#[derive(Debug, Default)]
pub(super) struct Later {
    batch: Option<Batch>,
    entries: usize,
    bytes: usize,
    /// How many there ever were, and how many of them are written.
    queued: u64,
    written: u64,
}

impl Later {
    pub(super) const fn is_empty(&self) -> bool {
        self.entries == 0
    }

    const fn has_room(&self) -> bool {
        self.bytes < MOST_BYTES && self.entries < MOST_ENTRIES
    }

    fn push(&mut self, store: &Store, log: &Log, owner: &Owner, entry: Entry) {
        if entry.size() > MAX_VALUE {
            // In one batch with the others it would keep them all from being written.
            return tracing::error!(?owner, id = entry.id, "an entry of a log is too large to be written");
        }
        self.queued += 1;
        self.entries += 1;
        self.bytes += entry.value.len();
        let batch = self.batch.take().unwrap_or_else(|| store.batch());
        self.batch = Some(batch.append_if_new(log, owner, entry));
    }

    /// What is to be written, and how many entries that is.
    pub(super) fn take(&mut self) -> (Option<Batch>, usize) {
        self.bytes = 0;
        (self.batch.take(), std::mem::take(&mut self.entries))
    }

    pub(super) fn note_written(&mut self, count: usize) {
        self.written += count as u64;
    }
}

impl Journal {
    /// Has entries appended to a log soon: before the acknowledgement of whatever stanza leads to them leaves (XEP-0198 §4), and with those of
    /// others. An entry whose id is there already is not appended again. Waits while too many wait.
    ///
    /// Cancel safe: when dropped while it waits, none of them is appended.
    pub async fn append(&self, log: &Log, entries: impl IntoIterator<Item = (Owner, Entry)> + Send) {
        let mut entries = Some(entries);
        while !self.queue(log, &mut entries) {
            let mut written = std::pin::pin!(self.0.written.notified());
            // Listen before trying, or an event in between is missed.
            written.as_mut().enable();
            if self.queue(log, &mut entries) {
                break;
            }
            written.await;
        }
        self.wake(false);
    }

    /// Queues the entries if there is room.
    fn queue(&self, log: &Log, entries: &mut Option<impl IntoIterator<Item = (Owner, Entry)>>) -> bool {
        let mut state = self.0.state.lock();
        if !state.later.has_room() && !self.is_stopped() {
            return false;
        }
        for (owner, entry) in entries.take().into_iter().flatten() {
            state.later.push(&self.0.store, log, &owner, entry);
        }
        self.run(&mut state);
        true
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
    /// Writes the entries, and tries again until they are written.
    pub(super) async fn write_entries(&self, batch: Option<Batch>) {
        let Some(mut batch) = batch else { return };
        while let Err(error) = batch.try_commit().await {
            tracing::error!(%error, "entries of a log cannot be written");
            // Where something is wrong with them there is nothing to try again.
            if batch.is_empty() || self.stopped.load(Ordering::Acquire) {
                return;
            }
            sleep(AGAIN).await;
        }
    }
}
