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
use std::time::Duration;

use crate::{Output, Process, Server};

/// How long a script may take. Scripts bound their own waiting, so this is for those that hang.
const SCRIPT: Duration = Duration::from_secs(150);

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

/// Tells a script by its environment where the server is and what to trust: `STONECHAT_PORT`, `STONECHAT_TLS_PORT` and
/// `STONECHAT_CA`, which is the certificate of `localhost`. Go and Node learn what to trust by variables of their own.
pub fn point(command: &mut Command, server: &Server) {
    let certificate = server.certificate("localhost");
    command
        .env("STONECHAT_PORT", server.c2s().port().to_string())
        .env("STONECHAT_TLS_PORT", server.c2s_direct_tls().port().to_string())
        .env("STONECHAT_CA", &certificate)
        .env("SSL_CERT_FILE", &certificate)
        .env("NODE_EXTRA_CA_CERTS", &certificate);
}

/// Starts a function of one of the Python scripts against a server.
///
/// # Panics
/// As [`python`].
#[track_caller]
#[must_use]
pub fn start_script(server: &Server, script: &str, args: &[&str]) -> Process {
    let mut command = python();
    point(&mut command, server);
    // Scripts say themselves what they trust, and nothing is to be trusted besides.
    command.env_remove("SSL_CERT_FILE");
    command.arg(script).args(args);
    Process::spawn(command)
}

/// Runs a function of one of the Python scripts against a server, and expects it to succeed.
///
/// # Panics
/// With the transcripts of the script and of the server, when it fails.
#[track_caller]
pub fn script(server: &Server, script: &str, args: &[&str]) -> Output {
    succeed(server, start_script(server, script, args))
}

/// Waits for a script to end, and expects it to have succeeded.
///
/// # Panics
/// With the transcripts of the script and of the server, when it failed.
#[track_caller]
pub fn succeed(server: &Server, script: Process) -> Output {
    let output = script.finish(SCRIPT);
    assert!(output.status.success(), "{output}\nthe server said\n{}", server.process().transcript());
    output
}

/// The test's program is somewhere below Cargo's target folder, in which the environment was made.
fn venv_python() -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    let candidate = |folder: &Path| folder.join("foreign/venv/bin/python");
    let found = own.ancestors().map(candidate).find(|file| file.is_file());
    found.unwrap_or_else(|| candidate(Path::new("target")))
}
