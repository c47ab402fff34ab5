//! What a server is told: plain values with defaults, which a program fills in or reads from a file.
//!
//! Everything can be read with serde. Keys that do not exist are errors; keys that are left out have the defaults
//! documented here. Durations are numbers of seconds, with a fraction if need be; sizes are numbers of bytes.
//!
//! ```
//! use stonechat_server::config::Config;
//!
//! let config: Config = toml::from_str(
//!     r#"
//!     [tls]
//!     certificate = "/etc/stonechat/example.org.pem"
//!     key = "/etc/stonechat/example.org.key"
//!
//!     [timeouts]
//!     idle = 600
//!
//!     [extensions.ping]
//!     enabled = false
//!
//!     [hosts."example.org"]
//!     "#,
//! )?;
//! config.check()?;
//! assert_eq!(config.listeners.len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod authentication;
mod check;
mod component;
mod extensions;
mod federation;
mod host;
mod limits;
mod listener;
pub mod seconds;
mod timeouts;
mod tls;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use authentication::{Authentication, Throttle};
pub use check::ConfigError;
pub use component::{Component, Secret};
pub use extensions::Extensions;
pub use federation::{Federation, Peer, Policy, Route, RouteKind};
pub use host::Host;
pub use limits::Limits;
pub use listener::{Kind, Listener};
pub use timeouts::Timeouts;
pub use tls::{KeyPair, Tls, TlsVersion};

/// The configuration of a server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where clients, other servers and components connect. By default STARTTLS on port 5222 and direct TLS on port 5223, on all addresses, and
    /// neither servers nor components.
    pub listeners: Vec<Listener>,
    /// The certificate of hosts that have none of their own, and what is asked of TLS.
    pub tls: Tls,
    /// How much of everything.
    pub limits: Limits,
    /// How long for everything.
    pub timeouts: Timeouts,
    /// How clients log in.
    pub authentication: Authentication,
    /// Streams with other servers, for which there has to be a listener.
    pub federation: Federation,
    /// The components by domain, for which there has to be a listener.
    pub components: BTreeMap<String, Component>,
    /// The extensions of all hosts.
    pub extensions: Extensions,
    /// The virtual hosts by domain.
    pub hosts: BTreeMap<String, Host>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listeners: vec![Listener::starttls_default(), Listener::direct_tls_default()],
            tls: Tls::default(),
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            authentication: Authentication::default(),
            federation: Federation::default(),
            components: BTreeMap::new(),
            extensions: Extensions::default(),
            hosts: BTreeMap::new(),
        }
    }
}

impl Config {
    /// Whether there are streams with other servers.
    #[must_use]
    pub fn federates(&self) -> bool {
        self.listeners.iter().any(|listener| listener.kind.is_for_servers())
    }

    /// The defaults, for one host.
    #[must_use]
    pub fn for_host(domain: &str) -> Self {
        Self { hosts: BTreeMap::from([(domain.to_owned(), Host::default())]), ..Self::default() }
    }
}
