//! `stonechatd`, the Stonechat server.
//!
//! Without arguments it serves in the foreground. Without a configuration it serves `localhost` on the loopback
//! interface, makes its data directory and a certificate there, and says what to do next. Everything else it can do is in
//! `stonechatd --help`; the whole configuration with its defaults is what `stonechatd config` prints.
//!
//! # Output
//! Logs go to standard error. Once all listeners are bound, a line goes to standard output:
//! `ready: c2s=127.0.0.1:5222 c2s-direct-tls=127.0.0.1:5223`, a kind and an address for each listener.
//!
//! # Signals
//! `SIGTERM` and `SIGINT` stop the server after every session was told; a second one stops it at once. `SIGHUP` reads the
//! configuration and the certificates again; when anything is wrong with them, that is logged and the old ones stay.
//!
//! # Exit codes
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | refused: what was asked for cannot be done, as an account that exists cannot be added |
//! | 64 | the command line is wrong |
//! | 69 | unavailable: no server runs here, or another has the data directory or an address |
//! | 70 | a fault of the program |
//! | 74 | a file or the store cannot be read or written |
//! | 78 | the configuration is wrong |
//!
//! # Where what is
//! - [`config`]: the configuration file; [`data`]: the data directory and its lock; [`logging`].
//! - [`serve`]: a server's life from start to stop.
//! - [`control`]: how commands reach a server that runs: a Unix socket in the data directory.
//! - [`user`], [`check`], [`operate`], [`federation`]: the commands; [`cli`]: their words.
//! - [`extensions`]: the extensions that are linked, which are those that `Cargo.toml` names.
//!
//! Left out: everything about XMPP, which is in the crates that this one composes. It runs on Unix systems.

mod check;
mod cli;
mod config;
mod control;
mod data;
mod extensions;
mod failure;
mod federation;
mod logging;
mod operate;
mod say;
mod serve;
mod user;

fn main() -> std::process::ExitCode {
    cli::main()
}
