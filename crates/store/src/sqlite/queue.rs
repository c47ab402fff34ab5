//! A bounded queue from async tasks to threads.

use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

/// Room in the queue, given back when the job is done and dropped.
pub(super) type Room = OwnedSemaphorePermit;

/// Jobs in order, bounded by their summed cost: whoever has more waits, first come first served.
#[derive(Debug)]
pub(super) struct Queue<T> {
    inner: Mutex<Inner<T>>,
    filled: Condvar,
    room: Arc<Semaphore>,
    capacity: u32,
}

#[derive(Debug)]
struct Inner<T> {
    jobs: VecDeque<T>,
    closed: bool,
}

/// What a thread finds in the queue.
#[derive(Debug)]
pub(super) enum Received<T> {
    Job(T),
    /// Nothing came for as long as the thread would wait.
    Quiet,
    /// Nothing is left and nothing will come.
    Closed,
}

/// The queue takes no more jobs.
#[derive(Debug)]
pub(super) struct QueueClosed;

impl<T> Queue<T> {
    pub(super) fn new(capacity: u32) -> Self {
        let inner = Inner { jobs: VecDeque::new(), closed: false };
        let room = Arc::new(Semaphore::new(capacity as usize));
        Self { inner: Mutex::new(inner), filled: Condvar::new(), room, capacity }
    }

    /// Waits for room, then queues the job. Cancel safe: dropped before it is ready, it has queued nothing.
    pub(super) async fn send(&self, cost: u32, job: impl FnOnce(Room) -> T) -> Result<(), QueueClosed> {
        let cost = cost.clamp(1, self.capacity);
        // Where there is room this never waits, not even for the task's next turn.
        let room = match self.room.clone().try_acquire_many_owned(cost) {
            Ok(room) => room,
            Err(TryAcquireError::Closed) => return Err(QueueClosed),
            Err(TryAcquireError::NoPermits) => {
                self.room.clone().acquire_many_owned(cost).await.map_err(|_| QueueClosed)?
            }
        };
        self.push(job(room))
    }

    /// Queues a job that takes no room.
    pub(super) fn push(&self, job: T) -> Result<(), QueueClosed> {
        let mut inner = self.inner.lock();
        if inner.closed {
            return Err(QueueClosed);
        }
        inner.jobs.push_back(job);
        drop(inner);
        self.filled.notify_one();
        Ok(())
    }

    /// Waits for a job, for a while or for as long as it takes.
    pub(super) fn receive(&self, patience: Option<Duration>) -> Received<T> {
        let mut inner = self.inner.lock();
        loop {
            if let Some(job) = inner.jobs.pop_front() {
                return Received::Job(job);
            }
            if inner.closed {
                return Received::Closed;
            }
            match patience {
                None => self.filled.wait(&mut inner),
                Some(patience) => {
                    let timed_out = self.filled.wait_for(&mut inner, patience).timed_out();
                    if timed_out && inner.jobs.is_empty() && !inner.closed {
                        return Received::Quiet;
                    }
                }
            }
        }
    }

    /// A job that is there already.
    pub(super) fn try_receive(&self) -> Option<T> {
        self.inner.lock().jobs.pop_front()
    }

    /// Takes no more jobs; those in the queue are still received.
    pub(super) fn close(&self) {
        self.inner.lock().closed = true;
        self.room.close();
        self.filled.notify_all();
    }

    /// Takes no more jobs and drops those in the queue.
    pub(super) fn abandon(&self) {
        self.close();
        let jobs = std::mem::take(&mut self.inner.lock().jobs);
        drop(jobs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::Future;
    use std::task::{Context, Poll, Waker};

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_full_queue_makes_the_next_wait_until_a_job_is_done() {
        let queue = Queue::new(2);
        let mut first = Box::pin(queue.send(2, |room| ("first", room)));
        assert!(poll(first.as_mut()).is_ready());
        let mut second = Box::pin(queue.send(1, |room| ("second", room)));
        assert!(poll(second.as_mut()).is_pending());
        let job = queue.try_receive().expect("the first is queued");
        assert!(poll(second.as_mut()).is_pending(), "the first is not done yet");
        drop(job);
        assert!(poll(second.as_mut()).is_ready());
    }

    #[test]
    fn a_job_larger_than_the_queue_goes_in_alone() {
        let queue = Queue::new(2);
        assert!(poll(Box::pin(queue.send(1_000, |room| room)).as_mut()).is_ready());
        assert!(poll(Box::pin(queue.send(1, |room| room)).as_mut()).is_pending());
    }

    #[test]
    fn a_closed_queue_hands_out_what_it_has_and_takes_no_more() {
        let queue = Queue::new(2);
        queue.push(1).expect("it is open");
        queue.close();
        assert!(queue.push(2).is_err());
        assert!(matches!(queue.receive(None), Received::Job(1)));
        assert!(matches!(queue.receive(None), Received::Closed));
    }

    #[test]
    fn an_abandoned_queue_drops_what_it_has() {
        let queue = Queue::new(2);
        queue.push(1).expect("it is open");
        queue.abandon();
        assert!(matches!(queue.receive(None), Received::Closed));
    }
}
