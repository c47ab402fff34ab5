//! The task that writes.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use stonechat_store::{Batch, Owner};
use tokio::time::{Instant, sleep};

use super::entries::{Change, Counters, chunk, chunk_key, counters_key, fingerprint, record_key};
use super::record::Record;
use super::{Inner, LAZY, UNIT};
use crate::mailbox::Gathered;
use crate::session::Session;

/// A batch has no more than so many bytes or changes; what goes beyond makes several, with the counters in the last.
const BATCH_BYTES: usize = 16 << 20;
const BATCH_CHANGES: usize = 10_000;
/// How long it waits to try again when the store fails.
pub(super) const AGAIN: Duration = Duration::from_secs(1);

/// Writes whenever there is something to write, as long as somebody holds the journal.
pub(super) async fn run(journal: Weak<Inner>) {
    loop {
        let Some(inner) = journal.upgrade() else { return };
        let (wanted, lazily) = (Arc::clone(&inner.wanted), Arc::clone(&inner.lazily));
        drop(inner);
        tokio::select! {
            () = wanted.notified() => {}
            () = lazily.notified() => {
                // Somebody may come who waits, and others for whom nobody does.
                tokio::select! {
                    () = wanted.notified() => {}
                    () = sleep(LAZY) => {}
                }
            }
        }
        let Some(inner) = journal.upgrade() else { return };
        if inner.stopped.load(Ordering::Acquire) {
            return;
        }
        inner.flush().await;
    }
}

/// What is to be written of a session.
struct Part {
    session: Arc<Session>,
    gathered: Gathered,
    counters: Counters,
}

impl Inner {
    async fn flush(&self) {
        let (parts, (batch, entries), time) = self.gather();
        let (mut changes, mut counters) = (Vec::new(), Vec::new());
        for part in &parts {
            part.changes(&mut changes, &mut counters);
        }
        changes.append(&mut counters);
        // Each is handed to the store before the other is waited for, so that one commit does for both.
        tokio::join!(self.write_entries(batch), self.write(changes));
        for part in &parts {
            if let Some(numbering) = part.session.numbering() {
                numbering.note_recorded();
            }
            if part.gathered.anything {
                part.session.mailbox().release(part.gathered.upto);
            }
        }
        {
            let mut state = self.state.lock();
            state.writing = false;
            if parts.iter().all(|part| !part.gathered.held_back) {
                state.complete = time;
            }
            state.later.note_written(entries);
        }
        self.written.notify_waiters();
    }

    /// Gathers a state that the server was in: no unit ends meanwhile. Says for which time.
    fn gather(&self) -> (Vec<Part>, (Option<Batch>, usize), u64) {
        let mut state = self.state.lock();
        state.writing = true;
        state.gathered += 1;
        let entries = state.later.take();
        let forced = state.held_back.is_some_and(|since| since.elapsed() >= UNIT);
        let mut parts = Vec::with_capacity(state.listed.len());
        let mut held_back = Vec::new();
        for session in std::mem::take(&mut state.listed) {
            let Some(numbering) = session.numbering() else { continue };
            numbering.listed.store(false, Ordering::Release);
            let gathered = session.mailbox().gather(|unit| forced || unit.has_ended());
            let counters = Counters { handled: numbering.handled(), acked: numbering.acked(&session) };
            if gathered.held_back {
                numbering.listed.store(true, Ordering::Release);
                held_back.push(Arc::clone(&session));
            }
            parts.push(Part { session, gathered, counters });
        }
        state.held_back = match held_back.is_empty() {
            true => None,
            false => state.held_back.filter(|_| !forced).or_else(|| Some(Instant::now())),
        };
        if state.held_back.is_some() {
            // Should the unit not end, they are looked at again all the same.
            self.lazily.notify_one();
        }
        state.listed.append(&mut held_back);
        (parts, entries, state.gathered)
    }

    async fn write(&self, changes: Vec<Change>) {
        let mut rest = changes.as_slice();
        while !rest.is_empty() {
            let mut bytes = 0;
            let fits = rest.iter().take(BATCH_CHANGES).take_while(|change| {
                bytes += change.size();
                bytes <= BATCH_BYTES
            });
            let (now, later) = rest.split_at(fits.count().max(1));
            rest = later;
            loop {
                let batch =
                    now.iter().fold(self.store.batch(), |batch, change| change.add_to(batch, &self.sessions));
                match batch.commit().await {
                    Ok(_) => break,
                    Err(error) => tracing::error!(%error, "sessions that can be resumed cannot be written"),
                }
                // Nothing is acknowledged meanwhile, and nothing sent to them.
                if self.stopped.load(Ordering::Acquire) {
                    return;
                }
                sleep(AGAIN).await;
            }
        }
    }
}

impl Part {
    /// What has changed since it was last written.
    fn changes(&self, changes: &mut Vec<Change>, counters: &mut Vec<Change>) {
        let Some(numbering) = self.session.numbering().filter(|numbering| numbering.is_resumable()) else {
            return;
        };
        let owner = Owner::account(self.session.account().jid().as_str());
        let id = numbering.id.as_str();
        let mut written = numbering.written.lock();
        let mut delete = |key: String| changes.push(Change::Delete(owner.clone(), key));
        if numbering.is_forgotten() {
            written.chunks.drain(..).for_each(|(first, _)| delete(chunk_key(id, first)));
            if written.counters.take().is_some() || written.record.is_some() {
                delete(counters_key(id));
                delete(record_key(id));
                written.record = None;
            }
            return;
        }
        while written.chunks.front().is_some_and(|(_, last)| *last <= self.counters.acked) {
            if let Some((first, _)) = written.chunks.pop_front() {
                delete(chunk_key(id, first));
            }
        }
        if let (Some(first), Some(last)) = (self.gathered.stanzas.first(), self.gathered.stanzas.last()) {
            let value = Bytes::from(chunk(&self.gathered.stanzas));
            changes.push(Change::Put(owner.clone(), chunk_key(id, first.number), value));
            written.chunks.push_back((first.number, last.number));
            // Behind it: should they come into several batches, it is there twice for a while, and never nowhere.
            changes.extend(self.gathered.stored.iter().cloned().map(Change::Taken));
        }
        if numbering.changed_states()
            && let Some(record) = numbering.host.upgrade().and_then(|host| {
                Record::of(&self.session, &host.tables()).and_then(|record| record.to_text())
            })
            && written.record != Some(fingerprint(&record))
        {
            written.record = Some(fingerprint(&record));
            changes.push(Change::Put(owner.clone(), record_key(id), Bytes::from(record)));
        }
        if written.counters != Some(self.counters) {
            let value = Bytes::from(self.counters.to_bytes());
            counters.push(Change::Put(owner, counters_key(id), value));
            written.counters = Some(self.counters);
        }
    }
}
