//! Which certificate for which host.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;

use super::{TlsError, load};
use crate::config::{Config, KeyPair};

/// A certificate in service.
#[derive(Debug)]
pub(crate) struct Certificate {
    pub(super) config: Arc<ServerConfig>,
    /// What `tls-server-end-point` is for it (RFC 5929 §4); nothing where that is not defined.
    pub(crate) end_point: Option<Vec<u8>>,
}

#[derive(Debug, Default)]
struct Loaded {
    by_name: HashMap<String, Arc<Certificate>>,
    default: Option<Arc<Certificate>>,
}

/// The certificates of all hosts, which can be loaded anew while they are used.
#[derive(Debug, Default)]
pub struct Certificates(ArcSwap<Loaded>);

/// Certificates that were loaded, and are put in service with [`Certificates::replace`].
#[derive(Debug)]
pub(crate) struct Fresh(Loaded);

impl Certificates {
    /// Reads all certificates that the configuration names. Nothing changes yet.
    pub(crate) fn load(config: &Config) -> Result<Fresh, TlsError> {
        let mut loaded = HashMap::<KeyPair, Arc<Certificate>>::new();
        let mut certificate = |pair: KeyPair| -> Result<Arc<Certificate>, TlsError> {
            if let Some(certificate) = loaded.get(&pair) {
                return Ok(Arc::clone(certificate));
            }
            let certificate = Arc::new(load::load(&pair, config.tls.minimum_version)?);
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
        Ok(Fresh(Loaded { by_name, default }))
    }

    /// Puts certificates in service. Connections that have theirs keep it.
    pub(crate) fn replace(&self, fresh: Fresh) {
        self.0.store(Arc::new(fresh.0));
    }

    /// The certificate for a client that asks for `name`, or does not say whom it wants.
    pub(crate) fn choose(&self, name: Option<&str>) -> Option<Arc<Certificate>> {
        let loaded = self.0.load();
        name.and_then(|name| loaded.by_name.get(&name.to_ascii_lowercase()))
            .or(loaded.default.as_ref())
            .cloned()
    }

    /// Whether there is any.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.load().default.is_none()
    }
}

/// A domain as it stands in SNI: with A-labels (RFC 6066 §3).
pub(super) fn sni(domain: &str) -> String {
    idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_owned())
}
