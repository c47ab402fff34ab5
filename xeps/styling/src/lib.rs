//! XEP-0393 (Message Styling), version 1.1.1: what says that a message is not styled, and the feature that says that styling is known.
//!
//! Left out: reading the styles of a text, which is for who shows it.
//!
//! ```
//! use stonechat_stanza::{Stanza, message};
//! use stonechat_xep_styling::Unstyled;
//!
//! let message = Stanza::message(message::Type::Chat).with(&Unstyled);
//! assert!(message.get::<Unstyled>()?.is_some());
//! # Ok::<(), stonechat_stanza::ParseError>(())
//! ```

mod wire;
pub use wire::{NS, Unstyled};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
