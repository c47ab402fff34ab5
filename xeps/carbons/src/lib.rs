//! XEP-0280 (Message Carbons), version 1.0.1: all devices of a person see both sides of all conversations.
//!
//! A session that has [enabled](Enable) carbons gets copies of the messages that the account's other sessions receive (§7) and send
//! (§8), wrapped by the account itself. Which messages are copied is decided by one function, [`eligible`], which follows
//! the recommended rules of §6.1 to the letter (they are in [`stonechat_stanza::class`], with all others about what becomes of a message); so the server advertises [`RULES`] (§6.2).
//!
//! - Copies are made when a message arrives or leaves, not when stored messages are delivered later. A message that nobody is there to
//!   receive and that is stored is copied to the sessions that are connected and have carbons enabled, whatever their priority.
//! - A message to oneself is copied once: to the sessions that neither sent nor received it.
//! - An error is copied when it answers a message that was eligible (§6.1). The server remembers a bounded number of
//!   those for each account, by correspondent and id; an error that comes later than that, or a message without an id, is not matched.
//! - What a session could not take of its copies is lost to it and to nobody else: copies are never stored, answered or
//!   sent back (§10.3), and a wrapper that a client or another server has made is a payload like any other, from whoever sent it.
//! - Requests from others than the account's own sessions to an account are answered as if nobody owned them, so that
//!   they do not tell which accounts exist; §4.1's `not-allowed` is what a request to the host gets from elsewhere.
//! - With Bind 2 carbons are enabled together with the login (XEP-0386 §3.2.1).
//! - Left out: limiting copies of private messages of a room to the clients that share a nickname there (§6.1, note 1), which takes
//!   a record of who is in which room. The server's policy never forbids carbons.
//!
//! The client enables carbons with every new session and takes copies from its own account alone; see [`client`].
//!
//! ```
//! use stonechat_stanza::Stanza;
//! use stonechat_xep_carbons::{Direction, eligible};
//!
//! let message = Stanza::parse(b"<message type='chat'><body>What man art thou?</body></message>")?;
//! assert!(eligible(&message, Direction::Received, || false));
//!
//! let private = b"<message type='chat'><body>x</body><private xmlns='urn:xmpp:carbons:2'/></message>";
//! assert!(!eligible(&Stanza::parse(private)?, Direction::Sent, || false));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod rules;
mod wire;
pub use rules::eligible;
pub use stonechat_stanza::class::Direction;
pub use wire::{Disable, Enable, NS, Private, RULES, Received, Sent, is_wrapper, wrap};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Config, Extension, SERVER, SentCopy};
