//! XEP-0030 (Service Discovery), version 2.5.0, with XEP-0128 (Service Discovery Extensions), version 1.0.1: what is the other
//! side, what can it do, and what belongs to it?
//!
//! The server answers for the host and for accounts, from what extensions have declared: identities, features, forms and items.
//! A feature is listed exactly while the extension that handles it is installed. Other extensions add to an answer, or know a
//! node, as a [`Map`](stonechat_extension::Map) at the point [`Disco`](stonechat_extension::disco::Disco); a node that nobody
//! knows is `item-not-found`.
//!
//! Of an account, its own sessions and those who may see its presence (with an extension that keeps rosters: its
//! subscribers) learn what it can do and its available resources. Everybody else gets the same words whether the account is
//! online, offline, or does not exist (§8): `service-unavailable` for information, nothing for items, and no map is asked.
//!
//! The client answers with what its extensions have declared, says so in its presence (XEP-0115, version 1.6.0), asks others, and remembers
//! by verified capabilities what many clients have in common; see [`client`].
//!
//! Requests to a full JID are for that client and pass through. Left out: trust in other servers (§8), and paging through items.
//!
//! ```
//! use stonechat_stanza::{Stanza, iq};
//! use stonechat_xep_disco::{INFO, InfoQuery};
//!
//! let question = Stanza::iq(iq::Type::Get).with_id("1").with(&InfoQuery::default());
//! assert!(question.has(INFO, "query"));
//! ```

#[cfg(feature = "client")]
mod caps;
#[cfg(feature = "client")]
pub mod client;
mod wire;
#[cfg(feature = "client")]
pub use caps::{Caps, verification};
#[cfg(feature = "client")]
pub use client::CLIENT;
pub use wire::{Feature, INFO, ITEMS, Identity, Info, InfoQuery, Item, Items, ItemsQuery};

#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Config, ConfiguredItem, Extension, SERVER};
