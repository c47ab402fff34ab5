//! XEP-0352 (Client State Indication), version 1.0.0: a client whose person does not look is not woken for what can wait.
//!
//! While a client is inactive, what can wait waits until something comes that cannot, the client is active again, or too much waits (§3).
//! Everything keeps its place in the order of what the client is sent (§5.1). What can wait is said by one function, [`wait`]: presence, of
//! which only the last of each address is sent; and messages that [`Class::may_wait`](stonechat_stanza::class::Class::may_wait)
//! lets wait, as receipts, markers, reactions and chat states do, of the last only the latest of each sender. Text, calls, invitations,
//! requests to subscribe, errors and IQs never wait.
//!
//! What waits when the client's connection breaks is sent when the session is resumed, which is active then (§5.2), or has the fate of
//! whatever is left of a session.
//!
//! The client says whether its person looks, on every stream anew; see [`client`].
//!
//! Left out: that a user configures what waits (§3, optional).
//!
//! ```
//! use stonechat_stanza::Stanza;
//! use stonechat_xep_csi::{Wait, wait};
//!
//! let presence = Stanza::parse(b"<presence from='romeo@montague.net/orchard'><show>away</show></presence>")?;
//! assert_eq!(wait(&presence), Wait::UntilSaidAnew("presence romeo@montague.net/orchard".to_owned()));
//!
//! let message = Stanza::parse(b"<message type='chat'><body>O blessed night!</body></message>")?;
//! assert_eq!(wait(&message), Wait::No);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod wait;
mod wire;
pub use wait::{Wait, wait};
pub use wire::{Active, Inactive, NS};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Config, Extension, SERVER, is_active};
