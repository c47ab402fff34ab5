//! XEP-0198 (Stream Management), version 1.6.3: stanzas are counted and acknowledged in both directions, and a session goes on after
//! its connection broke.
//!
//! # What is promised
//! - **`<a/>` is true.** The server acknowledges a stanza when all that it has led to survives the server: it is archived, stored
//!   offline, or in the journal of the sessions that it is for (§4). What is to be kept nowhere, for a session whose client does not
//!   acknowledge, counts as handled when it is in that one's mailbox.
//! - **A session survives the server.** `<resume/>` works after a restart and after a crash as it does after a broken connection, for as
//!   long as `<enabled max='…'/>` says (§5). What was not acknowledged comes once and in order, also what the client sends again.
//! - **Nothing lost.** What a session was sent and has not acknowledged when nobody resumes it in time goes where messages for somebody
//!   who is not there go, or back to its sender (§4).
//! - **Bounded.** So many bytes wait for an acknowledgement; then senders wait, as they do for any mailbox. A session without a
//!   connection holds up nobody.
//!
//! How, is told in the crate `stonechat-extension`: the session owns the numbers, its mailbox what is not acknowledged, the journal what
//! is in the store. This crate speaks the protocol.
//!
//! The server asks for an acknowledgement with each batch of stanzas that it writes, one request at a time.
//!
//! Who comes too late to resume is told how many of its stanzas were handled (`<failed h='…'/>`, §5), for some sessions of each account and
//! some days.
//!
//! Left out: `location`, unless it is configured. Streams between servers are not sessions of a host; the server's core manages them.
//!
//! ```
//! use stonechat_stanza::Payload;
//! use stonechat_xep_sm::{Ack, NS, Resume};
//!
//! let resume = Resume::parse(&"<resume xmlns='urn:xmpp:sm:3' h='12' previd='some-long-sm-id'/>".parse()?)?;
//! assert_eq!((resume.h, resume.previd.as_str()), (12, "some-long-sm-id"));
//! assert_eq!(Ack { h: 3 }.to_element().attr("h"), Some("3"));
//! assert_eq!(NS, Ack::NS);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use stonechat_stanza::sm::{
    Ack, Enable, Enabled, NS, REQUEST, Resume, Resumed, failed, feature, timed_out, too_high,
};

#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Config, Extension, SERVER};
