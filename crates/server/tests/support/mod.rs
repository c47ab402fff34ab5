//! A server on free ports of the loopback interface, and a client that follows a script.

#![allow(dead_code, unreachable_pub, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

pub mod client;
pub mod login;
pub mod tls;

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use stonechat_extension::{AccountError, Registry};
use stonechat_server::config::{Config, KeyPair, Kind, Listener, Tls};
use stonechat_server::{RunningServer, Server};
use stonechat_store::Store;
use tempfile::TempDir;

pub const HOST: &str = "localhost";
pub const PASSWORD: &str = "r0m30myr0m30";

/// No step of a test takes longer, however busy the machine is.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.unwrap_or_else(|_| panic!("{what} took too long"))
}

pub struct Fixture {
    pub server: RunningServer,
    pub directory: TempDir,
    pub pair: KeyPair,
    pub store: Store,
}

/// A configuration for loopback: STARTTLS, direct TLS, and STARTTLS that can be left out.
pub fn config(directory: &TempDir) -> Config {
    let pair = pair(directory, "cert");
    stonechat_server::tls::generate_if_missing(&[HOST], &pair).unwrap();
    let free: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let mut config = Config {
        listeners: vec![
            Listener::starttls(free),
            Listener::direct_tls(free),
            Listener { plaintext: true, ..Listener::starttls(free) },
        ],
        tls: Tls::with(pair),
        ..Config::for_host(HOST)
    };
    config.authentication.iterations = 4096;
    config
}

pub fn pair(directory: &TempDir, name: &str) -> KeyPair {
    let file = |ending| directory.path().join(format!("{name}.{ending}"));
    KeyPair { certificate: file("pem"), key: file("key") }
}

/// Starts a server with the accounts juliet and romeo, whose password is [`PASSWORD`].
pub async fn start(adjust: impl FnOnce(&mut Config)) -> Fixture {
    start_with(Registry::default(), adjust).await
}

pub async fn start_with(extensions: Registry, adjust: impl FnOnce(&mut Config)) -> Fixture {
    let directory = tempfile::tempdir().unwrap();
    let mut config = config(&directory);
    adjust(&mut config);
    let store = Store::memory();
    let domains: Vec<String> = config.hosts.keys().cloned().collect();
    let server = Server::run(config, extensions, store.clone()).await.unwrap();
    for domain in domains {
        let host = server.host(&domain).unwrap();
        for name in ["juliet", "romeo"] {
            let account = format!("{name}@{domain}").parse().unwrap();
            match host.create_account(&account, PASSWORD).await {
                Ok(()) | Err(AccountError::Exists) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
    let pair = pair(&directory, "cert");
    Fixture { server, directory, pair, store }
}

impl Fixture {
    pub fn address(&self, kind: Kind) -> SocketAddr {
        self.server.addresses().into_iter().find(|(of, _)| *of == kind).unwrap().1
    }

    /// Where clients may do without TLS.
    pub fn plaintext(&self) -> SocketAddr {
        self.server.addresses()[2].1
    }

    /// Waits until all connections are gone.
    pub async fn no_connections(&self) {
        soon("closing all connections", async {
            while self.server.connections() > 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    pub async fn sessions(&self, count: usize) {
        let host = self.server.host(HOST).unwrap();
        soon("the number of sessions", async {
            while host.session_count() != count {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }
}
