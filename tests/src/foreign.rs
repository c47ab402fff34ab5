//! Other people's software: `cargo xtask test` installs it (`cargo xtask foreign` does only that). What is
//! missing fails the test that needs it; no test is skipped for it.
//!
//! Scripts are in `tests/foreign`, which is the working folder of [`python`] and [`node`]:
//!
//! ```no_run
//! use std::time::Duration;
//! use stonechat_tests::{Process, foreign};
//!
//! let mut command = foreign::python();
//! command.args(["login.py", "juliet@localhost", "5222"]);
//! let output = Process::spawn(command).finish(Duration::from_secs(30)).expect_success();
//! assert!(output.stdout.contains("session started"));
//! ```

use std::path::{Path, PathBuf};
use std::process::Command;

const HINT: &str = "`cargo xtask foreign` installs what the tests need";

/// The folder of the scripts.
#[must_use]
pub fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/foreign"))
}

/// The Python interpreter that has slixmpp: what `STONECHAT_PYTHON` names, else the one in `foreign/venv` of
/// Cargo's target folder. Output is not buffered.
///
/// # Panics
/// When it is not there.
#[track_caller]
#[must_use]
pub fn python() -> Command {
    let path = std::env::var_os("STONECHAT_PYTHON").map_or_else(venv_python, PathBuf::from);
    assert!(path.is_file(), "no Python at {}: {HINT}", path.display());
    let mut command = Command::new(path);
    command.current_dir(folder()).env("PYTHONUNBUFFERED", "1").env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Node; scripts in [`folder`] can import `@xmpp/client`.
///
/// # Panics
/// When Node or its packages are not there.
#[track_caller]
#[must_use]
pub fn node() -> Command {
    let packages = std::env::var_os("STONECHAT_NODE_MODULES")
        .map_or_else(|| folder().join("node_modules"), PathBuf::from);
    assert!(packages.join("@xmpp/client").is_dir(), "no @xmpp/client in {}: {HINT}", packages.display());
    let mut command = program("node");
    command.current_dir(folder());
    command
}

/// A program on `PATH`: `go-sendxmpp`, `profanity`, `tmux`.
///
/// # Panics
/// When it is not there.
#[track_caller]
#[must_use]
pub fn program(name: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    Command::new(found.unwrap_or_else(|| panic!("no {name} on PATH: {HINT}")))
}

/// The test's program is somewhere below Cargo's target folder, in which the environment was made.
fn venv_python() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    let candidate = |folder: &Path| folder.join("foreign/venv/bin/python");
    let found = own.ancestors().map(candidate).find(|file| file.is_file());
    found.unwrap_or_else(|| candidate(Path::new("target")))
}
