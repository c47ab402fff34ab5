//! XEP-0085 (Chat State Notifications), version 2.1: the other side is typing.
//!
//! The client says `active` with its chat messages, tells of other states when the application [says so](client::ChatStates::set) and the
//! peer has shown to know them (§5.1), never the same twice in a row (§5.3), and tells the application what state its peers are in; see
//! [`client`].
//!
//! Left out: finding out by service discovery whether a peer knows chat states (what it sends shows it), and threads (§5.6).
//!
//! ```
//! use stonechat_stanza::Stanza;
//! use stonechat_xep_chatstates::State;
//!
//! let typing = Stanza::parse(b"<message><composing xmlns='http://jabber.org/protocol/chatstates'/></message>")?;
//! assert_eq!(State::of(&typing), Some(State::Composing));
//! # Ok::<(), stonechat_stanza::xml::Error>(())
//! ```

mod wire;
pub use wire::{NS, State};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
