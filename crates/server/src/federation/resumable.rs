//! Streams with other servers that can go on when their connection is gone (XEP-0198 §5): for whom they are, and how many stanzas of the
//! other server were handled.
//!
//! A stream of the other server is resumed by it. One of this side is resumed by this side; where it is for both directions (XEP-0288), the
//! other server may ask about it on a stream of its own, by the same id, and is told how many of its stanzas were handled, as of one
//! that has timed out. So it can send the rest there, without anything arriving twice.

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
    streams: Mutex<HashMap<Key, Arc<Counted>>>,
}

/// Who has given the id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Giver {
    Us,
    /// The other server of this pair.
    Them(Pair),
}

type Key = (Giver, Box<str>);

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
        let held = Held::new((Giver::Us, stream_id()?.into()), pair)?;
        streams.insert(held.key.clone(), Arc::clone(&held.counted));
        Some(held)
    }

    /// A stream of our own, for both directions, to which the other server has given this id, from here on. It is remembered for when the other
    /// server asks about it, as long as there is room.
    pub(super) fn follow(&self, id: &str, pair: Pair, most: usize) -> Option<Held> {
        let mut streams = self.streams.lock();
        let room = make_room(&mut streams, PER_PAIR.min(most), |stream| stream.pair == pair)
            .and_then(|()| make_room(&mut streams, most, |_| true));
        let held = Held::new((Giver::Them(pair.clone()), id.into()), pair)?;
        if room.is_some() {
            streams.insert(held.key.clone(), Arc::clone(&held.counted));
        }
        Some(held)
    }

    /// How many stanzas were handled of a stream of the other server that has this id.
    pub(super) fn handled(&self, id: &str) -> Option<u32> {
        let streams = self.streams.lock();
        Some(streams.get(&(Giver::Us, id.into()))?.handled.load(Ordering::Acquire))
    }

    /// Goes on with the stream that has this id, if it is of one of these pairs, and its connection is there or is not gone for longer than
    /// `most`. The old connection ends. With one of our own it does not go on, but that is over for it. Cancel safe.
    ///
    /// # Errors
    /// [`NotResumed`].
    pub(super) async fn resume(&self, id: &str, pairs: &[Pair], most: Duration) -> Result<Held, NotResumed> {
        let (key, counted) = self.find(id, pairs).ok_or(NotResumed::NotFound)?;
        counted.connection.lock().taken.cancel();
        let turn = timeout(LET_GO, Arc::clone(&counted.turn).lock_owned()).await;
        let turn = turn.map_err(|_| NotResumed::Busy)?;
        let taken = {
            // In this order everywhere.
            let streams = self.streams.lock();
            let mut connection = counted.connection.lock();
            let is_over = connection.gone.is_some_and(|gone| gone.elapsed() > most);
            if is_over || key.0 != Giver::Us || !streams.contains_key(&key) {
                return Err(NotResumed::Over(counted.handled.load(Ordering::Acquire)));
            }
            *connection = OneConnection { taken: CancellationToken::new(), gone: None };
            connection.taken.clone()
        };
        Ok(Held { key, counted, taken, _turn: turn })
    }

    /// The stream of one of these pairs that has this id.
    fn find(&self, id: &str, pairs: &[Pair]) -> Option<(Key, Arc<Counted>)> {
        let streams = self.streams.lock();
        let givers = pairs.iter().cloned().map(Giver::Them).chain([Giver::Us]);
        let mut found = givers.filter_map(|giver| {
            let key = (giver, Box::from(id));
            streams.get(&key).cloned().map(|stream| (key, stream))
        });
        found.find(|(_, stream)| pairs.contains(&stream.pair))
    }

    /// The stream was closed, and nobody goes on with it.
    pub(super) fn forget(&self, held: &Held) {
        self.streams.lock().remove(&held.key);
    }
}

