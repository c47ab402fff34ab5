//! The one thread that writes.

use super::appends::{Appends, OnDuplicate};
use super::checkpoint::Pulse;
use super::failure::Failure;
use super::queue::{Queue, Received, Room};
use super::readers::Readers;
use super::{apply, blob, garbage};
use crate::Error;
use crate::driver::{Outcome, Take, Write};
use bytes::Bytes;
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::oneshot;

/// The most batches in one transaction.
const GROUP: usize = 1_000;
/// A transaction takes no further batch once it has so many KiB.
const GROUP_KIB: u32 = 8 << 10;
/// Between two steps of collecting garbage while nobody writes.
const COLLECT_PAUSE: Duration = Duration::from_millis(5);
/// Where writers never pause, a step is done after so many transactions.
const COLLECT_EVERY: u32 = 32;
/// After collecting failed (a full disk, say) nothing is tried for so long.
const COLLECT_RETRY: Duration = Duration::from_secs(60);

/// What the writer can be asked for.
#[derive(Debug)]
pub(super) enum Work {
    Batch(Arc<Vec<Write>>),
    /// Answers with the upload's number in the place of a count.
    BeginUpload,
    Upload {
        upload: u64,
        index: u64,
        data: Bytes,
    },
    Discard(u64),
    #[cfg(test)]
    Panic,
}

/// Work, with where to send what it did.
#[derive(Debug)]
pub(super) struct Job {
    work: Work,
    reply: Option<oneshot::Sender<Result<Vec<Outcome>, Error>>>,
    room: Option<Room>,
}

/// The queue to the writer.
#[derive(Clone, Debug)]
pub(super) struct Writer {
    queue: Arc<Queue<Job>>,
    place: Arc<str>,
    died: Arc<AtomicBool>,
}

impl Writer {
    pub(super) fn new(place: Arc<str>, queue_bytes: usize) -> Self {
        let kib = u32::try_from((queue_bytes >> 10).clamp(1 << 10, 1 << 20)).unwrap_or(1 << 20);
        Self { queue: Arc::new(Queue::new(kib)), place, died: Arc::default() }
    }

    /// Queues work and waits until it is durable.
    pub(super) async fn write(&self, work: Work) -> Result<Vec<Outcome>, Error> {
        let closed = || Error::Closed { place: self.place.clone() };
        let (reply, answer) = oneshot::channel();
        let cost = cost(&work);
        let job = |room| Job { work, reply: Some(reply), room: Some(room) };
        self.queue.send(cost, job).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Queues the forgetting of an upload, for which nobody waits. There are never more of these than uploads.
    pub(super) fn discard(&self, upload: u64) {
        // A closed writer leaves it to the collector of a later day.
        drop(self.queue.push(Job { work: Work::Discard(upload), reply: None, room: None }));
    }

    pub(super) fn close(&self) {
        self.queue.close();
    }

    pub(super) fn has_died(&self) -> bool {
        self.died.load(Ordering::Acquire)
    }
}

/// What work takes of the queue's room: its size in KiB, and one for itself.
fn cost(work: &Work) -> u32 {
    let bytes = match work {
        Work::Batch(writes) => writes.iter().map(size).sum(),
        Work::Upload { data, .. } => data.len(),
        _ => 0,
    };
    u32::try_from(bytes >> 10).unwrap_or(u32::MAX).saturating_add(1)
}

fn size(write: &Write) -> usize {
    let value = match write {
        Write::ExpectDocument { expected, .. } => expected.as_ref().map_or(0, Bytes::len),
        Write::PutDocument { value, .. } => value.len(),
        Write::ExpectMap { key, expected, .. } => key.len() + expected.as_ref().map_or(0, Bytes::len),
        Write::PutMap { key, value, .. } => key.len() + value.len(),
        Write::Append { entry, .. } => entry.id.len() + entry.value.len(),
        Write::ReplaceEntry { id, value, .. } => id.len() + value.len(),
        Write::DeleteEntries { ids, .. } => ids.iter().map(String::len).sum(),
        Write::TakeEntries { which: Take::Ids(ids), .. } => ids.iter().map(String::len).sum(),
        Write::CommitBlob { tail, .. } => tail.len(),
        _ => 0,
    };
    size_of::<Write>() + value
}

/// The thread's own state.
#[derive(Debug)]
pub(super) struct WriterThread {
    conn: Connection,
    writer: Writer,
    readers: Readers,
    pulse: Arc<Pulse>,
    /// Whether there may be something to collect.
    garbage: bool,
    since_collected: u32,
    collect_pause: Duration,
}

/// If the writer panics, makes every waiting and every later call fail.
struct OnPanic {
    writer: Writer,
    readers: Readers,
}

impl Drop for OnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.writer.died.store(true, Ordering::Release);
            self.writer.queue.abandon();
            self.readers.abandon();
        }
    }
}

