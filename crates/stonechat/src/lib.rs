//! `stonechat`, the Stonechat client for terminals: commands for scripts, and a full-screen chat.
//!
//! What it can do is in `stonechat --help`, with examples; `stonechat man` prints that as a manual page.
//!
//! # Passwords
//! Never from an argument, where everybody on the machine could see it: from `STONECHAT_PASSWORD`, from the keyring file, which nobody else
//! may be able to read, or from a prompt. A token that stands for the password at the next login (XEP-0484) is kept in a file of that kind by the chat,
//! and by a command that has asked for the password; all commands use it.
//!
//! # Output
//! Standard output has what was asked for, standard error one line on what went wrong and what can be done. What others have written
//! cannot control the terminal.
//!
//! # Exit codes
//! | code | meaning |
//! |---|---|
//! | 0 | done |
//! | 1 | refused: the server, or whom it was for, answered with an error |
//! | 64 | the command line is wrong |
//! | 69 | the server cannot be reached, or the connection broke |
//! | 70 | a fault of the program |
//! | 74 | a file, the terminal or standard input cannot be read or written |
//! | 75 | timeout: no answer in time |
//! | 76 | the server breaks the protocol |
//! | 77 | authentication: the password is wrong, or there is no way to log in that both sides accept |
//! | 78 | the configuration or the keyring is wrong |
//! | 80 | the certificate is not good, or TLS failed otherwise |
//!
//! # Where what is
//! `cli`: the words of the command line; `account`: whose client, and where to connect; `secret`: passwords; `session`: a session
//! for one command; `installation`: what is kept for the next login; `credentials`: which of the two a login is with; `extensions`: those that are linked; `command`: the commands; `web`:
//! putting files there; `chat`: the full-screen client; `failure`: what a command that failed says.
//!
//! Left out: encryption from end to end; in rooms, who has received and read something, and private messages that the account's other
//! devices receive and send. It runs on Unix systems.

mod account;
mod chat;
mod cli;
mod command;
mod credentials;
mod extensions;
mod failure;
mod installation;
mod media;
mod private;
mod progress;
mod say;
mod secret;
mod session;
mod stanzas;
mod web;

pub use cli::main;
