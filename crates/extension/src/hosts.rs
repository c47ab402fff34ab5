//! All virtual hosts of a server, and the way out of it.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use stonechat_stanza::{Stanza, StanzaError};

use crate::Host;

/// Delivers stanzas for domains that are not hosts of this server: to other servers, to components, to services that are not hosts. What
/// comes from there goes to [`Host::from_peer`].
#[async_trait]
pub trait Remote: Send + Sync + 'static {
    /// Takes the stanza on its way. `from` is of whatever domain the sender speaks for. The sender's other stanzas wait until this
    /// returns, so it takes a stanza without waiting for a network.
    ///
    /// # Errors
    /// The sender gets the stanza error.
    async fn deliver(&self, stanza: Stanza) -> Result<(), StanzaError>;
}

/// A server that talks to no other: senders get `remote-server-not-found`.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRemote;

#[async_trait]
impl Remote for NoRemote {
    async fn deliver(&self, _: Stanza) -> Result<(), StanzaError> {
        Err(StanzaError::remote_server_not_found())
    }
}

/// The virtual hosts of a server by domain.
pub struct Hosts {
    by_domain: ArcSwap<HashMap<Arc<str>, Arc<Host>>>,
    remote: Arc<dyn Remote>,
}

impl std::fmt::Debug for Hosts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Hosts").field(&self.by_domain.load().keys()).finish()
    }
}

impl Hosts {
    /// No hosts yet.
    #[must_use]
    pub fn new(remote: Arc<dyn Remote>) -> Arc<Self> {
        Arc::new(Self { by_domain: ArcSwap::default(), remote })
    }

    /// The host that serves this domain.
    #[must_use]
    pub fn get(&self, domain: &str) -> Option<Arc<Host>> {
        self.by_domain.load().get(domain).cloned()
    }

    /// All hosts.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Host>> {
        self.by_domain.load().values().cloned().collect()
    }

    /// Adds a host, in place of one of the same domain.
    pub fn insert(&self, host: &Arc<Host>) {
        self.by_domain.rcu(|hosts| {
            let mut hosts = HashMap::clone(hosts);
            hosts.insert(Arc::from(host.domain()), Arc::clone(host));
            hosts
        });
    }

    /// Removes a host; its sessions are the caller's to end.
    pub fn remove(&self, domain: &str) -> Option<Arc<Host>> {
        let host = self.get(domain)?;
        self.by_domain.rcu(|hosts| {
            let mut hosts = HashMap::clone(hosts);
            hosts.remove(domain);
            hosts
        });
        Some(host)
    }

    pub(crate) fn remote(&self) -> &dyn Remote {
        self.remote.as_ref()
    }
}
