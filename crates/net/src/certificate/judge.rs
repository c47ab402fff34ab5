//! The chain and the name of a certificate.

use std::sync::Arc;

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, RootCertStore};

use super::name::{covers, names};
use crate::Service;

/// Whose signature makes a certificate good.
#[derive(Debug, Clone)]
pub struct Roots(Arc<RootCertStore>);

/// There is nobody whose signature could be trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoRoots(String);

impl Roots {
    /// The authorities that the system trusts. Reads files.
    ///
    /// # Errors
    /// [`NoRoots`] when there is none.
    pub fn system() -> Result<Self, NoRoots> {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "a part of the system's trusted certificates cannot be read");
        }
        let mut store = RootCertStore::empty();
        let (added, _) = store.add_parsable_certificates(found.certs);
        if added == 0 {
            return Err(NoRoots("the system has no trusted certificates".to_owned()));
        }
        Ok(Self(Arc::new(store)))
    }

    /// These certificates and nobody else: authorities, or a server's own.
    ///
    /// # Errors
    /// [`NoRoots`] when one cannot be read.
    pub fn of<'a>(roots: impl IntoIterator<Item = &'a CertificateDer<'static>>) -> Result<Self, NoRoots> {
        let mut store = RootCertStore::empty();
        for root in roots {
            store.add(root.clone()).map_err(|error| NoRoots(error.to_string()))?;
        }
        Ok(Self(Arc::new(store)))
    }

    /// The anchors of trust, for TLS with others than servers of XMPP: on the web a certificate is judged by rules of its own (RFC 9110 §4.3.4).
    #[must_use]
    pub fn anchors(&self) -> &Arc<RootCertStore> {
        &self.0
    }
}

/// Why a certificate is not that of the domain.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Distrust {
    /// There is none.
    #[error("there is no certificate")]
    Missing,
    /// Its time is over.
    #[error("the certificate has expired")]
    Expired,
    /// Its time has not come.
    #[error("the certificate is not valid yet")]
    NotYetValid,
    /// Nobody trusted has signed it; it may have been signed by itself.
    #[error("the certificate is signed by nobody who is trusted")]
    UnknownIssuer,
    /// It is for others; with some of their names.
    #[error("the certificate is for {0}, not for this domain")]
    OtherName(String),
    /// Something else.
    #[error("the certificate is not to be used: {0}")]
    Unusable(String),
}

impl From<rustls::Error> for Distrust {
    fn from(error: rustls::Error) -> Self {
        use CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext, UnknownIssuer};
        match error {
            rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }) => Self::Expired,
            rustls::Error::InvalidCertificate(NotValidYet | NotValidYetContext { .. }) => Self::NotYetValid,
            rustls::Error::InvalidCertificate(UnknownIssuer) => Self::UnknownIssuer,
            error => Self::Unusable(error.to_string()),
        }
    }
}

/// Whether this chain, the peer's own certificate first, is trusted and that of the domain, which has to be in its canonical form. It has
/// to be usable by TLS servers, whichever side has shown it. Whether it was revoked is not asked.
///
/// # Errors
/// [`Distrust`]: what a person has to know first. Who signed it counts before whose it is.
pub fn judge(
    chain: &[CertificateDer<'_>],
    domain: &str,
    service: Service,
    roots: &Roots,
    now: UnixTime,
) -> Result<(), Distrust> {
    let (leaf, intermediates) = chain.split_first().ok_or(Distrust::Missing)?;
    let parsed = ParsedCertificate::try_from(leaf)?;
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms.all;
    verify_server_cert_signed_by_trust_anchor(&parsed, &roots.0, intermediates, now, algorithms)?;
    let names = names(leaf);
    if covers(&names, domain, service) {
        return Ok(());
    }
    let some: Vec<String> = names.iter().take(3).map(ToString::to_string).collect();
    let rest = names.len().saturating_sub(some.len());
    Err(Distrust::OtherName(match (some.is_empty(), rest) {
        (true, _) => "nobody".to_owned(),
        (false, 0) => some.join(", "),
        (false, rest) => format!("{} and {rest} others", some.join(", ")),
    }))
}
