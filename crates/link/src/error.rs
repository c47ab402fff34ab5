//! What can be wrong, told so that the file and the key are named.

use std::io;
use std::path::PathBuf;

/// Why no list of extensions could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The manifest is not TOML.
    #[error("{}: {}", file.display(), source.to_string().trim_end())]
    Syntax {
        /// The manifest.
        file: PathBuf,
        /// What is wrong and at which line.
        source: Box<toml::de::Error>,
    },

    /// A key of the manifest is missing or has a value that it cannot have.
    #[error("{}: `{key}` {problem}", file.display())]
    Key {
        /// The manifest.
        file: PathBuf,
        /// The key with its tables, as in `dependencies.stonechat-xep-ping.package`.
        key: String,
        /// What is wrong with it.
        problem: String,
    },

    /// A manifest could not be read, or the list could not be written.
    #[error("{}: {source}", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },

    /// Not run by Cargo as a build script: a variable that Cargo sets is missing.
    #[error("the environment variable {name} is not set: call this from a build script")]
    NotABuildScript {
        /// The variable.
        name: &'static str,
    },
}
