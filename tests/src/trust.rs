//! TLS for [`Raw`](crate::Raw): whom it trusts.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// A TLS client that trusts the certificates in a PEM file and nobody else.
///
/// # Panics
/// When the file cannot be read.
#[must_use]
pub fn trusting(file: &Path) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(file)
        .unwrap_or_else(|error| panic!("{} cannot be read: {error}", file.display()));
    for certificate in certificates {
        let certificate = certificate.expect("the file holds certificates");
        roots.add(certificate).expect("the certificate can be trusted");
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has the default versions")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
