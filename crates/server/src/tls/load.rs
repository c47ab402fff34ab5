//! Certificates and keys from PEM files.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::server::{NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, version};
use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use stonechat_net::certificate::{Unjudged, names};
use stonechat_stream::tls::{ALPN_CLIENT, ALPN_SERVER};

use super::TlsError;
use super::certificates::{Certificate, Whom};
use super::exporter::Catch;
use crate::config::{KeyPair, TlsVersion};

/// Larger files are not certificates.
const MOST: u64 = 1 << 20;

/// Loads a certificate with its key.
pub(super) fn certificate(pair: &KeyPair) -> Result<Certificate, TlsError> {
    let chain = chain(&pair.certificate)?;
    let end_point = chain.first().and_then(|leaf| stonechat_sasl::end_point_hash(leaf));
    let names = chain.first().map(|leaf| names(leaf)).unwrap_or_default();
    let key = PrivateKeyDer::from_pem_slice(&read(&pair.key)?).map_err(|error| match error {
        pem::Error::NoItemsFound => TlsError::file(&pair.key, "there is no private key in this file"),
        error => TlsError::file(&pair.key, error),
    })?;
    let certified = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider()).map_err(|source| {
        TlsError::Pair { certificate: pair.certificate.clone(), key: pair.key.clone(), source }
    })?;
    Ok(Certificate { certified: Arc::new(certified), end_point, names })
}

/// How handshakes are done with the certificates that `chooser` chooses.
pub(super) fn config(
    chooser: Arc<dyn ResolvesServerCert>,
    minimum: TlsVersion,
    whom: Whom,
) -> Result<Arc<ServerConfig>, TlsError> {
    let versions: &[_] = match minimum {
        TlsVersion::V1_2 => &[&version::TLS13, &version::TLS12],
        TlsVersion::V1_3 => &[&version::TLS13],
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions)?;
    let builder = match whom {
        Whom::Clients => builder.with_no_client_auth(),
        // Policy judges what they show, after the handshake: dialback may do without.
        Whom::Servers => builder.with_client_cert_verifier(Unjudged::new(provider)),
    };
    let mut config = builder.with_cert_resolver(chooser);
    config.require_ems = true;
    config.alpn_protocols = vec![match whom {
        Whom::Clients => ALPN_CLIENT.to_vec(),
        Whom::Servers => ALPN_SERVER.to_vec(),
    }];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.key_log = Arc::new(Catch);
    Ok(Arc::new(config))
}

/// The certificates in a file, at least one.
pub(crate) fn chain(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
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