/// Forgets streams without connections until there are less than `most` of these, those first that are without one for longest; `None`
/// when there cannot be.
fn make_room(
    streams: &mut HashMap<Key, Arc<Counted>>,
    most: usize,
    is_one: impl Fn(&Counted) -> bool,
) -> Option<()> {
    while streams.values().filter(|stream| is_one(stream)).count() >= most {
        let these = streams.iter().filter(|(_, stream)| is_one(stream));
        let gone = these.filter_map(|(key, stream)| Some((stream.connection.lock().gone?, key)));
        let (_, first) = gone.min_by_key(|(at, _)| *at)?;
        let first = first.clone();
        streams.remove(&first);
    }
    Some(())
}

/// A stream that can be resumed, and has a connection as long as this is there.
#[derive(Debug)]
pub(super) struct Held {
    key: Key,
    counted: Arc<Counted>,
    taken: CancellationToken,
    _turn: OwnedMutexGuard<()>,
}

/// A stream of our own that is for both directions, from one of its connections to the next.
#[derive(Debug, Clone)]
pub(super) struct Followed {
    key: Key,
    counted: Arc<Counted>,
}

impl Followed {
    /// What it is resumed by.
    pub(super) fn id(&self) -> &str {
        &self.key.1
    }

    /// How many stanzas of the other server were handled, modulo 2^32.
    pub(super) fn handled(&self) -> u32 {
        self.counted.handled.load(Ordering::Acquire)
    }

    /// It has a connection again.
    pub(super) async fn hold(&self) -> Held {
        let turn = Arc::clone(&self.counted.turn).lock_owned().await;
        let taken = CancellationToken::new();
        *self.counted.connection.lock() = OneConnection { taken: taken.clone(), gone: None };
        Held { key: self.key.clone(), counted: Arc::clone(&self.counted), taken, _turn: turn }
    }
}

impl Held {
    fn new(key: Key, pair: Pair) -> Option<Self> {
        let counted = Arc::new(Counted {
            pair,
            handled: AtomicU32::new(0),
            turn: Arc::default(),
            connection: Mutex::new(OneConnection { taken: CancellationToken::new(), gone: None }),
        });
        let turn = Arc::clone(&counted.turn).try_lock_owned().ok()?;
        let taken = counted.connection.lock().taken.clone();
        Some(Self { key, counted, taken, _turn: turn })
    }

    /// What it is resumed by.
    pub(super) fn id(&self) -> &str {
        &self.key.1
    }

    /// The stream, for when this connection is gone.
    pub(super) fn followed(&self) -> Followed {
        Followed { key: self.key.clone(), counted: Arc::clone(&self.counted) }
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
        streams.resume(id, &[pair("c.example"), pair(sender)], MOST).await
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

    /// The rest goes over a stream of the other server's.
    #[tokio::test(start_paused = true)]
    async fn of_a_stream_of_our_own_the_other_server_is_told_how_far_it_was() {
        let streams = Arc::new(Resumable::default());
        let held = streams.follow("theirs", pair("b.example"), 1).unwrap();
        held.count();
        let followed = held.followed();
        let old = tokio::spawn(async move {
            held.taken().await;
            held.count();
        });
        let told = resume(&streams, "theirs", "b.example").await.unwrap_err();
        assert_eq!((told, followed.handled()), (NotResumed::Over(2), 2));
        old.await.unwrap();
        assert_eq!(resume(&streams, "theirs", "d.example").await.unwrap_err(), NotResumed::NotFound);
        // Another server may have given the same id.
        let same = streams.follow("theirs", pair("c.example"), 2).unwrap();
        drop(same);
        assert_eq!(resume(&streams, "theirs", "c.example").await.unwrap_err(), NotResumed::Over(0));
        // It can go on for us all the same.
        let held = followed.hold().await;
        held.count();
        assert!(timeout(Duration::from_secs(1), held.taken()).await.is_err());
        // Where there is no room for more, it is followed and not remembered.
        let other = streams.follow("other", pair("b.example"), 1).unwrap();
        assert_eq!(resume(&streams, "other", "b.example").await.unwrap_err(), NotResumed::NotFound);
        drop(other);
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
