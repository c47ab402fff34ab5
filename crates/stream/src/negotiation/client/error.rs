//! Why a client's stream did not come about.

use crate::StreamError;

/// Why negotiation ended without a session.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server ended the stream; [`StreamError::other_host`] says whether it is elsewhere.
    #[error("the server ended the stream: {0}")]
    Refused(StreamError),
    /// The server closed the stream without an error.
    #[error("the server closed the stream")]
    Closed,
    /// The server refused TLS after it had offered it (RFC 6120 §5.4.2.2).
    #[error("the server refused to begin TLS")]
    TlsRefused,
    /// The server broke the protocol; the stream error is what it was told.
    #[error("the server broke the protocol: {0}")]
    Protocol(StreamError),
    /// The server sent more in the clear behind `<proceed/>`, to have it taken for protected data.
    #[error("data in the clear behind the beginning of TLS")]
    Injected,
    /// TLS is required here and not offered there: the server has none, or somebody on the way took the offer away.
    #[error("the server does not offer TLS")]
    TlsUnavailable,
    /// The server demands features that are not supported here.
    #[error("the server demands features that are not supported")]
    UnsupportedFeature,
    /// This side ended negotiation: the driver gave up, or found the server's proof to be wrong.
    #[error("negotiation was given up: {0}")]
    GivenUp(StreamError),
    /// The driver did what was not its turn, or chose a mechanism that is not offered.
    #[error("the negotiation was driven out of turn")]
    OutOfTurn,
}

/// Whose doing an [`Error`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The server's, by intent or by mistake; or that of somebody on the way to it.
    Server,
    /// Both are right and do not match: what one demands the other does not have or not allow.
    Policy,
    /// The program's that uses this crate.
    Local,
}

impl Error {
    /// Whose doing it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Refused(_) | Self::Closed | Self::TlsRefused | Self::Protocol(_) | Self::Injected => {
                Fault::Server
            }
            Self::TlsUnavailable | Self::UnsupportedFeature | Self::GivenUp(_) => Fault::Policy,
            Self::OutOfTurn => Fault::Local,
        }
    }
}
