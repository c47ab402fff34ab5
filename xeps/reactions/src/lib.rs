//! XEP-0444 (Message Reactions), version 0.2.1: an emoji for a message.
//!
//! Who reacts says all their reactions to a message each time, so the last word counts (§3.2). [`react`] makes a reaction; the client extension
//! tells the application whose reactions came, with the address that has to be the same for an update (§4.2).
//!
//! Left out: restrictions (§2.2); whether a reaction is an emoji, which is for who shows it (§4.1); in rooms reactions count by the
//! occupant's address.
//!
//! ```
//! use stonechat_stanza::message;
//! use stonechat_xep_reactions::{Reactions, react};
//!
//! let wave = react("romeo@capulet.net".parse()?, message::Type::Chat, "744f6e18", ["👋"]);
//! assert_eq!(wave.get::<Reactions>()?.map(|reactions| reactions.all).as_deref(), Some(&["👋".to_owned()][..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod wire;
pub use wire::{MOST, NS, Reactions, react};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
