//! How to open a file.

use std::time::Duration;

/// Who else may write to the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Access {
    /// No other server: for the server itself. Tools may still write.
    #[default]
    Exclusive,
    /// Anybody: for tools that work whether a server runs or not.
    Shared,
}

/// How to open a file. The default is for a server.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who else may write to the file.
    pub access: Access,
    /// Whether to read the whole file and check its structure (`PRAGMA quick_check`) before use. Finds damage before it
    /// spreads; takes about a second for each GiB on a fast disk, so very large files may be better checked by hand.
    pub quick_check: bool,
    /// How many threads read, from 1 to 16. More help only where many reads miss the page cache.
    pub readers: usize,
    /// How long to wait for another process that is writing, before [`Error::Busy`](crate::Error::Busy).
    pub busy_timeout: Duration,
    /// How many bytes of writes may wait for the writer, from 1 MiB; who has more waits. One batch always fits.
    pub queue_bytes: usize,
    /// How many bytes of pages the writer keeps in memory. Each reader keeps up to a quarter of it.
    pub cache_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            access: Access::Exclusive,
            quick_check: true,
            readers: 2,
            busy_timeout: Duration::from_secs(5),
            queue_bytes: 64 << 20,
            cache_bytes: 32 << 20,
        }
    }
}

impl Options {
    /// For a short-lived tool beside a server that may be running: shared access, one reader, no check of the file.
    pub fn shared() -> Self {
        Self { access: Access::Shared, quick_check: false, readers: 1, ..Self::default() }
    }
}
