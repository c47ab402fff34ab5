//! All virtual hosts of a server, what else has a domain of it, and the way out of it.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use stonechat_jid::BareJid;
use stonechat_stanza::{Stanza, StanzaError};

use crate::Host;

/// Delivers stanzas for domains that are not hosts of this server: to a component, or to other servers. What comes from another server
/// goes to [`Hosts::from_peer`], what comes from a component to [`Hosts::from_component`].
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

/// The virtual hosts of a server by domain, and its components.
///
/// A domain is looked for in this order, and the first that has it gets the stanza:
///
/// 1. a host;
/// 2. a service of an extension ([`Installer::serve`](crate::Installer::serve)): a label before the domain of a host that has the extension;
/// 3. a component ([`attach`](Self::attach));
/// 4. elsewhere ([`Remote`]).
///
/// Whoever composes a server sees to it that no domain is two of them.
pub struct Hosts {
    by_domain: ArcSwap<HashMap<Arc<str>, Arc<Host>>>,
    components: ArcSwap<HashMap<Arc<str>, Arc<dyn Remote>>>,
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
        Arc::new(Self { by_domain: ArcSwap::default(), components: ArcSwap::default(), remote })
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

    /// Has stanzas for this domain go to a component, in place of one that was there.
    pub fn attach(&self, domain: &str, component: Arc<dyn Remote>) {
        self.components.rcu(|components| {
            let mut components = HashMap::clone(components);
            components.insert(Arc::from(domain), Arc::clone(&component));
            components
        });
    }

    /// Has stanzas for this domain go to no component any more.
    pub fn detach(&self, domain: &str) {
        self.components.rcu(|components| {
            let mut components = HashMap::clone(components);
            components.remove(domain);
            components
        });
    }

    /// Whether a component has this domain, connected or not.
    #[must_use]
    pub fn has_component(&self, domain: &str) -> bool {
        self.components.load().contains_key(domain)
    }

    /// The domains of the components.
    #[must_use]
    pub fn components(&self) -> Vec<Arc<str>> {
        self.components.load().keys().cloned().collect()
    }

    /// Every domain that this server [has](Self::has).
    #[must_use]
    pub fn domains(&self) -> BTreeSet<String> {
        let hosts = self.all();
        let beside = hosts.iter().flat_map(|host| host.neighbors());
        let components = self.components().into_iter().map(|domain| domain.to_string());
        hosts.iter().map(|host| host.domain().to_owned()).chain(beside).chain(components).collect()
    }

    /// Whether this server has the domain: as a host, for a service of an extension, or for a component. Nobody elsewhere speaks for it.
    #[must_use]
    pub fn has(&self, domain: &str) -> bool {
        self.get(domain).is_some() || self.served(domain).is_some() || self.has_component(domain)
    }

    /// Carries a stanza that a component has sent to wherever it goes. The caller vouches that `from` is of the component's domain. When this
    /// returns, the stanza is in the recipients' mailboxes, in the queue of another component or of another server, stored, or answered; so
    /// stanzas that are given one after the other keep their order.
    ///
    /// Not cancel safe: a future that is dropped may have delivered to some recipients and not to others.
    ///
    /// # Errors
    /// What the component is to be told, unless the stanza is one that must not be answered (RFC 6120 §8.3.1). It also learns of errors by
    /// stanzas that are for it, as anybody does.
    pub async fn from_component(&self, stanza: Stanza) -> Result<(), StanzaError> {
        if let Some(defect) = stanza.defect() {
            return Err(defect.into());
        }
        let Some(to) = stanza.to() else { return Err(StanzaError::bad_request()) };
        if let Some(host) = self.get(to.domain()) {
            host.take_in(None, stanza).await;
            return Ok(());
        }
        match self.served(to.domain()) {
            Some((host, label)) => {
                host.take_in(Some(&label), stanza).await;
                Ok(())
            }
            None => self.elsewhere(stanza).await,
        }
    }

    /// Carries a stanza of another server to whoever has the domain here that it is for; false when nobody has. The caller vouches that the
    /// peer may speak for the domain in `from`; it is never believed to speak for a domain of this server. When this returns, the stanza is
    /// in the recipients' mailboxes, in a component's queue, stored, or answered.
    ///
    /// Not cancel safe: a future that is dropped may have delivered to some recipients and not to others.
    pub async fn from_peer(&self, stanza: Stanza) -> bool {
        let Some(to) = stanza.to() else { return false };
        if let Some(host) = self.get(to.domain()) {
            host.from_peer(stanza).await;
            return true;
        }
        if !self.has(to.domain()) {
            return false;
        }
        if stanza.from().is_none_or(|from| self.has(from.domain())) {
            tracing::warn!(from = ?stanza.from(), "a peer's stanza in the name of this server was dropped");
            return true;
        }
        let original = stanza.clone();
        if let Err(error) = self.from_component(stanza).await
            && let Some(reply) = original.error_reply(&error)
        {
            // Whoever cannot be told either is not there any more.
            let _ = self.elsewhere(reply).await;
        }
        true
    }

    /// Tells the extensions of all hosts that a component is there and takes stanzas
    /// ([`ComponentConnected`](crate::point::ComponentConnected)).
    pub async fn component_connected(&self, component: &BareJid) {
        for host in self.all() {
            host.component_connected(component).await;
        }
    }

    /// Sends a stanza that is for neither a host nor a service.
    pub(crate) async fn elsewhere(&self, stanza: Stanza) -> Result<(), StanzaError> {
        let component = stanza.to().and_then(|to| self.components.load().get(to.domain()).cloned());
        match component {
            Some(component) => component.deliver(stanza).await,
            None => self.remote.deliver(stanza).await,
        }
    }

    /// The host of which an extension serves this domain, and the label that it serves.
    pub(crate) fn served(&self, domain: &str) -> Option<(Arc<Host>, String)> {
        let hosts = self.by_domain.load();
        domain.match_indices('.').find_map(|(at, _)| {
            let (label, host) = (&domain[..at], hosts.get(&domain[at + 1..])?);
            host.serves(label).then(|| (Arc::clone(host), label.to_owned()))
        })
    }
}
