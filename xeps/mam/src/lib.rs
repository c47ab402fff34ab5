//! XEP-0313 (Message Archive Management), version 1.1.3, with `urn:xmpp:mam:2#extended`; XEP-0441 (Preferences), version 0.2.0; the ids of
//! XEP-0359 (Unique and Stable Stanza IDs), version 0.7.0; the tombstones of XEP-0424 (Message Retraction), versions 0.4.2 and 0.3.0: a
//! person's history is on the server, for all their devices.
//!
//! Which messages are archived is decided by [`Class`](stonechat_stanza::class::Class), which decides about copies and offline storage too,
//! and by the account's [`Preferences`]. Group chat is not (§6.1.1 leaves it open).
//!
//! # What is promised
//! - **Nothing lost.** A message is in both archives before its recipient sees it and before its sender may take it for received. Where both
//!   accounts are of one host it goes into both in one write.
//! - **The id is told.** What a recipient gets, live, as a copy for another device or from offline storage, has the `<stanza-id/>` of its
//!   place in the archive (§3.5), and no other that claims to be by the account (XEP-0359 §3). Others than the account do not see it.
//! - **Nothing twice.** A message is archived once for each account, however many sessions get it; one to oneself once. What is in the
//!   archive waits for an account that is offline as a reference, and who has read it there is not given it again (§6.1.1).
//! - **Every page costs the same** wherever it is and however long the archive. So `<count/>` is told where it is known without
//!   counting: for queries without conditions.
//! - **Bounded.** A page has a limit in messages and in bytes; the archive one in messages and in age.
//! - **Retracted is gone.** When an author retracts a message, a tombstone takes its place in the archives of both (XEP-0424 §4), if it is
//!   among the last so many that the two have exchanged. Anybody else's request changes nothing.
//!
//! The client asks for pages, and catches up with its account's archive after an absence; see [`client`].
//!
//! Left out: searching in texts, group chat in the archives of accounts, private messages of rooms once only where several sessions are in the
//! room, and `index` other than for the first page.
//!
//! ```
//! use stonechat_stanza::{Stanza, iq, rsm};
//! use stonechat_xep_mam::{Filter, Query};
//!
//! let filter = Filter { with: Some("juliet@capulet.lit".parse()?), ..Filter::default() };
//! let query = Query { form: Some(filter.to_form()), set: Some(rsm::Request::last(50)), ..Query::default() };
//! let request = Stanza::iq(iq::Type::Set).with_id("juliet1").with(&query);
//! let form = request.get::<Query>()?.and_then(|query| query.form).ok_or("no form")?;
//! assert_eq!(Filter::read(&form)?, filter);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod filter;
mod prefs;
mod wire;
pub use filter::Filter;
pub use prefs::{Policy, Preferences};
pub use stonechat_xep_retraction::{RETRACT, RETRACT_0, Retraction};
pub use wire::{Archived, EXTENDED, End, Fin, GROUPCHAT_FIELD, Metadata, NS, Query, Start};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{ByDefault, Config, Extension, SERVER};
