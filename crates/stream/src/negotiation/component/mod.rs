//! The negotiation of a component's stream, both roles, without IO (XEP-0114, method "accept").
//!
//! [`Accepting`] is the machine of the server, [`Connecting`] that of the component, which opens the stream.
//!
//! ```text
//!  component                              server              the server's driver is asked for
//!  Connecting                             Accepting
//!    │  <stream:stream to='domain'>         │
//!    │─────────────────────────────────────▶│ Wanted ──────▶  component(..)
//!    │      <stream:stream id='…'>          │
//!    │◀─────────────────────────────────────│
//!    │  <handshake>SHA-1</handshake>        │
//!    │─────────────────────────────────────▶│ Established
//!    │                      <handshake/>    │
//!    │◀─────────────────────────────────────│
//!    │  stanzas, from the component's domain, both ways
//!    │◀────────────────────────────────────▶│ Stanza
//! ```
//!
//! The protocol has neither TLS nor features; it is for an interface, or a network, that nobody else listens on. As with the other machines, a
//! driver writes, and decides who is known.
//!
//! Left out: the method "connect", by which a server connects to its components, and XEP-0225.

mod accepting;
mod connecting;
#[cfg(test)]
mod tests;

pub use accepting::{Accepting, Action as AcceptingAction};
pub use connecting::{Action as ConnectingAction, Connecting, Error as ConnectingError};

const HANDSHAKE: &str = "handshake";
