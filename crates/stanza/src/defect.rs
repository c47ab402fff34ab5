//! What can be wrong with a stanza whose header can be read.

use crate::error::StanzaError;

/// A rule of RFC 6120 §8 that a stanza breaks. The stanza can still be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Defect {
    /// `to` is not an address (RFC 6120 §8.1.1). [`Stanza::to`](crate::Stanza::to) gives `None`.
    #[error("the 'to' address is malformed")]
    MalformedTo,
    /// `from` is not an address (RFC 6120 §8.1.2). [`Stanza::from`](crate::Stanza::from) gives `None`.
    #[error("the 'from' address is malformed")]
    MalformedFrom,
    /// The `type` of an iq is missing or unknown (RFC 6120 §8.2.3). The stanza is treated as a `get`.
    #[error("the type of an iq must be get, set, result or error")]
    IqType,
    /// An iq without `id` (RFC 6120 §8.2.3).
    #[error("an iq must have an id")]
    IqId,
    /// An iq of type get or set with no child or several, or one of type result with several (RFC 6120
    /// §8.2.3).
    #[error("the number of children does not fit the type of the iq")]
    IqChildren,
    /// The `type` of a presence stanza is unknown (RFC 6121 §4.7.1). The stanza must not be taken for what
    /// its [kind](crate::Stanza::kind) says.
    #[error("the type of the presence is unknown")]
    PresenceType,
}

impl From<Defect> for StanzaError {
    /// `jid-malformed` for addresses (RFC 6120 §8.3.3.8), `bad-request` for the rest (§8.3.3.1).
    fn from(defect: Defect) -> StanzaError {
        let error = match defect {
            Defect::MalformedTo | Defect::MalformedFrom => StanzaError::jid_malformed(),
            _ => StanzaError::bad_request(),
        };
        error.with_text(defect.to_string())
    }
}

/// Defects that cannot be seen from the rest of a stanza any more.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Noted {
    pub(crate) to: bool,
    pub(crate) from: bool,
    pub(crate) kind: bool,
}
