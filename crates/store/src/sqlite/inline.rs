//! Short reads on the caller's own thread.
//!
//! To hand a read to another thread and back costs several times what it takes to find one row that is in memory. So reads
//! of a few rows run where they are asked for, as long as they are that quick. One that is not may have waited for the disk;
//! then the threads have the reads for a while, and for longer each time that the next one is slow too.

use super::failure::Failure;
use parking_lot::Mutex;
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What takes longer may have waited for the disk.
const QUICK: Duration = Duration::from_millis(1);
/// For how long the threads have the reads then: at first, and at the longest. On a busy machine nothing but another
/// program's turn may have been in the way, so it begins with little.
const PAUSE: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(1));

/// A connection for short reads.
#[derive(Debug)]
pub(super) struct Inline {
    /// `None` once it is closed.
    connection: Mutex<Option<Connection>>,
    opened: Instant,
    /// Until when the threads have the reads, in microseconds since `opened`.
    paused_until: AtomicU64,
    /// How long the last pause was, in microseconds; 0 when a read was quick since.
    pause: AtomicU64,
}

impl Inline {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            connection: Mutex::new(Some(connection)),
            opened: Instant::now(),
            paused_until: AtomicU64::new(0),
            pause: AtomicU64::new(0),
        }
    }

    /// Runs a read here and now; gives it back when it has to go to the threads.
    pub(super) fn run<T, R>(&self, read: R) -> Result<Result<T, Failure>, R>
    where
        R: FnOnce(&Connection) -> Result<T, Failure>,
    {
        if self.micros() < self.paused_until.load(Ordering::Relaxed) {
            return Err(read);
        }
        // Never waits for who reads on another thread.
        let Some(connection) = self.connection.try_lock() else { return Err(read) };
        let Some(connection) = connection.as_ref() else { return Err(read) };
        let begun = Instant::now();
        let result = catch_unwind(AssertUnwindSafe(|| read(connection)));
        self.note(begun.elapsed());
        Ok(result.unwrap_or_else(|_| {
            if !connection.is_autocommit() {
                // The transaction that it left open would pin the WAL.
                drop(connection.execute_batch("ROLLBACK"));
            }
            Err(Failure::Sqlite(rusqlite::Error::ToSqlConversionFailure("a read panicked".into())))
        }))
    }

    /// A read has taken so long.
    fn note(&self, took: Duration) {
        let last = self.pause.load(Ordering::Relaxed);
        let next = match took > QUICK {
            true => (2 * last).clamp(micros(PAUSE.0), micros(PAUSE.1)),
            false => 0,
        };
        if next != last {
            self.pause.store(next, Ordering::Relaxed);
        }
        if next > 0 {
            self.paused_until.store(self.micros().saturating_add(next), Ordering::Relaxed);
        }
    }

    /// Closes the connection, when nobody uses it any more.
    pub(super) fn close(&self) {
        drop(self.connection.lock().take());
    }

    fn micros(&self) -> u64 {
        micros(self.opened.elapsed())
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inline() -> Inline {
        Inline::new(Connection::open_in_memory().expect("it opens"))
    }

    fn one(connection: &Connection) -> Result<i64, Failure> {
        Ok(connection.query_row("SELECT 1", [], |row| row.get(0))?)
    }

    #[test]
    fn a_slow_read_sends_the_next_ones_to_the_threads() {
        let inline = inline();
        let slow = |connection: &Connection| {
            std::thread::sleep(2 * QUICK);
            one(connection)
        };
        assert!(matches!(inline.run(slow), Ok(Ok(1))));
        let until = inline.paused_until.load(Ordering::Relaxed);
        assert!(until >= micros(2 * QUICK + PAUSE.0), "{until}");
    }

    #[test]
    fn in_a_pause_the_threads_have_the_reads_and_after_it_no_more() {
        let inline = inline();
        inline.paused_until.store(u64::MAX, Ordering::Relaxed);
        assert!(inline.run(one).is_err(), "the threads have it");
        inline.paused_until.store(0, Ordering::Relaxed);
        assert!(matches!(inline.run(one), Ok(Ok(1))));
    }

    #[test]
    fn the_pause_grows_while_reads_are_slow_and_is_over_with_a_quick_one() {
        let inline = inline();
        let pause = || inline.pause.load(Ordering::Relaxed);
        inline.note(2 * QUICK);
        assert_eq!(pause(), 10_000);
        inline.note(2 * QUICK);
        assert_eq!(pause(), 20_000);
        (0..20).for_each(|_| inline.note(2 * QUICK));
        assert_eq!(pause(), 1_000_000);
        inline.note(QUICK / 2);
        assert_eq!(pause(), 0);
    }

    #[test]
    fn who_finds_it_in_use_or_closed_goes_to_the_threads() {
        let inline = inline();
        let nested = |connection: &Connection| {
            assert!(inline.run(one).is_err());
            one(connection)
        };
        assert!(matches!(inline.run(nested), Ok(Ok(1))));
        inline.close();
        assert!(inline.run(one).is_err());
    }

    #[test]
    fn a_read_that_panics_fails_alone() {
        let inline = inline();
        let panics = |_: &Connection| -> Result<i64, Failure> { panic!("a test asked for it") };
        assert!(matches!(inline.run(panics), Ok(Err(_))));
        // To panic takes its time.
        inline.paused_until.store(0, Ordering::Relaxed);
        assert!(matches!(inline.run(one), Ok(Ok(1))));
    }
}
