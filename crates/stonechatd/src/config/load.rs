//! From a configuration file to what is served.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use stonechat_extension::Registry;
use stonechat_server::config::{Config, KeyPair};
use stonechat_server::tls;

use super::log::Log;
use super::{File, explain, extensions};
use crate::cli::Place;
use crate::data;
use crate::failure::Failure;

/// A configuration that can be served: all paths are complete, and every host has a certificate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    /// The file that it comes from.
    pub(crate) file: Option<PathBuf>,
    /// The data directory.
    pub(crate) data: PathBuf,
    /// How many threads carry stanzas.
    pub(crate) threads: usize,
    pub(crate) log: Log,
    pub(crate) server: Config,
    /// The hosts without a certificate, with the one that is made for them.
    pub(crate) own_certificates: BTreeMap<String, KeyPair>,
}

impl Settings {
    /// Reads and checks the configuration at this place.
    pub(crate) fn load(place: &Place, registry: &Registry) -> Result<Self, Failure> {
        let file = match &place.config {
            Some(path) => read(path)?,
            None => File::first_start(),
        };
        let folder = place.config.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let data = place.data.clone().unwrap_or_else(|| folder.join(&file.data));
        let (threads, log) = (threads(file.threads), file.log);
        let mut server = file.into_server();
        complete(&mut server, folder);
        let own_certificates = certify(&mut server, &data);
        let settings = Self { file: place.config.clone(), data, threads, log, server, own_certificates };
        settings
            .check(registry)
            .map_err(|message| Failure::config(format!("{}: {message}", settings.name())))?;
        Ok(settings)
    }

    /// What to call it in messages.
    pub(crate) fn name(&self) -> String {
        self.file
            .as_deref()
            .map_or_else(|| "the built-in configuration".to_owned(), |file| file.display().to_string())
    }

    /// Makes the certificates of hosts that have none, unless that was done before. Says which were made.
    pub(crate) fn make_certificates(&self) -> Result<Vec<&str>, Failure> {
        if !self.own_certificates.is_empty() {
            let folder = data::certificates(&self.data);
            std::fs::create_dir_all(&folder).map_err(|error| Failure::io(folder.display(), error))?;
        }
        let mut made = Vec::new();
        for (domain, pair) in &self.own_certificates {
            let is_made = tls::generate_if_missing(&[domain], pair);
            if is_made.map_err(|error| Failure::config(format!("hosts.{domain}.tls: {error}")))? {
                made.push(domain.as_str());
            }
        }
        Ok(made)
    }

    fn check(&self, registry: &Registry) -> Result<(), String> {
        if self.server.hosts.is_empty() {
            return Err("hosts: there is none, so there is nothing to serve".to_owned());
        }
        self.server.check().map_err(|error| error.to_string())?;
        extensions::check(&self.server, registry)
    }
}

/// How many threads carry stanzas: as many as are asked for, or one for every two cores. The system's share of the work,
/// sockets and TCP, is as large as ours, and what the threads hand to each other costs more than what one does alone.
fn threads(asked: u16) -> usize {
    match usize::from(asked) {
        0 => std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2)),
        asked => asked,
    }
}

fn read(path: &Path) -> Result<File, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| Failure::io(path.display(), error))?;
    toml::from_str(&text).map_err(|error| Failure::config(explain::explain(path, &text, &error)))
}

/// Paths in a file are relative to its folder.
fn complete(config: &mut Config, folder: &Path) {
    let of_hosts = config.hosts.values_mut().map(|host| &mut host.tls);
    let (of_components, secrets): (Vec<_>, Vec<_>) = config
        .components
        .values_mut()
        .map(|component| (&mut component.tls, &mut component.secret_file))
        .unzip();
    let pairs = of_hosts.chain(of_components).filter_map(Option::as_mut);
    let certificates = pairs.flat_map(|pair| [&mut pair.certificate, &mut pair.key]);
    let files = [&mut config.tls.certificate, &mut config.tls.key, &mut config.federation.authorities];
    let all = files.into_iter().chain(secrets).flatten().chain(certificates);
    all.for_each(|path| *path = folder.join(&*path));
}

