//! Other people's servers: Prosody and ejabberd from Debian, each with a folder, ports and a certificate of its own.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, date_time_ymd};

use crate::{Identity, Process, TempDir, foreign, free_port, tempdir};

const PROSODY: &str = include_str!("../foreign/prosody.cfg.lua");
const EJABBERD: &str = include_str!("../foreign/ejabberd.yml");
const PROSODY_S2S: &str = include_str!("../foreign/prosody_s2s.cfg.lua");
const EJABBERD_S2S: &str = include_str!("../foreign/ejabberd_s2s.yml");
/// The component that servers have which are not federated, and its secret.
pub const COMPONENT: (&str, &str) = ("echo.localhost", "pw-echo");
/// How long a server may take to come up, or one of its commands to end.
const PATIENCE: Duration = Duration::from_secs(180);

/// Which server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// <https://prosody.im>
    Prosody,
    /// <https://www.ejabberd.im>
    Ejabberd,
}

/// How a server speaks with others.
#[derive(Debug, Clone)]
pub struct Federated {
    /// The domain that it serves.
    pub domain: String,
    /// The port for other servers.
    pub port: u16,
    /// That where TLS is the first word.
    pub direct_tls_port: u16,
    /// Its certificate.
    pub identity: Identity,
    /// The certificate of the authority that it believes.
    pub authority: PathBuf,
    /// Whether a certificate of that authority is required, or dialback is enough.
    pub certificates: bool,
    /// The other server: its domain and its port.
    pub other: (String, u16),
    /// Whether TLS is the first word at that port. ejabberd only finds such a port in DNS.
    pub other_direct_tls: bool,
    /// The DNS server by which ejabberd finds the other server, in place of the port above; it asks for SRV records alone, and only for
    /// domains of several labels.
    pub name_server: Option<SocketAddr>,
    /// Whether streams may be for both directions (XEP-0288), which ejabberd does not know.
    pub bidi: bool,
}

/// A server of somebody else's that serves `localhost`, or the domain that it is given, and has the accounts `user1` and `user2`, with the passwords `pw-user1` and
/// `pw-user2`. When dropped, it is killed and its folder removed.
#[derive(Debug)]
pub struct Counterpart {
    kind: Kind,
    plain: u16,
    tls: u16,
    https: u16,
    /// Where files are said to be taken.
    uploads: u16,
    distribution: u16,
    component: u16,
    process: Option<Process>,
    folder: TempDir,
    federated: Option<Federated>,
}

impl Counterpart {
    /// Starts one; returns when it can be connected to.
    ///
    /// # Panics
    /// When it is not installed or does not come up.
    #[track_caller]
    #[must_use]
    pub fn start(kind: Kind) -> Self {
        Self::begin(kind, None, None)
    }

    /// Starts one that says that it takes files at another port than [that](Self::https) where it does.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[track_caller]
    #[must_use]
    pub fn with_uploads_at(kind: Kind, port: u16) -> Self {
        Self::begin(kind, None, Some(port))
    }

    /// Starts one that speaks with another server.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[track_caller]
    #[must_use]
    pub fn federated(kind: Kind, federated: Federated) -> Self {
        Self::begin(kind, Some(federated), None)
    }

    #[track_caller]
    fn begin(kind: Kind, federated: Option<Federated>, uploads: Option<u16>) -> Self {
        let [plain, tls, https, distribution, component] = std::array::from_fn(|_| free_port());
        let (process, folder, uploads) = (None, tempdir(), uploads.unwrap_or(https));
        let mut server =
            Self { kind, plain, tls, https, uploads, distribution, component, process, folder, federated };
        server.configure();
        let process = Process::spawn(server.command(&["foreground"]));
        let began = Instant::now();
        // No line says that it listens; and it may end instead.
        let others = match &server.federated {
            Some(federated) => vec![federated.port, federated.direct_tls_port],
            None => vec![https, component],
        };
        while [plain, tls].iter().chain(&others).any(|port| TcpStream::connect(address(*port)).is_err()) {
            let ended = process.exit_status().is_some() || began.elapsed() > PATIENCE;
            assert!(!ended, "{kind:?} does not come up\n{}", process.transcript());
            std::thread::sleep(Duration::from_millis(20));
        }
        server.process = Some(process);
        for user in ["user1", "user2"] {
            server.register(user);
        }
        server
    }

