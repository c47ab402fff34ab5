//! TLS: whom to trust, and what a connection can be bound by.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, ProtocolVersion, RootCertStore, SignatureScheme};
use sha2::{Digest as _, Sha256};
use stonechat_jid::BareJid;
use stonechat_sasl::{Channel, ChannelBinding, end_point_hash};
use stonechat_stream::tls::ALPN_CLIENT;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::protocol::Error;
use crate::transport::Transport;

/// Whose signature makes a certificate good. The name in the certificate is always compared with the domain of the account, never with
/// that of a host that DNS has led to (RFC 7590 §3.4).
#[derive(Debug, Clone)]
pub struct Trust {
    whom: Whom,
    pins: Vec<[u8; 32]>,
}

#[derive(Debug, Clone)]
enum Whom {
    System,
    Roots(Vec<CertificateDer<'static>>),
    Anybody,
}

impl Default for Trust {
    fn default() -> Self {
        Self::system()
    }
}

impl Trust {
    /// The authorities that the system trusts.
    #[must_use]
    pub fn system() -> Self {
        Self { whom: Whom::System, pins: Vec::new() }
    }

    /// These certificates and nobody else: authorities, or a server's own.
    #[must_use]
    pub fn roots(roots: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        Self { whom: Whom::Roots(roots.into_iter().collect()), pins: Vec::new() }
    }

    /// As before, and the server's certificate has to be this one, or another that is pinned: its SHA-256.
    #[must_use]
    pub fn pinned_to(mut self, sha256: [u8; 32]) -> Self {
        self.pins.push(sha256);
        self
    }

    /// Whoever it is. **Anybody on the way can read and change everything**, the password in PLAIN among it. For tests.
    #[must_use]
    pub fn dangerously_accept_any_certificate() -> Self {
        Self { whom: Whom::Anybody, pins: Vec::new() }
    }

    fn config(&self) -> Result<ClientConfig, Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(failed)?;
        Ok(match &self.whom {
            Whom::Anybody => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(Anybody(provider)))
                .with_no_client_auth(),
            whom => builder.with_root_certificates(store(whom)?).with_no_client_auth(),
        })
    }
}

fn store(whom: &Whom) -> Result<RootCertStore, Error> {
    let mut store = RootCertStore::empty();
    match whom {
        Whom::Roots(roots) => {
            for root in roots {
                store.add(root.clone()).map_err(failed)?;
            }
        }
        _ => {
            let found = rustls_native_certs::load_native_certs();
            for error in &found.errors {
                tracing::warn!(%error, "a part of the system's trusted certificates cannot be read");
            }
            let (added, _) = store.add_parsable_certificates(found.certs);
            if added == 0 {
                return Err(Error::Tls("the system has no trusted certificates".to_owned()));
            }
        }
    }
    Ok(store)
}

/// Does handshakes for one domain.
#[derive(Clone)]
pub(crate) struct Handshake {
    direct: TlsConnector,
    starttls: TlsConnector,
    name: ServerName<'static>,
    pins: Arc<[[u8; 32]]>,
}

impl std::fmt::Debug for Handshake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handshake").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Handshake {
    pub(crate) fn new(trust: &Trust, account: &BareJid) -> Result<Self, Error> {
        let starttls = trust.config()?;
        let mut direct = starttls.clone();
        // XEP-0368 §3.
        direct.alpn_protocols = vec![ALPN_CLIENT.to_vec()];
        Ok(Self {
            direct: Arc::new(direct).into(),
            starttls: Arc::new(starttls).into(),
            name: server_name(account.domain())?,
            pins: trust.pins.clone().into(),
        })
    }

    /// Over a connection on which TLS is the first word.
    pub(crate) async fn direct(&self, stream: TcpStream) -> Result<(Transport, Channel), Error> {
        self.shake(&self.direct, stream).await
    }

    /// Over a connection that STARTTLS has made ready.
    pub(crate) async fn after_starttls(&self, stream: TcpStream) -> Result<(Transport, Channel), Error> {
        self.shake(&self.starttls, stream).await
    }

    async fn shake(
        &self,
        connector: &TlsConnector,
        stream: TcpStream,
    ) -> Result<(Transport, Channel), Error> {
        let stream = connector.connect(self.name.clone(), stream).await.map_err(broken)?;
        let (_, connection) = stream.get_ref();
        let leaf = connection.peer_certificates().and_then(<[_]>::first);
        let leaf = leaf.ok_or_else(|| Error::Tls("the server has no certificate".to_owned()))?;
        if !self.pins.is_empty() && !self.pins.contains(&Sha256::digest(leaf).into()) {
            return Err(Error::Tls("the server's certificate is not the one that is pinned".to_owned()));
        }
        let mut channel = Channel::tls();
        // RFC 9266 §4.2: over TLS 1.2 only with the extended master secret, of which rustls does not tell.
        if connection.protocol_version() == Some(ProtocolVersion::TLSv1_3) {
            let exported = connection.export_keying_material([0; 32], b"EXPORTER-Channel-Binding", Some(b""));
            channel = channel.with_binding(ChannelBinding::tls_exporter(exported.map_err(failed)?));
        }
        if let Some(binding) = end_point_hash(leaf).as_deref().and_then(ChannelBinding::tls_server_end_point)
        {
            channel = channel.with_binding(binding);
        }
        Ok((Transport::Tls(Box::new(stream)), channel))
    }
}

/// The domain as certificates have it: in A-labels, or an address.
fn server_name(domain: &str) -> Result<ServerName<'static>, Error> {
    let bare = domain.trim_start_matches('[').trim_end_matches(']');
    let name = match bare.parse::<std::net::IpAddr>() {
        Ok(address) => return Ok(ServerName::IpAddress(address.into())),
        Err(_) => idna::domain_to_ascii(domain).map_err(failed)?,
    };
    ServerName::try_from(name).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Tls(error.to_string())
}

/// A handshake that came to nothing: what TLS says, or the network.
fn broken(error: std::io::Error) -> Error {
    let of_tls = error.get_ref().is_some_and(|inner| inner.is::<rustls::Error>());
    if of_tls { failed(error) } else { Error::Network(error.to_string()) }
}

/// Takes every certificate.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
