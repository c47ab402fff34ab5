//! A server's life, from start to stop.

mod announce;
mod files;
mod service;
mod signals;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use stonechat_extension::Registry;
use stonechat_server::Server;
use stonechat_server::config::Kind;
use stonechat_store::{Store, sqlite};
use tokio::runtime::{Builder, Runtime};

use crate::cli::Place;
use crate::config::Settings;
use crate::control::ControlSocket;
use crate::data::{DataDirectory, Lock};
use crate::failure::Failure;
use crate::logging::Logging;
use crate::{extensions, say};
use service::Service;
use signals::{Signal, Signals};

pub(crate) use announce::kind_name;

/// Serves until a signal ends it.
pub(crate) fn run(place: &Place) -> Result<(), Failure> {
    let registry = extensions::registry()?;
    let settings = Settings::load(place, &registry)?;
    let logging = Logging::install(&settings.log)?;
    files::allow(settings.server.limits.connections);
    let directory = DataDirectory::open(&settings.data)?;
    let lock = directory.lock_for_a_server()?;
    // Blocks, and nobody waits yet.
    let store = Store::sqlite(directory.database(), sqlite::Options::default())?;
    let runtime =
        runtime(settings.threads).map_err(|error| Failure::io("the runtime cannot be started", error))?;
    let start = Start { place, registry, settings, logging, directory: &directory, store, lock };
    runtime.block_on(start.serve())
}

/// What carries stanzas. A thread that is alone need not look what others have left to do.
fn runtime(threads: usize) -> std::io::Result<Runtime> {
    match threads {
        1 => Builder::new_current_thread().enable_all().build(),
        several => Builder::new_multi_thread().worker_threads(several).enable_all().build(),
    }
}

/// What a server starts with.
struct Start<'a> {
    place: &'a Place,
    registry: Registry,
    settings: Settings,
    logging: Logging,
    directory: &'a DataDirectory,
    store: Store,
    /// Held until the store is closed.
    lock: Lock,
}

impl Start<'_> {
    async fn serve(self) -> Result<(), Failure> {
        let Self { place, registry, settings, logging, directory, store, lock } = self;
        // Before anybody is told that the server is ready, so that no signal ends it as it would another program.
        let mut signals = Signals::new()?;
        let made = settings.make_certificates()?;
        for domain in &made {
            tracing::info!(host = domain, "made a self-signed certificate");
        }
        warn_of_own_certificates(&settings);
        let config = settings.server.clone();
        let server = Server::new(config, store.clone()).extensions(registry.clone()).start().await;
        let server = server.map_err(|error| Failure::from(error).within(settings.name()))?;
        let listeners = server.addresses();
        let certificates = settings.own_certificates.values().map(|pair| pair.certificate.clone()).collect();
        let service = Arc::new(Service::new(server, place.clone(), settings, registry, logging));
        let socket = ControlSocket::open(&directory.socket(), &service)?;
        if place.config.is_none() {
            welcome(place, directory, certificates, &listeners)?;
        }
        say::line(announce::ready(&listeners))?;

        while signals.next().await == Signal::Reload {
            // Failures are logged, and the old configuration stays.
            let _ = service.reload().await;
        }
        tracing::info!("stopping");
        socket.close().await;
        let Some(service) = Arc::into_inner(service) else {
            return Err(Failure::internal("a command goes on after its end"));
        };
        tokio::select! {
            _ = service.shutdown() => {}
            () = signals.stop() => tracing::warn!("stopped at once, as was asked for again"),
        }
        let closed = store.close().await;
        drop(lock);
        closed.map_err(Failure::from)
    }
}

/// Tells whoever started a server without a configuration what was made and what to do next.
fn welcome(
    place: &Place,
    directory: &DataDirectory,
    certificates: Vec<PathBuf>,
    listeners: &[(Kind, SocketAddr)],
) -> Result<(), Failure> {
    say::line(announce::Welcome {
        program: &announce::program(place),
        data: directory.path(),
        is_new: directory.is_new(),
        certificates: certificates.iter().map(PathBuf::as_path).collect(),
        listeners,
    })
}

/// A certificate that clients do not trust is all right on one's own machine only.
fn warn_of_own_certificates(settings: &Settings) {
    if settings.file.is_some() {
        for (domain, pair) in &settings.own_certificates {
            let certificate = pair.certificate.display();
            tracing::warn!(host = %domain, %certificate, "the configuration names no certificate, so a self-signed one is used");
        }
    }
}