    /// Where clients connect that then use STARTTLS.
    #[must_use]
    pub fn c2s(&self) -> SocketAddr {
        address(self.plain)
    }

    /// Where clients connect with TLS from the first byte.
    #[must_use]
    pub fn c2s_direct_tls(&self) -> SocketAddr {
        address(self.tls)
    }

    /// Where it takes files.
    #[must_use]
    pub fn https(&self) -> SocketAddr {
        address(self.https)
    }

    /// Where the component [`COMPONENT`] connects, of a server that is not federated.
    #[must_use]
    pub fn component(&self) -> SocketAddr {
        address(self.component)
    }

    /// The certificate to trust.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// Starts a function of one of the Python scripts against it.
    ///
    /// # Panics
    /// As [`foreign::python`].
    #[track_caller]
    #[must_use]
    pub fn script(&self, script: &str, args: &[&str]) -> Process {
        let mut command = foreign::python();
        command
            .env("STONECHAT_PORT", self.plain.to_string())
            .env("STONECHAT_TLS_PORT", self.tls.to_string())
            .env("STONECHAT_CA", self.certificate())
            .env_remove("SSL_CERT_FILE")
            .arg(script)
            .args(args);
        Process::spawn(command)
    }

    /// All that the server has said.
    #[must_use]
    pub fn transcript(&self) -> String {
        self.process.as_ref().map(Process::transcript).unwrap_or_default()
    }

