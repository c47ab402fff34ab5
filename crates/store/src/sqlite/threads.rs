//! The driver's threads: started together, joined together.

use super::checkpoint::{self, Pulse};
use super::failure::Failure;
use super::inline::Inline;
use super::open::{self, Lock};
use super::options::Options;
use super::readers::Readers;
use super::writer::{Work, Writer, WriterThread};
use crate::Error;
use crate::driver::Outcome;
use parking_lot::Mutex;
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use tokio::sync::watch;

#[derive(Debug)]
pub(super) struct Threads {
    place: Arc<str>,
    writer: Writer,
    readers: Readers,
    inline: Inline,
    pulse: Arc<Pulse>,
    running: Mutex<Option<Running>>,
    ended: watch::Sender<bool>,
}

#[derive(Debug)]
struct Running {
    writer: Option<JoinHandle<Connection>>,
    others: Vec<JoinHandle<()>>,
    /// Released after the threads have ended.
    lock: Option<Lock>,
}

impl Running {
    fn join(self) {
        // A thread that panicked has abandoned its queue, which is how callers know.
        for thread in self.others {
            drop(thread.join());
        }
        // The last connection that closes copies the WAL and removes it, which two at once would leave to each other.
        drop(self.writer.map(JoinHandle::join));
        drop(self.lock);
    }
}

impl Threads {
    pub(super) fn start(path: &Path, options: &Options) -> Result<Self, Error> {
        let place: Arc<str> = Arc::from(path.to_string_lossy());
        let path = &open::create(path, &place)?;
        let (conn, lock) = open::open(path, &place, options)?;
        let readers = Readers::new(place.clone());
        let inline = Inline::new(open::open_inline(path, &place, options)?);
        let threads = Self {
            writer: Writer::new(place.clone(), options.queue_bytes),
            readers,
            inline,
            pulse: Arc::new(Pulse::new()),
            running: Mutex::new(Some(Running { writer: None, others: Vec::new(), lock })),
            ended: watch::Sender::new(false),
            place,
        };
        // If one cannot be started, dropping `threads` ends those that were.
        threads.start_writer(conn)?;
        threads.start_checkpointer(path, options)?;
        for _ in 0..options.readers.clamp(1, 16) {
            threads.start_reader(open::open_reader(path, &threads.place, options)?)?;
        }
        Ok(threads)
    }

    fn start_writer(&self, conn: Connection) -> Result<(), Error> {
        let thread = WriterThread::new(conn, self.writer.clone(), self.readers.clone(), self.pulse.clone());
        let thread = self.spawn("store-writer", move || thread.run())?;
        if let Some(running) = self.running.lock().as_mut() {
            running.writer = Some(thread);
        }
        Ok(())
    }

    fn start_checkpointer(&self, path: &Path, options: &Options) -> Result<(), Error> {
        let conn = open::open_checkpointer(path, &self.place, options)?;
        let mut wal = path.as_os_str().to_owned();
        wal.push("-wal");
        let pulse = self.pulse.clone();
        let run = move || checkpoint::run(&conn, &wal.into(), &pulse);
        self.keep(self.spawn("store-checkpoint", run)?);
        Ok(())
    }

    fn start_reader(&self, conn: Connection) -> Result<(), Error> {
        let readers = self.readers.clone();
        self.keep(self.spawn("store-reader", move || readers.run(&conn))?);
        Ok(())
    }

    fn keep(&self, thread: JoinHandle<()>) {
        if let Some(running) = self.running.lock().as_mut() {
            running.others.push(thread);
        }
    }

    fn spawn<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<JoinHandle<T>, Error> {
        Builder::new().name(name.to_owned()).spawn(work).map_err(|error| Error::Io {
            place: self.place.clone(),
            doing: "starting a thread for",
            source: Box::new(error),
        })
    }

    pub(super) fn place(&self) -> &Arc<str> {
        &self.place
    }

    pub(super) async fn write(&self, work: Work) -> Result<Vec<Outcome>, Error> {
        self.writer.write(work).await
    }

    pub(super) fn discard(&self, upload: u64) {
        self.writer.discard(upload);
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        self.readers.read(read).await
    }

    /// The same for a read of a few rows: it may run on the caller's thread.
    pub(super) async fn read_few<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        let read = if self.writer.has_died() { Err(read) } else { self.inline.run(read) };
        match read {
            Ok(result) => result.map_err(|failure| failure.at(&self.place, "reading")),
            Err(read) => self.read(read).await,
        }
    }

    pub(super) async fn close(&self) -> Result<(), Error> {
        let died = self.writer.has_died();
        self.tell_to_end();
        let running = self.running.lock().take();
        if let Some(running) = running {
            let ended = self.ended.clone();
            let join = move || {
                running.join();
                ended.send_replace(true);
            };
            // If no thread can be had for it, it blocks.
            if let Err(error) = Builder::new().name("store-close".to_owned()).spawn(join) {
                let source = Box::new(error);
                return Err(Error::Io { place: self.place.clone(), doing: "closing", source });
            }
        }
        // The sender is ours, so this cannot fail.
        drop(self.ended.subscribe().wait_for(|ended| *ended).await);
        if died { Err(Error::Closed { place: self.place.clone() }) } else { Ok(()) }
    }

    fn tell_to_end(&self) {
        self.writer.close();
        self.readers.close();
        self.inline.close();
        self.pulse.stop();
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.tell_to_end();
        if let Some(running) = self.running.lock().take() {
            running.join();
        }
    }
}
