//! A network that breaks: a relay that cuts connections.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// A relay to a server. Each connection carries a number of bytes, both ways together, and breaks then, as many times as was asked for;
/// those that come later last.
#[derive(Debug)]
pub struct Cutter {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    server: SocketAddr,
    cuts: AtomicUsize,
    most: usize,
    /// Up to so many bytes.
    bytes: u64,
    random: Mutex<u64>,
    now: Mutex<Vec<(TcpStream, TcpStream)>>,
}

impl Cutter {
    /// A relay that cuts `most` connections after up to `bytes` bytes.
    ///
    /// # Panics
    /// When there is no port.
    #[must_use]
    pub fn start(server: SocketAddr, most: usize, bytes: u64, seed: u64) -> Self {
        Self::begin(0, server, most, bytes, seed)
    }

    /// As [`start`](Self::start), at this port.
    ///
    /// # Panics
    /// When the port is not free.
    #[must_use]
    pub fn cutting_at(port: u16, server: SocketAddr, most: usize, bytes: u64, seed: u64) -> Self {
        Self::begin(port, server, most, bytes, seed)
    }

    /// A relay at this port, which cuts connections when it is asked to.
    ///
    /// # Panics
    /// When the port is not free.
    #[must_use]
    pub fn start_at(port: u16, server: SocketAddr) -> Self {
        Self::begin(port, server, 0, 1, 1)
    }

    fn begin(port: u16, server: SocketAddr, most: usize, bytes: u64, seed: u64) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("there is a port");
        let address = listener.local_addr().expect("it is bound");
        let shared = Arc::new(Shared {
            server,
            cuts: AtomicUsize::new(0),
            most,
            bytes,
            random: Mutex::new(seed | 1),
            now: Mutex::default(),
        });
        let of_thread = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                of_thread.relay(stream);
            }
        });
        Self { address, shared }
    }

    /// Where clients connect.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections were cut.
    #[must_use]
    pub fn cuts(&self) -> usize {
        self.shared.cuts.load(Ordering::SeqCst)
    }

    /// Cuts all connections that there are.
    pub fn cut(&self) {
        for (one, other) in self.shared.now.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            end(&one, &other);
        }
    }
}

impl Shared {
    fn relay(self: &Arc<Self>, client: TcpStream) {
        let Ok(server) = TcpStream::connect(self.server) else { return };
        let budget = (self.cuts.load(Ordering::SeqCst) < self.most).then(|| self.next_random() % self.bytes);
        let budget = Arc::new(Mutex::new(Budget { left: budget, cut: false }));
        let copies = (client.try_clone(), server.try_clone());
        let (Ok(client_copy), Ok(server_copy)) = copies else { return };
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Ok(one), Ok(other)) = (client.try_clone(), server.try_clone()) {
            // Those that are over are of no use any more.
            if now.len() > 64 {
                now.drain(..32);
            }
            now.push((one, other));
        }
        for (from, to) in [(client, server), (server_copy, client_copy)] {
            let (shared, budget) = (Arc::clone(self), Arc::clone(&budget));
            thread::spawn(move || shared.carry(from, to, &budget));
        }
    }

    fn next_random(&self) -> u64 {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        *random ^= *random << 13;
        *random ^= *random >> 7;
        *random ^= *random << 17;
        *random >> 8
    }

    fn carry(&self, mut from: TcpStream, mut to: TcpStream, budget: &Mutex<Budget>) {
        let mut buffer = [0; 4096];
        loop {
            let read = match from.read(&mut buffer) {
                Ok(0) | Err(_) => return end(&from, &to),
                Ok(read) => read,
            };
            let (carried, cut) = budget.lock().unwrap_or_else(PoisonError::into_inner).spend(read);
            let written = to.write_all(&buffer[..carried]);
            if let Some(first) = cut {
                self.cuts.fetch_add(usize::from(first), Ordering::SeqCst);
                return end(&from, &to);
            }
            if written.is_err() {
                return end(&from, &to);
            }
        }
    }
}

/// What a connection still carries.
#[derive(Debug)]
struct Budget {
    left: Option<u64>,
    cut: bool,
}

impl Budget {
    /// How many of these bytes are carried, and whether the connection is cut then; for the first direction that comes to that, as such.
    fn spend(&mut self, bytes: usize) -> (usize, Option<bool>) {
        let Some(left) = self.left.as_mut() else { return (bytes, None) };
        match usize::try_from(*left) {
            Ok(few) if few < bytes => {
                *left = 0;
                (few, Some(!std::mem::replace(&mut self.cut, true)))
            }
            _ => {
                *left -= bytes as u64;
                (bytes, None)
            }
        }
    }
}

/// They may have been ended by the other direction.
fn end(one: &TcpStream, other: &TcpStream) {
    let _ = (one.shutdown(Shutdown::Both), other.shutdown(Shutdown::Both));
}
