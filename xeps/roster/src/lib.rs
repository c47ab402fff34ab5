//! Rosters: the contacts of an account (RFC 6121 §2), with versioning (RFC 6121 §2.6, XEP-0237 1.3).
//!
//! The server keeps the roster, answers `jabber:iq:roster` requests of the account's own sessions, checks them by every rule of
//! §2.1.5 and §2.3.3, and pushes each change to the sessions that have asked for the roster. A change is committed before anybody
//! is told of it, and pushes leave in the order of the changes, also between two sessions that change the roster at the same time.
//!
//! A client that knows a version gets what has changed since, as pushes, or the whole roster when that is less. Versions grow with
//! every change and never come back, also when an account is created anew or a database is restored.
//!
//! The states of presence subscriptions are kept here, with the subscription requests that wait for an answer, and are changed
//! through the service [`Roster`] by the extension that knows their rules. Removing a contact fires [`Removed`], so that this
//! extension can cancel the subscriptions (§2.5.2). Each change of an item fires [`Changed`].
//!
//! The client loads its roster with what it has cached, follows the pushes of its own account, and changes contacts; see [`client`].
//! How subscriptions are asked for and granted is in the crate of presence.
//!
//! Left out: contacts with a resourcepart (`jid-malformed`), shared rosters, and the roster's contents in service discovery.
//!
//! ```
//! use stonechat_stanza::{Stanza, iq};
//! use stonechat_xep_roster::{Item, Query};
//!
//! let item = Item { name: "Nurse".into(), ..Item::new("nurse@example.com".parse().unwrap()) };
//! let set = Stanza::iq(iq::Type::Set).with_id("rs1").with(&Query::of(item));
//! let query = set.get::<Query>().unwrap().unwrap();
//! assert_eq!(query.items[0].name, "Nurse");
//! ```

mod wire;
pub use wire::{Item, NS, Query, Subscription};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{
    Change, Changed, Config, Contact, Error, Extension, Outcome, Removed, Roster, SERVER, Snapshot, Updated,
    is_interested, may_see_presence,
};
