//! XEP-0424 (Message Retraction), versions 0.4.2 and 0.3.0: a message is taken back by who has written it.
//!
//! [`Retraction`] reads both versions, says which message is meant (§5), and what is left of it in an archive (§4); [`retract`] asks for one. The client
//! remembers who has written the last messages and tells no retractions by anybody else; those of messages that it does not remember
//! it tells with their author, for the application to compare.
//!
//! Left out: in rooms retractions count by the occupant's address, without XEP-0421; moderation (XEP-0425).
//!
//! ```
//! use stonechat_stanza::message;
//! use stonechat_xep_retraction::{Retraction, retract};
//!
//! let request = retract("lord@capulet.example".parse()?, message::Type::Chat, "wrong-recipient-1");
//! assert_eq!(Retraction::of(&request).as_ref().map(Retraction::id), Some("wrong-recipient-1"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod wire;
pub use wire::{RETRACT, RETRACT_0, Retraction, retract};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
