//! A network of another kind: an IRC server, somebody on it, and the gateway to it, which is a component. ngircd and biboumi from Debian.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::{Process, TempDir, foreign, tempdir};

/// How long anything may take.
const WITHIN: Duration = Duration::from_secs(60);
/// biboumi connects there unless a user of it says otherwise.
const PORT: u16 = 6667;

/// An IRC server. When dropped, it is killed and its folder removed.
#[derive(Debug)]
pub struct Irc {
    process: Process,
    address: SocketAddr,
    _folder: TempDir,
}

impl Irc {
    /// Starts one, on an address of the loopback interface that no other test has; returns when it can be connected to.
    ///
    /// # Panics
    /// When it is not installed or does not come up.
    #[track_caller]
    #[must_use]
    pub fn start() -> Self {
        let folder = tempdir();
        let address = SocketAddr::from((address(), PORT));
        let file = folder.path().join("ngircd.conf");
        let config = format!(
            "[Global]\nName = irc.example\nInfo = test\nListen = {}\nPorts = {PORT}\nServerUID = {}\nServerGID = {}\n\
             [Limits]\nConnectRetry = 60\nMaxConnectionsIP = 0\n\
             [Options]\nDNS = no\nIdent = no\nPAM = no\nSyslogFacility = local1\n",
            address.ip(),
            rustix::process::geteuid().as_raw(),
            rustix::process::getegid().as_raw(),
        );
        fs::write(&file, config).expect("the folder can be written to");
        let mut command = program("ngircd");
        command.arg("--nodaemon").arg("--config").arg(&file);
        let process = Process::spawn(command);
        let began = Instant::now();
        // It may end instead.
        while TcpStream::connect(address).is_err() {
            let ended = process.exit_status().is_some() || began.elapsed() > WITHIN;
            assert!(!ended, "ngircd does not come up\n{}", process.transcript());
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { process, address, _folder: folder }
    }

    /// What the gateway calls it.
    #[must_use]
    pub fn name(&self) -> String {
        self.address.ip().to_string()
    }

    /// All that it has said.
    #[must_use]
    pub fn transcript(&self) -> String {
        self.process.transcript()
    }

    /// Somebody who logs in.
    ///
    /// # Panics
    /// When that does not work.
    #[track_caller]
    #[must_use]
    pub fn log_in(&self, nick: &str) -> IrcClient {
        let stream = TcpStream::connect(self.address).expect("the server is up");
        stream.set_read_timeout(Some(WITHIN)).expect("a socket has the option");
        let mut client = IrcClient { stream: BufReader::new(stream), heard: String::new() };
        client.say(&format!("NICK {nick}"));
        client.say(&format!("USER {nick} 0 * :{nick}"));
        client.until(" 001 ");
        client
    }
}

/// Somebody on an IRC server.
#[derive(Debug)]
pub struct IrcClient {
    stream: BufReader<TcpStream>,
    heard: String,
}

impl IrcClient {
    /// Sends a line.
    ///
    /// # Panics
    /// When the connection is gone.
    #[track_caller]
    pub fn say(&mut self, line: &str) {
        let stream = self.stream.get_mut();
        stream.write_all(format!("{line}\r\n").as_bytes()).expect("the connection is there");
    }

    /// Reads until a line has this in it, and returns that line. Answers what the server asks.
    ///
    /// # Panics
    /// With all that was heard, when it does not come.
    #[track_caller]
    pub fn until(&mut self, part: &str) -> String {
        loop {
            let mut line = String::new();
            let read = self.stream.read_line(&mut line);
            assert!(
                read.as_ref().is_ok_and(|read| *read > 0),
                "instead of {part}, {read:?} after\n{}",
                self.heard
            );
            self.heard.push_str(&line);
            if let Some(token) = line.strip_prefix("PING ") {
                self.say(&format!("PONG {}", token.trim_end()));
            }
            if line.contains(part) {
                return line.trim_end().to_owned();
            }
        }
    }
}

/// The gateway, attached as a component. When dropped, it is killed and its folder removed.
#[derive(Debug)]
pub struct Biboumi {
    process: Process,
    _folder: TempDir,
}

impl Biboumi {
    /// Starts one for this domain, with this secret, at the server that listens there. It connects in its own time.
    ///
    /// # Panics
    /// When it is not installed.
    #[track_caller]
    #[must_use]
    pub fn start(domain: &str, secret: &str, server: SocketAddr) -> Self {
        let folder = tempdir();
        let file = folder.path().join("biboumi.cfg");
        let config = format!(
            "hostname={domain}\npassword={secret}\nxmpp_server_ip={}\nport={}\ndb_name={}\nlog_level=1\nidentd_port=0\n",
            server.ip(),
            server.port(),
            folder.path().join("biboumi.sqlite").display(),
        );
        fs::write(&file, config).expect("the folder can be written to");
        let mut command = program("biboumi");
        command.arg(&file).current_dir(folder.path());
        Self { process: Process::spawn(command), _folder: folder }
    }

    /// All that it has said.
    #[must_use]
    pub fn transcript(&self) -> String {
        self.process.transcript()
    }
}

/// An address of the loopback interface, by this process and time, as the port is always the same.
fn address() -> Ipv4Addr {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let [.., a, b] = now.subsec_nanos().to_be_bytes();
    let [.., c] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, a.max(1), b, c.clamp(1, 254))
}

/// Some are in a folder of the administrator's, that is not on every `PATH`.
fn program(name: &str) -> Command {
    let administrators: PathBuf = Path::new("/usr/sbin").join(name);
    if administrators.is_file() { Command::new(administrators) } else { foreign::program(name) }
}
