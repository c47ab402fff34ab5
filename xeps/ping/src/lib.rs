//! XEP-0199 (XMPP Ping), version 2.0.1: is the other side still there?
//!
//! The server answers pings sent to the host (§4.2 "client-to-server") and those to the sender's own account. Pings to
//! a full JID are for the client with that address (§4.4 "end-to-end") and pass through. Pings that the server itself sends
//! are not here: it sees dead connections by other means.
//!
//! The client answers pings, and pings others with the service `client::Pinger`.
//!
//! ```
//! use stonechat_stanza::{Stanza, iq};
//! use stonechat_xep_ping::Ping;
//!
//! let ping = Stanza::iq(iq::Type::Get).with_id("1").with(&Ping);
//! assert!(ping.get::<Ping>().unwrap().is_some());
//! ```

mod wire;
pub use wire::{NS, Ping};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Extension, SERVER};
