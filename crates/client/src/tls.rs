//! TLS: whom to trust, and what a connection can be bound by.

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ProtocolVersion};
use sha2::{Digest as _, Sha256};
use stonechat_jid::BareJid;
use stonechat_net::certificate::{Distrust, Judged, Roots, Unjudged};
use stonechat_net::{Service, Transport, ascii};
use stonechat_sasl::{Channel, ChannelBinding, end_point_hash};
use stonechat_stream::tls::ALPN_CLIENT;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::protocol::Error;

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

    fn config(&self, account: &BareJid) -> Result<ClientConfig, Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let judged = |roots| Judged::new(account.domain(), Service::Client, roots, Arc::clone(&provider));
        let verifier: Arc<dyn ServerCertVerifier> = match &self.whom {
            Whom::Anybody => Unjudged::new(Arc::clone(&provider)),
            Whom::System => judged(Roots::system().map_err(failed)?),
            Whom::Roots(roots) => judged(Roots::of(roots).map_err(failed)?),
        };
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = builder.map_err(failed)?.dangerous();
        Ok(builder.with_custom_certificate_verifier(verifier).with_no_client_auth())
    }
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
        let starttls = trust.config(account)?;
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

/// The domain as TLS names it (SNI): in A-labels, or an address.
fn server_name(domain: &str) -> Result<ServerName<'static>, Error> {
    let bare = domain.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<std::net::IpAddr>() {
        Ok(address) => Ok(ServerName::IpAddress(address.into())),
        Err(_) => ServerName::try_from(ascii(domain)).map_err(failed),
    }
}

fn failed(error: impl std::fmt::Display) -> Error {
    Error::Tls(error.to_string())
}

/// A handshake that came to nothing: what TLS says, or the network.
fn broken(error: std::io::Error) -> Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(inner) => Distrust::of(inner).map_or_else(|| failed(inner), failed),
        None => Error::Network(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
