//! A mailbox whose stanzas are numbered and kept until the client acknowledges them.

use std::time::Duration;

use jiff::Timestamp;
use stonechat_stanza::Stanza;

use super::numbered::Numbered;
use super::{Ending, Full, Gathered, Inner, Letters, Mailbox, Numbers, TooHigh, Unacknowledged, wake};
use crate::journal::Unit;

impl Mailbox {
    /// Numbers the stanzas that come from here on. `words` are the first that wait for the journal. False when they are numbered already.
    pub(crate) fn number(&self, numbers: Numbers, words: Option<&[u8]>) -> Result<bool, Full> {
        {
            let mut inner = self.inner.lock();
            if inner.gone {
                return Err(Full);
            }
            if inner.numbered.is_some() {
                return Ok(false);
            }
            let Numbers { session, limit, journalled, request } = numbers;
            inner.numbered = Some(Box::new(Numbered::new(session, limit, journalled, request, 0)));
        }
        words.map_or(Ok(()), |words| self.push_nonza(words)).map(|()| true)
    }

    /// As [`Mailbox::number`], for a session of before a restart, of which this is what the journal has kept. No connection is there.
    pub(crate) fn restore(&self, numbers: Numbers, acked: u64, kept: &[Unacknowledged]) {
        let Numbers { session, limit, journalled, request } = numbers;
        let mut numbered = Numbered::new(session, limit, journalled, request, acked);
        numbered.detach();
        numbered.restore(kept);
        self.inner.lock().numbered = Some(Box::new(numbered));
    }

    /// The client has handled so many stanzas, modulo 2^32 (XEP-0198 §4). Says how many it has handled in all; `None` where stanzas are
    /// not numbered.
    pub(crate) fn acknowledge(&self, handled: u32) -> Result<Option<u64>, TooHigh> {
        let mut inner = self.inner.lock();
        let Inner { letters, numbered, stalled, asked_at, .. } = &mut *inner;
        let Some(numbered) = numbered else { return Ok(None) };
        let before = numbered.acked();
        numbered.acknowledge(handled)?;
        *asked_at = None;
        let acked = numbered.acked();
        let was_empty = letters.is_empty();
        if acked > before {
            *stalled = false;
            // What came too late for this answer is asked for anew.
            if numbered.attached
                && let Some(request) = numbered.request()
            {
                letters.push(request);
                *asked_at = Some(tokio::time::Instant::now());
            }
        }
        let reader = inner.reader_if_new(was_empty);
        drop(inner);
        wake(reader);
        if acked > before {
            self.taken.notify_waiters();
        }
        Ok(Some(acked))
    }

    /// What the journal may write now.
    pub(crate) fn gather(&self, has_ended: impl Fn(&Unit) -> bool) -> Gathered {
        let mut inner = self.inner.lock();
        inner.numbered.as_mut().map(|numbered| numbered.gather(has_ended)).unwrap_or_default()
    }

    /// Whether nothing waits for the journal.
    pub(crate) fn is_settled(&self) -> bool {
        self.inner.lock().numbered.as_ref().is_none_or(|numbered| numbered.is_settled())
    }

    /// How many stanzas the client has acknowledged.
    pub(crate) fn acked(&self) -> Option<u64> {
        self.inner.lock().numbered.as_ref().map(|numbered| numbered.acked())
    }

    /// The journal has written this.
    pub(crate) fn release(&self, upto: u64) {
        let mut inner = self.inner.lock();
        let Inner { letters, numbered, .. } = &mut *inner;
        let Some(numbered) = numbered else { return };
        let was_empty = letters.is_empty();
        numbered.release(upto, letters);
        let reader = inner.reader_if_new(was_empty);
        drop(inner);
        wake(reader);
    }

    /// The connection is gone, and another may come.
    pub(crate) fn detach(&self) {
        let mut inner = self.inner.lock();
        inner.flush();
        inner.letters = Letters::default();
        inner.reader = None;
        inner.asked_at = None;
        // These were about the connection.
        if matches!(inner.ending, Some(Ending::Resumed | Ending::Shutdown)) {
            inner.ending = None;
        }
        if let Some(numbered) = &mut inner.numbered {
            numbered.detach();
        }
        drop(inner);
        // Nobody waits for room where nobody reads.
        self.taken.notify_waiters();
    }

    /// Another connection is there, whose client has got so many stanzas. It gets the rest.
    pub(crate) fn attach(
        &self,
        handled: u32,
        late: impl Fn(&[u8], Timestamp) -> Vec<u8>,
    ) -> Result<(), TooHigh> {
        self.acknowledge(handled)?;
        let mut inner = self.inner.lock();
        let Inner { letters, numbered, stalled, .. } = &mut *inner;
        *stalled = false;
        if let Some(numbered) = numbered {
            numbered.attach(letters, late);
        }
        Ok(())
    }

    /// What asks the client for its count from here on. For a session of before a restart.
    pub(crate) fn ask_with(&self, request: &'static [u8]) {
        if let Some(numbered) = &mut self.inner.lock().numbered {
            numbered.request = request;
        }
    }

    /// The stanzas that the client has not acknowledged (XEP-0198 §4); none where they are not numbered.
    #[must_use]
    pub fn unacknowledged(&self) -> Vec<Stanza> {
        let inner = self.inner.lock();
        let left = inner.numbered.as_ref().map(|numbered| numbered.unacknowledged()).unwrap_or_default();
        drop(inner);
        left.iter().filter_map(|stanza| Stanza::parse(&stanza.bytes).ok()).collect()
    }

    /// For how long the client has not answered what it has got.
    #[must_use]
    pub fn unanswered_for(&self) -> Option<Duration> {
        self.inner.lock().asked_at.map(|at| at.elapsed())
    }
}
