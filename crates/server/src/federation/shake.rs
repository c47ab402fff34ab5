//! TLS on a connection to another server.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use stonechat_net::certificate::{Distrust, Unjudged, judge};
use stonechat_net::{Service, Transport, ascii};
use stonechat_stream::tls::ALPN_SERVER;
use tokio_rustls::TlsConnector;

use super::explain;
use super::failure::Failure;
use super::settings::Settings;
use super::steps::{Record, Stage};
use crate::config::Policy;
use crate::connection::Socket;

/// How hands are shaken with the server of one domain.
#[derive(Debug, Clone)]
pub(super) struct Handshake {
    settings: Arc<Settings>,
    domain: String,
    /// The certificate of our own domain.
    own: Option<Arc<CertifiedKey>>,
    /// Where it is taken down how it goes.
    pub(super) record: Record,
    /// Whether there is a connection on which a stream is being set up.
    pub(super) connected: Arc<AtomicBool>,
}

impl Handshake {
    pub(super) fn new(
        settings: &Arc<Settings>,
        domain: &str,
        own: Option<Arc<CertifiedKey>>,
        record: Record,
    ) -> Self {
        let settings = Arc::clone(settings);
        Self { settings, domain: domain.to_owned(), own, record, connected: Arc::default() }
    }

    /// Whether the other server is shown who we are.
    pub(super) const fn shows_certificate(&self) -> bool {
        self.own.is_some()
    }

    /// Whether the certificate has to be good.
    pub(super) fn is_certified(&self) -> bool {
        self.settings.federation.policy_for(&self.domain) != Policy::Dialback
    }

    /// Shakes hands, and judges the certificate as the policy wants it (RFC 6120 §13.7.2.1: for the domain, never for the host that DNS
    /// has led to).
    pub(super) async fn shake(&self, stream: Socket, direct: bool) -> Result<Transport<Socket>, Failure> {
        self.record.begin(Stage::Tls);
        let connector = TlsConnector::from(Arc::new(self.config(direct)?));
        let connected = connector.connect(self.server_name()?, stream).await;
        let stream = connected.map_err(|error| match error.get_ref().and_then(|e| e.downcast_ref()) {
            Some(error) => Failure::Tls(rustls::Error::to_string(error)),
            None => Failure::Broken(error.to_string()),
        })?;
        let (_, connection) = stream.get_ref();
        self.record.done(|| explain::tls(connection));
        self.record.begin(Stage::Certificate);
        self.judge(connection.peer_certificates().unwrap_or_default())?;
        self.record.begin(Stage::Features);
        Ok(Transport::Tls(Box::new(stream)))
    }

    fn judge(&self, chain: &[CertificateDer<'_>]) -> Result<(), Failure> {
        let is_required = self.is_certified();
        if !is_required && !self.record.is_at(Stage::Certificate) {
            return Ok(());
        }
        let judged = match self.settings.roots.as_ref() {
            Some(roots) => judge(chain, &self.domain, Service::Server, roots, UnixTime::now()),
            None => Err(Distrust::UnknownIssuer),
        };
        if is_required {
            judged.clone()?;
        }
        self.record.done(|| explain::certificate(chain, judged));
        Ok(())
    }

    fn config(&self, direct: bool) -> Result<ClientConfig, Failure> {
        let failed = |error: rustls::Error| Failure::Tls(error.to_string());
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().map_err(failed)?.dangerous();
        // Judged when the handshake is done.
        let builder = builder.with_custom_certificate_verifier(Unjudged::new(provider));
        let mut config = match &self.own {
            Some(own) => {
                let own = SingleCertAndKey::from(CertifiedKey::clone(own));
                builder.with_client_cert_resolver(Arc::new(own))
            }
            None => builder.with_no_client_auth(),
        };
        if direct {
            // XEP-0368 §3.
            config.alpn_protocols = vec![ALPN_SERVER.to_vec()];
        }
        Ok(config)
    }

    fn server_name(&self) -> Result<ServerName<'static>, Failure> {
        match self.domain.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(address) => Ok(ServerName::IpAddress(address.into())),
            Err(_) => {
                ServerName::try_from(ascii(&self.domain)).map_err(|error| Failure::Tls(error.to_string()))
            }
        }
    }
}
