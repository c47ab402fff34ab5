//! Certificates and keys from PEM files.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::server::NoServerSessionStorage;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, version};
use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use stonechat_stream::tls::ALPN_CLIENT;

use super::TlsError;
use super::certificates::Certificate;
use super::end_point;
use crate::config::{KeyPair, TlsVersion};

/// Larger files are not certificates.
const MOST: u64 = 1 << 20;

/// Loads a certificate and makes of it what a handshake needs.
pub(super) fn load(pair: &KeyPair, minimum: TlsVersion) -> Result<Certificate, TlsError> {
    let chain = chain(&pair.certificate)?;
    let end_point = chain.first().and_then(|leaf| end_point::hash(leaf));
    let key = PrivateKeyDer::from_pem_slice(&read(&pair.key)?).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsError::file(&pair.key, "there is no private key in this file"),
        error => TlsError::file(&pair.key, error),
    })?;
    let with_pair =
        |source| TlsError::Pair { certificate: pair.certificate.clone(), key: pair.key.clone(), source };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let certified = CertifiedKey::from_der(chain, key, &provider).map_err(with_pair)?;
    let versions: &[_] = match minimum {
        TlsVersion::V1_2 => &[&version::TLS13, &version::TLS12],
        TlsVersion::V1_3 => &[&version::TLS13],
    };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(with_pair)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
    config.require_ems = true;
    config.alpn_protocols = vec![ALPN_CLIENT.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Certificate { config: Arc::new(config), end_point })
}

fn chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = read(file)?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(TlsError::file(file, "there is no certificate in this file")),
        Ok(chain) => Ok(chain),
        Err(error) => Err(TlsError::file(file, error)),
    }
}

fn read(file: &Path) -> Result<zeroize::Zeroizing<Vec<u8>>, TlsError> {
    let length = std::fs::metadata(file).map_err(|error| TlsError::file(file, error))?.len();
    if length > MOST {
        return Err(TlsError::file(file, "the file is too large for a certificate or key"));
    }
    std::fs::read(file).map(zeroize::Zeroizing::new).map_err(|error| TlsError::file(file, error))
}
