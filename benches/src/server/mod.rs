//! The servers that are compared, each a process of its own in a folder of its own.

mod accounts;
mod control;
mod data;
mod launch;
mod ports;
mod process;
mod program;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;
use tempfile::TempDir;

pub use control::Status;
pub use data::{Data, message_id};
pub use program::Programs;

use crate::client::{Protocol, Target};
use crate::tls::Identity;
use crate::{Context, Error, Result};
use control::Control;
use ports::Ports;
use process::Process;

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The [relay](crate::relay): less than it no server can cost.
    Floor,
    /// Stonechat.
    Stonechat,
    /// Prosody.
    Prosody,
    /// ejabberd.
    Ejabberd,
}

impl Kind {
    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Stonechat => "stonechat",
            Self::Prosody => "prosody",
            Self::Ejabberd => "ejabberd",
        }
    }
}

/// Whether a server keeps messages in an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Archive {
    /// It does not.
    Off,
    /// All of them, for both accounts, until they are asked for.
    On,
}

/// A server that runs. Dropped, it is ended and its folder removed.
#[derive(Debug)]
pub struct Server {
    kind: Kind,
    programs: Programs,
    identity: Identity,
    archive: Archive,
    ports: Ports,
    target: Target,
    process: Process,
    started_in: Duration,
    // Behind the process, so that it is dropped later.
    folder: TempDir,
}

impl Server {
    /// Starts a server that has no accounts, and waits until it can be connected to.
    ///
    /// # Errors
    /// When it does not come up within a minute.
    pub async fn start(kind: Kind, programs: &Programs, identity: &Identity) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("stonechat-benches-").tempdir().during("a folder")?;
        identity.write(folder.path())?;
        let ports = Ports::free()?;
        let archive = Archive::Off;
        launch::configure(kind, folder.path(), &ports, programs, archive)?;
        let protocol = if kind == Kind::Floor { Protocol::Relay } else { Protocol::Xmpp };
        let target = Target::new(protocol, ports.plain(), ports.tls(), Arc::new(identity.client()?));
        let (process, started_in) = launch::launch(kind, folder.path(), &ports, programs, &target).await?;
        let (programs, identity) = (programs.clone(), identity.clone());
        Ok(Self { kind, programs, identity, archive, ports, target, process, started_in, folder })
    }

    /// Starts another server of the same kind, which has no accounts.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn another(&self) -> Result<Self> {
        Self::start(self.kind, &self.programs, &self.identity).await
    }

    /// Ends the process and starts another one with the same data.
    ///
    /// # Errors
    /// When it does not end, or does not come up again.
    pub async fn restart(&mut self, archive: Archive) -> Result<()> {
        self.process.stop().await?;
        self.archive = archive;
        launch::configure(self.kind, self.folder(), &self.ports, &self.programs, archive)?;
        self.launch().await
    }

    async fn launch(&mut self) -> Result<()> {
        let (folder, programs) = (self.folder.path(), &self.programs);
        let launched = launch::launch(self.kind, folder, &self.ports, programs, &self.target).await?;
        (self.process, self.started_in) = launched;
        Ok(())
    }

    /// Ends the process.
    ///
    /// # Errors
    /// When it does not end.
    pub async fn stop(mut self) -> Result<()> {
        self.process.stop().await
    }

    /// Creates the accounts 0 to `count`, which must not be there yet. Stonechat creates one and is started anew with
    /// copies of it.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn create_accounts(&mut self, count: usize) -> Result<()> {
        match self.kind {
            Kind::Floor => Ok(()),
            Kind::Stonechat => {
                self.control().await?.add(0).await?;
                self.fill(async |data| data.copy_account(0, 1..count).await).await
            }
            Kind::Prosody | Kind::Ejabberd => accounts::register(&self.target, count).await,
        }
    }

    /// Ends the process, changes its data, and starts another one with them. Only Stonechat's data can be changed.
    ///
    /// # Errors
    /// When it does not end or come up again, or its data cannot be changed.
    pub async fn fill(&mut self, change: impl AsyncFnOnce(&Data) -> Result<()>) -> Result<()> {
        if self.kind != Kind::Stonechat {
            return Err(Error::Setup(format!("the data of {} cannot be made by copying", self.kind.name())));
        }
        self.process.stop().await?;
        let data = Data::open(self.folder())?;
        change(&data).await?;
        data.close().await?;
        self.launch().await
    }

    /// What a running Stonechat says of itself.
    ///
    /// # Errors
    /// When it does not answer; nothing else does.
    pub async fn status(&self) -> Result<Status> {
        self.control().await?.status().await
    }

    async fn control(&self) -> Result<Control> {
        Control::connect(&self.folder().join("data/control")).await
    }

    /// Which server it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it keeps an archive.
    #[must_use]
    pub fn archive(&self) -> Archive {
        self.archive
    }

    /// Where clients connect.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Its process, which may have children.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// From spawning the process to the first TLS handshake that it finished.
    #[must_use]
    pub fn started_in(&self) -> Duration {
        self.started_in
    }

    /// The end of what it wrote.
    #[must_use]
    pub fn log(&self) -> String {
        process::log(self.folder())
    }

    fn folder(&self) -> &Path {
        self.folder.path()
    }
}
