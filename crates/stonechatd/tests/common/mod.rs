//! The program, in a folder of its own.

#![allow(dead_code, reason = "not every test file uses everything")]

use std::path::{Path, PathBuf};
use std::process::Command;

use stonechat_tests::{Output, Process, Ready, Stream, TempDir, WITHIN, tempdir};

/// Two listeners, on ports that are free.
pub(crate) const LISTENERS: &str = "\
[[listeners]]\naddress = \"127.0.0.1:0\"\nkind = \"starttls\"\n\
[[listeners]]\naddress = \"127.0.0.1:0\"\nkind = \"direct-tls\"\n";

/// A folder with a configuration, in which the program is run.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    /// A folder with this configuration.
    pub(crate) fn with(config: &str) -> Self {
        let place = Self { folder: tempdir() };
        place.write(config);
        place
    }

    /// A folder with a configuration that differs from the defaults in its ports alone.
    pub(crate) fn new() -> Self {
        Self::with(LISTENERS)
    }

    /// Writes another configuration.
    pub(crate) fn write(&self, config: &str) {
        std::fs::write(self.path("stonechat.toml"), config).expect("the folder can be written");
    }

    /// A file in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file in the data directory.
    pub(crate) fn data(&self, name: &str) -> PathBuf {
        self.path("stonechat-data").join(name)
    }

    /// The program with these arguments after the configuration.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = bare(self.folder.path());
        command.args(["--config", "stonechat.toml"]).args(args);
        command
    }

    /// Runs a command to its end, with these lines on its standard input.
    #[track_caller]
    pub(crate) fn run(&self, args: &[&str], input: &[&str]) -> Output {
        let mut process = Process::spawn(self.command(args));
        input.iter().for_each(|line| process.send_line(line));
        process.finish(WITHIN)
    }

    /// Starts a server, and waits until it is ready.
    #[track_caller]
    pub(crate) fn serve(&self) -> (Process, Ready) {
        let process = Process::spawn(self.command(&[]));
        let ready = process.wait_for(Stream::Stdout, WITHIN, "that it is ready", Ready::parse);
        (process, ready)
    }
}

/// The program, in a folder and without anything of our environment that it would heed.
pub(crate) fn bare(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stonechatd"));
    command.current_dir(folder);
    for variable in ["STONECHAT_CONFIG", "STONECHAT_DATA", "STONECHAT_LOG"] {
        command.env_remove(variable);
    }
    command
}

/// Waits for a line of the log with this in it.
#[track_caller]
pub(crate) fn wait_for_log(process: &Process, part: &str) -> String {
    process.wait_for(Stream::Stderr, WITHIN, part, |line| line.contains(part).then(|| line.to_owned()))
}

/// Fails unless the program ended with this exit code.
#[track_caller]
pub(crate) fn expect_code(output: &Output, code: i32) {
    assert_eq!(output.status.code(), Some(code), "{output}");
}

/// Fails unless the program complained with each of these parts.
#[track_caller]
pub(crate) fn expect_complaint(output: &Output, parts: &[&str]) {
    for part in parts {
        assert!(output.stderr.contains(part), "{part} is missing in\n{output}");
    }
}
