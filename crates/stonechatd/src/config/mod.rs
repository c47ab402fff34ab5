//! The configuration file: the server's configuration ([`stonechat_server::config`]) with where data is and what is logged.
//!
//! A file that is not there is not guessed at: without `--config` the server is [`File::first_start`]. Paths in a file are
//! relative to the folder of the file. A host that has no certificate, when the file names none for all hosts either, gets
//! one that is made for it, in the data directory.

mod explain;
mod extensions;
mod load;
pub(crate) mod log;
mod print;
#[cfg(test)]
mod reference;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use stonechat_server::config::{
    Authentication, Component, Config, Extensions, Federation, Host, Limits, Listener, Timeouts, Tls,
};

pub(crate) use load::Settings;
pub(crate) use print::print;

/// What is in a configuration file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct File {
    /// The data directory.
    pub(crate) data: PathBuf,
    /// How many threads carry stanzas; 0 for one for every two cores.
    pub(crate) threads: u16,
    /// What is logged.
    pub(crate) log: log::Log,
    // The rest is the server's.
    pub(crate) listeners: Vec<Listener>,
    pub(crate) tls: Tls,
    pub(crate) limits: Limits,
    pub(crate) timeouts: Timeouts,
    pub(crate) authentication: Authentication,
    pub(crate) federation: Federation,
    pub(crate) components: BTreeMap<String, Component>,
    pub(crate) extensions: Extensions,
    pub(crate) hosts: BTreeMap<String, Host>,
}

impl Default for File {
    fn default() -> Self {
        let config = Config::for_host("localhost");
        Self {
            data: PathBuf::from("stonechat-data"),
            threads: 0,
            log: log::Log::default(),
            listeners: config.listeners,
            tls: config.tls,
            limits: config.limits,
            timeouts: config.timeouts,
            authentication: config.authentication,
            federation: config.federation,
            components: config.components,
            extensions: config.extensions,
            hosts: config.hosts,
        }
    }
}

impl File {
    /// What is served without a configuration: the defaults, on the loopback interface.
    pub(crate) fn first_start() -> Self {
        let mut addresses = vec![IpAddr::from(Ipv4Addr::LOCALHOST)];
        let ipv6 = IpAddr::from(Ipv6Addr::LOCALHOST);
        // Not every system has IPv6.
        if TcpListener::bind((ipv6, 0)).is_ok() {
            addresses.push(ipv6);
        }
        let starttls = addresses.iter().map(|ip| Listener::starttls(SocketAddr::new(*ip, 5222)));
        let direct_tls = addresses.iter().map(|ip| Listener::direct_tls(SocketAddr::new(*ip, 5223)));
        Self { listeners: starttls.chain(direct_tls).collect(), ..Self::default() }
    }

    fn into_server(self) -> Config {
        Config {
            listeners: self.listeners,
            tls: self.tls,
            limits: self.limits,
            timeouts: self.timeouts,
            authentication: self.authentication,
            federation: self.federation,
            components: self.components,
            extensions: self.extensions,
            hosts: self.hosts,
        }
    }
}
