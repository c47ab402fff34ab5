//! Why a session ends, and what its client is told.

use std::io;

use stonechat_extension::{Ending, Violation};
use stonechat_stream::StreamError;

/// Why a session ends.
#[derive(Debug)]
pub(super) enum End {
    /// The client closed its stream.
    Closed,
    /// The client reported an error, and hears nothing more.
    PeerError(StreamError),
    /// The connection is broken, or was closed without a word.
    Broken(Option<io::Error>),
    /// The client takes no bytes.
    Stuck,
    /// The client says nothing, not even what it has got.
    Silent,
    /// Somebody in the server ends it.
    Ended(Ending),
    /// The client, or its silence, breaks a rule.
    Error(StreamError),
}

impl End {
    /// What the client is told, if there is something to tell.
    pub(super) fn stream_error(&self) -> Option<StreamError> {
        match self {
            Self::Closed | Self::PeerError(_) | Self::Broken(_) | Self::Stuck => None,
            Self::Silent => Some(StreamError::connection_timeout().with_text("silent for too long")),
            Self::Error(error) => Some(error.clone()),
            Self::Ended(ending) => Some(match ending {
                Ending::Conflict | Ending::Resumed => StreamError::conflict(),
                Ending::AccountRemoved => StreamError::not_authorized(),
                Ending::TooSlow => StreamError::policy_violation().with_text("too much waits to be read"),
                Ending::Shutdown => StreamError::system_shutdown(),
                Ending::HostGone => StreamError::host_gone(),
                Ending::Policy(text) => StreamError::policy_violation().with_text(text.clone()),
                Ending::Broke(element, text) => {
                    let mut error = StreamError::undefined_condition().with_text(text.clone());
                    error.application = Some(element.clone());
                    error
                }
                _ => StreamError::undefined_condition(),
            }),
        }
    }

    /// Whether the client can still be written to.
    pub(super) const fn can_write(&self) -> bool {
        !matches!(self, Self::Broken(_) | Self::Stuck)
    }

    /// Whether what waits in the mailbox is written before the end.
    pub(super) fn empties_mailbox(&self) -> bool {
        // Who goes on elsewhere gets it there.
        matches!(self, Self::Ended(ending) if *ending != Ending::Resumed)
    }

    /// Whether the client did not mean the session to end, nor did the server (XEP-0198 §7), so that it may go on.
    pub(super) const fn may_resume(&self) -> bool {
        matches!(
            self,
            Self::Broken(_) | Self::Stuck | Self::Silent | Self::Ended(Ending::Resumed | Ending::Shutdown)
        )
    }
}

impl From<io::Error> for End {
    fn from(error: io::Error) -> Self {
        Self::Broken(Some(error))
    }
}

impl From<Violation> for End {
    fn from(violation: Violation) -> Self {
        Self::Error(match violation {
            Violation::InvalidFrom => StreamError::invalid_from(),
            _ => StreamError::policy_violation(),
        })
    }
}

impl From<stonechat_stream::codec::Error> for End {
    fn from(error: stonechat_stream::codec::Error) -> Self {
        Self::Error(error.into())
    }
}

impl std::fmt::Display for End {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Closed => f.write_str("closed by the client"),
            Self::PeerError(error) => write!(f, "{error}, says the client"),
            Self::Broken(None) => f.write_str("the connection was closed"),
            Self::Broken(Some(error)) => write!(f, "the connection broke: {error}"),
            Self::Stuck => f.write_str("the client reads nothing"),
            Self::Silent => f.write_str("the client says nothing"),
            Self::Ended(ending) => write!(f, "ended by the server: {ending:?}"),
            Self::Error(error) => error.fmt(f),
        }
    }
}
