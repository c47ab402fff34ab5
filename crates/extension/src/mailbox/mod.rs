//! A session's mailbox: what waits to be written to its connection, bounded in bytes.

mod held;
mod letters;
mod numbered;
mod numbering;
mod shelved;

use std::future::poll_fn;
use std::sync::Weak;
use std::task::{Context, Poll, Waker};

use jiff::Timestamp;
use parking_lot::Mutex;
use stonechat_stanza::{Element, Stanza, ns};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::journal::Unit;
use crate::session::Session;
use held::Held;
pub use letters::Letters;
use numbered::Numbered;
pub use numbered::TooHigh;
pub(crate) use numbered::{Gathered, Unacknowledged};
pub use shelved::Shelved;

/// Why a session has to end. The server tells the client with a stream error (RFC 6120 §4.9.3).
#[derive(Debug, Clone, PartialEq)]
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
    /// The client goes on with the session on another connection (`conflict`). The session does not end, its connection does.
    Resumed,
    /// The client broke a rule of an extension (`undefined-condition`), which says with an element of its own how, and with words.
    Broke(Box<Element>, String),
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

#[derive(Debug, Default)]
struct Inner {
    letters: Letters,
    /// What is kept until the client acknowledges it, where it does.
    numbered: Option<Box<Numbered>>,
    /// What waits for something that does not.
    held: Held,
    ending: Option<Ending>,
    /// Wakes who waits for something to take.
    reader: Option<Waker>,
    /// Nobody reads any more: the session was closed.
    gone: bool,
    /// Somebody has waited for room in vain since the last time that something was taken.
    stalled: bool,
    /// When the client was asked what it has got, and has not answered.
    asked_at: Option<Instant>,
}

impl Inner {
    /// Who is to be woken, now that there is something to take if there is; nobody where there was before.
    fn reader_if_new(&mut self, was_empty: bool) -> Option<Waker> {
        if was_empty && !self.letters.is_empty() { self.reader.take() } else { None }
    }
}

/// With the mailbox's lock given back, as who wakes may be on its way to another.
fn wake(reader: Option<Waker>) {
    if let Some(reader) = reader {
        reader.wake();
    }
}

/// How what a mailbox is given is numbered.
#[derive(Debug)]
pub(crate) struct Numbers {
    pub(crate) session: Weak<Session>,
    /// How many bytes are kept for the client to acknowledge.
    pub(crate) limit: usize,
    /// Whether what is sent waits for the journal.
    pub(crate) journalled: bool,
    /// Asks the client what it has got.
    pub(crate) request: &'static [u8],
}

/// A bounded queue of serialised stanzas between the tasks that send to a session and the one that owns its connection.
#[derive(Debug)]
pub struct Mailbox {
    inner: Mutex<Inner>,
    wire: Wire,
    limit: usize,
    /// For who waits for room or for the end.
    taken: Notify,
}

impl Mailbox {
    /// An empty mailbox that holds up to `limit` bytes. It always takes one stanza when it is empty, whatever its length.
    #[must_use]
    pub fn new(wire: Wire, limit: usize) -> Self {
        Self { inner: Mutex::default(), wire, limit, taken: Notify::new() }
    }

    pub(crate) const fn wire(&self) -> Wire {
        self.wire
    }

    pub(crate) const fn limit(&self) -> usize {
        self.limit
    }

    /// Adds a stanza.
    ///
    /// # Errors
    /// [`Full`] when it does not fit, or nobody will read it any more.
    pub fn push(&self, stanza: &Stanza) -> Result<(), Full> {
        self.push_as_part(stanza, || None)
    }

    /// The same for a stanza that is part of a unit.
    pub(crate) fn push_as_part(
        &self,
        stanza: &Stanza,
        unit: impl FnOnce() -> Option<Unit>,
    ) -> Result<(), Full> {
        self.add(true, unit, None, |out| match self.wire {
            Wire::InStream => stanza.write(out),
            Wire::Standalone => stanza.write_in(out, ns::CLIENT),
        })
    }

    /// Adds an element that declares its own namespace. Where stanzas are numbered it leaves when all is durable that the session's
    /// client has sent before.
    ///
    /// # Errors
    /// [`Full`] when it does not fit, or nobody will read it any more.
    pub fn push_nonza(&self, element: &[u8]) -> Result<(), Full> {
        self.add(false, || None, None, |out| out.extend_from_slice(element))
    }

    fn add(
        &self,
        counted: bool,
        unit: impl FnOnce() -> Option<Unit>,
        stored: Option<Shelved>,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), Full> {
        let mut inner = self.inner.lock();
        if inner.gone {
            return Err(Full);
        }
        let was_empty = inner.letters.is_empty();
        inner.flush();
        let Inner { letters, numbered, .. } = &mut *inner;
        let mut waiting = None;
        match numbered {
            None => {
                if !letters.add(self.limit, write) {
                    return Err(Full);
                }
            }
            Some(numbered) => {
                let unit = unit();
                let now = unit.is_none();
                if !numbered.add(counted, unit, Timestamp::now(), letters, write) {
                    return Err(Full);
                }
                if let Some(stored) = stored {
                    numbered.note_stored(stored);
                }
                waiting = numbered.is_waiting().then(|| (numbered.session.clone(), now));
            }
        }
        let reader = inner.reader_if_new(was_empty);
        drop(inner);
        wake(reader);
        // With the lock given back: the journal takes its own before this one.
        // Who waits for a unit waits for its end.
        if let Some((session, now)) = waiting
            && let Some(session) = session.upgrade()
        {
            session.has_news(now);
        }
        Ok(())
    }

