//! Handshakes that come to an end with the domain's own server alone.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, OtherError, SignatureScheme};

use super::signatures::{Signatures, checks_signatures};
use super::{Distrust, Roots, judge};
use crate::Service;

/// [Judges](judge) the certificate of a server before anything is said to it. That the peer's certificate is not good is an
/// [`Error::InvalidCertificate`] that [`Distrust::of`] reads.
#[derive(Debug)]
pub struct Judged {
    domain: String,
    service: Service,
    roots: Roots,
    signatures: Signatures,
}

impl Judged {
    /// For this domain in its canonical form, whatever host it is that serves it.
    #[must_use]
    pub fn new(domain: &str, service: Service, roots: Roots, provider: Arc<CryptoProvider>) -> Arc<Self> {
        Arc::new(Self { domain: domain.to_owned(), service, roots, signatures: Signatures(provider) })
    }
}

impl From<Distrust> for Error {
    fn from(distrust: Distrust) -> Self {
        CertificateError::Other(OtherError(Arc::new(distrust))).into()
    }
}

impl Distrust {
    /// Why a handshake failed, if it is for this.
    #[must_use]
    pub fn of(error: &Error) -> Option<&Self> {
        match error {
            Error::InvalidCertificate(CertificateError::Other(error)) => error.0.downcast_ref(),
            _ => None,
        }
    }
}

impl ServerCertVerifier for Judged {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let chain: Vec<CertificateDer<'_>> = std::iter::once(leaf).chain(intermediates).cloned().collect();
        judge(&chain, &self.domain, self.service, &self.roots, now)?;
        Ok(ServerCertVerified::assertion())
    }

    checks_signatures!();
}
