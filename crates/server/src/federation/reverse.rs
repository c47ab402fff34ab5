//! The direction back of a stream that another server has opened (XEP-0288): between the task of that stream, which writes what is to be
//! written, and the task of a [link](super::link), which sends.
//!
//! Only the pair that is the inverse of the first one authorised on the stream is sent on it. Where stanzas are counted (XEP-0198), those of
//! this side are as well; so nothing is sent before it is known whether they are, or the other server has had long enough to say so.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use parking_lot::Mutex;
use stonechat_stanza::{Stanza, sm};
use stonechat_stream::codec::Framing;
use stonechat_stream::dialback::Pair;
use tokio::sync::Notify;

use super::Federation;
use super::failure::Failure;
use super::flight::TooHigh;

/// So long the other server has, once it is let through, to ask for stanzas to be counted, where that is offered.
pub(super) const SETTLE: Duration = Duration::from_secs(5);

/// How the stanzas of this side are counted on a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Counting {
    /// Not at all.
    Off,
    /// The other server counts.
    On {
        /// What the stream is resumed by, if it can be.
        id: Option<String>,
        /// How many were sent and handled, modulo 2^32.
        handled: u32,
    },
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Readiness {
    /// It is not known yet how stanzas are counted.
    Soon,
    /// It can be used, and goes on with the stream of this id, if it is one that can go on.
    Ready(Option<String>),
    /// It cannot be used, or not any more.
    Spent,
}

/// Why the stream has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The other server takes or acknowledges nothing.
    Stuck,
    /// It has acknowledged more than it was sent.
    TooHigh(TooHigh),
}

/// What the link hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moved {
    /// Something was written, perhaps.
    Somehow,
    /// So many were handled.
    Acknowledged(u32),
    /// The stream is about to end: what waits is to be sent at once, and it is to be left.
    Leave,
}

/// The direction back of one stream.
#[derive(Debug)]
pub(super) struct Reverse {
    /// From us to who has opened the stream.
    pub(super) pair: Pair,
    /// It has shown a good certificate.
    pub(super) is_certified: bool,
    inner: Mutex<Inner>,
    /// For who sends.
    moved: Notify,
    /// For the stream.
    wanted: Notify,
}

#[derive(Debug, Default)]
struct Inner {
    counting: Option<Counting>,
    /// A link sends on it.
    used: bool,
    /// How often one has begun to.
    epoch: u64,
    /// No link does any more.
    spent: bool,
    /// Whole stanzas and requests that the stream has not taken.
    out: BytesMut,
    /// Bytes that it has taken and not written.
    taken: usize,
    /// Bytes that it has written, ever.
    written: u64,
    acknowledged: Option<u32>,
    over: Option<Failure>,
    end: Option<End>,
    /// It is about to end, and whether the link was told so.
    leave: Option<bool>,
}

/// One turn of sending on it, of those that links have, one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Epoch(u64);

impl Inner {
    /// Whether this turn has not given way to another.
    const fn is_now(&self, epoch: Epoch) -> bool {
        self.epoch == epoch.0
    }

    /// It is known how stanzas are counted, unless it was before. Who asks late is heard as long as nothing was sent that is not counted.
    fn settle(&mut self, counting: Counting) -> bool {
        let is_news = match &self.counting {
            None => true,
            Some(Counting::Off) => self.epoch == 0 && counting != Counting::Off,
            Some(Counting::On { .. }) => false,
        };
        if is_news {
            self.counting = Some(counting);
        }
        is_news
    }

    fn readiness(&self) -> Readiness {
        match &self.counting {
            _ if self.spent || self.over.is_some() || self.end.is_some() || self.leave.is_some() => {
                Readiness::Spent
            }
            None => Readiness::Soon,
            Some(Counting::Off) => Readiness::Ready(None),
            Some(Counting::On { id, .. }) => Readiness::Ready(id.clone()),
        }
    }
}

