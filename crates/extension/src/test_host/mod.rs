//! A virtual host in memory, for the tests of extensions: XML in, XML out, a clock that the test sets.
//!
//! Everything between a client's stanza and the mailboxes is the real thing, the same [`Host`] that a server runs. Only
//! the connections, the accounts and the clock are made for tests. Extensions are passed explicitly, so a test never
//! depends on what happens to be linked.
//!
//! ```
//! use stonechat_extension::test_host::TestHost;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
//! let host = TestHost::with(&[]).await;
//! host.run(
//!     "a/1, b/1 online
//!      a/1 → b: <body>hello</body>
//!      b/1 ← <message from='a@example.org/1'><body>hello</body></message>
//!      a/1 ← nothing",
//! )
//! .await;
//! # });
//! ```

mod accounts;
mod client;
mod components;
pub mod contract;
mod pattern;
mod peers;
mod presence;
mod script;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::Mutex;
use stonechat_jid::BareJid;
use stonechat_stanza::{Element, Stanza};
use stonechat_store::Store;

pub use accounts::MemoryAccounts;
pub use client::TestClient;
pub use pattern::matches;
pub use presence::PRESENCE;

use peers::Peers;

use crate::login::Login;
use crate::{
    Clock, Descriptor, Host, Hosts, InstallError, Limits, Plan, Registry, ResumeError, Setup, Tables,
    VirtualClock,
};

/// The domain of the test host.
pub const DOMAIN: &str = "example.org";

/// When the test host's clock starts.
pub const START: &str = "2026-01-01T12:00:00Z";

/// A virtual host in memory, with clients.
pub struct TestHost {
    host: Arc<Host>,
    // Held, as hosts know of each other only weakly.
    hosts: Arc<Hosts>,
    tables: Arc<Tables>,
    clock: VirtualClock,
    accounts: Arc<MemoryAccounts>,
    store: Store,
    registry: Registry,
    clients: Mutex<BTreeMap<String, Arc<TestClient>>>,
    peers: Arc<Peers>,
    components: Mutex<BTreeMap<String, Arc<Peers>>>,
}

impl std::fmt::Debug for TestHost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestHost").field("host", &self.host).finish_non_exhaustive()
    }
}

