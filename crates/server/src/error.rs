//! Why a server does not start, or does not take another configuration.

use std::net::SocketAddr;

use stonechat_extension::{AccountError, InstallError};

use crate::config::ConfigError;
use crate::tls::TlsError;

/// Why a server does not start, or does not take another configuration. For the operator: each message names the culprit.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The configuration makes no sense.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The extensions of a host cannot be installed.
    #[error("host {host}: {source}")]
    Install {
        /// The host.
        host: String,
        /// Why not.
        source: InstallError,
    },
    /// An address cannot be listened on.
    #[error("listeners.{at}: cannot listen on {address}: {source}")]
    Listen {
        /// Which of the configured listeners.
        at: usize,
        /// Its address.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The sessions of before the start cannot be read.
    #[error("sessions that could be resumed cannot be read: {0}")]
    Sessions(#[from] stonechat_store::Error),
    /// The operating system has no randomness to give.
    #[error("the operating system has no randomness to give")]
    NoRandomness,
    /// The accounts cannot be reached.
    #[error(transparent)]
    Accounts(#[from] AccountError),
}
