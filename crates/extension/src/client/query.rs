//! Requests that know their answers.

use stonechat_stanza::{ParseError, Payload, Stanza, iq};

/// The payload of an IQ request, with what comes back.
///
/// ```
/// use stonechat_extension::client::Query;
/// use stonechat_stanza::{ParseError, Stanza, iq, payload};
///
/// payload! {
///     struct Ping: "urn:xmpp:ping", "ping";
/// }
///
/// impl Query for Ping {
///     const KIND: iq::Type = iq::Type::Get;
///     type Answer = ();
///
///     fn read(_: &Stanza) -> Result<(), ParseError> {
///         Ok(())
///     }
/// }
/// ```
pub trait Query: Payload {
    /// [`Get`](iq::Type::Get) or [`Set`](iq::Type::Set).
    const KIND: iq::Type;
    /// What a result holds.
    type Answer;

    /// Reads a result.
    ///
    /// # Errors
    /// What is wrong with its payload.
    fn read(result: &Stanza) -> Result<Self::Answer, ParseError>;
}
