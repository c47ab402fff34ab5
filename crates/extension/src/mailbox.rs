//! A session's mailbox: what waits to be written to its connection, bounded in bytes.

use parking_lot::Mutex;
use stonechat_stanza::{Stanza, ns};
use tokio::sync::Notify;

/// Why a session has to end. The server tells the client with a stream error (RFC 6120 §4.9.3).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ending {
    /// Another session took its resource (`conflict`).
    Conflict,
    /// The account was removed, or may not log in any more (`not-authorized`).
    AccountRemoved,
    /// The client does not read what it is sent (`policy-violation`).
    TooSlow,
    /// The server stops (`system-shutdown`).
    Shutdown,
    /// The host is not served any more (`host-gone`).
    HostGone,
    /// An extension or operator ends it (`policy-violation`), with words for the client.
    Policy(String),
}

/// How stanzas stand on the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// As children of a stream header that declares the content namespace: TCP.
    InStream,
    /// Each on its own with the namespace declared: WebSocket (RFC 7395 §3.3.3).
    Standalone,
}

/// The mailbox is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the mailbox is full")]
pub struct Full;

/// What was taken out of a mailbox in one go: the bytes of some stanzas, and the length of each.
#[derive(Debug, Default)]
pub struct Letters {
    bytes: Vec<u8>,
    lengths: Vec<u32>,
}

impl Letters {
    /// All of them, one after the other, as they are to be written.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.bytes.as_slice();
        self.lengths.iter().map(move |&length| {
            let (letter, after) = rest.split_at((length as usize).min(rest.len()));
            rest = after;
            letter
        })
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// Forgets them. The buffers are kept for the next time unless they have grown large.
    pub fn clear(&mut self) {
        if self.bytes.capacity() > KEEP {
            *self = Self::default();
        }
        self.bytes.clear();
        self.lengths.clear();
    }
}

/// Buffers up to this many bytes are kept for reuse.
const KEEP: usize = 16 * 1024;

#[derive(Debug, Default)]
struct Inner {
    letters: Letters,
    ending: Option<Ending>,
    /// Nobody reads any more: the session was closed.
    gone: bool,
    /// Somebody has waited for room in vain since the last time that something was taken.
    stalled: bool,
}

/// A bounded queue of serialised stanzas between the tasks that send to a session and the one that owns its connection.
#[derive(Debug)]
pub struct Mailbox {
    inner: Mutex<Inner>,
    wire: Wire,
    limit: usize,
    arrived: Notify,
    taken: Notify,
}

impl Mailbox {
    /// An empty mailbox that holds up to `limit` bytes. It always takes one stanza when it is empty, whatever its length.
    #[must_use]
    pub fn new(wire: Wire, limit: usize) -> Self {
        Self { inner: Mutex::default(), wire, limit, arrived: Notify::new(), taken: Notify::new() }
    }

    /// Adds a stanza.
    ///
    /// # Errors
    /// [`Full`] when it does not fit, or nobody will read it any more.
    pub fn push(&self, stanza: &Stanza) -> Result<(), Full> {
        self.add(|out| match self.wire {
            Wire::InStream => stanza.write(out),
            Wire::Standalone => stanza.write_in(out, ns::CLIENT),
        })
    }

    /// Adds an element that declares its own namespace.
    ///
    /// # Errors
    /// [`Full`] when it does not fit, or nobody will read it any more.
    pub fn push_nonza(&self, element: &[u8]) -> Result<(), Full> {
        self.add(|out| out.extend_from_slice(element))
    }

