//! The data directory, the store, and the addresses.

use std::fs::{OpenOptions, TryLockError};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::net::SocketAddr;
use std::path::Path;

use stonechat_server::config::{Kind, Listener};
use stonechat_store::{Store, sqlite};

use super::Report;
use crate::config::Settings;
use crate::data;
use crate::failure::Failure;

/// Checks the data directory and the store, and says whether a server runs there.
pub(super) fn check(settings: &Settings, report: &mut Report) -> bool {
    let directory = settings.data.as_path();
    report.head(format!("data directory {}", directory.display()));
    check_socket(&data::socket(directory), report);
    if !directory.exists() {
        check_parent(directory, report);
        return false;
    }
    match writable(directory) {
        Ok(()) => report.fact("directory", "can be written"),
        Err(error) => report.problem("directory", directory.display(), error),
    }
    if directory.metadata().is_ok_and(|metadata| metadata.mode() & 0o077 != 0) {
        report.warn("directory", "other users can look into it until the server starts, which closes it");
    }
    let is_running = is_locked(directory);
    report.fact("server", if is_running { "one runs here" } else { "none runs here" });
    check_store(&data::database(directory), is_running, report);
    is_running
}

/// The system takes short paths only for sockets.
fn check_socket(socket: &Path, report: &mut Report) {
    if let Err(error) = SocketAddr::from_pathname(socket) {
        report.problem("control", socket.display(), error);
    }
}

fn check_parent(directory: &Path, report: &mut Report) {
    let parent = directory.ancestors().skip(1).find(|folder| folder.exists());
    let parent = parent.filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match writable(parent) {
        Ok(()) => report.fact("directory", "is made when the server starts"),
        Err(error) => report.problem("directory", directory.display(), format!("it cannot be made: {error}")),
    }
}

/// Access control is more than what the permissions say, so it is tried.
fn writable(directory: &Path) -> std::io::Result<()> {
    let file = directory.join(format!(".stonechat-check-{}", std::process::id()));
    OpenOptions::new().write(true).create_new(true).open(&file)?;
    std::fs::remove_file(&file)
}

fn is_locked(directory: &Path) -> bool {
    // Not made here: without the file nobody holds it.
    let file = OpenOptions::new().append(true).open(directory.join("lock"));
    file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
}

fn check_store(database: &Path, is_running: bool, report: &mut Report) {
    if !database.exists() {
        return report.fact("store", "is made when the server starts");
    }
    // The running server checked the file when it opened it.
    let options = sqlite::Options { quick_check: !is_running, ..sqlite::Options::shared() };
    match Store::sqlite(database, options) {
        Ok(_) if is_running => report.fact("store", "can be opened"),
        Ok(_) => report.fact("store", "can be opened and is not damaged"),
        Err(error) => report.problem("store", database.display(), Failure::from(error)),
    }
}

/// Checks whether the addresses can be listened on; those of a server that runs are its own.
pub(super) fn check_listeners(settings: &Settings, is_running: bool, report: &mut Report) {
    report.head("listeners");
    if settings.server.listeners.is_empty() {
        report.warn("none", "nobody can connect");
    }
    for (at, listener) in settings.server.listeners.iter().enumerate() {
        let what = describe(listener);
        let tried = if is_running { Ok(()) } else { TcpListener::bind(listener.address).map(drop) };
        match tried {
            Ok(()) => report.fact(&at.to_string(), what),
            Err(error) => {
                report.problem(
                    &at.to_string(),
                    format!("listeners.{at}.address"),
                    format!("{what}: {error}"),
                );
            }
        }
    }
}

fn describe(listener: &Listener) -> String {
    let kind = match (listener.kind, listener.plaintext) {
        (Kind::Starttls, false) => "STARTTLS, which clients have to use",
        (Kind::Starttls, true) => "STARTTLS, and clients may do without",
        (Kind::DirectTls, _) => "direct TLS",
        (Kind::S2s, _) => "STARTTLS, for other servers",
        (Kind::S2sDirectTls, _) => "direct TLS, for other servers",
        (Kind::Component, _) => "in the clear, for components",
    };
    format!("{}, {kind}", listener.address)
}
