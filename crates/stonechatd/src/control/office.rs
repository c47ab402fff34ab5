//! Where a command is done: at the server that runs, or here.

use stonechat_extension::Registry;
use stonechat_server::config::{Config, Tls};
use stonechat_server::{RunningServer, Server};
use stonechat_store::{Store, sqlite};
use tokio::time::Instant;

use super::{Client, Reply, Request, accounts};
use crate::config::Settings;
use crate::data::{self, DataDirectory, Lock, PATIENCE, PAUSE};
use crate::failure::Failure;

/// Where a command is done.
pub(crate) enum Office {
    /// At the server that runs.
    There(Client),
    /// Here, while no server can start.
    Here { server: Box<RunningServer>, store: Store, lock: Lock },
}

impl Office {
    /// Finds the server that has the data directory; when none has, takes the directory and does its work.
    pub(crate) async fn open(settings: &Settings, registry: Registry) -> Result<Self, Failure> {
        let directory = DataDirectory::open(&settings.data)?;
        let give_up = Instant::now() + PATIENCE;
        loop {
            if let Some(lock) = directory.lock()? {
                return Self::here(settings, registry, &directory, lock).await;
            }
            if let Some(client) = Client::connect(&directory.socket()).await? {
                return Ok(Self::There(client));
            }
            if Instant::now() >= give_up {
                let place = directory.path().display();
                return Err(Failure::unavailable(format!("another process has {place} and does not answer")));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn here(
        settings: &Settings,
        registry: Registry,
        directory: &DataDirectory,
        lock: Lock,
    ) -> Result<Self, Failure> {
        let options = sqlite::Options { quick_check: false, readers: 1, ..sqlite::Options::default() };
        let store = Store::sqlite(directory.database(), options)?;
        // It listens nowhere, so it needs no certificates and no secrets, which may belong to another user.
        let mut config = Config { listeners: Vec::new(), tls: Tls::default(), ..settings.server.clone() };
        config.components.clear();
        config.hosts.values_mut().for_each(|host| host.tls = None);
        let server = Server::new(config, store.clone()).extensions(registry).start().await?;
        Ok(Self::Here { server: Box::new(server), store, lock })
    }

    /// Does what is asked for.
    pub(crate) async fn ask(&mut self, request: Request) -> Reply {
        match self {
            Self::There(client) => client.ask(&request).await,
            Self::Here { server, .. } => accounts::perform(server, request).await,
        }
    }

    /// Ends; what was done here is on the disk then.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        if let Self::Here { server, store, lock } = self {
            server.shutdown().await;
            store.close().await?;
            drop(lock);
        }
        Ok(())
    }
}

/// Asks the server that runs with this data directory.
pub(crate) async fn running(settings: &Settings) -> Result<Client, Failure> {
    let socket = data::socket(&settings.data);
    let client = Client::connect(&socket).await?;
    client.ok_or_else(|| {
        Failure::unavailable(format!("no server runs with the data directory {}", settings.data.display()))
    })
}
