//! XEP-0157 (Contact Addresses for XMPP Services), version 1.1.1: whom to write to about a server.
//!
//! The addresses of the configuration are part of what the host tells to service discovery, as an extended information form
//! (XEP-0128) of the type [`FORM_TYPE`]. Without addresses there is no form.
//!
//! ```
//! use stonechat_xep_contact::Config;
//!
//! let config = Config { abuse: vec!["mailto:abuse@example.org".to_owned()], ..Config::default() };
//! let form = config.form().unwrap();
//! assert_eq!(form.values("abuse-addresses"), ["mailto:abuse@example.org"]);
//! assert!(Config::default().form().is_none());
//! ```

#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Config, Extension, SERVER};

/// The type of the form (XEP-0157 §7.1).
pub const FORM_TYPE: &str = "http://jabber.org/network/serverinfo";
