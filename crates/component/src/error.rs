//! Why there is no stream.

use std::io;

use stonechat_stream::negotiation::component::ConnectingError;
use stonechat_stream::{Condition, codec};

/// Why there is no stream, or none any more.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No connection, or it broke.
    #[error("the connection: {0}")]
    Network(#[from] io::Error),
    /// The server closed the connection without a word.
    #[error("the server closed the connection")]
    Cut,
    /// The server does not answer in time.
    #[error("the server does not answer in time")]
    Late,
    /// The stream ended.
    #[error("{0}")]
    Stream(#[from] ConnectingError),
    /// The server sends what cannot be read.
    #[error("the server sends what cannot be read: {0}")]
    Unreadable(#[from] codec::Error),
}

impl Error {
    /// Whether it would be the same the next time: the secret is not the right one.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Stream(ConnectingError::Server(error)) if error.condition == Condition::NotAuthorized)
    }
}
