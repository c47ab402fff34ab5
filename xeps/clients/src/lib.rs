//! XEP-0494 (Client Access Management), version 0.1.0: a person sees which clients have access to the account, and ends the access of one.
//!
//! - Listed (§3.1) are the installations that have logged in with a `<user-agent/>` that has an `id` (XEP-0388 §2.3), connected or not, and
//!   the other sessions that are connected, by whatever they logged in.
//! - `<auth/>` says whether a client has shown the password that the account has now, and whether it has FAST tokens (XEP-0484). Every
//!   client has full access (`unrestricted`), as nothing else can be given yet.
//! - Revoking (§3.2) ends the tokens and the sessions of a client that knows no password that is right. One that does is answered with
//!   `password-reset-required`: after the password was changed, which ends all tokens anyway, it can be revoked.
//! - Only the account's own sessions are answered; to others it looks as if nobody owned the requests. The ids are made of a hash, and
//!   say nothing of the installation.
//! - How long a client that stays away is remembered and whether the names of software and device are kept is configured (§6), and there
//!   are only so many of them.
//! - Left out: grants (OAuth), restricted access, administrators who revoke for others.
//!
//! ```
//! use stonechat_xep_clients::{Revoke, NS};
//! use stonechat_stanza::payload::Payload as _;
//!
//! let revoke = Revoke::parse(&"<revoke xmlns='urn:xmpp:cam:0' id='HjEEr45_LQr'/>".parse()?)?;
//! assert_eq!((revoke.id.as_str(), NS), ("HjEEr45_LQr", "urn:xmpp:cam:0"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod wire;
pub use wire::{Client, Clients, Kind, List, NS, Revoke, password_reset_required};

#[cfg(feature = "server")]
mod record;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Config, Extension, SERVER};
