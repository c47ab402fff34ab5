//! What all connections of a server share.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use stonechat_extension::{Host, Hosts, Journal, Plan};
use stonechat_sasl::scram::Decoy;
use stonechat_sasl::server::Policy;
use stonechat_store::Store;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::AccountStore;
use crate::auth::Throttle;
use crate::components::Components;
use crate::config::Config;
use crate::connection::Features;
use crate::federation::Federation;
use crate::listener::Connections;
use crate::tls::Certificates;

/// What all connections of a server share.
#[derive(Debug)]
pub(crate) struct Shared {
    /// What a reload replaces.
    pub(crate) state: ArcSwap<State>,
    pub(crate) hosts: Arc<Hosts>,
    pub(crate) accounts: AccountStore,
    pub(crate) store: Store,
    pub(crate) journal: Journal,
    pub(crate) certificates: Certificates,
    pub(crate) throttle: Throttle,
    pub(crate) connections: Arc<Connections>,
    pub(crate) federation: Arc<Federation>,
    pub(crate) components: Components,
    /// The server stops.
    pub(crate) stopping: CancellationToken,
    /// Sessions whose connection was cut, and that are being closed.
    pub(crate) closing: TaskTracker,
}

/// The configuration in service.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) config: Config,
    pub(crate) hosts: HashMap<String, Served>,
}

impl State {
    /// A domain for the header that goes before an error when the client named none that is served here.
    pub(crate) fn default_host(&self) -> Option<String> {
        self.config.hosts.keys().next().cloned()
    }
}

/// A host in service.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    pub(crate) host: Arc<Host>,
    /// What its tables were built from.
    pub(crate) plan: Plan,
    /// Which mechanisms are offered.
    pub(crate) policy: Policy,
    pub(crate) decoy: Decoy,
    /// What it shows on its streams, as long as nothing of the above changes.
    pub(crate) features: Arc<Features>,
}
