//! XEP-0092 (Software Version), version 1.1: what software is the other side?
//!
//! The server tells its name and version, to anybody who asks the host. The operating system is told only where the
//! configuration gives a text for it (§5, security considerations). Requests to a full JID are for that client and pass through.
//!
//! The client answers too, and asks others; see [`client`].
//!
//! ```
//! use stonechat_stanza::Payload;
//! use stonechat_xep_version::Version;
//!
//! let version = Version { name: "Stonechat".to_owned(), version: "0.1.0".to_owned(), os: None };
//! assert_eq!(Version::parse(&version.to_element()).unwrap(), version);
//! ```

mod wire;
pub use wire::{NS, Query, Version};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Config, Extension, SERVER};
