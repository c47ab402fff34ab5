//! XEP-0191 (Blocking Command), version 1.3, with XEP-0377 (Blocking Command Reports), version 0.4.1: a person decides who may not
//! reach them.
//!
//! # What is blocked
//! An account has one list of addresses, which holds for all of its sessions and while none is connected. An address stands for itself
//! and what is below it, see [`List::covers`] (XEP-0191 §6). The account's own sessions and its host are never kept out, whatever is in
//! the list (§5, note 1): an account that blocks the domain that it is in does not hear of its neighbours, and can still change its list.
//!
//! # What becomes of stanzas
//! - **From a blocked address** messages and requests get the very answer that they would get if there were no such account, because
//!   the core gives it ([`Verdict::Absent`](stonechat_extension::Verdict)): `service-unavailable`, and nothing for presence, headlines, errors and results
//!   (§3.3). Where offline storage tells strangers nothing, which is the default, it is silent about messages, too: about those of a friend
//!   as for an account that is offline. This comes before anything else is done with them, so they are not stored, archived or copied, and wake no phone. Messages
//!   and subscription requests that had been stored before are not delivered either while the block lasts.
//! - **To a blocked address** what a client sends is refused with `not-acceptable` and [`<blocked/>`](Blocked) (§3.3). What the server
//!   sends in the account's name, such as presence, is not sent.
//! - **Presence**: a contact who is blocked, or to whom presence was directed, gets unavailable presence, and after that nothing. The
//!   subscriptions stay ("polite blocking", §4). Who is unblocked is shown the present presence, and is asked for its own, which
//!   was missed meanwhile.
//!
//! A change is committed before anything follows from it, whole or not at all, and is pushed to the sessions that have asked for the list.
//!
//! # Reports
//! A block may say why (XEP-0377 §6). The report is logged and kept for the operator, who reads it with the command `reports`. How many are kept,
//! of one account and in all, and how much of each, is limited; a report that breaks the rules is ignored and does not
//! hinder the block. Nothing is forwarded to anybody, whether or not the report allows it (§5).
//!
//! The client knows the list and changes it; see [`client`].
//!
//! Left out: XEP-0016 (Privacy Lists), which would have to share the list (§5).
//!
//! ```
//! use stonechat_stanza::jid::Jid;
//! use stonechat_xep_blocking::List;
//!
//! let list: List = ["romeo@montague.net", "shakespeare.lit"].iter().map(|jid| jid.parse().unwrap()).collect();
//! let covers = |jid: &str| list.covers(Jid::parse(jid).unwrap().as_jid_ref());
//! assert!(covers("romeo@montague.net/orchard") && covers("iago@shakespeare.lit"));
//! assert!(!covers("mercutio@montague.net"));
//! ```

mod list;
mod report;
mod wire;
pub use list::List;
pub use report::{Limits, REPORTING, Report, Text};
pub use wire::{Block, BlockList, Blocked, ERRORS, Item, NS, Unblock};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Config, Extension, SERVER};
