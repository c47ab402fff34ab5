//! XEP-0054 (vcard-temp), version 1.3.0, for clients: who somebody is, in their own words.
//!
//! [`VCard`] keeps everything that is in one, whether it is known here or not, as a vCard can only be changed as a whole (§3.2). See [`client`].
//!
//! Left out: vCards on the server; the announcement of changed photos in presence (XEP-0153).
//!
//! ```
//! use stonechat_stanza::Payload as _;
//! use stonechat_xep_vcard::VCard;
//!
//! let xml = "<vCard xmlns='vcard-temp'><FN>Peter Saint-Andre</FN><MAILER>x</MAILER></vCard>";
//! let vcard = VCard::parse(&xml.parse().unwrap()).unwrap().with_text("NICKNAME", Some("stpeter"));
//! assert_eq!((vcard.full_name(), vcard.nickname()), (Some("Peter Saint-Andre".into()), Some("stpeter".into())));
//! assert!(vcard.text("MAILER").is_some(), "what is not known here stays");
//! ```

mod wire;
pub use wire::{NS, Name, Photo, VCard};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
