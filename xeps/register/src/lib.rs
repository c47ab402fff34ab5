//! XEP-0077 (In-Band Registration), version 2.4: create an account, change its password, cancel it.
//!
//! **Without configuration nobody can register**: there is no stream feature, and requests before authentication get
//! `service-unavailable`. The owner of an account can change its password and cancel it; each of the three has a switch.
//!
//! - Creation (§3.1): before authentication, with the fields or with the form. The name has to be a localpart in its canonical form
//!   (RFC 7622 §3.3), not reserved, and neither look like that of another account (UTS #39 §4) nor be that of one removed not
//!   long ago. What the server asks of names and passwords holds here as on any other way to make an account. Attempts
//!   are counted per network and accounts per host.
//! - Change of password (§3.3) and cancellation (§3.2): by a session of the account, to the account or to the host. The answer to a
//!   cancellation is sent first, then every session of the account ends with the stream error `not-authorized`.
//!
//! **Names can be probed where creation is open**: `conflict` says that a name is not to be had. That is so by the nature of
//! registration; the limits keep it slow.
//!
//! The client creates an account, changes its password, cancels its account, and registers with services; see [`client`].
//!
//! Left out: redirection by the server (§5), asking for the old password and for further data (email, CAPTCHA), the obsolete `<key/>` (§7), and
//! numeric error codes (§9, XEP-0086). How safe the connection is, is decided where the server offers features: not before TLS,
//! unless an operator allows plain text.
//!
//! ```
//! use stonechat_stanza::{Stanza, iq};
//! use stonechat_xep_register::{Field, Query};
//!
//! let change = Stanza::iq(iq::Type::Set).with_id("change1").with(&Query::submit("bill", "newpass"));
//! assert_eq!(change.get::<Query>().unwrap().unwrap().get(Field::Username), Some("bill"));
//! ```

mod answer;
mod wire;
pub use answer::Missing;
pub use wire::{CHANGE_PASSWORD_FORM, Field, NS, Query, STREAM_FEATURE};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Config, Extension, SERVER};
