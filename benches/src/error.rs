//! What can go wrong.

use std::io;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// This machine lacks something, or the command line asks for what is not there.
    #[error("{0}")]
    Setup(String),
    /// A file, a process or a connection failed.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
    /// A server did not do what it should.
    #[error("{0}")]
    Server(String),
    /// Stanzas were lost, or came in the wrong order.
    #[error("{0}")]
    Delivery(String),
}

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Says what was being done when something failed.
pub trait Context<T> {
    /// Says it.
    ///
    /// # Errors
    /// What there was, with what was being done.
    fn during(self, what: impl Into<String>) -> Result<T>;
}

impl<T> Context<T> for io::Result<T> {
    fn during(self, what: impl Into<String>) -> Result<T> {
        self.map_err(|source| Error::Io { what: what.into(), source })
    }
}

impl Error {
    /// Puts in front which server it was.
    #[must_use]
    pub fn within(self, place: &str) -> Self {
        match self {
            Self::Setup(text) => Self::Setup(format!("{place}: {text}")),
            Self::Io { what, source } => Self::Io { what: format!("{place}: {what}"), source },
            Self::Server(text) => Self::Server(format!("{place}: {text}")),
            Self::Delivery(text) => Self::Delivery(format!("{place}: {text}")),
        }
    }
}
