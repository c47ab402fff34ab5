//! The XML of a stream, in both framings: TCP (RFC 6120 §4) and WebSocket (RFC 7395).
//!
//! [`Decoder`] turns bytes into [`Frame`]s; [`Framing`] writes what goes the other way. Neither knows
//! roles: who may send which frame when is for the [negotiation](crate::negotiation) and the session.

mod declaration;
mod decoder;
mod error;
mod framing;
mod opening;

#[cfg(test)]
mod tests;

pub use decoder::Decoder;
pub use error::Error;
pub use framing::Framing;
pub use stonechat_stanza::xml::{Content, Limits};
pub use stonechat_stanza::{Nonza, Stanza};

use crate::StreamHeader;

/// What stands between the bytes of a stream.
#[derive(Debug, Clone)]
pub enum Frame {
    /// The stream is opened: `<stream:stream …>`, or `<open/>` on a WebSocket.
    Open(StreamHeader),
    /// A message, presence or iq in the content namespace.
    Stanza(Stanza),
    /// Any other first-level element, `<stream:error/>` and `<stream:features/>` among them.
    Nonza(Nonza),
    /// The stream is closed: `</stream:stream>`, or `<close/>` on a WebSocket.
    Close,
}
