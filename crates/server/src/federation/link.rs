//! What waits for another domain, in the order in which it came.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use stonechat_stanza::{Stanza, StanzaError};
use stonechat_stream::dialback::Pair;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::failure::Failure;
use super::shares::Cause;
use super::status::{LastFailure, Opener, State, Status};

/// What a stanza takes beside its payload.
pub(super) const OVERHEAD: usize = 256;

/// A stanza for another domain, and what it is called in the store.
#[derive(Debug)]
pub(super) struct Parcel {
    pub(super) stanza: Stanza,
    pub(super) entry: Box<str>,
}

/// The way from one of our domains to another server's: what waits, and whether a task takes it there.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) pair: Pair,
    queue: Mutex<Queue>,
    arrived: Notify,
    given_up: Notify,
    /// Heard by the one that has its place.
    over: Notify,
    /// There may be another way to the other server than before.
    way: Notify,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Waiting>,
    /// Of what waits, and of what was taken and may not have arrived.
    bytes: usize,
    /// A task takes care of what waits.
    running: bool,
    /// Its stream is there, opened by that side.
    established: Option<Opener>,
    /// Since when nothing waits or is under way, after something was.
    idle: Option<Instant>,
    /// Whom the task was begun for.
    cause: Option<Arc<Cause>>,
    /// Another has its place.
    given_up: bool,
    failed: Option<Failed>,
    /// The last failure, also one that is over.
    last: Option<(Instant, String)>,
}

#[derive(Debug)]
struct Waiting {
    parcel: Parcel,
    since: Instant,
}

#[derive(Debug)]
struct Failed {
    error: StanzaError,
    until: Instant,
    delay: Duration,
}

/// What becomes of a stanza that is for another domain.
#[derive(Debug)]
pub(super) enum Pushed {
    /// A task will take it there.
    Waits,
    /// It is the first, and a task has to be begun.
    Begin,
    /// It does not go there.
    Refused(Box<Refused>),
}

/// A stanza that does not go to its domain, and why.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) parcel: Parcel,
    pub(super) error: StanzaError,
}

impl Queue {
    fn idle_since(&self) -> Option<Instant> {
        self.idle.filter(|_| self.established.is_some() && !self.given_up && self.bytes == 0)
    }

    fn refusal(&self, size: usize, limit: usize, now: Instant) -> Option<StanzaError> {
        let failed = self.failed.as_ref().filter(|failed| !self.running && now < failed.until);
        let full = || {
            let error = StanzaError::resource_constraint().with_text("too much waits for that domain");
            (self.bytes + size > limit).then_some(error)
        };
        failed.map(|failed| failed.error.clone()).or_else(full)
    }
}

impl Link {
    pub(super) fn new(pair: Pair) -> Self {
        let (arrived, given_up, over, way) = (Notify::new(), Notify::new(), Notify::new(), Notify::new());
        Self { pair, queue: Mutex::default(), arrived, given_up, over, way }
    }

    /// Why a stanza would be refused now, if it would: no more than `limit` bytes are to wait or be under way, and a domain that could not
    /// be reached just now is not tried again.
    pub(super) fn refusal(&self, stanza: &Stanza, limit: usize, now: Instant) -> Option<StanzaError> {
        self.queue.lock().refusal(size(stanza), limit, now)
    }

    /// Adds a stanza, if it is not to be [refused](Self::refusal).
    pub(super) fn push(&self, parcel: Parcel, limit: usize, now: Instant) -> Pushed {
        let mut queue = self.queue.lock();
        let size = size(&parcel.stanza);
        if let Some(error) = queue.refusal(size, limit, now) {
            return Pushed::Refused(Box::new(Refused { parcel, error }));
        }
        queue.bytes += size;
        queue.idle = None;
        queue.waiting.push_back(Waiting { parcel, since: now });
        if queue.running {
            drop(queue);
            self.arrived.notify_one();
            return Pushed::Waits;
        }
        queue.running = true;
        Pushed::Begin
    }

    /// Ready when something may have come.
    pub(super) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// The next stanza, which is under way from here on.
    pub(super) fn pop(&self) -> Option<Parcel> {
        self.queue.lock().waiting.pop_front().map(|waiting| waiting.parcel)
    }

    /// These are not under way any more.
    pub(super) fn arrived_there(&self, parcels: &[Parcel], now: Instant) {
        let bytes: usize = parcels.iter().map(|parcel| size(&parcel.stanza)).sum();
        let mut queue = self.queue.lock();
        queue.bytes = queue.bytes.saturating_sub(bytes);
        if queue.bytes == 0 {
            queue.idle.get_or_insert(now);
        }
    }

    /// A task was begun for this sender.
    pub(super) fn begun_for(&self, cause: &Arc<Cause>) {
        self.queue.lock().cause = Some(Arc::clone(cause));
    }

    /// For whom the last task was begun.
    pub(super) fn cause(&self) -> Option<Arc<Cause>> {
        self.queue.lock().cause.clone()
    }

