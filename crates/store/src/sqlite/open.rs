//! Opening the file: whose it is, whether we may, and whether it is sound.

use super::failure::Failure;
use super::{Access, Options, schema};
use crate::Error;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long to wait for a tool that holds the lock while it migrates.
const LOCK_WAIT: Duration = Duration::from_secs(1);
/// Pages in the WAL (64 MiB) at which the writer itself copies them to the database.
const AUTOCHECKPOINT_PAGES: u32 = 16_384;
/// How many prepared statements a connection keeps; there are fewer.
const STATEMENTS: usize = 128;

/// The lock that a server holds on `<file>.lock`; the file stays, the lock goes with the process.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

/// Opens and checks the file. Returns the writer's connection, and the lock if access is exclusive.
pub(super) fn open(
    path: &Path,
    place: &Arc<str>,
    options: &Options,
) -> Result<(Connection, Option<Lock>), Error> {
    let lock = match options.access {
        Access::Exclusive => Some(lock(path, place)?),
        Access::Shared => None,
    };
    let mut conn = connect(path, place, options)?;
    let found = identify(&conn, place)?;
    if options.quick_check && found > 0 {
        quick_check(&conn).map_err(|failure| failure.at(place, "checking"))?;
    }
    let migrating = match lock {
        None if found < schema::VERSION => lock_to_migrate(path, place, &conn)?,
        _ => None,
    };
    configure(&conn, options).map_err(|failure| failure.at(place, "configuring"))?;
    if lock.is_some() || migrating.is_some() {
        schema::migrate(&mut conn).map_err(|failure| failure.at(place, "migrating"))?;
    }
    drop(migrating);
    Ok((conn, lock))
}

/// The lock for the time of a migration; `None` if a server that holds it has migrated meanwhile.
fn lock_to_migrate(path: &Path, place: &Arc<str>, conn: &Connection) -> Result<Option<Lock>, Error> {
    match lock(path, place) {
        Ok(lock) => Ok(Some(lock)),
        Err(in_use @ Error::InUse { .. }) => {
            let version = schema::version(conn).map_err(|failure| failure.at(place, "opening"))?;
            if version == schema::VERSION { Ok(None) } else { Err(in_use) }
        }
        Err(error) => Err(error),
    }
}

/// Opens a connection for a reader thread.
pub(super) fn open_reader(path: &Path, place: &Arc<str>, options: &Options) -> Result<Connection, Error> {
    open_to_read(path, place, options, options.cache_bytes / 4)
}

/// Opens a connection for short reads. It keeps few pages: every commit makes it forget them, and the system has them too.
pub(super) fn open_inline(path: &Path, place: &Arc<str>, options: &Options) -> Result<Connection, Error> {
    open_to_read(path, place, options, 1 << 20)
}

fn open_to_read(
    path: &Path,
    place: &Arc<str>,
    options: &Options,
    cache_bytes: usize,
) -> Result<Connection, Error> {
    let conn = connect(path, place, options)?;
    let setup = || -> Result<(), Failure> {
        settings(&conn, cache_bytes)?;
        conn.pragma_update(None, "query_only", true)?;
        Ok(())
    };
    setup().map_err(|failure| failure.at(place, "opening"))?;
    Ok(conn)
}

/// Opens a connection for the checkpoints, which never waits for anybody.
pub(super) fn open_checkpointer(
    path: &Path,
    place: &Arc<str>,
    options: &Options,
) -> Result<Connection, Error> {
    let conn = connect(path, place, options)?;
    let setup = || -> Result<(), Failure> {
        settings(&conn, 1 << 20)?;
        conn.busy_timeout(Duration::ZERO)?;
        Ok(())
    };
    setup().map_err(|failure| failure.at(place, "opening"))?;
    Ok(conn)
}

/// Makes the file, for its owner alone, if there is none, and returns its real path. Never opens one that is there: closing it again would drop the
/// locks that SQLite holds on it elsewhere in this process (POSIX locks).
pub(super) fn create(path: &Path, place: &Arc<str>) -> Result<PathBuf, Error> {
    let io = |error| Error::Io { place: place.clone(), doing: "creating", source: Box::new(error) };
    let mut file = OpenOptions::new();
    file.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    match file.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(io(error)),
        _ => Ok(()),
    }?;
    // One file has one lock, by whatever links it is reached.
    std::fs::canonicalize(path).map_err(io)
}

