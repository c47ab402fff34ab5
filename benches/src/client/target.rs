//! A server, as a client sees it.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use stonechat_sasl::scram::ClientKeys;
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::Connection;
use crate::{Context, Error, Result};

/// How long one client may take to log in.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many addresses of the loopback interface clients come from.
const ADDRESSES: usize = 200;

/// What a server speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// XMPP.
    Xmpp,
    /// What the [relay](crate::relay) speaks.
    Relay,
}

/// A server, as a client sees it. Cheap to clone.
#[derive(Clone)]
pub struct Target {
    protocol: Protocol,
    plain: SocketAddr,
    tls: SocketAddr,
    connector: TlsConnector,
    /// From earlier logins: to derive keys costs the client, not the server.
    keys: Arc<Mutex<HashMap<usize, ClientKeys>>>,
    stream_management: bool,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").field("tls", &self.tls).finish_non_exhaustive()
    }
}

impl Target {
    /// A server at these addresses.
    #[must_use]
    pub fn new(protocol: Protocol, plain: SocketAddr, tls: SocketAddr, config: Arc<ClientConfig>) -> Self {
        let connector = TlsConnector::from(config);
        Self { protocol, plain, tls, connector, keys: Arc::default(), stream_management: false }
    }

    /// The same server for clients that enable stream management, or do not. Those of the relay never do.
    #[must_use]
    pub fn with_stream_management(&self, enable: bool) -> Self {
        Self { stream_management: enable, ..self.clone() }
    }

    /// The port of streams that begin without TLS.
    #[must_use]
    pub fn plain_port(&self) -> u16 {
        self.plain.port()
    }

    /// What it speaks.
    #[must_use]
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Logs in, up to the initial presence. Clients of the relay say instead that all goes to the accounts `peers`,
    /// in stanzas of that name.
    ///
    /// # Errors
    /// When the connection or the login fails, or takes longer than a minute.
    pub async fn log_in(
        &self,
        account: usize,
        resource: &str,
        secure: bool,
        stanza: &str,
        peers: &[usize],
    ) -> Result<Connection> {
        let logging_in = async {
            let mut connection = self.connect(account, secure).await?;
            match self.protocol {
                Protocol::Relay => {
                    let peers: String = peers.iter().map(|peer| format!(" u{peer}")).collect();
                    connection.send(format!("</{stanza}> u{account}{peers}\n").as_bytes()).await?;
                    connection.line().await?;
                    connection.assume_open()?;
                }
                Protocol::Xmpp => {
                    super::login::log_in(self, &mut connection, account, resource, secure).await?;
                    if self.stream_management {
                        super::acks::enable(&mut connection).await?;
                    } else {
                        connection.send(b"<presence/>").await?;
                    }
                }
            }
            Ok(connection)
        };
        within(logging_in).await.map_err(|error| error.within(&format!("logging in as u{account}")))
    }

    /// Creates an account by in-band registration (XEP-0077).
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn register(&self, account: usize) -> Result<()> {
        let registering = async {
            let mut connection = self.connect(account, true).await?;
            super::register::register(&mut connection, account).await
        };
        within(registering).await.map_err(|error| error.within(&format!("registering u{account}")))
    }

    /// Whether a connection can be made, with TLS and without.
    pub async fn answers(&self) -> bool {
        self.connect(0, true).await.is_ok() && self.connect(0, false).await.is_ok()
    }

    /// The keys of an account or else of another: accounts that are copies have the same. Others are not used.
    pub(super) fn cached_keys(&self, account: usize) -> Option<ClientKeys> {
        let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        keys.get(&account).or_else(|| keys.values().next()).cloned()
    }

    pub(super) fn cache_keys(&self, account: usize, keys: &ClientKeys) {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(account, keys.clone());
    }

    async fn connect(&self, account: usize, secure: bool) -> Result<Connection> {
        let stream = tcp(account, if secure { self.tls } else { self.plain }).await.during("connecting")?;
        if !secure {
            return Ok(Connection::new(Box::new(stream)));
        }
        let name = ServerName::try_from("localhost").map_err(|error| Error::Setup(error.to_string()))?;
        let stream = self.connector.connect(name, stream).await.during("TLS handshake")?;
        Ok(Connection::new(Box::new(stream)))
    }
}

async fn tcp(account: usize, to: SocketAddr) -> io::Result<TcpStream> {
    let host = u8::try_from(account % ADDRESSES).unwrap_or(0) + 2;
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::new(127, 0, 0, host), 0).into())?;
    let stream = socket.connect(to).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn within<T>(doing: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(PATIENCE, doing).await.unwrap_or_else(|_| Err(Error::Server("no answer for a minute".to_owned())))
}
