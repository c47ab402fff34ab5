//! A server that runs, with what is needed to reload it and to answer commands.

use std::time::Instant;

use stonechat_extension::Registry;
use stonechat_server::RunningServer;

use super::kind_name;
use crate::cli::Place;
use crate::config::Settings;
use crate::control::{Answer, Answering, HostStatus, Reply, Request, Status, accounts};
use crate::failure::Failure;
use crate::logging::Logging;

/// A server that runs.
#[derive(Debug)]
pub(super) struct Service {
    server: RunningServer,
    place: Place,
    /// Those that it started with; one reload at a time.
    settings: tokio::sync::Mutex<Settings>,
    registry: Registry,
    logging: Logging,
    started: Instant,
}

impl Service {
    pub(super) fn new(
        server: RunningServer,
        place: Place,
        settings: Settings,
        registry: Registry,
        logging: Logging,
    ) -> Self {
        let settings = tokio::sync::Mutex::new(settings);
        Self { server, place, settings, registry, logging, started: Instant::now() }
    }

    /// Reads configuration and certificates again, and says what became of it. Whatever is wrong with them is logged,
    /// and all stays as it was.
    pub(super) async fn reload(&self) -> Result<String, Failure> {
        let reloaded = self.try_to_reload().await;
        match &reloaded {
            Ok(text) => tracing::info!("{text}"),
            Err(failure) => tracing::error!(error = %failure, "not reloaded: the old configuration stays"),
        }
        reloaded
    }

    async fn try_to_reload(&self) -> Result<String, Failure> {
        let started_with = self.settings.lock().await;
        let settings = Settings::load(&self.place, &self.registry)?;
        for domain in settings.make_certificates()? {
            tracing::info!(host = domain, "made a self-signed certificate");
        }
        let reloaded = self.server.reload(settings.server.clone()).await;
        let reloaded = reloaded.map_err(|error| Failure::from(error).within(settings.name()))?;
        self.logging.set_level(settings.log.level);
        let mut later = reloaded.at_next_start;
        if settings.data != started_with.data {
            later.push("data");
        }
        if settings.threads != started_with.threads {
            later.push("threads");
        }
        if settings.log.format != started_with.log.format {
            later.push("log.format");
        }
        let name = settings.name();
        Ok(match later.as_slice() {
            [] => format!("reloaded {name} and the certificates"),
            keys => format!("reloaded {name} and the certificates; at the next start: {}", keys.join(", ")),
        })
    }

    fn status(&self) -> Status {
        let listeners = self.server.addresses();
        let mut hosts: Vec<HostStatus> = self.server.hosts().all().iter().map(host_status).collect();
        hosts.sort_unstable_by(|a, b| a.domain.cmp(&b.domain));
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            process: std::process::id(),
            up: self.started.elapsed().as_secs(),
            listeners: listeners
                .iter()
                .map(|(kind, address)| (kind_name(*kind).to_owned(), address.to_string()))
                .collect(),
            connections: self.server.connections(),
            hosts,
        }
    }

    /// Stops the server; says how many connections had to be cut.
    pub(super) async fn shutdown(self) -> usize {
        self.server.shutdown().await
    }
}

fn host_status(host: &std::sync::Arc<stonechat_extension::Host>) -> HostStatus {
    HostStatus {
        domain: host.domain().to_owned(),
        sessions: host.session_count(),
        extensions: host.tables().extensions().map(str::to_owned).collect(),
    }
}

impl Answering for Service {
    async fn answer(&self, request: Request) -> Reply {
        match request {
            Request::Reload => self.reload().await.map(Answer::Text),
            Request::Status => Ok(Answer::Status(self.status())),
            request => accounts::perform(&self.server, request).await,
        }
    }
}
