//! XEP-0386 (Bind 2), version 1.1.0: a session, bound together with the login and set up in the same step.
//!
//! `<bind/>` inside SASL2's `<authenticate/>` (XEP-0388) gets a session, and the elements in it switch things on for it before anything
//! can be sent to it. What can be asked for is listed in `<inline/>` (§3.1) and belongs to the extensions that
//! [own it](stonechat_extension::Installer::at_bind); what none owns is ignored.
//!
//! - The resource is made by the server, `tag/identifier` (§3.2.1). The same installation, by the `id` of its `<user-agent/>`, and the same
//!   tag get the same resource again; the identifier is a hash from which the `id` cannot be learnt. A client without `id` gets
//!   one that cannot be guessed. A tag that cannot be in a resource, or is longer than [`MAX_TAG`] characters, is left out.
//! - Earlier sessions of the same installation end with `conflict` (§3.2).
//! - A client that has as many sessions as it may have is logged in without one: there is no `<bound/>`, and it may bind as in RFC 6120.
//! - What belongs to every new session is told by the extensions that bring it
//!   [at every bind](stonechat_extension::Installer::at_every_bind): the archive's tells `<metadata/>` (§3.2.1).
//! - Messages that waited for the account (§3.2) are cleared by the extension that keeps them, where it is configured so. By default they are
//!   not, as a client that reads no archive would never see them; who has read them there before becoming available is not given them again.
//! - Nothing comes by TLS early data (§4), which the server takes none of.
//!
//! ```
//! use stonechat_xep_bind2::Bind;
//!
//! let bind = "<bind xmlns='urn:xmpp:bind:0'><tag>AwesomeXMPP</tag><enable xmlns='urn:xmpp:carbons:2'/></bind>";
//! let bind = Bind::read(&bind.parse()?).unwrap();
//! assert_eq!(bind.tag.as_deref(), Some("AwesomeXMPP"));
//! assert!(bind.requests[0].is("enable", "urn:xmpp:carbons:2"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod wire;
pub use wire::{Bind, Bound, Feature, NS};

#[cfg(feature = "server")]
mod resource;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use resource::MAX_TAG;
#[cfg(feature = "server")]
pub use server::{Extension, SERVER};
