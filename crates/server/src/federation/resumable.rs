//! Streams of other servers that can be resumed when their connection is gone (XEP-0198 §5): for whom they are, and how many stanzas were
//! handled.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use stonechat_stream::dialback::Pair;
use stonechat_stream::negotiation::stream_id;
use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// So long who resumes a stream waits for its old connection to finish the stanza that it is at.
const LET_GO: Duration = Duration::from_secs(10);
/// So many streams of one pair of domains can be resumed. One is all that a server needs that keeps to the order of its stanzas.
const PER_PAIR: usize = 8;

/// The streams by what they are resumed by. Bounded in number by who [adds](Self::add) to it.
#[derive(Debug, Default)]
pub(super) struct Resumable {
    streams: Mutex<HashMap<Box<str>, Arc<Counted>>>,
}

#[derive(Debug)]
struct Counted {
    pair: Pair,
    /// How many stanzas were handled, modulo 2^32.
    handled: AtomicU32,
    /// Held by the connection.
    turn: Arc<tokio::sync::Mutex<()>>,
    connection: Mutex<OneConnection>,
}

#[derive(Debug)]
struct OneConnection {
    /// Another wants to go on.
    taken: CancellationToken,
    /// When it was gone.
    gone: Option<Instant>,
}

/// Why a stream is not resumed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotResumed {
    /// There is none (any more) of that pair.
    NotFound,
    /// It is over. So many of its stanzas were handled.
    Over(u32),
    /// Its old connection is still at something, so that it cannot be said how many stanzas were handled.
    Busy,
}

impl Resumable {
    /// A stream of this pair from here on; `None` when there are `most` already, or as many as one pair may have, and all have connections.
    pub(super) fn add(&self, pair: Pair, most: usize) -> Option<Held> {
        let mut streams = self.streams.lock();
        // Who begins ever new streams does not drive out those of others.
        make_room(&mut streams, PER_PAIR.min(most), |stream| stream.pair == pair)?;
        make_room(&mut streams, most, |_| true)?;
        let id: Box<str> = stream_id()?.into();
        let counted = Arc::new(Counted {
            pair,
            handled: AtomicU32::new(0),
            turn: Arc::default(),
            connection: Mutex::new(OneConnection { taken: CancellationToken::new(), gone: None }),
        });
        let turn = Arc::clone(&counted.turn).try_lock_owned().ok()?;
        let taken = counted.connection.lock().taken.clone();
        streams.insert(id.clone(), Arc::clone(&counted));
        Some(Held { id, counted, taken, _turn: turn })
    }

    /// Goes on with the stream that has this id, if it is of one of these pairs, and its connection is there or is not gone for longer than
    /// `most`. The old connection ends. Cancel safe.
    ///
    /// # Errors
    /// [`NotResumed`].
    pub(super) async fn resume(
        &self,
        id: &str,
        pairs: impl IntoIterator<Item = &Pair>,
        most: Duration,
    ) -> Result<Held, NotResumed> {
        let found =
            self.streams.lock().get_key_value(id).map(|(id, stream)| (id.clone(), Arc::clone(stream)));
        let (id, counted) = found.ok_or(NotResumed::NotFound)?;
        if !pairs.into_iter().any(|pair| *pair == counted.pair) {
            return Err(NotResumed::NotFound);
        }
        counted.connection.lock().taken.cancel();
        let turn = timeout(LET_GO, Arc::clone(&counted.turn).lock_owned()).await;
        let turn = turn.map_err(|_| NotResumed::Busy)?;
        let taken = {
            // In this order everywhere.
            let streams = self.streams.lock();
            let mut connection = counted.connection.lock();
            let is_over = connection.gone.is_some_and(|gone| gone.elapsed() > most);
            if is_over || !streams.contains_key(&id) {
                return Err(NotResumed::Over(counted.handled.load(Ordering::Acquire)));
            }
            *connection = OneConnection { taken: CancellationToken::new(), gone: None };
            connection.taken.clone()
        };
        Ok(Held { id, counted, taken, _turn: turn })
    }

    /// The stream was closed, and nobody goes on with it.
    pub(super) fn forget(&self, held: &Held) {
        self.streams.lock().remove(&held.id);
    }
}

/// Forgets streams without connections until there are less than `most` of these, those first that are without one for longest; `None`
/// when there cannot be.
fn make_room(
    streams: &mut HashMap<Box<str>, Arc<Counted>>,
    most: usize,
    is_one: impl Fn(&Counted) -> bool,
) -> Option<()> {
    while streams.values().filter(|stream| is_one(stream)).count() >= most {
        let these = streams.iter().filter(|(_, stream)| is_one(stream));
        let gone = these.filter_map(|(id, stream)| Some((stream.connection.lock().gone?, id)));
        let (_, first) = gone.min_by_key(|(at, _)| *at)?;
        let first = first.clone();
        streams.remove(&first);
    }
    Some(())
}

