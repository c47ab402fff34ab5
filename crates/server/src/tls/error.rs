//! What can be wrong with certificates.

use std::path::{Path, PathBuf};

/// Certificates that cannot be used; for the operator. Each message names the file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read, or is not PEM.
    #[error("{file}: {reason}", file = file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The key is not that of the certificate, or one of them is of a kind that is not supported.
    #[error("{certificate} with {key}: {source}", certificate = certificate.display(), key = key.display())]
    Pair {
        /// The file of the certificate.
        certificate: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What is wrong with them.
        source: rustls::Error,
    },
    /// The crypto provider does not have what TLS needs.
    #[error("TLS: {0}")]
    Provider(#[from] rustls::Error),
    /// A certificate could not be made.
    #[error("a certificate cannot be made: {0}")]
    Generate(#[from] rcgen::Error),
}

impl TlsError {
    pub(super) fn file(file: &Path, reason: impl ToString) -> Self {
        Self::File { file: file.to_owned(), reason: reason.to_string() }
    }
}
