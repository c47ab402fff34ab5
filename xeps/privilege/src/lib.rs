//! XEP-0356 (Privileged Entity), version 0.4.1: components that may do some of what the accounts of a host may, where its operator has granted it.
//!
//! Nothing is granted by default. A grant names a component, and what it may do: read or change rosters (§4), send messages in the name of the
//! host or of an account (§5), send requests of certain namespaces in the name of an account (§6), and know when accounts come and go (§7).
//! When it connects it is told what it may (§4.2), and who is there, with the presence that was broadcast last (§8, rule 1). Who may read
//! rosters gets roster pushes for all of them, unless it is told that it does not (§4.4).
//!
//! What a component asks for is taken from its own connection alone: the same stanza of an account, of another server or of a component without
//! a grant does nothing. A grant for a domain that is no component grants nobody anything.
//!
//! The accounts notice nothing of it: a component that is not connected to take what it is told is no business of theirs.
//!
//! Left out: presence of the accounts' contacts (the type `roster` of §7.4), and messages of components in archives and on the account's own
//! devices.
//!
//! ```
//! use stonechat_stanza::Payload as _;
//! use stonechat_xep_privilege::{Access, Perm, Privilege};
//!
//! let told = Privilege { perms: vec![Perm::Roster { access: Access::Both, push: true }], forwarded: None };
//! let perm = told.to_element().children().next().and_then(|perm| perm.attr("access").map(str::to_owned));
//! assert_eq!(perm.as_deref(), Some("roster"));
//! ```

mod wire;
pub use wire::{Access, NS, Perm, Privilege, PrivilegedIq};

#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Config, Extension, Grant, IqGrant, Messages, Presences, SERVER};