    /// The domain that it serves.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.federated.as_ref().map_or("localhost", |federated| &federated.domain)
    }

    fn configure(&self) {
        let folder = self.folder.path();
        let write = |name: &str, text: &str| {
            fs::write(folder.join(name), text).expect("the folder can be written to")
        };
        let read = |file: &Path| fs::read_to_string(file).expect("the authority's files can be read");
        let (certificate, key) = match &self.federated {
            Some(Federated { identity, .. }) => (read(&identity.certificate), read(&identity.key)),
            None => identity(),
        };
        write("cert.pem", &certificate);
        write("key.pem", &key);
        write("both.pem", &format!("{key}{certificate}"));
        let fill = |template: &str| {
            let ports = [
                ("@PLAIN@", self.plain),
                ("@TLS@", self.tls),
                ("@HTTPS@", self.https),
                ("@UPLOADS@", self.uploads),
                ("@COMPONENT@", self.component),
            ];
            let filled = self.fill_federated(template).replace("@FOLDER@", &folder.to_string_lossy());
            ports.iter().fold(filled, |text, (name, port)| text.replace(name, &port.to_string()))
        };
        for name in ["data", "spool", "logs"] {
            fs::create_dir_all(folder.join(name)).expect("the folder can be written to");
        }
        match self.kind {
            Kind::Prosody => {
                let template = if self.federated.is_some() { PROSODY_S2S } else { PROSODY };
                write("prosody.cfg.lua", &fill(template));
            }
            Kind::Ejabberd => {
                let template = if self.federated.is_some() { EJABBERD_S2S } else { EJABBERD };
                write("ejabberd.yml", &fill(template));
                write("inetrc", &self.resolver());
                let (port, folder) = (self.distribution, folder.display());
                let control = format!(
                    "ERLANG_NODE=tests{port}@localhost\nINET_DIST_INTERFACE=127.0.0.1\nERL_DIST_PORT={port}\n\
                     EJABBERD_PID_PATH={folder}/spool/pid\nEJABBERD_CONFIG_PATH={folder}/ejabberd.yml\n"
                );
                write("ctl.cfg", &control);
                // As whoever runs the tests, not as the user of the package.
                let script = fs::read_to_string(program("ejabberdctl")).expect("ejabberdctl can be read");
                write("ejabberdctl", &script.replace("INSTALLUSER=ejabberd", "INSTALLUSER="));
            }
        }
    }

    /// How Erlang finds hosts, and whom it asks for SRV records.
    fn resolver(&self) -> String {
        let lookup = "{lookup, [\"file\", \"native\"]}.\n";
        let name_server = self.federated.as_ref().and_then(|federated| federated.name_server);
        let name_server = name_server.map(|at| match at {
            SocketAddr::V4(at) => {
                let [a, b, c, d] = at.ip().octets();
                // What the system has to say of name servers would be heeded later than this.
                let none = "{resolv_conf, \"\"}.\n";
                format!("{none}{{nameserver, {{{a},{b},{c},{d}}}, {}}}.\n", at.port())
            }
            SocketAddr::V6(_) => panic!("the tests are on the loopback interface of IPv4"),
        });
        lookup.to_owned() + &name_server.unwrap_or_default()
    }

    fn fill_federated(&self, template: &str) -> String {
        let Some(federated) = &self.federated else { return template.to_owned() };
        let (other, port) = &federated.other;
        let route = format!("[\"{other}\"] = {port}");
        let (routes, direct_routes) =
            if federated.other_direct_tls { (String::new(), route) } else { (route, String::new()) };
        let dialback = if federated.certificates { "" } else { "mod_s2s_dialback: {}" };
        let values = [
            ("@DOMAIN@", federated.domain.clone()),
            ("@S2S@", federated.port.to_string()),
            ("@AUTHORITY@", federated.authority.display().to_string()),
            ("@SECURE@", federated.certificates.to_string()),
            ("@DIALBACK@", dialback.to_owned()),
            ("@BIDI@", if federated.bidi { "\"s2s_bidi\";" } else { "" }.to_owned()),
            ("@S2S_TLS@", federated.direct_tls_port.to_string()),
            ("@DIRECT_ROUTES@", direct_routes),
            ("@ROUTES@", routes),
            ("@ROUTE@", port.to_string()),
            ("@SCRIPTS@", foreign::folder().display().to_string()),
        ];
        values.iter().fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// Runs the server, or for ejabberd one of its commands.
    fn command(&self, args: &[&str]) -> Command {
        let folder = self.folder.path();
        let file = |name: &str| folder.join(name);
        match self.kind {
            Kind::Prosody => {
                let mut command = foreign::program("prosody");
                command.arg("--config").arg(file("prosody.cfg.lua")).arg("-F");
                command
            }
            Kind::Ejabberd => {
                let mut command = Command::new("bash");
                command.arg(file("ejabberdctl")).env("HOME", folder).arg("-c").arg(file("ctl.cfg"));
                command.arg("-d").arg(folder).arg("-f").arg(file("ejabberd.yml"));
                command.arg("-s").arg(file("spool")).arg("-l").arg(file("logs")).args(args);
                command
            }
        }
    }

    fn register(&self, user: &str) {
        let began = Instant::now();
        loop {
            let output = Process::spawn(self.registration(user)).finish(PATIENCE);
            // ejabberd listens before it has its tables.
            let is_early = self.kind == Kind::Ejabberd && output.stdout.contains("no_exists");
            if !is_early || began.elapsed() > PATIENCE {
                let _ = output.expect_success();
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    fn registration(&self, user: &str) -> Command {
        let password = format!("pw-{user}");
        match self.kind {
            Kind::Prosody => {
                let mut command = foreign::program("prosodyctl");
                command.arg("--config").arg(self.folder.path().join("prosody.cfg.lua"));
                command.args(["register", user, self.domain(), &password]);
                command
            }
            Kind::Ejabberd => self.command(&["register", user, self.domain(), &password]),
        }
    }
}

/// ejabberd is a tree of processes, and knows how to end them all.
impl Drop for Counterpart {
    fn drop(&mut self) {
        if self.kind == Kind::Ejabberd {
            let _ = Process::spawn(self.command(&["stop"])).finish(PATIENCE);
            if let Some(process) = self.process.take() {
                let _ = process.finish(PATIENCE);
            }
        }
    }
}

fn address(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Where a program of the administrator's is: not on every `PATH`.
fn program(name: &str) -> PathBuf {
    let administrators = Path::new("/usr/sbin").join(name);
    if administrators.is_file() { administrators } else { foreign::program(name).get_program().into() }
}

/// A self-signed certificate for `localhost` and its key, in PEM.
fn identity() -> (String, String) {
    let mut params = CertificateParams::new(["localhost".to_owned()]).expect("the name is one");
    params.distinguished_name.push(DnType::CommonName, "localhost");
    // Not every server reads dates behind 2049, as these are written differently (RFC 5280 §4.1.2.5).
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 1, 1);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("there is randomness");
    let certificate = params.self_signed(&key).expect("the key can sign");
    (certificate.pem(), key.serialize_pem())
}
