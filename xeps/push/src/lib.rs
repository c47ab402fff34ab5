//! XEP-0357 (Push Notifications), version 0.4.1: somebody whose phone sleeps learns that there is a message.
//!
//! A client [enables](Enable) notifications with the address and node of its push service, and with what that wants to see with each
//! of them, such as a secret (§5). When a message arrives for the account while none of its sessions reads, the host publishes a
//! [notification](Notification) to each service (§7), which wakes the phone.
//!
//! - **Which messages** are worth it is what [`Class::push`](stonechat_stanza::class::Class::push) says. A message that is neither
//!   delivered nor kept is not; one that was delivered to a connection which turns out to be dead is, also while the session waits to
//!   be continued (XEP-0198).
//! - **While nobody reads**: no session is available with a priority that is not negative, has a connection, and has not said that
//!   its client is inactive (XEP-0352).
//! - **How often**: one notification for each service and node in so many seconds. What arrives meanwhile is summed up in the next one, if
//!   nobody has come to read it. No message causes two.
//! - **What is told** is decided by the operator, not in-band (§9): by default the number of messages, not who has written them or what.
//!   A notification about something that is nothing to show, such as a reaction, has no summary at all.
//! - **Subscription requests** (RFC 6121 §3.1.3) that nobody is there to read are told as well, with the number of those that wait for an
//!   answer, but not with who asks.
//! - **Errors**: a service that answers with an error is disabled (§7.1), unless it asks to wait or could not be reached. Only the
//!   service itself can answer.
//!
//! Notifications come from the host's address (version 0.3 of the XEP). The number of messages is the number of those that have come since
//! a session last became available or was continued, or the server started. Left out: the services' word that they have
//! stopped (§8), which is found out by the error that they answer with.
//!
//! ```
//! use stonechat_xep_push::{Notification, Publish, Summary};
//!
//! let summary = Summary { message_count: Some(1), ..Summary::default() };
//! let publish = Publish {
//!     node: Some("yxs32uqsflafdk3iuqo".to_owned()),
//!     notification: Notification { summary: Some(summary) },
//!     options: None,
//! };
//! assert!(String::from(&publish.to_element()).contains("message-count"));
//! ```

mod wire;
pub use wire::{Disable, Enable, NS, Notification, PUBLISH_OPTIONS, Publish, SUMMARY, Summary};

#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Config, Extension, SERVER};
