//! A DNS server of a test's own.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

const A: u16 = 1;
const AAAA: u16 = 28;
const SRV: u16 = 33;
const NO_SUCH_NAME: u16 = 3;
/// More than a question over UDP has.
const MOST: usize = 1500;

/// An SRV record (RFC 2782).
#[derive(Debug, Clone)]
pub struct Srv {
    /// The service, as in `_xmpp-client._tcp.example.org`.
    pub name: String,
    /// Lower ones are tried first.
    pub priority: u16,
    /// The port.
    pub port: u16,
    /// The host; `.` for none.
    pub target: String,
}

/// What it knows.
#[derive(Debug)]
struct Zone {
    records: Vec<Srv>,
    addresses: Vec<(String, IpAddr)>,
}

/// A DNS server on the loopback interface, which knows some records and nothing else. It ends when it is dropped.
#[derive(Debug)]
pub struct Dns {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    thread: Option<JoinHandle<()>>,
}

impl Dns {
    /// Starts it with these records.
    ///
    /// # Panics
    /// When no port can be had.
    #[must_use]
    pub fn start(records: Vec<Srv>) -> Self {
        Self::with_addresses(records, Vec::new())
    }

    /// Starts it with these records, and addresses of hosts.
    ///
    /// # Panics
    /// When no port can be had.
    #[must_use]
    pub fn with_addresses(records: Vec<Srv>, addresses: Vec<(String, IpAddr)>) -> Self {
        let zone = Zone { records, addresses };
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port can be had");
        let address = socket.local_addr().expect("it is bound");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let names = Arc::clone(&asked);
        let thread = std::thread::spawn(move || serve(&socket, &zone, &names));
        Self { address, asked, thread: Some(thread) }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it was asked for.
    ///
    /// # Panics
    /// When its thread has.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("the thread goes on").clone()
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        // An empty datagram ends it.
        let ended = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(&[], self.address));
        if let (Ok(_), Some(thread)) = (ended, self.thread.take()) {
            drop(thread.join());
        }
    }
}

fn serve(socket: &UdpSocket, zone: &Zone, asked: &Mutex<Vec<String>>) {
    let mut bytes = [0; MOST];
    while let Ok((length, from)) = socket.recv_from(&mut bytes) {
        if length == 0 {
            return;
        }
        let Some((name, end)) = question(&bytes[..length]) else { continue };
        let kind = u16::from_be_bytes([bytes[end - 4], bytes[end - 3]]);
        asked.lock().expect("nobody panics with it").push(name.clone());
        // Who asked may be gone.
        let _ = socket.send_to(&answer(&bytes[..end], zone.knows(&name), &zone.find(kind, &name)), from);
    }
}

impl Zone {
    fn knows(&self, name: &str) -> bool {
        self.records.iter().any(|record| record.name == name)
            || self.addresses.iter().any(|(host, _)| host == name)
    }

    /// The data of the records of this kind.
    fn find(&self, kind: u16, name: &str) -> Vec<Vec<u8>> {
        if kind == SRV {
            return self.records.iter().filter(|record| record.name == name).map(Srv::data).collect();
        }
        let of_name = self.addresses.iter().filter(|(host, _)| host == name);
        let of_kind = of_name.filter_map(|(_, address)| match (kind, address) {
            (A, IpAddr::V4(address)) => Some(address.octets().to_vec()),
            (AAAA, IpAddr::V6(address)) => Some(address.octets().to_vec()),
            _ => None,
        });
        of_kind.collect()
    }
}

impl Srv {
    fn data(&self) -> Vec<u8> {
        let mut data = Vec::new();
        for number in [self.priority, 1, self.port] {
            data.extend(number.to_be_bytes());
        }
        for label in self.target.split('.').filter(|label| !label.is_empty()) {
            data.push(u8::try_from(label.len()).expect("a short label"));
            data.extend(label.as_bytes());
        }
        data.push(0);
        data
    }
}

/// The name that is asked for, in lower case, and where the question ends (RFC 1035 §4.1.2).
fn question(bytes: &[u8]) -> Option<(String, usize)> {
    let mut at = 12;
    let mut labels = Vec::new();
    loop {
        let length = usize::from(*bytes.get(at)?);
        let label = bytes.get(at + 1..at + 1 + length)?;
        at += 1 + length;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(label).to_lowercase());
    }
    (bytes.len() >= at + 4).then(|| (labels.join("."), at + 4))
}

/// The answer to a question, which is repeated in it (RFC 1035 §4.1).
fn answer(question: &[u8], is_known: bool, found: &[Vec<u8>]) -> Vec<u8> {
    let flags = 0x8580 | if is_known { 0 } else { NO_SUCH_NAME };
    let count = u16::try_from(found.len()).expect("few records");
    let mut out = question[..2].to_vec();
    for number in [flags, 1, count, 0, 0] {
        out.extend(number.to_be_bytes());
    }
    out.extend(&question[12..]);
    let kind = &question[question.len() - 4..question.len() - 2];
    for data in found {
        // The name is that of the question; class IN, for a minute.
        out.extend([0xc0, 12]);
        out.extend(kind);
        out.extend([0, 1, 0, 0, 0, 60]);
        out.extend(u16::try_from(data.len()).expect("a short record").to_be_bytes());
        out.extend(data);
    }
    out
}
