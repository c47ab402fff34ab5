//! Presence and its subscriptions (RFC 6121 §3 and §4, appendix A).
//!
//! - **Subscriptions** (§3): requests, approvals, cancellations, pre-approvals, by the tables of appendix A, which are one pure function,
//!   [`subscription::process`]. Requests wait, also over a restart, until they are answered, one for each sender; how many may wait is
//!   configured with the roster.
//! - **Presence** (§4): initial and later presence is broadcast to subscribers and to the account's own sessions, unavailable presence also to
//!   those who got directed presence, however the session ends. A session that becomes available learns the presence of the contacts
//!   and gets the requests that wait.
//! - **Probes** (§4.3) are answered to those who may see. Everybody else gets the same answer for an account that is
//!   online, offline, or not there.
//! - **Requests to a session** (§8.5.3.1) from those with whom its user shares no presence are answered as if it were not there.
//! - **Requests** that wait for an answer are told to other extensions at the point [`Requested`].
//! - **Visibility**: other extensions have an account hidden from somebody, and shown again, through [`Visibility`].
//! - **Removal** of a contact (§2.5.2) or of a whole account cancels the subscriptions.
//!
//! It needs the extension `roster`, where the states are kept.
//!
//! What differs from the letter of the RFC: approvals, cancellations and withdrawals that come while nobody is connected are
//! not kept for later (§3.1.6, optional), a used pre-approval is forgotten (§3.4.2, left open), and contacts of the
//! same host that are not connected are not probed at login (§4.3.1, optional). Redirections of moved accounts (§4.3.2) are left out.
//!
//! The client keeps its own presence and that of others, and asks for, grants and ends subscriptions; see [`client`].
//!
//! ```
//! use stonechat_xep_presence::subscription::{Direction, Kind, Standing, State, process};
//!
//! // Juliet asks Romeo, who had approved that beforehand.
//! let romeo = Standing { state: State::None, approved: true };
//! let step = process(romeo, Direction::Inbound, Kind::Subscribe);
//! assert_eq!(step.standing.state, State::From);
//! assert_eq!((step.pass, step.reply), (false, Some(Kind::Subscribed)));
//! ```

pub mod subscription;
mod wire;
pub use wire::{Availability, Priority, Show};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Config, Extension, Requested, SERVER, Visibility};