    /// Whether it counts for this sender.
    pub(super) fn counts_for(&self, who: &str) -> bool {
        self.queue.lock().cause.as_ref().is_some_and(|cause| cause.counts_for(who))
    }

    /// Since when there is a stream and nothing to do for it: nothing waits, and all that was sent has arrived.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        self.queue.lock().idle_since()
    }

    /// Has the stream closed, if there is still nothing to do for it. Whoever calls this sees to it that nothing more is pushed.
    pub(super) fn give_up(&self) -> bool {
        let mut queue = self.queue.lock();
        queue.given_up = queue.idle_since().is_some();
        if queue.given_up {
            self.given_up.notify_one();
        }
        queue.given_up
    }

    /// Ready when it [was given up](Self::give_up).
    pub(super) async fn given_up(&self) {
        self.given_up.notified().await;
    }

    /// Whether it was.
    pub(super) fn is_given_up(&self) -> bool {
        self.queue.lock().given_up
    }

    /// Its task is at its end.
    pub(super) fn over(&self) {
        if self.queue.lock().given_up {
            self.over.notify_one();
        }
    }

    /// Ready when the task of one that was given up is at its end; for one who waits for that.
    pub(super) async fn is_over(&self) {
        self.over.notified().await;
    }

    /// The domain was reached, over a stream that was opened by that side.
    pub(super) fn reached(&self, by: Opener) {
        let mut queue = self.queue.lock();
        queue.failed = None;
        queue.established = Some(by);
    }

    /// A stream of the other server can be sent on now, or cannot any more.
    pub(super) fn look_again(&self, is_ready: bool) {
        if is_ready {
            self.queue.lock().failed = None;
        }
        self.way.notify_one();
    }

    /// Ready when that may have changed.
    pub(super) async fn way_changed(&self) {
        self.way.notified().await;
    }

    /// The stream is over.
    pub(super) fn left(&self) {
        self.queue.lock().established = None;
    }

    /// The domain was not reached, and nothing is under way any more: gives what waits, and the task is at its end. It is not tried again for
    /// a while, which is from `first` to `most` and doubles each time.
    pub(super) fn fail(
        &self,
        failure: &Failure,
        first: Duration,
        most: Duration,
        now: Instant,
    ) -> Vec<Parcel> {
        let mut queue = self.queue.lock();
        let delay = queue.failed.as_ref().map_or(first, |failed| failed.delay * 2).min(most);
        queue.failed = Some(Failed { error: failure.to_stanza_error(), until: now + delay, delay });
        queue.last = Some((now, failure.to_string()));
        queue.running = false;
        queue.bytes = 0;
        std::mem::take(&mut queue.waiting).into_iter().map(|waiting| waiting.parcel).collect()
    }

    /// The task is at its end, unless something waits. For when nothing is under way.
    pub(super) fn rest(&self) -> bool {
        let mut queue = self.queue.lock();
        queue.running = !queue.waiting.is_empty();
        !queue.running
    }

    /// Whether nothing waits.
    pub(super) fn is_idle(&self) -> bool {
        self.queue.lock().waiting.is_empty()
    }

    /// Whether no task takes care of it, and what is remembered of it can be forgotten.
    pub(super) fn is_at_rest(&self) -> bool {
        !self.queue.lock().running
    }

    /// How it stands.
    pub(super) fn status(&self, now: Instant) -> Status {
        let queue = self.queue.lock();
        let state = match (&queue.failed, queue.established) {
            (_, Some(by)) => State::Established { by },
            _ if queue.running => State::Connecting,
            (Some(failed), _) => State::Failed { next: failed.until.saturating_duration_since(now) },
            (None, _) => State::Idle,
        };
        let since = queue.waiting.front().map(|waiting| waiting.since);
        let failure = queue.last.as_ref();
        Status {
            sender: self.pair.sender.clone(),
            target: self.pair.target.clone(),
            state,
            waiting: queue.waiting.len(),
            bytes: queue.bytes,
            oldest: since.map(|since| now.saturating_duration_since(since)),
            failure: failure.map(|(at, text)| LastFailure {
                text: text.clone(),
                ago: now.saturating_duration_since(*at),
            }),
        }
    }

    /// Whether there is nothing to remember.
    pub(super) fn is_blank(&self) -> bool {
        let queue = self.queue.lock();
        !queue.running && queue.failed.is_none()
    }
}

/// What a stanza takes of the room that there is.
pub(super) fn size(stanza: &Stanza) -> usize {
    stanza.payload_bytes().len() + OVERHEAD
}

#[cfg(test)]
mod tests {
    use stonechat_stanza::message;

    use super::*;

    const FIRST: Duration = Duration::from_secs(5);
    const MOST: Duration = Duration::from_secs(15);

    fn link() -> Link {
        let domain = |name: &str| name.parse().unwrap();
        Link::new(Pair { sender: domain("a.example"), target: domain("b.example") })
    }

    fn message(id: usize) -> Parcel {
        let stanza = Stanza::message(message::Type::Chat).with_id(&id.to_string());
        Parcel { stanza, entry: id.to_string().into() }
    }

