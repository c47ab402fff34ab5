//! One certificate for all servers, and clients that trust it.

use std::path::Path;
use std::sync::Arc;

use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, date_time_ymd};
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::{Context, Error, Result};

/// A self-signed P-256 certificate for `localhost`, in PEM.
#[derive(Clone)]
pub struct Identity {
    certificate: String,
    key: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Identity {
    /// A new one.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn generate() -> Result<Self> {
        let mut params = CertificateParams::new(["localhost".to_owned()]).map_err(setup)?;
        params.distinguished_name.push(DnType::CommonName, "localhost");
        // Not every server reads dates behind 2049, as these are written differently (RFC 5280 §4.1.2.5).
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2049, 1, 1);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(setup)?;
        let certificate = params.self_signed(&key).map_err(setup)?;
        Ok(Self { certificate: certificate.pem(), key: key.serialize_pem() })
    }

    /// Writes `cert.pem`, `key.pem` and, with the two of them, `both.pem`.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let both = format!("{}{}", self.key, self.certificate);
        for (name, text) in [("cert.pem", &self.certificate), ("key.pem", &self.key), ("both.pem", &both)] {
            std::fs::write(folder.join(name), text).during(name)?;
        }
        Ok(())
    }

    /// What a client uses: TLS 1.3 with X25519, which all servers know, so that all do the same work; no resumption,
    /// so that each login is a whole handshake.
    ///
    /// # Errors
    /// Never with a generated identity.
    pub fn client(&self) -> Result<ClientConfig> {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(self.certificate.as_bytes()).map_err(setup)?;
        roots.add(certificate).map_err(setup)?;
        let mut provider = aws_lc_rs::default_provider();
        provider.kx_groups = vec![aws_lc_rs::kx_group::X25519];
        let config = ClientConfig::builder_with_provider(Arc::new(provider));
        let config = config.with_protocol_versions(&[&rustls::version::TLS13]).map_err(setup)?;
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.resumption = Resumption::disabled();
        Ok(config)
    }
}

/// What the relay uses: no sessions to resume, as those cost.
///
/// # Errors
/// When the folder has no certificate and key.
pub fn relay(folder: &Path) -> Result<ServerConfig> {
    let certificate = CertificateDer::from_pem_file(folder.join("cert.pem")).map_err(setup)?;
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).map_err(setup)?;
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let config = config.with_protocol_versions(&[&rustls::version::TLS13]).map_err(setup)?;
    let mut config = config.with_no_client_auth().with_single_cert(vec![certificate], key).map_err(setup)?;
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

fn setup(error: impl std::fmt::Display) -> Error {
    Error::Setup(format!("TLS: {error}"))
}
