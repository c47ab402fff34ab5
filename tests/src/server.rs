//! The real server, as a child process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::process::Signal;

use crate::{Output, Process, Ready, Stream, TempDir, stonechatd, tempdir};

/// How long the harness waits for what the server does at once: generous, because the machine may be busy.
pub const WITHIN: Duration = Duration::from_secs(60);

/// A server with a folder of its own (configuration, data, certificates). When dropped, it is killed and the
/// folder removed.
#[derive(Debug)]
pub struct Server {
    process: Process,
    ready: Ready,
    folder: TempDir,
}

impl Server {
    /// Starts a server with the configuration that `config` writes, given the server's folder; returns when it
    /// said that all its listeners are bound ([`Ready`]). Listeners on port 0 take any free port.
    ///
    /// # Panics
    /// With the server's transcript, when it does not come up.
    #[track_caller]
    #[must_use]
    pub fn start(config: impl FnOnce(&Path) -> String) -> Self {
        let folder = tempdir();
        let text = config(folder.path());
        std::fs::write(file(folder.path()), text).expect("the configuration can be written");
        Self::start_in(folder)
    }

    /// Starts a server in the folder of an earlier one, with the configuration and the data that it left.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[track_caller]
    #[must_use]
    pub fn start_in(folder: TempDir) -> Self {
        let process = Process::spawn(command(folder.path()));
        let ready = process.wait_for(Stream::Stdout, WITHIN, "that it is ready", Ready::parse);
        Self { process, ready, folder }
    }

    /// As [`start_in`](Self::start_in), under `strace`, which writes what the server does with files and sockets to `trace`. That is whole
    /// when the server has ended; see [`Trace`](crate::Trace).
    ///
    /// # Panics
    /// As [`start`](Self::start), and when there is no `strace`.
    #[track_caller]
    #[must_use]
    pub fn start_traced(folder: TempDir, trace: &Path) -> Self {
        let server = command(folder.path());
        let mut command = crate::foreign::program("strace");
        // The server is our child, and not strace's, so that signals are for it.
        command.args(["-D", "-f", "-y", "-xx", "-s", "10000000", "-e"]);
        command.arg(format!("trace={}", crate::disk::CALLS)).arg("-o").arg(trace);
        command.arg(server.get_program()).args(server.get_args()).current_dir(folder.path());
        let process = Process::spawn(command);
        let ready = process.wait_for(Stream::Stdout, WITHIN, "that it is ready", Ready::parse);
        Self { process, ready, folder }
    }

    /// The server's listeners.
    #[must_use]
    pub fn ready(&self) -> &Ready {
        &self.ready
    }

    /// Where clients connect that then use STARTTLS.
    ///
    /// # Panics
    /// When the configuration has no such listener.
    #[track_caller]
    #[must_use]
    pub fn c2s(&self) -> SocketAddr {
        self.ready.address("c2s")
    }

    /// Where clients connect with TLS from the first byte.
    ///
    /// # Panics
    /// When the configuration has no such listener.
    #[track_caller]
    #[must_use]
    pub fn c2s_direct_tls(&self) -> SocketAddr {
        self.ready.address("c2s-direct-tls")
    }

    /// Where components connect.
    ///
    /// # Panics
    /// When the configuration has no such listener.
    #[track_caller]
    #[must_use]
    pub fn component(&self) -> SocketAddr {
        self.ready.address("component")
    }

    /// The server's folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The certificate that the server made for a host of its own, as PEM. It is self-signed: to trust it is to trust
    /// this server only.
    #[must_use]
    pub fn certificate(&self, domain: &str) -> PathBuf {
        self.folder().join("data/certificates").join(format!("{domain}.pem"))
    }

    /// The server's process, to wait for what it logs or to send it signals.
    #[must_use]
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Runs one of the program's commands (`stonechatd --config FILE ARGS`) on this server, with `input` as its
    /// standard input, and waits for it to end.
    ///
    /// # Panics
    /// When it cannot be run or does not end in time.
    #[track_caller]
    #[must_use]
    pub fn command(&self, args: &[&str], input: &[&str]) -> Output {
        let mut command = command(self.folder());
        command.args(args);
        let mut process = Process::spawn(command);
        input.iter().for_each(|line| process.send_line(line));
        process.finish(WITHIN)
    }

    /// Adds an account.
    ///
    /// # Panics
    /// With the transcript, when the server refuses.
    #[track_caller]
    pub fn add_user(&self, jid: &str, password: &str) {
        let _ = self.command(&["user", "add", jid], &[password]).expect_success();
    }

    /// Asks the server to end (`SIGTERM`), waits until it has, and returns all that it wrote, with its folder.
    ///
    /// # Panics
    /// With the transcript, when it does not end in time.
    #[track_caller]
    #[must_use]
    pub fn stop(self) -> (Output, TempDir) {
        self.process.signal(Signal::TERM);
        (self.process.finish(WITHIN), self.folder)
    }

    /// Ends the server at once (`SIGKILL`): what it had in memory is gone. What it had written and not synced is not; for that see
    /// [`Trace`](crate::Trace).
    ///
    /// # Panics
    /// When it is not gone in time.
    #[track_caller]
    #[must_use]
    pub fn kill(self) -> TempDir {
        self.process.signal(Signal::KILL);
        let _ = self.process.finish(WITHIN);
        self.folder
    }
}

/// The configuration file in a server's folder.
pub(crate) fn file(folder: &Path) -> PathBuf {
    folder.join("stonechat.toml")
}

fn command(folder: &Path) -> Command {
    let mut command = Command::new(stonechatd());
    command.arg("--config").arg(file(folder)).current_dir(folder);
    command
}
