//! XEP-0333 (Displayed Markers), version 1.0.0: up to where a conversation was read.
//!
//! The client's messages ask for markers; when the application has shown one that asks, [`Markers::displayed`](client::Markers::displayed)
//! tells so to the audience that the configuration names (§8), and the markers of others, and of the account's other devices, come as
//! events. That markers only move forward, and name a message of the conversation, is for who has the conversation (§6).
//!
//! Left out: in rooms a marker counts by the occupant's address, without XEP-0421 (§8).
//!
//! ```
//! use stonechat_stanza::{Stanza, message};
//! use stonechat_xep_markers::{Displayed, Markable};
//!
//! let asks = Stanza::message(message::Type::Chat).with_id("the-msg-1").with(&Markable);
//! assert!(asks.get::<Markable>()?.is_some());
//! let marker = Stanza::message(message::Type::Chat).with(&Displayed { id: "the-msg-1".to_owned() });
//! assert_eq!(marker.get::<Displayed>()?.map(|displayed| displayed.id).as_deref(), asks.id());
//! # Ok::<(), stonechat_stanza::ParseError>(())
//! ```

mod wire;
pub use wire::{Displayed, Markable, NS};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
