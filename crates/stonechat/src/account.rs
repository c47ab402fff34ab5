//! Whose client it is, and where to connect: the command line, the environment and the configuration file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use stonechat_client::{Builder, Client, Place, Trust};
use stonechat_jid::BareJid;

use crate::extensions::Sections;
use crate::failure::Failure;
use crate::secret::{self, Secret};

/// How long is waited unless something else is asked for, in seconds.
const PATIENCE: u64 = 30;

/// Whose client it is, and where to connect.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[command(next_help_heading = "Account and connection")]
pub(crate) struct Options {
    /// The account, as name@domain.
    #[arg(long, short, global = true, env = "STONECHAT_JID", value_name = "JID", value_parser = account)]
    pub(crate) jid: Option<BareJid>,
    /// The server's host, where it is not where the domain's DNS says.
    #[arg(long, global = true, env = "STONECHAT_HOST")]
    pub(crate) host: Option<String>,
    /// The server's port [default with a host: 5222, or 5223 with direct TLS].
    #[arg(long, global = true, env = "STONECHAT_PORT")]
    pub(crate) port: Option<u16>,
    /// Begin with TLS, not with STARTTLS.
    #[arg(long, global = true, env = "STONECHAT_DIRECT_TLS")]
    pub(crate) direct_tls: bool,
    /// Trust the certificates in this PEM file, and no others.
    #[arg(long, global = true, env = "STONECHAT_CA", value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// The DNS server to ask where the domain's server is, with its port [default: those of the system].
    #[arg(long, global = true, env = "STONECHAT_NAME_SERVER", value_name = "ADDRESS:PORT")]
    pub(crate) name_server: Option<SocketAddr>,
    /// The file with passwords: lines of an address, a space, and the password. Nobody else may read it.
    #[arg(long, global = true, env = "STONECHAT_KEYRING", value_name = "FILE")]
    pub(crate) keyring: Option<PathBuf>,
    /// Keep and use no token that stands for the password at the next login.
    #[arg(long, global = true, env = "STONECHAT_NO_TOKEN")]
    pub(crate) no_token: bool,
    /// How many seconds to wait, for the login and for each answer [default: 30].
    #[arg(long, global = true, env = "STONECHAT_TIMEOUT", value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub(crate) timeout: Option<u64>,
    /// The configuration file [default: stonechat/config.toml in $XDG_CONFIG_HOME].
    #[arg(long, global = true, env = "STONECHAT_CLIENT_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub(crate) config: Option<PathBuf>,
    /// What the configuration file says about extensions.
    #[arg(skip)]
    pub(crate) extensions: Sections,
}

/// An account to log in to.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) jid: BareJid,
    pub(crate) place: Place,
    name_server: Option<SocketAddr>,
    /// The certificates to trust and no others, if not those of the system.
    pub(crate) roots: Option<Vec<CertificateDer<'static>>>,
    pub(crate) patience: Duration,
    pub(crate) extensions: Sections,
    /// Whether a token may be kept.
    pub(crate) keeps_token: bool,
    keyring: Option<PathBuf>,
}

impl Options {
    /// What the configuration file, too, has to say.
    pub(crate) fn resolve(self) -> Result<Account, Failure> {
        let folder = folder("XDG_CONFIG_HOME", ".config");
        let path = self.config.clone().or_else(|| folder.as_deref().map(|folder| folder.join("config.toml")));
        let file = match &path {
            Some(path) => {
                let file = read(path, self.config.is_some())?;
                file.extensions.check().map_err(|failure| failure.within(path.display()))?;
                file
            }
            None => Self::default(),
        };
        self.over(file).account(folder.as_deref(), path.as_deref())
    }

    /// These, and where they say nothing, those of a file.
    fn over(self, file: Self) -> Self {
        Self {
            jid: self.jid.or(file.jid),
            host: self.host.or(file.host),
            port: self.port.or(file.port),
            direct_tls: self.direct_tls || file.direct_tls,
            ca: self.ca.or(file.ca),
            name_server: self.name_server.or(file.name_server),
            keyring: self.keyring.or(file.keyring),
            no_token: self.no_token || file.no_token,
            timeout: self.timeout.or(file.timeout),
            config: self.config,
            extensions: file.extensions,
        }
    }

    fn account(self, folder: Option<&Path>, config: Option<&Path>) -> Result<Account, Failure> {
        let jid = self.jid.clone().ok_or_else(|| {
            let file = config.map_or_else(String::new, |path| {
                format!(", or write jid = \"name@domain\" to {}", path.display())
            });
            Failure::usage(format!("whose account? Say --jid name@domain, or set STONECHAT_JID{file}"))
        })?;
        let roots = self.ca.as_deref().map(certificates).transpose()?;
        let patience = Duration::from_secs(self.timeout.unwrap_or(PATIENCE).max(1));
        let place = self.place(&jid);
        let name_server = self.name_server;
        let keyring = self.keyring.or_else(|| folder.map(|folder| folder.join("keyring")));
        let (extensions, keeps_token) = (self.extensions, !self.no_token);
        Ok(Account { jid, place, name_server, roots, patience, extensions, keeps_token, keyring })
    }