type Done = Result<Vec<Outcome>, Failure>;

impl WriterThread {
    pub(super) fn new(conn: Connection, writer: Writer, readers: Readers, pulse: Arc<Pulse>) -> Self {
        let collect_pause = COLLECT_PAUSE;
        // What a process that was killed has left behind is collected first.
        Self { conn, writer, readers, pulse, garbage: true, since_collected: 0, collect_pause }
    }

    fn on_panic(&self) -> OnPanic {
        OnPanic { writer: self.writer.clone(), readers: self.readers.clone() }
    }

    /// Works until the queue is closed and empty, and hands the connection back.
    pub(super) fn run(mut self) -> Connection {
        let _on_panic = self.on_panic();
        if let Err(_later) = garbage::sweep(&self.conn) {
            self.collect_pause = COLLECT_RETRY;
        }
        loop {
            match self.writer.queue.receive(self.garbage.then_some(self.collect_pause)) {
                Received::Job(first) => self.work(first),
                Received::Quiet => self.collect(),
                Received::Closed => return self.conn,
            }
        }
    }

    /// Commits a job with what has gathered behind it.
    fn work(&mut self, first: Job) {
        let mut kib = first.kib();
        let mut jobs = vec![first];
        while jobs.len() < GROUP && kib < GROUP_KIB {
            let Some(job) = self.writer.queue.try_receive() else { break };
            kib = kib.saturating_add(job.kib());
            jobs.push(job);
        }
        // Dropped before the jobs, so that whoever learns that the writer died finds everything closed.
        let _on_panic = self.on_panic();
        match self.quickly(&jobs).unwrap_or_else(|| self.together(&jobs)) {
            Ok(done) => jobs.into_iter().zip(done).for_each(|(job, done)| self.answer(job, done)),
            Err(failure) if jobs.len() == 1 => {
                jobs.into_iter().take(1).zip([Err(failure)]).for_each(|(job, done)| self.answer(job, done));
            }
            // None of them is written; whose fault it is shows when each goes alone.
            Err(_) => jobs.into_iter().for_each(|job| {
                let done = self.together(std::slice::from_ref(&job));
                let done = done.and_then(|mut done| done.pop().unwrap_or(Ok(Vec::new())));
                self.answer(job, done);
            }),
        }
        self.pulse.beat();
        self.since_collected += 1;
        if self.garbage && self.since_collected >= COLLECT_EVERY && self.collect_pause == COLLECT_PAUSE {
            self.collect();
        }
    }

    /// One transaction for all jobs, if each succeeds; `None` if one does not. So it nearly always is, and to be able to undo one of them
    /// alone costs a copy of every page that it changes.
    fn quickly(&self, jobs: &[Job]) -> Option<Result<Vec<Done>, Failure>> {
        if let Err(failure) = self.run_sql("BEGIN IMMEDIATE") {
            return Some(Err(failure));
        }
        let mut appends = Appends::new(&self.conn, OnDuplicate::GiveUp);
        let done: Result<Vec<_>, _> = jobs.iter().map(|job| self.perform(&mut appends, &job.work)).collect();
        let done = done.and_then(|done| appends.write().map(|()| done));
        drop(appends);
        let Ok(done) = done else {
            self.undo_unless(false);
            return None;
        };
        let committed = self.run_sql("COMMIT");
        self.undo_unless(committed.is_ok());
        Some(committed.map(|()| done.into_iter().map(Ok).collect()))
    }

