//! The core of an XMPP server: it listens, speaks TLS, logs clients in, and carries their stanzas to and from the
//! [hosts](stonechat_extension::Host), where the rules of delivery and the extensions are.
//!
//! - [`config`]: what a server is told; plain structs with defaults, to be filled in or read from a file.
//! - [`Server`] starts, [`RunningServer`] serves, reloads and stops.
//! - [`accounts`]: who may log in, with SCRAM keys in a [store](stonechat_store::Store).
//! - [`tls`]: certificates by host, reloaded while the server runs; self-signed ones for a first start.
//!
//! Clients connect by TCP, with STARTTLS (RFC 6120 §5) or direct TLS (XEP-0368), and log in by SCRAM with or without channel
//! binding, PLAIN under TLS, or ANONYMOUS where a host has it. Each connection is one task that both reads and writes; what
//! has gathered for a client leaves as one write, and a client that is idle holds no buffers.
//!
//! Where there is a listener for them, it speaks with other servers as well: TLS always, and EXTERNAL (XEP-0178) or, where the policy for a
//! domain allows it, dialback (XEP-0220), over one stream for both directions where both sides want that (XEP-0288). What a stream that broke
//! had under way goes on over the next (XEP-0198). [`config::Federation`] has the rules. What waits for a server that cannot be reached goes
//! back to its sender with the cause. [`RunningServer::federation`] says how each domain stands, [`RunningServer::arrivals`] which streams
//! of others there are, [`RunningServer::examine`] why one is not reached. Where the system does not make the connections, a
//! [`federation::Connector`] does, and [`RunningServer::serve`] takes those that come some other way.
//!
//! Components (XEP-0114) connect where there is a listener for them, on the loopback interface unless it is said otherwise; each has a domain and a
//! secret of its own ([`config::Component`]). They speak with the hosts, with each other and with other servers.
//!
//! Left out: between servers, several pairs of domains on one stream from here, and revocation of certificates; EXTERNAL for clients;
//! WebSocket and BOSH; and everything that a XEP describes, roster and presence included, which are extensions. Reading files of
//! configuration and being a daemon is the business of the program around it.
//!
//! # Example
//!
//! ```
//! use stonechat_extension::Registry;
//! use stonechat_server::config::{Config, KeyPair, Listener, Tls};
//! use stonechat_server::{Server, tls};
//! use stonechat_store::Store;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let directory = directory.path();
//! # tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
//! let pair = KeyPair { certificate: directory.join("cert.pem"), key: directory.join("key.pem") };
//! tls::generate_if_missing(&["localhost"], &pair)?;
//! let config = Config {
//!     listeners: vec![Listener::starttls("127.0.0.1:0".parse()?)],
//!     tls: Tls::with(pair),
//!     ..Config::for_host("localhost")
//! };
//! let server = Server::new(config, Store::memory()).extensions(Registry::linked(&[])?).start().await?;
//! let host = server.host("localhost").expect("it was configured");
//! host.create_account(&"juliet@localhost".parse()?, "r0m30myr0m30").await?;
//! println!("ready on {}", server.addresses()[0].1);
//! # if false {
//! tokio::signal::ctrl_c().await?;
//! # }
//! server.shutdown().await;
//! # Ok(())
//! # })
//! # }
//! ```

pub mod accounts;
mod assemble;
mod auth;
mod components;
pub mod config;
mod connection;
mod error;
pub mod federation;
mod listener;
mod running;
mod server;
mod shared;
pub mod tls;

pub use connection::Duplex;
pub use error::ServerError;
pub use running::{Reloaded, RunningServer};
pub use server::Server;
