//! Ports to listen on.

use std::net::{Ipv4Addr, SocketAddr};

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, getsockname, socket_with, sockopt};

/// A TCP port of the loopback interface that nothing uses now.
///
/// Another program may take it before the caller does, so where the program under test can bind port 0 and say
/// what it got, let it.
///
/// # Panics
/// When the loopback interface has no port left.
#[must_use]
pub fn free_port() -> u16 {
    // A listener would do until a test in another thread starts a program at this moment: the child has a copy of
    // our socket until it runs its program, and nobody can bind the port meanwhile. A socket that does not listen
    // and allows reuse is in nobody's way. Reuse is allowed only after the port was chosen, so that two calls at
    // once get two ports.
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)
        .expect("a TCP socket can be made");
    bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a loopback port is free");
    sockopt::set_socket_reuseaddr(&socket, true).expect("a TCP socket has the option");
    let address = getsockname(&socket).expect("a bound socket has an address");
    SocketAddr::try_from(address).expect("an IPv4 socket has an IPv4 address").port()
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::process::Command;
    use std::thread;

    use super::*;

    #[test]
    fn the_port_can_be_bound_while_other_threads_start_programs() {
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..50 {
                        assert!(Command::new("true").status().unwrap().success());
                    }
                });
            }
            for _ in 0..2000 {
                TcpListener::bind(("127.0.0.1", free_port())).unwrap();
            }
        });
    }
}
