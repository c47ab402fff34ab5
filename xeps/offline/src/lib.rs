//! XEP-0160 (Best Practices for Handling Offline Messages), version 1.0.1, with XEP-0203 (Delayed Delivery), version 2.0: messages for
//! people who are not there wait for them.
//!
//! What is stored is decided by one function, [`decide`]: the table of XEP-0160 §3, with the hints of XEP-0334. A message is
//! stored unless it is of a type that is not, says nothing that outlives the moment (chat states), or asks not to be stored. So
//! receipts, markers, corrections, reactions and retractions are stored, whether or not they have a body.
//!
//! # What is promised
//! - **Nothing lost.** A message is on disk before its sender's next stanza is handled, and is deleted after it is in the mailbox of a
//!   session. What that session's connection could not write comes back, and goes in front of what has arrived since.
//! - **Nothing twice.** One task at a time delivers the stored messages of an account, to one session (§2, step 5). Only
//!   if the server dies between delivery and deletion are they delivered again: XEP-0160 knows no acknowledgement, so to
//!   deliver once at most would mean to lose in that moment.
//! - **In order.** Messages that arrive meanwhile follow the stored ones; how, is told in `server/flush.rs`.
//! - **Bounded.** A quota of messages and bytes for each account, which is exact however many send at once. Beyond it the sender gets
//!   `service-unavailable` (§2, step 3). It comes without words of its own, as it would tell strangers more than the same answer for an
//!   account that does not exist. A page at a time is in memory.
//!
//! # What strangers learn
//! By default the sender of a message that is not stored gets an error (§2, step 3), and so does who writes to an account that does not
//! exist: somebody who has mistyped an address wants to know. But it also tells anybody who sends enough messages who has an account and
//! who is online. With `tell-strangers = false` only those who may see the recipient's presence get such errors.
//!
//! Stored messages are given to one session and not copied to others. A live message that sat unread in the mailbox of a
//! session that ended waits for the next session to become available, even if others are there: as far as they were to
//! have it, they have had it.
//!
//! Where an extension keeps messages anyway, as an archive does, what it has waits as a reference ([`Keeper`]), and a session that has read
//! it there before it became available is not given it again.
//!
//! Left out: Flexible Offline Message Retrieval (XEP-0013) and the older `jabber:x:delay` (XEP-0091, obsolete).
//!
//! ```
//! use stonechat_stanza::{Stanza, jid::BareJid};
//! use stonechat_xep_offline::{Verdict, decide};
//!
//! let juliet = BareJid::parse("juliet@capulet.com")?;
//! let message = Stanza::parse(b"<message from='romeo@montague.net/orchard'><body>O blessed night!</body></message>")?;
//! assert_eq!(decide(&message, &juliet), Verdict::Store);
//!
//! let typing = b"<message type='chat'><composing xmlns='http://jabber.org/protocol/chatstates'/></message>";
//! assert_eq!(decide(&Stanza::parse(typing)?, &juliet), Verdict::Transient);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod decide;
mod wire;
pub use decide::{Verdict, decide};
pub use wire::{FEATURE, REASON, discard_forged, stamp, take_stamp};

#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
pub use server::{Config, Extension, Keeper, SERVER};
