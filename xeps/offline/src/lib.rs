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
//!   `service-unavailable` (§2, step 3), if it is somebody who may see the recipient's presence. It comes without words of its own.
//!   A page at a time is in memory.
//!
//! # What strangers learn
//! Nothing: to who may not see the recipient's presence a message that is delivered, one that waits, one that is refused and one for an
//! account that does not exist look the same, as nothing comes back. RFC 6121 leaves servers that choice (§8.5.1 for accounts that do not
//! exist, §8.5.3.2.1 for resources that are not there); an error in any of these cases would tell anybody who asks for enough names
//! who has an account, and who is online. The price is that a message to a mistyped address vanishes. Who would rather have its sender
//! told, as XEP-0160 §2, step 3, has it, sets `tell-strangers = true`. Not hidden is how long it takes: to store a message takes longer than
//! to ignore it, and a stranger may time the answer to what he sends behind it.
//!
//! With an archive, which there is by default, no message to an account that exists is lost for that: it is delivered or waits, and what is
//! beyond the quota, or for a resource that has gone and may go to no other, is in the archive. Without one, such a message of a stranger is
//! dropped; so is, in either case, what asks not to be stored or is of the moment.
//!
//! Stored messages are given to one session and not copied to others. A live message that sat unread in the mailbox of a
//! session that ended waits for the next session to become available, even if others are there: as far as they were to
//! have it, they have had it.
//!
//! Where an extension keeps messages anyway, as an archive does, what it has waits as a reference ([`Keeper`]), and a session that has read
//! it there before it became available is not given it again. XEP-0386 §3.2 wants them cleared as soon as a session is bound together
//! with its login; as clients that read no archive would miss them then, that is done with `clear-at-bind = true` only.
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
pub use server::{Bounces, Config, Extension, Keeper, SERVER};
