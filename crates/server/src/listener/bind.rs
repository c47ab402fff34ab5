//! Binding addresses.

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

use crate::config::Listener;

/// Connections that the system holds until they are accepted.
const BACKLOG: u32 = 1024;

/// A listener with its socket, which accepts nothing yet.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) listener: Listener,
    pub(crate) socket: TcpListener,
    /// With the port that the system chose.
    pub(crate) address: SocketAddr,
}

/// Binds a listener's address. Where the system has no IPv6, `[::]` stands for all of IPv4.
pub(crate) fn bind(listener: &Listener) -> io::Result<Bound> {
    let socket = match socket(listener.address) {
        Err(error) if is_everywhere(listener.address) && has_no_ipv6(&error) => {
            socket((Ipv4Addr::UNSPECIFIED, listener.address.port()).into())?
        }
        socket => socket?,
    };
    let address = socket.local_addr()?;
    Ok(Bound { listener: listener.clone(), socket, address })
}

fn socket(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Not on Windows, where it lets others take the port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn is_everywhere(address: SocketAddr) -> bool {
    address.is_ipv6() && address.ip().is_unspecified()
}

fn has_no_ipv6(error: &io::Error) -> bool {
    // EAFNOSUPPORT has no kind of its own.
    matches!(error.kind(), ErrorKind::AddrNotAvailable | ErrorKind::Unsupported)
        || error.raw_os_error() == Some(97)
}
