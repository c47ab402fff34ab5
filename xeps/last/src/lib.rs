//! XEP-0012 (Last Activity), version 2.0: when was an account last available, and how long has the server been running?
//!
//! The server answers for the host (§5, its uptime) and for accounts (§3): 0 seconds while one of the account's resources is available, else
//! the time since the last of them became unavailable, with the status that it sent. This is kept in a store, so it survives a restart.
//! An account that has never been available is `item-not-found`.
//!
//! Only the account itself and, with an extension that keeps rosters, those who are subscribed to its presence may ask. Everybody
//! else gets `forbidden` in the same words whether the account is online, offline, or does not exist (§8). A resource
//! that is connected but not available, such as one that went invisible, does not count: its contacts are not to know of it.
//!
//! Requests to a full JID are for that client and pass through (§4). Whom they must not reach is a matter of the extension for
//! presence, which answers as if the client were not there: with `service-unavailable`, where §4 has `forbidden`.
//!
//! ```
//! use stonechat_stanza::Payload;
//! use stonechat_xep_last::Last;
//!
//! let last = Last { seconds: 903, status: Some("Heading Home".to_owned()) };
//! assert_eq!(Last::parse(&last.to_element()).unwrap(), last);
//! ```

mod wire;
pub use wire::{Last, NS, Query};

#[cfg(feature = "server")]
mod record;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Config, Extension, SERVER};
