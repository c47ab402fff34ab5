//! Composing a client.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use stonechat_extension::client::{DEFAULT_TIMEOUT, Descriptor, Pipeline, Tables, channel};
use stonechat_extension::{Clock, InstallError, Plan, Registry};
use stonechat_jid::BareJid;
use stonechat_sasl::Mechanism;
use stonechat_sasl::client::{Login, Policy};
use tokio::sync::{mpsc, watch};

use crate::client::{Client, Inner};
use crate::connect::{Connector, Place};
use crate::driver::Driver;
use crate::entrance::Entrance;
use crate::event::Events;
use crate::protocol::{Config, Error, FastToken, Machine};
use crate::tls::Trust;

/// So many commands wait for the client's task before who gives more waits.
const COMMANDS: usize = 64;
/// So many events wait for the application before nothing more is read.
const EVENTS: usize = 64;

/// Why a client does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// An extension cannot be installed.
    #[error(transparent)]
    Install(#[from] InstallError),
    /// Nothing was given to log in with.
    #[error("nothing to log in with")]
    NoLogin,
    /// What is to be trusted cannot be used, or there is no randomness.
    #[error(transparent)]
    Setup(#[from] Error),
}

/// Describes a client. Nothing is on that is not asked for here.
#[derive(Debug)]
pub struct Builder {
    config: Config,
    has_login: bool,
    place: Place,
    name_server: Option<SocketAddr>,
    trust: Trust,
    extensions: Vec<&'static Descriptor>,
    plan: Plan,
    request_timeout: Duration,
}

impl Builder {
    pub(crate) fn new(account: BareJid) -> Self {
        Self {
            config: Config::new(account, Login::anonymous("")),
            has_login: false,
            place: Place::Domain,
            name_server: None,
            trust: Trust::system(),
            extensions: Vec::new(),
            plan: Plan::empty(),
            request_timeout: DEFAULT_TIMEOUT,
        }
    }

    /// Logs in with the account's name and this password.
    #[must_use]
    pub fn password(self, password: impl Into<String>) -> Self {
        let name = self.config.account.local().unwrap_or_default().to_owned();
        self.login(Login::password(name, password))
    }

    /// Logs in with this.
    #[must_use]
    pub fn login(mut self, login: Login) -> Self {
        self.config.login = login;
        self.has_login = true;
        self
    }

    /// Logs in as nobody in particular (RFC 4505); the server makes an address.
    #[must_use]
    pub fn anonymous(self) -> Self {
        let this = self.login(Login::anonymous(""));
        let policy = this.config.policy.clone().allow(Mechanism::Anonymous);
        this.policy(policy)
    }

    /// A token of an earlier login, to be used in the place of the password. It goes with the [id](crate::protocol::UserAgent::id) with
    /// which it was issued.
    #[must_use]
    pub fn token(mut self, token: FastToken) -> Self {
        self.config.token = Some(token);
        self
    }

    /// Which mechanisms are good enough.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.config.policy = policy;
        self
    }

    /// The resource to wish for.
    #[must_use]
    pub fn resource(mut self, resource: impl Into<String>) -> Self {
        self.config.resource = Some(resource.into());
        self
    }

    /// Where to connect, if not where the domain says. The certificate has to be the domain's all the same.
    #[must_use]
    pub fn place(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    /// Which DNS server to ask where the domain's server is, if not those of the system. The addresses of hosts are looked up by the system
    /// all the same.
    #[must_use]
    pub fn name_server(mut self, address: SocketAddr) -> Self {
        self.name_server = Some(address);
        self
    }

    /// Whose signature makes a certificate good.
    #[must_use]
    pub fn trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// Installs an extension, with its default configuration unless there is a [section](Self::section) for it.
    #[must_use]
    pub fn extension(mut self, extension: &'static Descriptor) -> Self {
        self.extensions.push(extension);
        self.plan = self.plan.enable(extension.name());
        self
    }

    /// Installs these extensions, such as those that a program's `Cargo.toml` names.
    #[must_use]
    pub fn extensions(self, extensions: &[&'static Descriptor]) -> Self {
        extensions.iter().copied().fold(self, Self::extension)
    }

    /// How long requests wait for their answers, those of extensions and of their services, too, unless they say otherwise; a minute by
    /// default. An [entrance](Self::entrance) may take as long to be there.
    #[must_use]
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// The configuration of an extension.
    #[must_use]
    pub fn section(mut self, extension: &str, section: toml::Table) -> Self {
        self.plan = self.plan.section(extension, section);
        self
    }

    /// Changes anything else.
    #[must_use]
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Connects to the account's server without logging in, for what is asked before that: an account, for one. Only where to connect, whom to
    /// trust, how the connection has to be protected, and how long requests wait count for it. Cancel safe: then there is no connection.
    ///
    /// # Errors
    /// [`Error`].
    pub async fn entrance(self) -> Result<Entrance, Error> {
        let (domain, security) = (self.config.account.to_domain(), self.config.security);
        let connector = Connector::new(self.place, self.name_server, &domain, &self.trust, security)?;
        Entrance::through(connector, &domain, security, self.request_timeout).await
    }

    /// Starts the client, as a task of the runtime that this is called in; it connects at once.
    ///
    /// # Errors
    /// [`StartError`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn start(mut self) -> Result<(Client, Events), StartError> {
        if !self.has_login {
            return Err(StartError::NoLogin);
        }
        let mut seed = [0; 8];
        getrandom::fill(&mut seed).map_err(|error| Error::Network(format!("no randomness: {error}")))?;
        self.config.seed = u64::from_ne_bytes(seed);

        let (handle, commands) = channel(COMMANDS);
        let handle = handle.with_timeout(self.request_timeout);
        let tables = Tables::build(&Registry::of(&self.extensions)?, &self.plan, &handle)?;
        let account = self.config.account.clone();
        let connector =
            Connector::new(self.place, self.name_server, &account, &self.trust, self.config.security)?;
        let pipeline = Pipeline::new(
            Arc::clone(&tables),
            account.clone(),
            handle.clone(),
            Clock::System,
            Instant::now(),
        );

        let (control, controls) = mpsc::channel(4);
        let (events, receiver) = mpsc::channel(EVENTS);
        let (session, of_session) = watch::channel(None);
        let driver =
            Driver::new(Machine::new(self.config), pipeline, connector, commands, controls, events, session);
        tokio::spawn(driver.run());
        let inner = Inner { account, handle, tables, control, session: of_session };
        Ok((Client { inner: Arc::new(inner) }, Events(receiver)))
    }
}
