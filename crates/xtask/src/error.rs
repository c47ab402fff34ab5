//! Why a command failed.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

/// What a command returns.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// `cargo metadata` failed.
    #[error("cannot read the workspace: {0}")]
    Metadata(#[from] cargo_metadata::Error),

    /// A program could not be started.
    #[error("cannot run `{command}`: {source}")]
    Spawn {
        /// The command line.
        command: String,
        /// What the system said.
        source: io::Error,
    },

    /// A program ran and failed.
    #[error("`{command}` failed: {status}")]
    Failed {
        /// The command line.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },

    /// A file could not be read or written.
    #[error("{}: {source}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// Crates depend on each other in a way that the design forbids; the text has a line for each.
    #[error("{count} broken:\n{list}")]
    Layering {
        /// How many rules are broken.
        count: usize,
        /// One line for each.
        list: String,
    },

    /// Something that is run is missing and could not be installed.
    #[error("this needs {what}, and {why}")]
    Missing {
        /// What, and which version where it matters.
        what: String,
        /// Why it was not installed.
        why: String,
    },

    /// The build did not produce the program.
    #[error("the build succeeded but made no program `{0}`")]
    NoProgram(&'static str),

    /// A profile in which nothing was counted.
    #[error("{}: nothing was counted", file.display())]
    NoProfile {
        /// The profile.
        file: PathBuf,
    },

    /// Parts of the hot path take noticeably more than is recorded.
    #[error("dearer than recorded: {works}; `--record` records what has to be")]
    Dearer {
        /// Which.
        works: String,
    },
}

impl Error {
    /// An error about `file`, for `map_err`.
    pub(crate) fn file(file: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File { file: file.to_owned(), source }
    }
}