/// What a link does with it.
impl Reverse {
    pub(super) fn readiness(&self) -> Readiness {
        self.inner.lock().readiness()
    }

    /// Begins to send on it; says how stanzas are counted. `None` if it cannot be used. Who has sent on it before has nothing to say any more:
    /// a link that was given up and is not at its end.
    pub(super) fn take(&self) -> Option<(Counting, Epoch)> {
        let mut inner = self.inner.lock();
        let Readiness::Ready(_) = inner.readiness() else { return None };
        let counting = inner.counting.clone()?;
        let is_taken_over = std::mem::replace(&mut inner.used, true);
        inner.epoch += 1;
        let epoch = Epoch(inner.epoch);
        drop(inner);
        if is_taken_over {
            // Who has sent before hears it.
            self.moved.notify_one();
        }
        Some((counting, epoch))
    }

    /// Appends a stanza to what is to be written, and says how many bytes it takes.
    pub(super) fn write(&self, stanza: &Stanza) -> usize {
        let mut bytes = Vec::with_capacity(stanza.payload_bytes().len() + 256);
        Framing::Tcp.write_stanza(stanza, &mut bytes);
        let mut inner = self.inner.lock();
        inner.out.extend_from_slice(&bytes);
        if let Some(Counting::On { handled, .. }) = &mut inner.counting {
            // All are handled by the time at which anybody asks again.
            *handled = handled.wrapping_add(1);
        }
        drop(inner);
        self.wanted.notify_one();
        bytes.len()
    }

    /// Asks the other server what it has handled.
    pub(super) fn ask(&self) {
        self.inner.lock().out.extend_from_slice(sm::REQUEST);
        self.wanted.notify_one();
    }

    /// How many bytes were not written.
    pub(super) fn unwritten(&self) -> usize {
        let inner = self.inner.lock();
        inner.out.len() + inner.taken
    }

    /// How many ever were.
    pub(super) fn written(&self) -> u64 {
        self.inner.lock().written
    }

    /// What has changed, and that it is over, also when another has begun to send on it. Cancel safe.
    pub(super) async fn listen(&self, epoch: Epoch) -> Result<Moved, Failure> {
        if let Some(heard) = self.heard(epoch) {
            return heard;
        }
        self.moved.notified().await;
        self.heard(epoch).unwrap_or(Ok(Moved::Somehow))
    }

    fn heard(&self, epoch: Epoch) -> Option<Result<Moved, Failure>> {
        let mut inner = self.inner.lock();
        if !inner.is_now(epoch) {
            // It was for the other.
            self.moved.notify_one();
            return Some(Err(Failure::Broken("another link goes on with the stream".to_owned())));
        }
        if let Some(handled) = inner.acknowledged.take() {
            return Some(Ok(Moved::Acknowledged(handled)));
        }
        if let Some(failure) = &inner.over {
            return Some(Err(failure.clone()));
        }
        let told = inner.leave.as_mut().filter(|told| !**told)?;
        *told = true;
        Some(Ok(Moved::Leave))
    }

    /// Sends nothing on it any more, for now; for good unless all that was sent has arrived.
    pub(super) fn leave(&self, epoch: Epoch, all_arrived: bool) {
        let mut inner = self.inner.lock();
        if !inner.is_now(epoch) {
            return;
        }
        inner.used = false;
        inner.spent |= !all_arrived;
        // What the stream has not taken goes another way.
        inner.out.clear();
        drop(inner);
        self.wanted.notify_one();
    }

    /// Has the stream end.
    pub(super) fn end(&self, epoch: Epoch, end: End) {
        let mut inner = self.inner.lock();
        if !inner.is_now(epoch) {
            return;
        }
        inner.end.get_or_insert(end);
        drop(inner);
        self.wanted.notify_one();
    }
}

/// The stream's end of it, which is over when this is dropped.
#[derive(Debug)]
pub(super) struct Reversing {
    federation: Arc<Federation>,
    reverse: Arc<Reverse>,
}

