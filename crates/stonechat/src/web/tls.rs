//! TLS with hosts of the web.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::{CertificateDer, ServerName};
use stonechat_net::ascii;
use stonechat_net::certificate::Roots;
use stonechat_xep_upload::HttpsUrl;

use super::PutError;

/// Trusts those whom the account trusts: these certificates, or the authorities of the system. Certificates have to be those of the host (RFC 9110
/// §4.3.4); there is no way around that.
pub(crate) fn config(roots: Option<&[CertificateDer<'static>]>) -> Result<Arc<ClientConfig>, PutError> {
    let roots = roots.map_or_else(Roots::system, Roots::of).map_err(wrong)?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(wrong)?.with_root_certificates(Arc::clone(roots.anchors()));
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Whose certificate it has to be.
pub(super) fn name(url: &HttpsUrl) -> Result<ServerName<'static>, PutError> {
    let host = url.host().trim_start_matches('[').trim_end_matches(']');
    match host.parse::<IpAddr>() {
        Ok(address) => Ok(ServerName::IpAddress(address.into())),
        Err(_) => ServerName::try_from(ascii(host)).map_err(wrong),
    }
}

/// A handshake that came to nothing: what TLS says, or the network.
pub(super) fn failed(error: &io::Error) -> PutError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(inner) => wrong(inner),
        None => PutError::Unreachable(error.to_string()),
    }
}

fn wrong(error: impl std::fmt::Display) -> PutError {
    PutError::Tls(format!("the certificate of the file's host, or TLS with it: {error}"))
}