/// Names a certificate in the data directory for each host without one.
fn certify(config: &mut Config, data: &Path) -> BTreeMap<String, KeyPair> {
    if config.tls.certificate.is_some() || config.tls.key.is_some() {
        return BTreeMap::new();
    }
    let folder = data::certificates(data);
    let mut own = BTreeMap::new();
    for (domain, host) in &mut config.hosts {
        if host.tls.is_none() {
            // Whether the domain is one is checked before a file of that name is made.
            let file = |ending: &str| folder.join(format!("{domain}.{ending}"));
            let pair = KeyPair { certificate: file("pem"), key: file("key") };
            host.tls = Some(pair.clone());
            own.insert(domain.clone(), pair);
        }
    }
    own
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extensions::registry;

    fn load(text: &str) -> Result<Settings, Failure> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("stonechat.toml");
        std::fs::write(&file, text).unwrap();
        let settings = Settings::load(&Place { config: Some(file), data: None }, &registry().unwrap());
        settings.map(|settings| Settings {
            data: settings.data.strip_prefix(folder.path()).unwrap_or(&settings.data).to_owned(),
            ..settings
        })
    }

    #[test]
    fn without_a_file_localhost_is_served_on_the_loopback_interface_only() {
        let settings = Settings::load(&Place::default(), &registry().unwrap()).unwrap();
        assert_eq!(settings.server.hosts.keys().collect::<Vec<_>>(), ["localhost"]);
        assert!(settings.server.listeners.iter().all(|listener| listener.address.ip().is_loopback()));
        assert_eq!(settings.data, Path::new("stonechat-data"));
        assert!(settings.own_certificates.contains_key("localhost"));
    }

    #[test]
    fn paths_are_relative_to_the_file() {
        let text = "data = \"d\"\n[hosts.a.tls]\ncertificate = \"c.pem\"\nkey = \"/k.pem\"\n[components.b]\nsecret_file = \"b\"\n\
                    tls = { certificate = \"d.pem\", key = \"d.key\" }";
        let settings = load(text).unwrap();
        assert_eq!(settings.data, Path::new("d"));
        let pair = settings.server.hosts["a"].tls.as_ref().unwrap();
        assert!(pair.certificate.is_absolute() && pair.certificate.ends_with("c.pem"));
        assert_eq!(pair.key, Path::new("/k.pem"));
        assert!(settings.own_certificates.is_empty());
        let component = &settings.server.components["b"];
        let secret = component.secret_file.as_ref().unwrap();
        assert!(secret.is_absolute() && secret.ends_with("b"));
        let key = &component.tls.as_ref().unwrap().key;
        assert!(key.is_absolute() && key.ends_with("d.key"));
    }

    #[test]
    fn there_is_always_a_thread() {
        assert!(threads(0) >= 1);
        assert_eq!(load("threads = 3").unwrap().threads, 3);
    }

    #[test]
    fn only_hosts_without_a_certificate_get_one() {
        let settings = load("[hosts.a]\n[hosts.b.tls]\ncertificate = \"c\"\nkey = \"k\"").unwrap();
        assert_eq!(settings.own_certificates.keys().collect::<Vec<_>>(), ["a"]);
        assert!(
            load("[tls]\ncertificate = \"c\"\nkey = \"k\"\n[hosts.a]").unwrap().own_certificates.is_empty()
        );
    }

    #[test]
    fn what_cannot_be_served_is_refused_with_file_and_key() {
        for (text, key) in [
            ("[hosts]", "hosts: "),
            ("[hosts.\"../x\"]", "hosts.../x"),
            ("[tls]\ncertificate = \"c\"", "tls.key"),
            ("[extensions.pong]", "extensions.pong"),
        ] {
            let failure = load(text).unwrap_err();
            assert!(
                failure.message.contains("stonechat.toml: ") && failure.message.contains(key),
                "{failure}"
            );
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let place = Place { config: Some("/nowhere/stonechat.toml".into()), data: None };
        let failure = Settings::load(&place, &registry().unwrap()).unwrap_err();
        assert!(failure.message.contains("/nowhere/stonechat.toml"), "{failure}");
    }
}
