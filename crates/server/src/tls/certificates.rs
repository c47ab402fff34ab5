//! Which certificate for which host.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rustls::ServerConfig;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use stonechat_net::Service;
use stonechat_net::certificate::{Name, covers};

use super::{TlsError, load};
use crate::config::{Config, KeyPair};

thread_local! {
    static CHOSEN: Cell<Option<Arc<Certificate>>> = const { Cell::new(None) };
}

/// A certificate in service.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) certified: Arc<CertifiedKey>,
    /// What `tls-server-end-point` is for it (RFC 5929 §4); nothing where that is not defined.
    pub(super) end_point: Option<Vec<u8>>,
    /// Whom it is for.
    pub(super) names: Vec<Name>,
}

impl Certificate {
    /// The one that was chosen for a handshake on this thread since this was last asked.
    pub(super) fn take_chosen() -> Option<Arc<Self>> {
        CHOSEN.take()
    }
}

/// The certificates by the names that clients ask for.
#[derive(Debug)]
struct Names {
    by_name: HashMap<String, Arc<Certificate>>,
    default: Arc<Certificate>,
}

impl Names {
    /// The certificate for a domain as it stands in SNI: its own; or that of the nearest domain above it that has one which names it, as with
    /// services of a host; or the default.
    fn of(&self, domain: &str) -> &Arc<Certificate> {
        let above = || {
            let mut above =
                domain.match_indices('.').filter_map(|(at, _)| self.by_name.get(&domain[at + 1..]));
            above.find(|certificate| covers(&certificate.names, domain, Service::Server))
        };
        self.by_name.get(domain).or_else(above).unwrap_or(&self.default)
    }
}

impl ResolvesServerCert for Names {
    /// The certificate for a client that asks for a name (SNI), or does not say whom it wants.
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let named = hello.server_name().map(|name| self.of(&name.to_ascii_lowercase()));
        let chosen = named.unwrap_or(&self.default);
        CHOSEN.set(Some(Arc::clone(chosen)));
        Some(Arc::clone(&chosen.certified))
    }
}

/// Who is shaken hands with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whom {
    Clients,
    /// Other servers, who are asked for their certificates.
    Servers,
}

/// Certificates in service, with how handshakes are done with them.
#[derive(Debug)]
struct InService {
    names: Arc<Names>,
    clients: Arc<ServerConfig>,
    servers: Arc<ServerConfig>,
}

/// The certificates of all hosts and components, which can be loaded anew while they are used.
#[derive(Debug, Default)]
pub struct Certificates(ArcSwapOption<InService>);

/// Certificates that were loaded, and are put in service with [`Certificates::replace`].
#[derive(Debug)]
pub(crate) struct Fresh(Option<Arc<InService>>);

impl Certificates {
    /// Reads all certificates that the configuration names. Nothing changes yet.
    pub(crate) fn load(config: &Config) -> Result<Fresh, TlsError> {
        let mut loaded = HashMap::<KeyPair, Arc<Certificate>>::new();
        let mut certificate = |pair: KeyPair| -> Result<Arc<Certificate>, TlsError> {
            if let Some(certificate) = loaded.get(&pair) {
                return Ok(Arc::clone(certificate));
            }
            let certificate = Arc::new(load::certificate(&pair)?);
            loaded.insert(pair, Arc::clone(&certificate));
            Ok(certificate)
        };
        let mut default = config.tls.key_pair().map(&mut certificate).transpose()?;
        let mut by_name = HashMap::new();
        for (domain, host) in &config.hosts {
            if let Some(pair) = host.tls.clone() {
                let certificate = certificate(pair)?;
                default.get_or_insert_with(|| Arc::clone(&certificate));
                by_name.insert(sni(domain), certificate);
            }
        }
        for (domain, component) in &config.components {
            if let Some(pair) = component.tls.clone() {
                by_name.insert(sni(domain), certificate(pair)?);
            }
        }
        let Some(default) = default else { return Ok(Fresh(None)) };
        let names = Arc::new(Names { by_name, default });
        let config = |whom| load::config(Arc::clone(&names) as _, config.tls.minimum_version, whom);
        let (clients, servers) = (config(Whom::Clients)?, config(Whom::Servers)?);
        Ok(Fresh(Some(Arc::new(InService { names, clients, servers }))))
    }

    /// Puts certificates in service. Connections that have theirs keep it.
    pub(crate) fn replace(&self, fresh: Fresh) {
        self.0.store(fresh.0);
    }

    /// How a handshake is done; `None` when there are no certificates.
    pub(super) fn config(&self, whom: Whom) -> Option<Arc<ServerConfig>> {
        let service = self.0.load();
        let service = service.as_ref()?;
        Some(Arc::clone(match whom {
            Whom::Clients => &service.clients,
            Whom::Servers => &service.servers,
        }))
    }

    /// The certificate of a domain, for where this side is the one that connects.
    pub(crate) fn of(&self, domain: &str) -> Option<Arc<CertifiedKey>> {
        let service = self.0.load();
        Some(Arc::clone(&service.as_ref()?.names.of(&sni(domain)).certified))
    }

    /// Whether there is any.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.load().is_none()
    }
}

/// A domain as it stands in SNI: with A-labels (RFC 6066 §3).
pub(super) fn sni(domain: &str) -> String {
    stonechat_net::ascii(domain)
}
