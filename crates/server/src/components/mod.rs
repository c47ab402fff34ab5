//! Components: programs of somebody else's that have a domain of this server (XEP-0114).
//!
//! What is for a component waits in a queue, bounded in bytes, until one of its connections takes it; while there is none, for a bounded time.
//! What cannot be brought to it goes back to its sender once. With several connections each sender has one of them ([`lanes`]), so order
//! is kept for each pair of addresses. What a component sends is carried on by the task that reads it, as for clients.

mod attached;
mod lanes;
mod loops;
mod settings;
mod stream;
mod writer;

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::RwLock;
use stonechat_extension::{Hosts, Remote};
use stonechat_jid::BareJid;
use tokio::task::JoinSet;

use attached::Attached;

pub(crate) use settings::Fresh;
pub(crate) use stream::serve;

/// The components of a server.
#[derive(Debug)]
pub(crate) struct Components {
    by_domain: RwLock<HashMap<BareJid, Arc<Attached>>>,
    hosts: Weak<Hosts>,
}

impl Components {
    pub(crate) fn new(hosts: &Arc<Hosts>) -> Self {
        Self { by_domain: RwLock::default(), hosts: Arc::downgrade(hosts) }
    }

    fn get(&self, domain: &BareJid) -> Option<Arc<Attached>> {
        self.by_domain.read().get(domain).cloned()
    }

    /// Attaches those that are new, and takes other settings for those that are there; connections stay, also where the secret has changed.
    /// Those that are gone are detached, and their connections end.
    pub(crate) fn reconfigure(&self, fresh: Fresh) {
        let Some(hosts) = self.hosts.upgrade() else { return };
        let mut components = self.by_domain.write();
        components.retain(|domain, component| {
            let stays = fresh.0.contains_key(domain);
            if !stays {
                hosts.detach(domain.as_str());
                let component = Arc::clone(component);
                tokio::spawn(async move { component.retire().await });
            }
            stays
        });
        for (domain, settings) in fresh.0 {
            match components.get(&domain) {
                Some(component) => component.reconfigure(settings),
                None => {
                    let component = Attached::new(domain.clone(), settings, &hosts);
                    hosts.attach(domain.as_str(), Arc::clone(&component) as Arc<dyn Remote>);
                    component.wait_for_it();
                    components.insert(domain, component);
                }
            }
        }
    }

    /// Gives what waits back to its senders, and takes no more.
    pub(crate) async fn stop(&self) {
        let components: Vec<_> = self.by_domain.read().values().cloned().collect();
        let mut retiring = JoinSet::new();
        for component in components {
            retiring.spawn(async move { component.retire().await });
        }
        while retiring.join_next().await.is_some() {}
    }
}
