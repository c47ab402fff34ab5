//! The threads that read.

use super::failure::Failure;
use super::queue::{Queue, Received, Room};
use crate::Error;
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::sync::oneshot;

/// How many reads may wait; who has more waits outside.
pub(super) const WAITING: u32 = 1_024;

/// A read, with where to send what it found.
type Job = Box<dyn FnOnce(&Connection) + Send>;

/// The queue to the threads that read.
#[derive(Debug, Clone)]
pub(super) struct Readers {
    queue: Arc<Queue<ReadJob>>,
    place: Arc<str>,
}

pub(super) struct ReadJob {
    run: Job,
    _room: Room,
}

impl std::fmt::Debug for ReadJob {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReadJob")
    }
}

impl Readers {
    pub(super) fn new(place: Arc<str>) -> Self {
        Self { queue: Arc::new(Queue::new(WAITING)), place }
    }

    /// Runs a read on one of the threads. A read whose caller has gone is skipped.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        let closed = || Error::Closed { place: self.place.clone() };
        let (reply, answer) = oneshot::channel();
        let run: Job = Box::new(move |conn| {
            if !reply.is_closed() {
                drop(reply.send(read(conn)));
            }
        });
        self.queue.send(1, |_room| ReadJob { run, _room }).await.map_err(|_| closed())?;
        let result = answer.await.map_err(|_| closed())?;
        result.map_err(|failure| failure.at(&self.place, "reading"))
    }

    /// A thread's work: until the queue is closed and empty. A read that panics fails alone.
    pub(super) fn run(&self, conn: &Connection) {
        while let Received::Job(job) = self.queue.receive(None) {
            let ReadJob { run, _room } = job;
            let panicked = catch_unwind(AssertUnwindSafe(|| run(conn))).is_err();
            if panicked && !conn.is_autocommit() {
                // The transaction that it left open would pin the WAL.
                drop(conn.execute_batch("ROLLBACK"));
            }
        }
    }

    pub(super) fn close(&self) {
        self.queue.close();
    }

    pub(super) fn abandon(&self) {
        self.queue.abandon();
    }
}