    /// Adds a stanza as soon as it fits. Cancel safe: when dropped, it was not added.
    ///
    /// # Errors
    /// [`Full`] when nobody will read it any more.
    pub async fn push_when_room(&self, stanza: &Stanza) -> Result<(), Full> {
        self.push_part_when_room(stanza, || None).await
    }

    pub(crate) async fn push_part_when_room(
        &self,
        stanza: &Stanza,
        unit: impl Fn() -> Option<Unit>,
    ) -> Result<(), Full> {
        loop {
            let mut taken = std::pin::pin!(self.taken.notified());
            // Listen before trying, or an event in between is missed.
            taken.as_mut().enable();
            if self.push_as_part(stanza, &unit).is_ok() {
                return Ok(());
            }
            if self.inner.lock().gone {
                return Err(Full);
            }
            taken.await;
        }
    }

    /// Waits until there is something to take or the session has to end. One waiter at a time: of several, the last is woken. Cancel safe.
    pub async fn ready(&self) {
        poll_fn(|cx| self.poll_ready(cx)).await;
    }

    /// As [`ready`](Self::ready).
    pub fn poll_ready(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut inner = self.inner.lock();
        if !inner.letters.is_empty() || inner.ending.is_some() {
            return Poll::Ready(());
        }
        match &mut inner.reader {
            Some(reader) => reader.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
        Poll::Pending
    }

    /// Waits until the session has to end. Cancel safe.
    pub(crate) async fn ended(&self) -> Ending {
        loop {
            let mut taken = std::pin::pin!(self.taken.notified());
            // Listen before looking, or an event in between is missed.
            taken.as_mut().enable();
            if let Some(ending) = self.ending() {
                return ending;
            }
            taken.await;
        }
    }

    /// Swaps the content with `letters`, which must be empty; false when there was nothing.
    pub fn take(&self, letters: &mut Letters) -> bool {
        debug_assert!(letters.is_empty(), "letters that were not sent would be lost");
        let mut inner = self.inner.lock();
        std::mem::swap(&mut inner.letters, letters);
        inner.stalled = false;
        if letters.is_empty() {
            return false;
        }
        if let Some(request) = inner.numbered.as_mut().and_then(|numbered| numbered.request()) {
            letters.push(request);
            inner.asked_at = Some(Instant::now());
        }
        drop(inner);
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
        let mut inner = self.inner.lock();
        inner.ending.get_or_insert(ending);
        let reader = inner.reader.take();
        drop(inner);
        wake(reader);
        self.taken.notify_waiters();
    }

    /// Why the connection has to end, if it has to.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        self.inner.lock().ending.clone()
    }

    /// Takes in nothing more. What is left is for the connection to write.
    pub(crate) fn seal(&self) {
        self.inner.lock().gone = true;
        self.taken.notify_waiters();
    }

    /// Takes what is left and takes in nothing more: what was never taken out, or, where stanzas are numbered, what the client has not
    /// acknowledged.
    pub(crate) fn shut(&self) -> Left {
        self.seal();
        let mut inner = self.inner.lock();
        inner.reader = None;
        inner.flush();
        let letters = std::mem::take(&mut inner.letters);
        match inner.numbered.take() {
            Some(numbered) => Left::Unacknowledged(numbered.unacknowledged()),
            None => Left::Unread(letters),
        }
    }
}

/// What is left in a mailbox.
#[derive(Debug)]
pub(crate) enum Left {
    /// What was never taken out.
    Unread(Letters),
    /// What the client has not acknowledged.
    Unacknowledged(Vec<Unacknowledged>),
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use stonechat_stanza::message;
    use tokio::task::JoinHandle;
    use tokio::time::timeout;

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

    /// Somebody who waits.
    async fn waiter(mailbox: &Arc<Mailbox>) -> JoinHandle<()> {
        let mailbox = Arc::clone(mailbox);
        let waiter = tokio::spawn(async move { mailbox.ready().await });
        tokio::task::yield_now().await;
        assert!(!waiter.is_finished());
        waiter
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_last_is_woken_by_a_stanza_and_by_the_end() {
        let mailbox = Arc::new(Mailbox::new(Wire::InStream, 1000));
        let first = waiter(&mailbox).await;
        let last = waiter(&mailbox).await;
        mailbox.push(&stanza("a")).unwrap();
        timeout(Duration::from_secs(1), last).await.unwrap().unwrap();
        assert!(!first.is_finished());
        first.abort();
        assert!(mailbox.take(&mut Letters::default()));
        let again = waiter(&mailbox).await;
        mailbox.end(Ending::Shutdown);
        timeout(Duration::from_secs(1), again).await.unwrap().unwrap();
        assert_eq!(mailbox.ended().await, Ending::Shutdown);
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
        let Left::Unread(letters) = mailbox.shut() else { panic!("nothing is numbered") };
        assert_eq!(letters.iter().count(), 1);
        assert_eq!(mailbox.push(&stanza("b")), Err(Full));
    }
}