    fn failure() -> Failure {
        Failure::NoService
    }

    #[test]
    fn the_first_stanza_begins_a_task_and_the_others_wait_for_it() {
        let (link, now) = (link(), Instant::now());
        assert!(matches!(link.push(message(1), 10_000, now), Pushed::Begin));
        assert!(matches!(link.push(message(2), 10_000, now), Pushed::Waits));
        assert!(!link.rest() && !link.is_at_rest());
        let all: Vec<_> =
            std::iter::from_fn(|| link.pop()).map(|parcel| parcel.entry.into_string()).collect();
        assert_eq!(all, ["1", "2"]);
        assert!(link.rest() && link.is_blank());
        assert!(matches!(link.push(message(3), 10_000, now), Pushed::Begin));
    }

    #[test]
    fn no_more_waits_than_there_may() {
        let (link, now) = (link(), Instant::now());
        assert!(matches!(link.push(message(1), 2 * OVERHEAD, now), Pushed::Begin));
        assert!(matches!(link.push(message(2), 2 * OVERHEAD, now), Pushed::Waits));
        assert!(matches!(link.push(message(3), 2 * OVERHEAD, now), Pushed::Refused(..)));
        let taken = link.pop().unwrap();
        assert!(matches!(link.push(message(3), 2 * OVERHEAD, now), Pushed::Refused(..)), "it may come back");
        link.arrived_there(&[taken], now);
        assert!(matches!(link.push(message(4), 2 * OVERHEAD, now), Pushed::Waits));
    }

    #[test]
    fn what_has_a_stream_and_nothing_to_do_can_be_given_up() {
        let (link, now) = (link(), Instant::now());
        let later = now + Duration::from_secs(1);
        link.push(message(1), 10_000, now);
        link.push(message(2), 10_000, now);
        link.reached(Opener::Us);
        let (first, second) = (link.pop().unwrap(), link.pop().unwrap());
        link.arrived_there(&[first], now);
        assert!(link.idle_since().is_none() && !link.give_up(), "one is under way");
        link.arrived_there(&[second], now);
        assert_eq!(link.idle_since(), Some(now));
        link.push(message(3), 10_000, later);
        assert!(link.idle_since().is_none() && !link.give_up(), "one waits");
        let third = link.pop().unwrap();
        link.arrived_there(&[third], later);
        assert_eq!(link.idle_since(), Some(later));
        link.left();
        assert!(link.idle_since().is_none() && !link.give_up(), "there is no stream");
        link.reached(Opener::Us);
        assert!(link.give_up() && link.idle_since().is_none());
    }

    #[test]
    fn a_domain_that_was_not_reached_is_tried_again_ever_more_seldom() {
        let (link, mut now) = (link(), Instant::now());
        for delay in [5, 10, 15, 15] {
            assert!(matches!(link.push(message(1), 10_000, now), Pushed::Begin));
            link.push(message(2), 10_000, now);
            assert_eq!(link.fail(&failure(), FIRST, MOST, now).len(), 2);
            now += Duration::from_secs(delay) - Duration::from_millis(1);
            let Pushed::Refused(refused) = link.push(message(3), 10_000, now) else { panic!("{delay}") };
            assert_eq!(refused.error, failure().to_stanza_error());
            now += Duration::from_millis(1);
        }
        link.push(message(1), 10_000, now);
        link.reached(Opener::Us);
        link.fail(&failure(), FIRST, MOST, now);
        assert!(matches!(link.push(message(1), 10_000, now + FIRST), Pushed::Begin));
        // It has come to us.
        link.fail(&failure(), FIRST, MOST, now);
        link.look_again(true);
        assert!(matches!(link.push(message(1), 10_000, now), Pushed::Begin));
    }

    #[test]
    fn its_status_is_what_it_goes_through() {
        let (link, now) = (link(), Instant::now());
        link.push(message(1), 10_000, now);
        let later = now + Duration::from_secs(2);
        link.push(message(2), 10_000, later);
        let status = link.status(later);
        assert_eq!((status.state, status.waiting, status.oldest), (State::Connecting, 2, Some(later - now)));
        assert!(status.bytes == 2 * OVERHEAD && status.failure.is_none());
        link.fail(&failure(), FIRST, MOST, later);
        let status = link.status(later + Duration::from_secs(1));
        assert_eq!(status.state, State::Failed { next: FIRST - Duration::from_secs(1) });
        assert_eq!((status.waiting, status.bytes, status.oldest), (0, 0, None));
        let failure = status.failure.unwrap();
        assert_eq!(
            (&*failure.text, failure.ago),
            ("the domain has no server for other servers", Duration::from_secs(1))
        );
        link.push(message(3), 10_000, later + FIRST);
        link.reached(Opener::Them);
        assert_eq!(link.status(later).state, State::Established { by: Opener::Them });
        link.left();
        link.pop();
        assert!(link.rest());
        // What was wrong once can be read later.
        assert!(link.status(later).state == State::Idle && link.status(later).failure.is_some());
    }
}
