//! What can go wrong with what is asked of a client.

use stonechat_stanza::{ParseError, StanzaError};

/// The client has been closed: nothing is sent any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client is closed")]
pub struct Closed;

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// Whoever was asked, or a server on the way, answered with an error.
    #[error("refused: {0}")]
    Refused(StanzaError),
    /// The answer does not hold what it should.
    #[error("the answer cannot be read: {0}")]
    Malformed(#[from] ParseError),
    /// No answer came in time.
    #[error("no answer in time")]
    Timeout,
    /// The session ended before an answer came; the request may have been carried out.
    #[error("the session ended before the answer came")]
    Lost,
    /// An extension, or a limit, did not let the request leave.
    #[error("not sent: {0}")]
    NotSent(StanzaError),
    /// Too many requests wait already.
    #[error("too many requests wait for their answers")]
    TooMany,
    /// The client is closed.
    #[error("the client is closed")]
    Closed,
}

impl From<Closed> for RequestError {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}
