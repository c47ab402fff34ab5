//! XEP-0184 (Message Delivery Receipts), version 1.4.0: the recipient's client has the message.
//!
//! The client asks for receipts of its chat and normal messages that have a body, answers those that ask to the audience that its
//! configuration names (§8), once, when they come to it (§5.3), and tells the application of the receipts that come, see [`client`].
//!
//! Left out: finding out beforehand whether the recipient supports receipts (§5.2), and receipts in rooms (§5.4, not recommended).
//!
//! ```
//! use stonechat_stanza::{Stanza, message};
//! use stonechat_xep_receipts::{Received, Request};
//!
//! let asks = Stanza::message(message::Type::Chat).with_id("richard2-4.1.247").with(&Request);
//! assert!(asks.get::<Request>()?.is_some());
//! let receipt = Stanza::message(message::Type::Chat).with(&Received { id: "richard2-4.1.247".to_owned() });
//! assert_eq!(receipt.get::<Received>()?.map(|received| received.id).as_deref(), asks.id());
//! # Ok::<(), stonechat_stanza::ParseError>(())
//! ```

mod wire;
pub use wire::{NS, Received, Request};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
