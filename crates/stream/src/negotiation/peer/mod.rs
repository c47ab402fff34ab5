//! The negotiation of a stream between servers, both roles, without IO: STARTTLS, SASL EXTERNAL (XEP-0178) and dialback (XEP-0220), for one
//! direction or for both (XEP-0288).
//!
//! [`Outgoing`] is the machine of the side that opens the stream to send on it; it also asks about
//! a dialback key on a stream of its own. [`Incoming`] is the machine of the side that takes the stanzas: it lets them through for each
//! [pair](crate::dialback::Pair) of domains that has been authorised, and answers questions about its own side's keys.
//!
//! ```text
//!  sender's server                       target's server                     the sender's server
//!  Outgoing                              Incoming          Outgoing          Incoming
//!    │  header, STARTTLS, header again      │                │                 │
//!    │◀────────────────────────────────────▶│ HostWanted     │                 │
//!    │  <auth mechanism='EXTERNAL'/>        │                │                 │
//!    │─────────────────────────────────────▶│                │                 │
//!    │            or  <db:result>key        │                │                 │
//!    │─────────────────────────────────────▶│ Verify ───────▶│ <db:verify>key  │
//!    │                                      │                │────────────────▶│ Judge
//!    │                                      │ verified(..) ◀─│◀────────────────│
//!    │◀─────────────────────────────────────│ Authorized     │
//!    │  stanzas of that pair                │                │
//!    │─────────────────────────────────────▶│ Stanza         │
//! ```
//!
//! As with the machines for [clients'](super::client) and [servers'](super::server) sides, a driver writes, shakes hands, and decides what
//! is policy: whose certificate is good, and which of the two ways is offered.
//!
//! Where both sides have stream management (XEP-0198), the sender's asks for it when it may send, and gives its stanzas when that is
//! answered. The machines speak the protocol; which stanzas are not acknowledged the sender's driver knows, and which were handled, and can
//! be resumed, that of the target.
//!
//! Where the target's side offers it and the sender's asks for it, stanzas go both ways as soon as the sender's is authenticated: from the
//! target's side only those of the inverse of the first pair that was authorised, and the sender's side lets through no others. It has
//! authenticated the target's before, by its certificate or, where dialback is enough, by having found it in DNS.
//!
//! Left out: several pairs on one outgoing stream; several pairs in the direction back, for which the other side is told to open a stream of
//! its own; streams of before XMPP 1.0.

mod incoming;
mod outgoing;
#[cfg(test)]
mod tests;

pub use incoming::{Action as IncomingAction, Config as IncomingConfig, HostWanted, Incoming, Offer};
pub use outgoing::{
    Action as OutgoingAction, Config as OutgoingConfig, Counting, Error as OutgoingError, Established,
    Management, Outgoing, Purpose, too_high,
};
