//! What the tests of the terminal client share.

#![allow(dead_code, unused_imports, reason = "not every test uses all")]

mod layout;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use stonechat_tests::{Counterpart, Output, Process, Screen, Server, WITHIN, stonechat};

pub(crate) use layout::Layout;

/// A server, and where the client's files are.
pub(crate) struct Place {
    pub(crate) home: PathBuf,
    pub(crate) address: SocketAddr,
    pub(crate) certificate: PathBuf,
}

impl Place {
    pub(crate) fn of(server: &Server) -> Self {
        let home = server.folder().to_owned();
        Self { home, address: server.c2s(), certificate: server.certificate("localhost") }
    }

    /// One of somebody else's.
    pub(crate) fn with(server: &Counterpart, home: &Path) -> Self {
        Self { home: home.to_owned(), address: server.c2s(), certificate: server.certificate() }
    }

    /// The client's program, with nothing of the tester's in its environment.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(stonechat());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("STONECHAT") {
                command.env_remove(name);
            }
        }
        command.env("HOME", &self.home).env_remove("XDG_CONFIG_HOME").env_remove("XDG_STATE_HOME").args(args);
        command
    }

    /// The same, for a user of the server.
    pub(crate) fn of_user(&self, user: &str, args: &[&str]) -> Command {
        let mut command = self.command(args);
        command
            .env("STONECHAT_JID", format!("{user}@localhost"))
            .env("STONECHAT_PASSWORD", format!("pw-{user}"))
            .env("STONECHAT_HOST", "127.0.0.1")
            .env("STONECHAT_PORT", self.address.port().to_string())
            .env("STONECHAT_CA", &self.certificate);
        command
    }

    /// The same in a terminal.
    pub(crate) fn screen(&self, mut command: Command) -> Screen {
        command.env("NO_COLOR", "1");
        Screen::start(&command, &self.home)
    }

    pub(crate) fn run(&self, user: &str, args: &[&str]) -> Output {
        Process::spawn(self.of_user(user, args)).finish(WITHIN)
    }
}

/// A program with what another command says of its environment.
pub(crate) fn with_environment(mut program: Command, of: &Command) -> Command {
    for (name, value) in of.get_envs() {
        match value {
            Some(value) => program.env(name, value),
            None => program.env_remove(name),
        };
    }
    program
}

/// What it says when it fails with this exit code: one line.
#[track_caller]
pub(crate) fn fails(output: Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output}");
    assert_eq!(output.stderr.lines().count(), 1, "{output}");
    output.stderr
}