impl Reversing {
    /// The pair may be sent on the stream.
    pub(super) fn new(federation: &Arc<Federation>, pair: Pair, is_certified: bool) -> Self {
        let reverse = Arc::new(Reverse {
            pair,
            is_certified,
            inner: Mutex::default(),
            moved: Notify::new(),
            wanted: Notify::new(),
        });
        federation.links.lock().reverses.add(&reverse);
        Self { federation: Arc::clone(federation), reverse }
    }

    /// It is known how stanzas are counted, unless it was before, and is not late for that.
    pub(super) fn settle(&self, counting: Counting) {
        if self.reverse.inner.lock().settle(counting) {
            self.federation.reverse_changed(&self.reverse.pair, true);
        }
    }

    /// The other server has handled so many.
    ///
    /// # Errors
    /// [`TooHigh`]: more than were sent, as nothing is under way.
    pub(super) fn acknowledged(&self, handled: u32) -> Result<(), TooHigh> {
        let mut inner = self.reverse.inner.lock();
        let Some(Counting::On { handled: sent, .. }) = inner.counting else { return Ok(()) };
        if !inner.used {
            // What was left in the middle goes another way, and what is said of it may come later.
            return if handled == sent || inner.spent { Ok(()) } else { Err(TooHigh { handled, sent }) };
        }
        inner.acknowledged = Some(handled);
        drop(inner);
        self.reverse.moved.notify_one();
        Ok(())
    }

    /// Something may be to be done.
    pub(super) fn want(&self) {
        self.reverse.wanted.notify_one();
    }

    /// Ready when something may be to be done. Cancel safe.
    pub(super) async fn wanted(&self) {
        self.reverse.wanted.notified().await;
    }

    /// Why the stream has to end, if it has to.
    pub(super) fn to_end(&self) -> Option<End> {
        self.reverse.inner.lock().end
    }

    /// What is to be written next: whole elements.
    pub(super) fn next(&self) -> BytesMut {
        let mut inner = self.reverse.inner.lock();
        inner.taken += inner.out.len();
        inner.out.split()
    }

    /// So many bytes of what was taken are not written yet, at the most.
    pub(super) fn note_unwritten(&self, bytes: usize) {
        let mut inner = self.reverse.inner.lock();
        if inner.taken <= bytes {
            return;
        }
        inner.written += (inner.taken - bytes) as u64;
        inner.taken = bytes;
        drop(inner);
        self.reverse.moved.notify_one();
    }

    /// The stream is about to end. Whether a link has to leave it first.
    pub(super) fn ask_to_leave(&self) -> bool {
        let mut inner = self.reverse.inner.lock();
        inner.leave = Some(false);
        let used = inner.used;
        drop(inner);
        self.reverse.moved.notify_one();
        used
    }

    /// Whether a link sends on it.
    pub(super) fn is_used(&self) -> bool {
        self.reverse.inner.lock().used
    }

    /// Whether some of what was sent is being written.
    pub(super) fn is_in_writing(&self) -> bool {
        self.reverse.inner.lock().taken > 0
    }

    /// Whether a link has left it before all that it has sent was written, which goes another way now; it is not to be written here any more,
    /// unless the other server counts and can be asked.
    pub(super) fn is_left_unwritten(&self) -> bool {
        let inner = self.reverse.inner.lock();
        inner.spent && inner.taken > 0 && inner.counting == Some(Counting::Off)
    }

    /// Whether stanzas are sent that nobody counts.
    pub(super) fn is_uncounted(&self) -> bool {
        let inner = self.reverse.inner.lock();
        inner.used && inner.counting == Some(Counting::Off)
    }

    /// The stream is over.
    pub(super) fn over(&self, failure: Failure) {
        self.reverse.inner.lock().over.get_or_insert(failure);
        self.reverse.moved.notify_one();
        self.federation.links.lock().reverses.remove(&self.reverse);
        self.federation.reverse_changed(&self.reverse.pair, false);
    }
}

