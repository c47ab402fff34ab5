//! Copying the WAL into the database, away from the writer.

use parking_lot::{Condvar, Mutex};
use rusqlite::Connection;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// After so long without a commit it is quiet.
const QUIET: Duration = Duration::from_millis(200);
/// Where it is never quiet, a checkpoint is tried so often: it keeps short what the writer may have to do itself.
const BUSY_INTERVAL: Duration = Duration::from_secs(2);
/// A WAL file larger than this is cut in a quiet moment.
const LARGE_WAL: u64 = 16 << 20;

/// The writer's commits, as the checkpointer sees them.
#[derive(Debug)]
pub(super) struct Pulse {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Debug)]
struct Inner {
    /// When the last commit was; none since the last checkpoint.
    last: Option<Instant>,
    stop: bool,
}

enum Moment {
    Quiet,
    Busy,
    Stop,
}

impl Pulse {
    pub(super) fn new() -> Self {
        Self { inner: Mutex::new(Inner { last: None, stop: false }), changed: Condvar::new() }
    }

    /// Something was committed.
    pub(super) fn beat(&self) {
        let mut inner = self.inner.lock();
        let first = inner.last.replace(Instant::now()).is_none();
        drop(inner);
        if first {
            self.changed.notify_one();
        }
    }

    pub(super) fn stop(&self) {
        self.inner.lock().stop = true;
        self.changed.notify_one();
    }

    /// Waits until there is something to copy and a moment to do it.
    fn wait(&self) -> Moment {
        let mut inner = self.inner.lock();
        while inner.last.is_none() && !inner.stop {
            self.changed.wait(&mut inner);
        }
        let busy_until = Instant::now() + BUSY_INTERVAL;
        loop {
            let now = Instant::now();
            let quiet_at = inner.last.map_or(now, |last| last + QUIET);
            let moment = match () {
                () if inner.stop => Moment::Stop,
                () if now >= quiet_at => Moment::Quiet,
                () if now >= busy_until => Moment::Busy,
                () => {
                    self.changed.wait_until(&mut inner, quiet_at.min(busy_until));
                    continue;
                }
            };
            inner.last = None;
            return moment;
        }
    }
}

/// Runs until it is stopped. A checkpoint that cannot be done now (a reader holds old pages, another process
/// is at it) is done after a later commit, at worst by the writer.
pub(super) fn run(conn: &Connection, wal: &PathBuf, pulse: &Pulse) {
    loop {
        let quiet = match pulse.wait() {
            Moment::Stop => return,
            Moment::Quiet => true,
            Moment::Busy => false,
        };
        let complete = checkpoint(conn, "PRAGMA wal_checkpoint(PASSIVE)");
        let large = std::fs::metadata(wal).is_ok_and(|file| file.len() > LARGE_WAL);
        if complete && quiet && large {
            checkpoint(conn, "PRAGMA wal_checkpoint(TRUNCATE)");
        }
    }
}

/// Whether everything in the WAL is in the database now.
fn checkpoint(conn: &Connection, pragma: &str) -> bool {
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
    let result: Result<(i64, i64, i64), _> = conn.query_row(pragma, [], row);
    matches!(result, Ok((0, in_wal, copied)) if in_wal == copied)
}
