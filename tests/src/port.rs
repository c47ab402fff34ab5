//! Ports to listen on.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with, sockopt};

/// The ports that are given. Unless `ip_local_port_range` is set otherwise, Linux takes none of them for who asks for any port, or connects.
const FIRST: u16 = 16_384;
const COUNT: u16 = 16_384;

/// A TCP port of the loopback interface that nothing uses now, and that this process is not given again soon.
///
/// Another program may take it before the caller does, so where the program under test can bind port 0 and say
/// what it got, let it.
///
/// # Panics
/// When none of the ports is free.
#[must_use]
pub fn free_port() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    // Others begin elsewhere.
    let begin = std::process::id().wrapping_mul(251);
    let next = || begin.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed)) % u32::from(COUNT);
    let mut ports = (0..COUNT).filter_map(|_| u16::try_from(next()).ok().map(|next| FIRST + next));
    ports.find(|port| is_free(*port)).expect("a loopback port is free")
}

fn is_free(port: u16) -> bool {
    // A listener would do until a test in another thread starts a program at this moment: the child has a copy of
    // our socket until it runs its program, and nobody can bind the port meanwhile. A socket that does not listen
    // and allows reuse is in nobody's way. Reuse is allowed only after it is known that nobody has the port.
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None)
        .expect("a TCP socket can be made");
    let is_free = bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, port))).is_ok();
    sockopt::set_socket_reuseaddr(&socket, true).expect("a TCP socket has the option");
    is_free
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