impl TestHost {
    /// A host with these extensions, all enabled, in their default configuration.
    ///
    /// # Panics
    /// When they cannot be installed; the message says why.
    pub async fn with(extensions: &[&'static Descriptor]) -> Self {
        Self::configured(extensions, &[]).await
    }

    /// As [`TestHost::with`], with configuration sections as TOML: `&[("offline", "quota = 10")]`.
    ///
    /// # Panics
    /// When they cannot be installed; the message says why.
    pub async fn configured(extensions: &[&'static Descriptor], sections: &[(&str, &str)]) -> Self {
        match Self::try_configured(extensions, sections).await {
            Ok(host) => host,
            Err(error) => panic!("the test host does not start: {error}"),
        }
    }

    /// As [`TestHost::configured`], for tests of what does not start.
    ///
    /// # Errors
    /// [`InstallError`].
    ///
    /// # Panics
    /// When a section is not TOML.
    pub async fn try_configured(
        extensions: &[&'static Descriptor],
        sections: &[(&str, &str)],
    ) -> Result<Self, InstallError> {
        Self::on(Store::memory(), extensions, sections).await
    }

    /// As [`TestHost::try_configured`], with data that an earlier host has left.
    ///
    /// # Errors
    /// [`InstallError`].
    ///
    /// # Panics
    /// When a section is not TOML.
    pub async fn on(
        store: Store,
        extensions: &[&'static Descriptor],
        sections: &[(&str, &str)],
    ) -> Result<Self, InstallError> {
        let registry = Registry::of(extensions)?;
        let plan = plan(extensions, sections);
        let tables = Tables::build(&registry, &plan, &store)?;
        let clock = VirtualClock::new(START.parse().expect("a constant"));
        Ok(Self::made(store, registry, tables, clock, Arc::default()))
    }

    fn made(
        store: Store,
        registry: Registry,
        tables: Arc<Tables>,
        clock: VirtualClock,
        accounts: Arc<MemoryAccounts>,
    ) -> Self {
        let peers = Arc::<Peers>::default();
        let hosts = Hosts::new(Arc::clone(&peers) as Arc<dyn crate::Remote>);
        let setup = Setup {
            domain: DOMAIN.parse().expect("the domain of tests is one"),
            tables: Arc::clone(&tables),
            store: store.clone(),
            accounts: Arc::clone(&accounts) as Arc<dyn crate::Accounts>,
            clock: Clock::Virtual(clock.clone()),
            limits: Limits::default(),
            journal: crate::Journal::new(&store),
        };
        let host = Host::new(setup, &hosts);
        hosts.insert(&host);
        let clients = Mutex::default();
        let components = Mutex::default();
        Self { host, hosts, tables, clock, accounts, store, registry, clients, peers, components }
    }

    /// The host as it is after it was killed and has started again: nothing is left but what was in the store, the accounts and the
    /// clock. Sessions that can be resumed wait for their clients.
    ///
    /// # Panics
    /// When the store cannot be read.
    pub async fn killed_and_started(self) -> Self {
        self.host.journal().abandon();
        let Self { tables, clock, accounts, store, registry, .. } = self;
        let next = Self::made(store, registry, tables, clock, accounts);
        next.host.recover().await.unwrap_or_else(|error| panic!("the journal cannot be read: {error}"));
        next
    }

    /// Cuts the connection of a client; its session waits if it can be resumed, and is closed if not.
    ///
    /// # Panics
    /// When it is not connected.
    pub async fn cut(&self, name: &str) {
        let client = self.client(name);
        self.clients.lock().remove(name);
        if !self.host.detach(client.session()) {
            self.host.close(client.session()).await;
        }
    }

    /// Has a client go on with the session that has this resumption id, of whose stanzas it has got `handled`.
    ///
    /// # Errors
    /// [`ResumeError`].
    pub async fn resume(&self, name: &str, id: &str, handled: u32) -> Result<Arc<TestClient>, ResumeError> {
        let (local, _) = name.split_once('/').unwrap_or((name, ""));
        let session =
            self.host.resume(&self.jid(local), id, handled, b"<r xmlns='urn:example:request'/>").await?;
        let client = Arc::new(TestClient::of(&self.host, session));
        self.clients.lock().insert(name.to_owned(), Arc::clone(&client));
        Ok(client)
    }

    /// Lets stanzas pass to and from other domains: in scripts, `peer` is whoever is there. Before, there is no other server, and
    /// senders get `remote-server-not-found`.
    ///
    /// ```
    /// # use stonechat_extension::test_host::TestHost;
    /// # tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap().block_on(async {
    /// let host = TestHost::with(&[]).await;
    /// host.federate();
    /// host.run(
    ///     "a/1 online
    ///      peer → <message from='b@example.net' to='a@example.org/1' type='chat'><body>hello</body></message>
    ///      a/1 ← <body>hello</body>
    ///      a/1 → <message to='b@example.net' type='chat'><body>hello yourself</body></message>
    ///      peer ← <message from='a@example.org/1' to='b@example.net'><body>hello yourself</body></message>",
    /// )
    /// .await;
    /// # });
    /// ```
    pub fn federate(&self) {
        self.peers.open();
    }

    /// Has a stanza come from another server.
    ///
    /// # Panics
    /// When it is not one.
    pub async fn from_peer(&self, xml: &str) {
        let stanza = Stanza::parse(xml.as_bytes()).unwrap_or_else(|error| panic!("{xml}: {error}"));
        self.host.from_peer(stanza).await;
    }

    /// The next stanza that has left for another server.
    #[must_use]
    pub fn to_peer(&self) -> Option<Stanza> {
        self.peers.next()
    }

    /// Waits until all is written that survives the server.
    pub async fn settled(&self) {
        self.host.journal().settled().await;
    }

    /// Puts other sections into service without a restart, as a server's reload does.
    ///
    /// # Errors
    /// [`InstallError`]; the old tables stay in service.
    pub fn reload(
        &self,
        extensions: &[&'static Descriptor],
        sections: &[(&str, &str)],
    ) -> Result<(), InstallError> {
        let tables = Tables::build(&self.registry, &plan(extensions, sections), &self.store)?;
        self.host.reload(tables);
        Ok(())
    }

    /// The host.
    #[must_use]
    pub const fn host(&self) -> &Arc<Host> {
        &self.host
    }

    /// The store.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// The accounts.
    #[must_use]
    pub fn accounts(&self) -> &MemoryAccounts {
        &self.accounts
    }

    /// The clock.
    #[must_use]
    pub const fn clock(&self) -> &VirtualClock {
        &self.clock
    }

    /// The time on the clock.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The address of the account `local` on this host.
    ///
    /// # Panics
    /// When `local` is no localpart.
    #[must_use]
    pub fn jid(&self, local: &str) -> BareJid {
        BareJid::from_parts(Some(local), DOMAIN).expect("a localpart")
    }

    /// Creates the account `local`, if it is not there; it has no sessions yet. [`TestHost::connect`] does so by itself.
    pub async fn account(&self, local: &str) -> BareJid {
        let jid = self.jid(local);
        // Past the host, which would erase what the test has put into the store beforehand.
        if crate::Accounts::create(self.accounts.as_ref(), &jid, "secret").await.is_ok() {
            self.host.created(&jid).await;
        }
        jid
    }

    /// Connects a client: `"a/1"` is the resource `1` of the account `a`. It has sent no presence. The connection of a client that has
    /// the name ends, and what that one was not given comes to this one.
    ///
    /// # Panics
    /// When the name is not of that form or the host refuses the session.
    pub async fn connect(&self, name: &str) -> Arc<TestClient> {
        let (local, resource) = name.split_once('/').expect("a client is called `account/resource`");
        let account = self.account(local).await;
        let client = TestClient::connect(&self.host, &account, resource).await;
        let client = Arc::new(client);
        let replaced = self.clients.lock().insert(name.to_owned(), Arc::clone(&client));
        if let Some(replaced) = replaced {
            self.host.close(replaced.session()).await;
        }
        client
    }

    /// Logs a client in together with what it wants done ([`Claim::requests`](crate::login::Claim::requests)), as one does that has
    /// authenticated by a [`Profile`](crate::login::Profile). Gives what it is told; where it has a session then, scripts know it by
    /// `name`. The account has to be there.
    ///
    /// # Panics
    /// When `name` is a client that is connected.
    pub async fn log_in(&self, name: &str, login: &Login) -> Vec<Element> {
        let entered = self.host.enter(login, TestClient::mailbox()).await;
        if let Some(session) = &entered.session {
            let client = Arc::new(TestClient::of(&self.host, Arc::clone(session)));
            let before = self.clients.lock().insert(name.to_owned(), client);
            assert!(before.is_none(), "{name} is connected already");
        }
        self.host.welcome(login, entered).await
    }

    /// Connects a client that sends initial presence. On a host without an extension for presence it is made available all the same.
    ///
    /// # Panics
    /// As [`TestHost::connect`].
    pub async fn online(&self, name: &str) -> Arc<TestClient> {
        let client = self.connect(name).await;
        client.send("<presence/>").await;
        client.be_available();
        client
    }

    /// The connected client of that name.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn client(&self, name: &str) -> Arc<TestClient> {
        match self.clients.lock().get(name) {
            Some(client) => Arc::clone(client),
            None => panic!("no client `{name}` is connected"),
        }
    }

    /// Ends the connection of a client.
    ///
    /// # Panics
    /// When no such client is connected.
    pub async fn disconnect(&self, name: &str) {
        let client = self.client(name);
        self.clients.lock().remove(name);
        self.host.close(client.session()).await;
    }

    /// Delivers a stanza as the server itself sends it.
    ///
    /// # Panics
    /// When it is not a stanza.
    pub async fn inject(&self, stanza: &str) {
        self.host.send(Stanza::parse(stanza.as_bytes()).expect("a stanza")).await;
    }

    /// Runs a script: one step a line, in the order in which they stand.
    ///
    /// | line | does |
    /// |---|---|
    /// | `a/1, b/2 online` | connects clients, which send initial presence, and forgets what they have received so far |
    /// | `a/1 connects` | connects a client that sends no presence |
    /// | `a/1 disconnects` | ends a connection |
    /// | `c exists` | creates an account |
    /// | `irc.example.org connects` | attaches a component, and tells the extensions; from then on `→` and `←` are also for it |
    /// | `a/1 → b: <body>hi</body>` | sends a chat message with these children to `b@example.org` (or `b/1`) |
    /// | `a/1 → <iq …>…</iq>` | sends this stanza |
    /// | `b/1 ← <message><body>hi</body></message>` | the next stanza that `b/1` received [matches](fn@matches) |
    /// | `b/1 ← <body>hi</body>` | the next stanza that `b/1` received has such a child |
    /// | `b/1 ← nothing` | `b/1` has received nothing more |
    /// | `b/1 forgets` | what `b/1` has received does not matter |
    /// | `later 90` | puts the clock 90 seconds forward |
    /// | `# …` | a comment |
    ///
    /// # Panics
    /// When a step is not understood or not what happened; the message has the line and what was received.
    pub async fn run(&self, text: &str) {
        script::run(self, text).await;
    }
}

fn plan(extensions: &[&'static Descriptor], sections: &[(&str, &str)]) -> Plan {
    let plan = extensions.iter().fold(Plan::empty(), |plan, extension| plan.enable(extension.name()));
    sections.iter().fold(plan, |plan, (name, text)| {
        plan.section(name, text.parse().unwrap_or_else(|error| panic!("section `{name}`: {error}")))
    })
}
