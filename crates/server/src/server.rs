//! Starting a server.

use std::sync::Arc;

use arc_swap::ArcSwap;
use stonechat_extension::{Clock, Hosts, Journal, Registry, Remote};
use stonechat_store::Store;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::accounts::{AccountStore, PasswordPolicy};
use crate::assemble::Workshop;
use crate::auth::Throttle;
use crate::components::{self, Components};
use crate::config::Config;
use crate::federation::{self, Connector, Federation, Way};
use crate::listener::Connections;
use crate::running::{Listening, RunningServer};
use crate::shared::Shared;
use crate::tls::Certificates;
use crate::{ServerError, listener};

/// A server that is not started yet.
pub struct Server {
    config: Config,
    registry: Registry,
    store: Store,
    clock: Clock,
    remote: Option<Arc<dyn Remote>>,
    connector: Option<Arc<dyn Connector>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Server {
    /// A server with this configuration, which keeps its data in this store. It has no extensions, and knows other servers where
    /// there is a listener for them.
    #[must_use]
    pub fn new(config: Config, store: Store) -> Self {
        Self {
            config,
            registry: Registry::default(),
            store,
            clock: Clock::System,
            remote: None,
            connector: None,
        }
    }

    /// The extensions that hosts can have; the configuration says which they do have.
    #[must_use]
    pub fn extensions(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    /// Where stanzas for other domains go, in place of to other servers.
    #[must_use]
    pub fn remote(mut self, remote: Arc<dyn Remote>) -> Self {
        self.remote = Some(remote);
        self
    }

    /// How connections with other servers come about, in place of the system's own.
    #[must_use]
    pub fn connector(mut self, connector: Arc<dyn Connector>) -> Self {
        self.connector = Some(connector);
        self
    }

    /// The time of day, for tests.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Starts with the shortest spelling: [`Server::new`], [`extensions`](Server::extensions), [`start`](Server::start).
    ///
    /// # Errors
    /// As [`start`](Server::start).
    pub async fn run(config: Config, registry: Registry, store: Store) -> Result<RunningServer, ServerError> {
        Self::new(config, store).extensions(registry).start().await
    }

    /// Checks everything, listens, and serves.
    ///
    /// Has to be called in a tokio runtime, in which the server's tasks run. The server serves until
    /// [`RunningServer::shutdown`]; the store is the caller's to close after that.
    ///
    /// # Errors
    /// [`ServerError`]; nothing is left running then.
    pub async fn start(self) -> Result<RunningServer, ServerError> {
        let Self { config, registry, store, clock, remote, connector } = self;
        config.check()?;
        let fresh = Certificates::load(&config)?;
        let journal = Journal::new(&store);
        let federation = Federation::new(federation::Fresh::load(&config)?, &store, &journal, connector)?;
        let secrets = components::Fresh::load(&config)?;
        let accounts = AccountStore::new(&store, PasswordPolicy::from(&config.authentication));
        let workshop =
            Workshop { registry, store: store.clone(), accounts: accounts.clone(), clock, journal };
        let assembly = workshop.assemble(config.clone(), None).await?;
        let bound = config
            .listeners
            .iter()
            .enumerate()
            .map(|(at, listener)| bind(at, listener))
            .collect::<Result<Vec<_>, _>>()?;

        let remote = remote.unwrap_or_else(|| Arc::new(Way(Arc::clone(&federation))));
        let hosts = Hosts::new(remote);
        let components = Components::new(&hosts);
        components.reconfigure(secrets);
        let certificates = Certificates::default();
        certificates.replace(fresh);
        let (state, _) = workshop.put_in_service(assembly, &hosts);
        for host in hosts.all() {
            let restored = host.recover().await?;
            if restored > 0 {
                tracing::info!(host = host.domain(), restored, "sessions wait for their clients");
            }
        }
        let shared = Arc::new(Shared {
            state: ArcSwap::from_pointee(state),
            hosts,
            accounts,
            store,
            journal: workshop.journal.clone(),
            certificates,
            throttle: Throttle::new(&config.authentication),
            connections: Connections::new(&config.limits),
            federation,
            components,
            stopping: CancellationToken::new(),
            closing: TaskTracker::new(),
        });
        shared.federation.attach(&shared);
        shared.federation.recover().await?;
        let listening = bound.into_iter().map(|bound| Listening::begin(bound, &shared)).collect();
        Ok(RunningServer::new(shared, workshop, listening))
    }
}

pub(crate) fn bind(at: usize, listener: &crate::config::Listener) -> Result<listener::Bound, ServerError> {
    listener::bind(listener).map_err(|source| ServerError::Listen { at, address: listener.address, source })
}