impl Drop for Reversing {
    fn drop(&mut self) {
        self.over(Failure::Broken("the server's own stream is over".to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use stonechat_stanza::message;

    use super::*;

    fn reverse(counting: Option<Counting>) -> Reverse {
        let domain = |name: &str| name.parse().unwrap();
        Reverse {
            pair: Pair { sender: domain("a.example"), target: domain("b.example") },
            is_certified: true,
            inner: Mutex::new(Inner { counting, ..Inner::default() }),
            moved: Notify::new(),
            wanted: Notify::new(),
        }
    }

    fn on(handled: u32) -> Counting {
        Counting::On { id: Some("x".to_owned()), handled }
    }

    #[test]
    fn nothing_is_sent_before_it_is_known_how_stanzas_are_counted() {
        let early = reverse(None);
        assert_eq!((early.readiness(), early.take()), (Readiness::Soon, None));
        early.inner.lock().counting = Some(on(7));
        assert_eq!(early.readiness(), Readiness::Ready(Some("x".to_owned())));
        assert_eq!(early.take().unwrap().0, on(7));
    }

    #[test]
    fn who_asks_late_for_stanzas_to_be_counted_is_heard_before_any_is_sent() {
        let reverse = reverse(None);
        let settle = |counting| reverse.inner.lock().settle(counting);
        assert!(settle(Counting::Off) && !settle(Counting::Off));
        assert!(settle(on(3)) && !settle(on(4)) && !settle(Counting::Off));
        assert_eq!(reverse.take().unwrap().0, on(3));

        let reverse = self::reverse(Some(Counting::Off));
        reverse.take().unwrap();
        assert!(!reverse.inner.lock().settle(on(0)));
    }

    #[test]
    fn who_comes_later_counts_behind_who_was_there_before() {
        let reverse = reverse(Some(on(7)));
        let (_, epoch) = reverse.take().unwrap();
        let length = reverse.write(&Stanza::message(message::Type::Chat));
        reverse.ask();
        assert_eq!(reverse.unwritten(), length + sm::REQUEST.len());
        reverse.leave(epoch, true);
        let (counting, epoch) = reverse.take().unwrap();
        assert_eq!(counting, on(8));
        // What was left in the middle is not gone on with here.
        reverse.leave(epoch, false);
        assert_eq!((reverse.readiness(), reverse.take()), (Readiness::Spent, None));
    }

    /// A link is given up, and another has the stream before that one is at its end.
    #[test]
    fn who_sent_before_hears_nothing_of_who_sends_now_and_ends_nothing_for_it() {
        let reverse = reverse(Some(on(0)));
        let (_, before) = reverse.take().unwrap();
        let (_, now) = reverse.take().unwrap();
        reverse.inner.lock().acknowledged = Some(1);
        assert!(matches!(reverse.listen(before).now_or_never(), Some(Err(Failure::Broken(_)))));
        reverse.leave(before, true);
        reverse.leave(before, false);
        reverse.end(before, End::Stuck);
        assert!(reverse.inner.lock().used && reverse.readiness() != Readiness::Spent);
        assert!(matches!(reverse.listen(now).now_or_never(), Some(Ok(Moved::Acknowledged(1)))));
        reverse.leave(now, true);
        assert!(!reverse.inner.lock().used);
    }

    #[test]
    fn what_is_acknowledged_last_is_heard_before_the_end() {
        let reverse = reverse(Some(on(0)));
        let (_, epoch) = reverse.take().unwrap();
        assert!(reverse.listen(epoch).now_or_never().is_none());
        reverse.inner.lock().acknowledged = Some(3);
        reverse.inner.lock().over = Some(Failure::Late);
        let heard = || reverse.listen(epoch).now_or_never().unwrap();
        assert!(matches!(heard(), Ok(Moved::Acknowledged(3))));
        assert!(matches!(heard(), Err(Failure::Late)));
        assert_eq!(reverse.readiness(), Readiness::Spent);
    }
}
