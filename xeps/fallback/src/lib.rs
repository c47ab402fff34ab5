//! XEP-0428 (Fallback Indication), version 0.2.1: which parts of a message's text are there only for clients that do not understand the rest.
//!
//! [`Fallback`] is what is on the wire; [`body_without`] is the text that is left for a client that understands. Characters are counted
//! as XEP-0426 says, as Unicode code points. The client extension says that the client knows this.
//!
//! ```
//! use stonechat_stanza::Stanza;
//! use stonechat_xep_fallback::body_without;
//!
//! let message = Stanza::parse(b"<message><body>&gt; Hi, how are you?\nGreat</body>\
//!     <fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='19'/></fallback></message>")?;
//! assert_eq!(body_without(&message, &["urn:xmpp:reply:0"]).as_deref(), Some("Great"));
//! assert_eq!(body_without(&message, &[]).as_deref(), Some("> Hi, how are you?\nGreat"));
//! # Ok::<(), stonechat_stanza::xml::Error>(())
//! ```

mod text;
mod wire;
pub use text::{body_without, without};
pub use wire::{Body, Fallback, NS, Subject};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