    fn place(&self, jid: &BareJid) -> Place {
        if self.host.is_none() && self.port.is_none() && !self.direct_tls {
            return Place::Domain;
        }
        let host = self.host.clone().unwrap_or_else(|| jid.domain().to_owned());
        if self.direct_tls {
            Place::DirectTls(host, self.port.unwrap_or(5223))
        } else {
            Place::Host(host, self.port.unwrap_or(5222))
        }
    }
}

impl Account {
    /// The password.
    pub(crate) fn password(&self) -> Result<Secret, Failure> {
        secret::of(&self.jid, self.keyring.as_deref())
    }

    /// The password, where somebody has written it down.
    pub(crate) fn known_password(&self) -> Result<Option<Secret>, Failure> {
        secret::known(&self.jid, self.keyring.as_deref())
    }

    /// The password that the account is to have, when there is none yet.
    pub(crate) fn chosen_password(&self) -> Result<Secret, Failure> {
        secret::chosen(&self.jid, self.keyring.as_deref())
    }

    /// The description of the account's client, without anything to log in with.
    pub(crate) fn client(&self) -> Builder {
        let trust = self.roots.clone().map_or_else(Trust::system, Trust::roots);
        let client = Client::builder(self.jid.clone()).place(self.place.clone()).trust(trust);
        let client = client.request_timeout(self.patience);
        match self.name_server {
            Some(address) => client.name_server(address),
            None => client,
        }
    }
}

/// The address of an account, for clap.
pub(crate) fn account(text: &str) -> Result<BareJid, String> {
    let jid = BareJid::parse(text).map_err(|error| error.to_string())?;
    match jid.local() {
        Some(_) => Ok(jid),
        None => Err("an account is written as name@domain".to_owned()),
    }
}

/// Where files of the user are (XDG Base Directory Specification): below what this variable names, or else below this folder of theirs.
pub(crate) fn folder(variable: &str, default: &str) -> Option<PathBuf> {
    let absolute = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute(variable).or_else(|| absolute("HOME").map(|home| home.join(default)))?;
    Some(base.join("stonechat"))
}

/// The configuration file; nothing if it is not there and nobody named it.
fn read(path: &Path, named: bool) -> Result<Options, Failure> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !named => return Ok(Options::default()),
        Err(error) => return Err(Failure::io(path.display(), error)),
    };
    toml::from_str(&text).map_err(|error| Failure::config(error.message()).within(path.display()))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let failed = |error| Failure::config(format!("{}: no certificates can be read: {error}", path.display()));
    let found = CertificateDer::pem_file_iter(path).map_err(failed)?;
    let found = found.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    if found.is_empty() {
        return Err(Failure::config(format!("{}: there is no certificate in it", path.display())));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Code;

    fn options(text: &str) -> Options {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn the_command_line_goes_before_the_file() {
        let said = options("port = 1\njid = 'juliet@example.org'");
        let both = said.over(options("port = 2\nhost = 'im.example.org'\njid = 'romeo@example.org'"));
        assert_eq!((both.port, both.host.as_deref()), (Some(1), Some("im.example.org")));
        assert_eq!(both.jid.unwrap().as_str(), "juliet@example.org");
    }

    #[test]
    fn where_to_connect() {
        let jid = "juliet@example.org".parse().unwrap();
        let host = |host: &str, port| Place::Host(host.to_owned(), port);
        assert_eq!(options("").place(&jid), Place::Domain);
        assert_eq!(options("port = 1").place(&jid), host("example.org", 1));
        assert_eq!(options("host = 'a'").place(&jid), host("a", 5222));
        assert_eq!(
            options("direct-tls = true").place(&jid),
            Place::DirectTls("example.org".to_owned(), 5223)
        );
    }

    #[test]
    fn a_file_with_a_mistake_is_named_with_the_mistake() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        assert!(read(&path, false).unwrap().jid.is_none());
        assert_eq!(read(&path, true).unwrap_err().code, Code::Io);
        for text in ["password = 'secret'", "jid = 'a@b@c'", "port = 70000"] {
            std::fs::write(&path, text).unwrap();
            let failure = read(&path, false).unwrap_err();
            assert!(failure.code == Code::Config && failure.message.contains("config.toml"), "{failure}");
        }
    }

    #[test]
    fn without_an_address_the_failure_says_how_to_give_one() {
        let failure = Options::default().account(None, None).unwrap_err();
        assert!(failure.code == Code::Usage && failure.message.contains("--jid"), "{failure}");
    }

    #[test]
    fn a_file_without_certificates_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        assert_eq!(certificates(&path).unwrap_err().code, Code::Config);
        std::fs::write(&path, "nothing").unwrap();
        assert_eq!(certificates(&path).unwrap_err().code, Code::Config);
    }
}
