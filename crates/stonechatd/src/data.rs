//! The data directory, and that only one server uses it.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// How long to wait for another process that has the directory and does not serve: a command, or a server that starts
/// or stops.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How often is looked whether it is done.
pub(crate) const PAUSE: Duration = Duration::from_millis(50);

/// A directory that its owner alone can look into.
#[derive(Debug, Clone)]
pub(crate) struct DataDirectory {
    path: PathBuf,
    is_new: bool,
}

/// Holds the data directory for this process; the system takes it back however the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl DataDirectory {
    /// Makes the directory if it is not there. One that others can look into is closed to them.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let is_new = !path.exists();
        let failed = |error| Failure::io(format!("data directory {}", path.display()), error);
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let metadata = path.metadata().map_err(failed)?;
        let us = rustix::process::geteuid().as_raw();
        if metadata.uid() != us {
            let (place, owner) = (path.display(), metadata.uid());
            let message = format!(
                "data directory {place}: it belongs to the user with number {owner}, and this is number {us}; \
                 run stonechatd as its owner"
            );
            return Err(Failure::unavailable(message));
        }
        if metadata.mode() & 0o077 != 0 {
            std::fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(failed)?;
            tracing::info!(directory = %path.display(), "the data directory is closed to other users now");
        }
        Ok(Self { path: path.to_owned(), is_new })
    }

    /// Takes the directory for this process; `None` when another has it.
    pub(crate) fn lock(&self) -> Result<Option<Lock>, Failure> {
        let file = self.path.join("lock");
        let failed = |error| Failure::io(file.display(), error);
        let lock = OpenOptions::new().create(true).append(true).mode(0o600).open(&file).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: lock })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    /// Takes the directory for a server: waits for commands that have it, and gives up when another server does. Blocks.
    pub(crate) fn lock_for_a_server(&self) -> Result<Lock, Failure> {
        let give_up = Instant::now() + PATIENCE;
        loop {
            if let Some(lock) = self.lock()? {
                return Ok(lock);
            }
            if UnixStream::connect(self.socket()).is_ok() || Instant::now() >= give_up {
                let place = self.path.display();
                return Err(Failure::unavailable(format!(
                    "another stonechatd has the data directory {place}"
                )));
            }
            std::thread::sleep(PAUSE);
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it was made just now.
    pub(crate) const fn is_new(&self) -> bool {
        self.is_new
    }

    /// The database.
    pub(crate) fn database(&self) -> PathBuf {
        database(&self.path)
    }

    /// The socket over which commands reach a running server.
    pub(crate) fn socket(&self) -> PathBuf {
        socket(&self.path)
    }
}

/// The control socket in the data directory at `path`.
pub(crate) fn socket(path: &Path) -> PathBuf {
    path.join("control")
}

/// The database in the data directory at `path`.
pub(crate) fn database(path: &Path) -> PathBuf {
    path.join("stonechat.db")
}

/// Where the certificates are that were made for hosts without one, in the data directory at `path`.
pub(crate) fn certificates(path: &Path) -> PathBuf {
    path.join("certificates")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_is_made_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        assert!(DataDirectory::open(&path).unwrap().is_new());
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o700);
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        assert!(!DataDirectory::open(&path).unwrap().is_new());
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn it_is_held_by_one_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let directory = DataDirectory::open(folder.path()).unwrap();
        let held = directory.lock().unwrap();
        assert!(held.is_some() && directory.lock().unwrap().is_none());
        drop(held);
        assert!(directory.lock().unwrap().is_some());
    }

    #[test]
    fn what_cannot_be_a_directory_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let failure = DataDirectory::open(&file).unwrap_err();
        assert!(failure.message.contains(&file.display().to_string()), "{failure}");
    }
}