    /// One transaction for all jobs, with what each did; or an error, and none is written.
    fn together(&self, jobs: &[Job]) -> Result<Vec<Done>, Failure> {
        let result = self.transaction(jobs);
        self.undo_unless(result.is_ok());
        result
    }

    fn undo_unless(&self, committed: bool) {
        if !committed && !self.conn.is_autocommit() {
            // If this fails too, the next BEGIN says so.
            drop(self.conn.execute_batch("ROLLBACK"));
        }
    }

    fn transaction(&self, jobs: &[Job]) -> Result<Vec<Done>, Failure> {
        self.run_sql("BEGIN IMMEDIATE")?;
        let mut done = Vec::with_capacity(jobs.len());
        for job in jobs {
            self.run_sql("SAVEPOINT job")?;
            let mut appends = Appends::new(&self.conn, OnDuplicate::Tell);
            let result = self.perform(&mut appends, &job.work);
            let result = result.and_then(|done| appends.write().map(|()| done));
            drop(appends);
            if let Err(failure) = result {
                if self.conn.is_autocommit() {
                    // SQLite has rolled back everything, not only this job.
                    return Err(failure);
                }
                self.run_sql("ROLLBACK TO job")?;
                done.push(Err(failure));
            } else {
                done.push(result);
            }
            self.run_sql("RELEASE job")?;
        }
        self.run_sql("COMMIT")?;
        Ok(done)
    }

    fn run_sql(&self, sql: &str) -> Result<(), Failure> {
        self.conn.prepare_cached(sql)?.execute([])?;
        Ok(())
    }

    fn perform<'a>(&'a self, appends: &mut Appends<'a>, work: &'a Work) -> Done {
        match work {
            Work::Batch(writes) => apply::batch(appends, writes),
            Work::BeginUpload => Ok(vec![blob::begin(&self.conn)?.into()]),
            Work::Upload { upload, index, data } => {
                blob::upload(&self.conn, *upload, *index, data)?;
                Ok(Vec::new())
            }
            Work::Discard(upload) => {
                blob::discard(&self.conn, *upload)?;
                Ok(Vec::new())
            }
            #[cfg(test)]
            Work::Panic => panic!("a test asked for it"),
        }
    }

    fn answer(&mut self, job: Job, done: Done) {
        self.garbage |= job.work.leaves_garbage();
        // Who waits frees what it has allocated.
        drop(job.work);
        if let Some(reply) = job.reply {
            // Nobody may be waiting any more.
            drop(reply.send(done.map_err(|failure| failure.at(&self.writer.place, "writing"))));
        }
    }

    fn collect(&mut self) {
        self.since_collected = 0;
        match garbage::collect(&self.conn) {
            Ok(more) => {
                self.garbage = more;
                self.collect_pause = COLLECT_PAUSE;
                self.pulse.beat();
            }
            Err(_later) => self.collect_pause = COLLECT_RETRY,
        }
    }
}

impl Job {
    fn kib(&self) -> u32 {
        self.room.as_ref().map_or(1, |room| u32::try_from(room.num_permits()).unwrap_or(u32::MAX))
    }
}

impl Work {
    fn leaves_garbage(&self) -> bool {
        let removes = |write: &Write| {
            matches!(write, Write::Erase { .. } | Write::DeleteBlob { .. } | Write::CommitBlob { .. })
        };
        match self {
            Self::Batch(writes) => writes.iter().any(removes),
            Self::Discard(_) => true,
            _ => false,
        }
    }
}