fn lock(path: &Path, place: &Arc<str>) -> Result<Lock, Error> {
    let mut name = PathBuf::from(path).into_os_string();
    name.push(".lock");
    let io = |error: std::io::Error| Error::Io {
        place: Arc::from(name.to_string_lossy()),
        doing: "locking",
        source: Box::new(error),
    };
    let mut file = OpenOptions::new();
    file.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    let file = file.open(&name).map_err(io)?;
    let give_up = Instant::now() + LOCK_WAIT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) if Instant::now() >= give_up => {
                return Err(Error::InUse { file: place.clone() });
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
    }
}

fn connect(path: &Path, place: &Arc<str>, options: &Options) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> Result<Connection, Failure> {
        let conn = Connection::open_with_flags(path, flags)?;
        conn.busy_timeout(options.busy_timeout)?;
        conn.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(conn)
    };
    open().map_err(|failure| failure.at(place, "opening"))
}

/// The schema version of a file that is ours and that we know.
fn identify(conn: &Connection, place: &Arc<str>) -> Result<u32, Error> {
    let file = place.clone();
    let at = |failure: Failure| failure.at(place, "opening");
    if !schema::is_ours(conn).map_err(at)? {
        return Err(Error::Foreign { file });
    }
    let found = schema::version(conn).map_err(at)?;
    if found > schema::VERSION {
        return Err(Error::NewerSchema { file, found, known: schema::VERSION });
    }
    Ok(found)
}

fn quick_check(conn: &Connection) -> Result<(), Failure> {
    let verdict: String = conn.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(Failure::Corrupt(verdict)) }
}

fn configure(conn: &Connection, options: &Options) -> Result<(), Failure> {
    let set = |mode: &str| -> Result<String, rusqlite::Error> {
        conn.pragma_update_and_check(None, "journal_mode", mode, |row| row.get(0))
    };
    let mode = set("WAL")?;
    if mode != "wal" {
        let reason = "the file system does not support SQLite's WAL mode".to_owned();
        return Err(Failure::Sqlite(rusqlite::Error::ToSqlConversionFailure(reason.into())));
    }
    settings(conn, options.cache_bytes)?;
    conn.pragma_update(None, "wal_autocheckpoint", AUTOCHECKPOINT_PAGES)?;
    Ok(())
}

fn settings(conn: &Connection, cache_bytes: usize) -> Result<(), Failure> {
    conn.pragma_update(None, "synchronous", "FULL")?;
    // Where `fsync` does not reach the disk (macOS), these do; elsewhere they change nothing.
    conn.pragma_update(None, "fullfsync", true)?;
    conn.pragma_update(None, "checkpoint_fullfsync", true)?;
    // Negative: in KiB, not in pages.
    let kib = i64::try_from(cache_bytes / 1024).unwrap_or(i64::MAX);
    conn.pragma_update(None, "cache_size", -kib)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "trusted_schema", false)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    // What is erased is overwritten where that costs no further page.
    let _: i64 = conn.query_row("PRAGMA secure_delete = FAST", [], |row| row.get(0))?;
    conn.pragma_update(None, "wal_autocheckpoint", 0)?;
    // The plan of a statement must not depend on what is bound to it, or it is compiled anew for each run.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(conn: &Connection, name: &str) -> String {
        let text = |row: &rusqlite::Row<'_>| row.get::<_, rusqlite::types::Value>(0);
        match conn.pragma_query_value(None, name, text).expect("it can be read") {
            rusqlite::types::Value::Text(text) => text,
            rusqlite::types::Value::Integer(number) => number.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_writer_waits_for_the_disk_and_readers_cannot_write() {
        let folder = tempfile::tempdir().expect("a folder");
        let (place, options) = (Arc::from("db"), Options::default());
        let path = create(&folder.path().join("db"), &place).expect("it is made");
        let (writer, _lock) = open(&path, &place, &options).expect("it opens");
        assert_eq!(setting(&writer, "journal_mode"), "wal");
        assert_eq!(setting(&writer, "synchronous"), "2", "FULL");
        assert_eq!(setting(&writer, "wal_autocheckpoint"), AUTOCHECKPOINT_PAGES.to_string());
        assert_eq!(setting(&writer, "secure_delete"), "2", "FAST");
        let reader = open_reader(&path, &place, &options).expect("it opens");
        assert!(reader.execute_batch("DELETE FROM document").is_err());
        let checkpointer = open_checkpointer(&path, &place, &options).expect("it opens");
        assert_eq!(setting(&checkpointer, "synchronous"), "2", "FULL");
    }
}
