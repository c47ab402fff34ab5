//! XEP-0402 (PEP Native Bookmarks), version 1.2.0, for clients: the rooms that somebody wants to remember, the same on all their devices.
//!
//! They are on a node of the own account that nobody else sees. The client fetches them, hears of changes, adds, changes and removes; and enters
//! and leaves rooms as they say, where it takes part in rooms. See [`client`].
//!
//! Left out: the bookmarks of before (XEP-0048), which servers show as these where they say so (§5.3).
//!
//! ```
//! use stonechat_stanza::Payload as _;
//! use stonechat_xep_bookmarks::Conference;
//!
//! let xml = "<conference xmlns='urn:xmpp:bookmarks:1' name='Council of Oberon' autojoin='true'><nick>Puck</nick></conference>";
//! let conference = Conference::parse(&xml.parse().unwrap()).unwrap();
//! assert!(conference.autojoin);
//! assert_eq!(conference.nick.as_deref(), Some("Puck"));
//! ```

mod wire;
pub use wire::{Bookmark, Conference, NS};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