/// A stream that can be resumed, and has a connection as long as this is there.
#[derive(Debug)]
pub(super) struct Held {
    id: Box<str>,
    counted: Arc<Counted>,
    taken: CancellationToken,
    _turn: OwnedMutexGuard<()>,
}

impl Held {
    /// What it is resumed by.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// A stanza was handled.
    pub(super) fn count(&self) {
        self.counted.handled.fetch_add(1, Ordering::AcqRel);
    }

    /// How many stanzas were handled, modulo 2^32.
    pub(super) fn handled(&self) -> u32 {
        self.counted.handled.load(Ordering::Acquire)
    }

    /// Returns when another connection goes on with the stream.
    pub(super) async fn taken(&self) {
        self.taken.cancelled().await;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.counted.connection.lock().gone = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Duration = Duration::from_secs(60);

    fn pair(sender: &str) -> Pair {
        Pair { sender: sender.parse().unwrap(), target: "a.example".parse().unwrap() }
    }

    async fn resume(streams: &Resumable, id: &str, sender: &str) -> Result<Held, NotResumed> {
        streams.resume(id, [&pair("c.example"), &pair(sender)], MOST).await
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_goes_on_for_its_pair_and_for_no_other() {
        let streams = Resumable::default();
        let held = streams.add(pair("b.example"), 2).unwrap();
        held.count();
        let id = held.id().to_owned();
        drop(held);
        assert_eq!(resume(&streams, &id, "d.example").await.unwrap_err(), NotResumed::NotFound);
        assert_eq!(resume(&streams, "another", "b.example").await.unwrap_err(), NotResumed::NotFound);
        let held = resume(&streams, &id, "b.example").await.unwrap();
        held.count();
        assert_eq!((held.handled(), held.id()), (2, id.as_str()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_is_there_lets_go_first() {
        let streams = Arc::new(Resumable::default());
        let held = streams.add(pair("b.example"), 2).unwrap();
        let id = held.id().to_owned();
        let old = tokio::spawn(async move {
            held.taken().await;
            // The stanza that it was at.
            held.count();
        });
        let resumed = resume(&streams, &id, "b.example").await.unwrap();
        assert_eq!(resumed.handled(), 1);
        old.await.unwrap();
        // It is not told to let go by what was meant for the one before.
        assert!(timeout(Duration::from_secs(1), resumed.taken()).await.is_err());
        let stuck = resume(&streams, &id, "b.example").await.unwrap_err();
        assert_eq!(stuck, NotResumed::Busy);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_is_over_after_a_while_and_when_it_was_closed() {
        let streams = Resumable::default();
        let held = streams.add(pair("b.example"), 2).unwrap();
        held.count();
        let id = held.id().to_owned();
        drop(held);
        tokio::time::advance(MOST).await;
        drop(resume(&streams, &id, "b.example").await.unwrap());
        tokio::time::advance(MOST + Duration::from_secs(1)).await;
        assert_eq!(resume(&streams, &id, "b.example").await.unwrap_err(), NotResumed::Over(1));
        let held = streams.add(pair("b.example"), 2).unwrap();
        let id = held.id().to_owned();
        streams.forget(&held);
        drop(held);
        assert_eq!(resume(&streams, &id, "b.example").await.unwrap_err(), NotResumed::NotFound);
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_are_kept_and_those_that_have_connections_first() {
        let streams = Resumable::default();
        assert!(streams.add(pair("b.example"), 0).is_none());
        let first = streams.add(pair("b.example"), 2).unwrap();
        let second = streams.add(pair("b.example"), 2).unwrap();
        assert!(streams.add(pair("b.example"), 2).is_none());
        let id = second.id().to_owned();
        drop(second);
        let third = streams.add(pair("b.example"), 2).unwrap();
        assert_eq!(resume(&streams, &id, "b.example").await.unwrap_err(), NotResumed::NotFound);
        drop((first, third));
    }

    #[tokio::test(start_paused = true)]
    async fn who_begins_ever_new_streams_drives_out_its_own() {
        let streams = Resumable::default();
        let other = streams.add(pair("c.example"), 100).unwrap();
        let id = other.id().to_owned();
        drop(other);
        for _ in 0..200 {
            drop(streams.add(pair("b.example"), 100).unwrap());
        }
        assert_eq!(streams.streams.lock().len(), 1 + PER_PAIR);
        resume(&streams, &id, "c.example").await.unwrap();
    }
}
