//! The connection of a client, and what is under way to have one.

use std::future::pending;
use std::io;
use std::pin::Pin;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use stonechat_net::{Connection, Transport, Turn};
use stonechat_sasl::Channel;
use stonechat_sasl::client::{Derivation, Derived};
use tokio::io::AsyncWriteExt as _;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;

use crate::connect::Connector;
use crate::protocol::{Error, Machine};

/// How long a connection that is given up has to take what was still to be said.
const FAREWELL: Duration = Duration::from_secs(5);

/// What takes time.
type Job = Pin<Box<dyn Future<Output = Done> + Send>>;

/// What has come to an end.
pub(super) enum Done {
    Connected(Result<(Transport, Option<Channel>), Error>),
    Shaken(Result<(Transport, Channel), Error>),
    Derived(Option<Derived>),
    Turn(io::Result<Turn>),
}

/// The connection of a client, and what is under way to have one.
pub(super) struct Link {
    connector: Connector,
    connection: Option<Connection>,
    job: Option<Job>,
    /// TLS begins when all is written.
    shakes: bool,
    out: BytesMut,
    input: BytesMut,
    /// Connections that are given up.
    farewells: JoinSet<()>,
}

impl Link {
    pub(super) fn new(connector: Connector) -> Self {
        Self {
            connector,
            connection: None,
            job: None,
            shakes: false,
            out: BytesMut::new(),
            input: BytesMut::new(),
            farewells: JoinSet::new(),
        }
    }

    pub(super) fn connect(&mut self) {
        self.connection = None;
        let connector = self.connector.clone();
        self.job = Some(Box::pin(async move { Done::Connected(connector.connect().await) }));
    }

    pub(super) fn start_tls(&mut self, machine: &mut Machine) {
        while machine.poll_output(&mut self.out) {}
        self.shakes = true;
        self.shake();
    }

    /// Begins the handshake when nothing of the stream before is left to be written.
    fn shake(&mut self) {
        let written = self.out.is_empty() && self.connection.as_ref().is_some_and(Connection::is_flushed);
        if self.shakes
            && written
            && let Some(connection) = self.connection.take()
        {
            self.shakes = false;
            let (connector, transport) = (self.connector.clone(), connection.into_transport());
            self.job = Some(Box::pin(async move { Done::Shaken(connector.after_starttls(transport).await) }));
        }
    }

    pub(super) fn derive(&mut self, derivation: Derivation) {
        self.job =
            Some(Box::pin(async move { Done::Derived(spawn_blocking(move || derivation.run()).await.ok()) }));
    }

    /// Says what is still to be said, and is done with the connection.
    pub(super) fn disconnect(&mut self, machine: &mut Machine) {
        while machine.poll_output(&mut self.out) {}
        self.job = None;
        self.shakes = false;
        let mut out = std::mem::take(&mut self.out);
        let Some(connection) = self.connection.take() else { return };
        let mut transport = connection.into_transport();
        self.farewells.spawn(async move {
            let farewell = async {
                transport.write_all_buf(&mut out).await?;
                transport.shutdown().await
            };
            // Whether the server hears it does not matter any more.
            drop(timeout(FAREWELL, farewell).await);
        });
        while self.farewells.try_join_next().is_some() {}
    }

    /// Takes what the machine has to say, once what it said before is written.
    pub(super) fn fill(&mut self, machine: &mut Machine) {
        if self.connection.is_some() && self.out.is_empty() && !self.shakes {
            machine.poll_output(&mut self.out);
        }
    }

    /// Whether more has to wait until something is written, or until there is a connection.
    pub(super) fn is_full(&self) -> bool {
        self.connection.is_none() || !self.out.is_empty() || self.shakes
    }

    /// Waits for whatever comes to an end first. Cancel safe.
    pub(super) async fn turn(&mut self, reads: bool) -> Done {
        let Self { connection, job, out, input, .. } = self;
        let job = async {
            match job {
                Some(job) => job.await,
                None => pending().await,
            }
        };
        let turn = async {
            match connection {
                Some(connection) => Done::Turn(connection.turn(out, reads.then_some(input)).await),
                None => pending().await,
            }
        };
        tokio::select! {
            done = job => done,
            done = turn => done,
        }
    }

    pub(super) fn done(&mut self, done: Done, machine: &mut Machine, now: Instant) {
        match done {
            Done::Connected(Ok((transport, channel))) => {
                self.job = None;
                self.begin(transport);
                machine.connected(channel, now);
            }
            Done::Connected(Err(error)) => {
                self.job = None;
                machine.connect_failed(error, now);
            }
            Done::Shaken(Ok((transport, channel))) => {
                self.job = None;
                self.begin(transport);
                machine.tls_established(channel, now);
            }
            Done::Shaken(Err(error)) => {
                self.job = None;
                machine.lost(error, now);
            }
            Done::Derived(Some(derived)) => {
                self.job = None;
                machine.derived(derived, now);
            }
            Done::Derived(None) => {
                self.job = None;
                machine.lost(Error::Network("the login was interrupted".to_owned()), now);
            }
            Done::Turn(Ok(Turn::Read)) => {
                machine.feed(&self.input, now);
                self.input.clear();
            }
            Done::Turn(Ok(Turn::Written)) => self.shake(),
            Done::Turn(Ok(Turn::End)) => {
                self.lost(Error::Network("the connection is closed".to_owned()), machine, now)
            }
            Done::Turn(Err(error)) => self.lost(Error::Network(error.to_string()), machine, now),
        }
    }

    fn begin(&mut self, transport: Transport) {
        self.out.clear();
        self.input.clear();
        self.shakes = false;
        self.connection = Some(Connection::new(transport));
    }

    fn lost(&mut self, error: Error, machine: &mut Machine, now: Instant) {
        self.connection = None;
        self.out.clear();
        machine.lost(error, now);
    }

    /// Waits until the last word is said.
    pub(super) async fn finish(&mut self) {
        while self.farewells.join_next().await.is_some() {}
    }
}
