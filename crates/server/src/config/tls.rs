//! Certificates, and what is asked of TLS.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A certificate and its key, in PEM files.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyPair {
    /// The file with the certificate, followed by those that certify it.
    pub certificate: PathBuf,
    /// The file with the private key (PKCS #8, PKCS #1 or SEC 1).
    pub key: PathBuf,
}

/// The oldest version of TLS that is accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TlsVersion {
    /// TLS 1.2, with the extended master secret (RFC 7627) only.
    #[default]
    #[serde(rename = "1.2")]
    V1_2,
    /// TLS 1.3.
    #[serde(rename = "1.3")]
    V1_3,
}

/// TLS for all hosts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// The certificate file of hosts without one of their own, and of clients that do not say which host they want
    /// (SNI). Without it such clients get the certificate of the first host that has one.
    pub certificate: Option<PathBuf>,
    /// The file with the key of that certificate.
    pub key: Option<PathBuf>,
    /// The oldest version that is accepted: `"1.2"` or `"1.3"`. Default: 1.2.
    pub minimum_version: TlsVersion,
}

impl Tls {
    /// TLS with this certificate.
    #[must_use]
    pub fn with(pair: KeyPair) -> Self {
        Self { certificate: Some(pair.certificate), key: Some(pair.key), ..Self::default() }
    }

    /// The certificate of hosts without one of their own, if both files are named.
    #[must_use]
    pub fn key_pair(&self) -> Option<KeyPair> {
        Some(KeyPair { certificate: self.certificate.clone()?, key: self.key.clone()? })
    }
}
