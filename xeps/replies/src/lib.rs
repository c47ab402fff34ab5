//! XEP-0461 (Message Replies), version 0.2.1: a message that answers a certain other one.
//!
//! [`reply`] makes the answer to a message, with a quotation for clients that do not know replies; [`body`] is the text of one without the
//! quotation. The client extension says that the client knows replies.
//!
//! ```
//! use stonechat_stanza::Stanza;
//! use stonechat_xep_replies::{Reply, body, reply};
//!
//! let cake = Stanza::parse(b"<message from='anna@example.com/tablet' id='message-id1' type='chat'><body>We should bake a cake</body></message>")?;
//! let answer = reply(&cake, "Great idea!").ok_or("it has no id")?;
//! assert_eq!(answer.get::<Reply>()?.map(|reply| reply.id).as_deref(), Some("message-id1"));
//! assert!(answer.to_string().contains("<body>&gt; We should bake a cake\nGreat idea!</body>"));
//! assert_eq!(body(&answer).as_deref(), Some("Great idea!"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod compose;
mod wire;
pub use compose::{body, reply};
pub use wire::{NS, Reply};

#[cfg(feature = "client")]
pub mod client;
#[cfg(feature = "client")]
pub use client::CLIENT;