    fn add(&self, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), Full> {
        let mut inner = self.inner.lock();
        let before = inner.letters.bytes.len();
        if inner.gone || (before > 0 && before >= self.limit) {
            return Err(Full);
        }
        // Written first and measured then: nearly everything fits, and to know the length costs as much as to write.
        write(&mut inner.letters.bytes);
        if before > 0 && inner.letters.bytes.len() > self.limit {
            inner.letters.bytes.truncate(before);
            return Err(Full);
        }
        let length = u32::try_from(inner.letters.bytes.len() - before).unwrap_or(u32::MAX);
        inner.letters.lengths.push(length);
        drop(inner);
        if before == 0 {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// Adds a stanza as soon as it fits. Cancel safe: when dropped, it was not added.
    ///
    /// # Errors
    /// [`Full`] when nobody will read it any more.
    pub async fn push_when_room(&self, stanza: &Stanza) -> Result<(), Full> {
        loop {
            let mut taken = std::pin::pin!(self.taken.notified());
            // Listen before trying, or an event in between is missed.
            taken.as_mut().enable();
            if self.push(stanza).is_ok() {
                return Ok(());
            }
            if self.inner.lock().gone {
                return Err(Full);
            }
            taken.await;
        }
    }

    /// Waits until there is something to take or the session has to end. One waiter at a time. Cancel safe.
    pub async fn ready(&self) {
        loop {
            {
                let inner = self.inner.lock();
                if !inner.letters.is_empty() || inner.ending.is_some() {
                    return;
                }
            }
            self.arrived.notified().await;
        }
    }

    /// Swaps the content with `letters`, which must be empty; false when there was nothing.
    pub fn take(&self, letters: &mut Letters) -> bool {
        debug_assert!(letters.is_empty(), "letters that were not sent would be lost");
        let mut inner = self.inner.lock();
        std::mem::swap(&mut inner.letters, letters);
        inner.stalled = false;
        drop(inner);
        if letters.is_empty() {
            return false;
        }
        self.taken.notify_waiters();
        true
    }

    /// Whether somebody has waited for room in vain, and nothing was taken since.
    pub(crate) fn is_stalled(&self) -> bool {
        self.inner.lock().stalled
    }

    /// Somebody has waited for room in vain.
    pub(crate) fn note_stalled(&self) {
        let mut inner = self.inner.lock();
        inner.stalled = !inner.letters.is_empty();
    }

    /// Asks the connection to end, after what is in the mailbox was written. The first reason stays.
    pub fn end(&self, ending: Ending) {
        self.inner.lock().ending.get_or_insert(ending);
        self.arrived.notify_one();
    }

    /// Why the connection has to end, if it has to.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        self.inner.lock().ending.clone()
    }

    /// Takes what is left and takes in nothing more.
    pub(crate) fn shut(&self) -> Letters {
        self.seal();
        std::mem::take(&mut self.inner.lock().letters)
    }

    /// Takes in nothing more. What is left is for the connection to write.
    pub(crate) fn seal(&self) {
        self.inner.lock().gone = true;
        self.taken.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stonechat_stanza::message;

    fn stanza(text: &str) -> Stanza {
        Stanza::message(message::Type::Chat).with_id(text)
    }

    #[test]
    fn a_full_mailbox_refuses_and_takes_again_when_emptied() {
        let mailbox = Mailbox::new(Wire::InStream, 10);
        mailbox.push(&stanza("longer-than-the-limit-and-yet-taken-when-empty")).unwrap();
        assert_eq!(mailbox.push(&stanza("b")), Err(Full));
        let mut letters = Letters::default();
        assert!(mailbox.take(&mut letters));
        assert_eq!(letters.iter().count(), 1);
        assert_eq!(letters.iter().next().unwrap(), letters.bytes());
        mailbox.push(&stanza("b")).unwrap();
    }

    #[test]
    fn letters_come_out_in_order_and_one_by_one() {
        let mailbox = Mailbox::new(Wire::Standalone, 1000);
        mailbox.push(&stanza("a")).unwrap();
        mailbox.push_nonza(b"<r xmlns='urn:xmpp:sm:3'/>").unwrap();
        let mut letters = Letters::default();
        assert!(mailbox.take(&mut letters));
        let each: Vec<_> = letters.iter().map(|l| String::from_utf8_lossy(l).into_owned()).collect();
        assert!(each[0].contains("jabber:client") && each[0].contains("id='a'"), "{each:?}");
        assert_eq!(each[1], "<r xmlns='urn:xmpp:sm:3'/>");
        letters.clear();
        assert!(!mailbox.take(&mut letters));
    }

    #[test]
    fn the_first_reason_to_end_stays() {
        let mailbox = Mailbox::new(Wire::InStream, 10);
        mailbox.end(Ending::Conflict);
        mailbox.end(Ending::Shutdown);
        assert_eq!(mailbox.ending(), Some(Ending::Conflict));
    }

    #[test]
    fn a_shut_mailbox_gives_what_is_left_and_takes_nothing_more() {
        let mailbox = Mailbox::new(Wire::InStream, 1000);
        mailbox.push(&stanza("a")).unwrap();
        assert_eq!(mailbox.shut().iter().count(), 1);
        assert_eq!(mailbox.push(&stanza("b")), Err(Full));
    }
}
