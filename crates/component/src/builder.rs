//! Composing a component.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use stonechat_extension::client::{DEFAULT_TIMEOUT, Descriptor, Pipeline, Tables, channel};
use stonechat_extension::{Clock, InstallError, Plan, Registry};
use stonechat_jid::BareJid;
use stonechat_net::{Backoff, Waits};
use stonechat_stream::component::Secret;
use tokio::sync::mpsc;

use crate::component::{Component, Inner};
use crate::driver::{Driver, Server};
use crate::event::Events;

/// So many commands wait for the component's task before who gives more waits.
const COMMANDS: usize = 64;
/// So many events wait for the application before nothing more is read.
const EVENTS: usize = 64;
/// The usual port for components.
const PORT: u16 = 5347;

/// Why a component does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// An extension cannot be installed.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// No secret was given.
    #[error("there is no secret to prove the component with")]
    NoSecret,
    /// Components have domains, and no local parts.
    #[error("`{0}` is not a domain")]
    NotADomain(BareJid),
}

/// Describes a component. Nothing is on that is not asked for here.
pub struct Builder {
    domain: BareJid,
    secret: Option<Secret>,
    host: String,
    port: u16,
    waits: (Duration, Duration),
    extensions: Vec<&'static Descriptor>,
    plan: Plan,
    request_timeout: Duration,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("domain", &self.domain)
            .field("host", &self.host)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}

impl Builder {
    pub(crate) fn new(domain: BareJid) -> Self {
        Self {
            domain,
            secret: None,
            host: "localhost".to_owned(),
            port: PORT,
            waits: (Duration::from_secs(1), Duration::from_secs(60)),
            extensions: Vec::new(),
            plan: Plan::empty(),
            request_timeout: DEFAULT_TIMEOUT,
        }
    }

    /// The secret that the component shares with its server.
    #[must_use]
    pub fn secret(mut self, secret: impl Into<String>) -> Self {
        self.secret = Some(Secret::new(secret)).filter(|secret| !secret.is_empty());
        self
    }

    /// Where the server is: a name or an address, and a port. Without this it is `localhost` at port 5347.
    #[must_use]
    pub fn server(mut self, host: impl Into<String>, port: u16) -> Self {
        (self.host, self.port) = (host.into(), port);
        self
    }

    /// How long to wait before the component connects again: at first, and at most. It is doubled each time, until a connection has lasted for
    /// half a minute. Without this it is a second and a minute.
    #[must_use]
    pub fn waits(mut self, first: Duration, most: Duration) -> Self {
        self.waits = (first, most);
        self
    }

    /// Installs an extension, with its default configuration unless there is a [section](Self::section) for it. It answers for all addresses
    /// of the domain.
    #[must_use]
    pub fn extension(mut self, extension: &'static Descriptor) -> Self {
        self.extensions.push(extension);
        self.plan = self.plan.enable(extension.name());
        self
    }

    /// The configuration of an extension.
    #[must_use]
    pub fn section(mut self, extension: &str, section: toml::Table) -> Self {
        self.plan = self.plan.section(extension, section);
        self
    }

    /// How long requests wait for their answers, unless they say otherwise.
    #[must_use]
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// Starts the component, as a task of the runtime that this is called in; it connects at once.
    ///
    /// # Errors
    /// [`StartError`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(self) -> Result<(Component, Events), StartError> {
        let Self { domain, secret, host, port, waits, extensions, plan, request_timeout } = self;
        if domain.local().is_some() {
            return Err(StartError::NotADomain(domain));
        }
        let secret = secret.ok_or(StartError::NoSecret)?;
        let (handle, commands) = channel(COMMANDS);
        let handle = handle.with_timeout(request_timeout);
        let tables = Tables::build(&Registry::of(&extensions)?, &plan, &handle)?;
        let pipeline = Pipeline::of_component(
            Arc::clone(&tables),
            domain.clone(),
            handle.clone(),
            Clock::System,
            Instant::now(),
        );
        let (close, closes) = mpsc::channel(1);
        let (events, receiver) = mpsc::channel(EVENTS);
        let server = Server { domain: domain.clone(), secret, host, port };
        let mut seed = [0; 8];
        if getrandom::fill(&mut seed).is_err() {
            tracing::debug!("there is no randomness, and others may come back at the same time");
        }
        let backoff = Backoff { first: waits.0, most: waits.1, ..Backoff::default() };
        let waits = Waits::new(backoff, u64::from_ne_bytes(seed));
        tokio::spawn(Driver::new(server, waits, pipeline, commands, closes, events).run());
        Ok((Component { inner: Arc::new(Inner { domain, handle, tables, close }) }, Events(receiver)))
    }
}
