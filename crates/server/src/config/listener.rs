//! Where clients, other servers and components connect.

use std::net::{Ipv6Addr, SocketAddr};

use serde::{Deserialize, Serialize};

/// Who connects, and how TLS comes to the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The stream begins in the clear and turns to TLS (RFC 6120 §5). Port 5222.
    Starttls,
    /// TLS from the first byte (XEP-0368). Port 5223.
    DirectTls,
    /// Other servers, with STARTTLS. Port 5269.
    S2s,
    /// Other servers, with TLS from the first byte (XEP-0368).
    S2sDirectTls,
    /// Components (XEP-0114), without TLS, which that protocol does not have. Port 5347.
    Component,
}

impl Kind {
    /// Whether other servers connect there.
    #[must_use]
    pub const fn is_for_servers(self) -> bool {
        matches!(self, Self::S2s | Self::S2sDirectTls)
    }
}

/// An address that the server listens on.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listener {
    /// Address and port. Port 0 has the system choose one. `[::]` takes IPv4 too, where the system allows it.
    pub address: SocketAddr,
    /// Who connects, and how TLS comes to the connection.
    pub kind: Kind,
    /// Lets clients do without TLS; only with `kind = "starttls"` and an address of the loopback interface. With `kind = "component"`, where there
    /// is never TLS: allows an address of another interface, whose network then has to be one that nobody else listens on. Default: no.
    #[serde(default)]
    pub plaintext: bool,
}

impl Listener {
    /// A listener for STARTTLS.
    #[must_use]
    pub const fn starttls(address: SocketAddr) -> Self {
        Self { address, kind: Kind::Starttls, plaintext: false }
    }

    /// A listener for direct TLS.
    #[must_use]
    pub const fn direct_tls(address: SocketAddr) -> Self {
        Self { address, kind: Kind::DirectTls, plaintext: false }
    }

    /// A listener for other servers, with STARTTLS.
    #[must_use]
    pub const fn s2s(address: SocketAddr) -> Self {
        Self { address, kind: Kind::S2s, plaintext: false }
    }

    /// A listener for components.
    #[must_use]
    pub const fn component(address: SocketAddr) -> Self {
        Self { address, kind: Kind::Component, plaintext: false }
    }

    pub(super) const fn starttls_default() -> Self {
        Self::starttls(everywhere(5222))
    }

    pub(super) const fn direct_tls_default() -> Self {
        Self::direct_tls(everywhere(5223))
    }
}

const fn everywhere(port: u16) -> SocketAddr {
    SocketAddr::new(std::net::IpAddr::V6(Ipv6Addr::UNSPECIFIED), port)
}
