//! The harness of the end-to-end tests: the real server as a child process, real sockets, real clients.
//!
//! - [`stonechatd`], [`stonechat`], [`example`]: where the programs are, built if need be;
//! - [`Server`]: a server with its own folder, up when every listener is bound, gone when dropped;
//! - [`Settings`]: what a server is told;
//! - [`Raw`]: a client that sends any bytes;
//! - [`Process`]: any program, with its output captured and all waiting bounded;
//! - [`sasl2`]: one that logs in by SASL2;
//! - [`Irc`] and [`Biboumi`]: a network of another kind, and the gateway to it;
//! - [`counterpart`]: other people's servers; [`Authority`]: who signs certificates for them and ours; [`Cutter`]: a network that breaks;
//!   [`Dns`]: who says where servers are;
//! - [`Trace`]: what a program did to its files, and what a power failure leaves of that;
//! - [`Screen`]: a terminal with a program in it;
//! - [`foreign`]: other people's clients, installed by `cargo xtask test`;
//! - [`free_port`], [`tempdir`]: what a test needs for itself.
//!
//! Nothing here sleeps to synchronise: each wait ends with the line, the exit or the deadline that it waits
//! for. What goes wrong panics with the transcript of the program concerned, because that fails the test and
//! says why. The harness needs a Unix system (signals).
//!
//! ```
//! use std::process::Command;
//! use std::time::Duration;
//! use stonechat_tests::{Process, Stream};
//!
//! let limit = Duration::from_secs(10);
//! let mut command = Command::new("sh");
//! command.args(["-c", "echo port=4711; read answer; echo got $answer"]);
//! let mut program = Process::spawn(command);
//!
//! let port = program.wait_for(Stream::Stdout, limit, "port", |line| line.strip_prefix("port=").map(str::to_owned));
//! assert_eq!(port, "4711");
//!
//! program.send_line("hello");
//! let output = program.finish(limit).expect_success();
//! assert_eq!(output.stdout, "port=4711\ngot hello\n");
//! ```

mod authority;
pub mod counterpart;
mod cutter;
mod disk;
mod dns;
pub mod foreign;
mod gateway;
mod output;
mod port;
mod process;
mod program;
mod raw;
mod ready;
pub mod sasl2;
mod screen;
mod server;
mod settings;
mod status;
mod trust;

pub use authority::{Authority, Identity};
pub use counterpart::Counterpart;
pub use cutter::Cutter;
pub use disk::Trace;
pub use dns::{Dns, Srv};
pub use gateway::{Biboumi, Irc, IrcClient};
pub use output::{Output, Stream};
pub use port::free_port;
pub use process::Process;
pub use program::{example, stonechat, stonechatd};
pub use raw::{Raw, Seen, header};
pub use ready::Ready;
pub use screen::Screen;
pub use server::{Server, WITHIN};
pub use settings::Settings;
pub use status::Status;
pub use tempfile::TempDir;
pub use trust::trusting;

/// A new folder for temporary files, removed with all its contents when dropped.
///
/// # Panics
/// When the system's folder for temporary files cannot be written to.
#[must_use]
pub fn tempdir() -> TempDir {
    tempfile::Builder::new().prefix("stonechat-test-").tempdir().expect("temporary files can be written")
}
