//! Free ports of the loopback interface.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use crate::{Context, Result};

/// The ports of one server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) plain: u16,
    pub(super) tls: u16,
    /// For the server's own purposes.
    pub(super) other: u16,
}

impl Ports {
    /// Ports that are free now. Nobody is kept from taking one before the server does; then that does not start.
    pub(super) fn free() -> Result<Self> {
        let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let port = |listener: &TcpListener| Ok::<u16, std::io::Error>(listener.local_addr()?.port());
        // All are held until the last is found, so that they differ.
        let found = || {
            let (plain, tls, other) = (listen()?, listen()?, listen()?);
            Ok(Self { plain: port(&plain)?, tls: port(&tls)?, other: port(&other)? })
        };
        found().during("looking for free ports")
    }

    pub(super) fn plain(self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.plain).into()
    }

    pub(super) fn tls(self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.tls).into()
    }
}
