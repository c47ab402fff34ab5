//! Components: programs of somebody else's that have a domain of this server.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use stonechat_stream::component;
use zeroize::Zeroizing;

use super::{ConfigError, KeyPair, seconds};

/// What a component and this server share. Not shown by `Debug`, nor written by serde.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(component::Secret);

impl Secret {
    /// This secret.
    #[must_use]
    pub fn new(secret: impl Into<String>) -> Self {
        Self(component::Secret::new(secret))
    }

    pub(crate) const fn get(&self) -> &component::Secret {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(hidden)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// A component (XEP-0114): who knows its secret has its domain. It needs a listener of kind `component`.
///
/// Its domain is neither that of a host, nor one that an extension of a host serves, nor one of `federation.peers`. It need not be below a
/// host's; nobody elsewhere speaks for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Component {
    /// What proves that it is the component. Either this or `secret_file`.
    pub secret: Option<Secret>,
    /// The file with the secret, which nobody but its owner may be allowed to read; white space around the secret does not count. Read at
    /// the start and at each reload.
    pub secret_file: Option<PathBuf>,
    /// The certificate of its domain, for other servers. Default: that of the host above it where it names the domain, as one with
    /// `*.example.org` does, or else the one of the server's `tls` section.
    pub tls: Option<KeyPair>,
    /// How many connections it may have at the same time; one more is refused with `conflict`. With several, what one address sends to the
    /// component comes over one of them. Default: 1.
    pub connections: usize,
    /// Bytes that wait for the component to take them; what is more goes back to its senders. Default: 1048576.
    pub queue_bytes: usize,
    /// How long what is for the component waits while it is not connected, in seconds; then it goes back to its senders, and what comes
    /// later is refused at once, until the component is back. Default: 30.
    #[serde(with = "seconds")]
    pub wait: Duration,
}

impl Default for Component {
    fn default() -> Self {
        Self {
            secret: None,
            secret_file: None,
            tls: None,
            connections: 1,
            queue_bytes: 1 << 20,
            wait: Duration::from_secs(30),
        }
    }
}

impl Component {
    /// The defaults, with this secret.
    #[must_use]
    pub fn with_secret(secret: impl Into<String>) -> Self {
        Self { secret: Some(Secret::new(secret)), ..Self::default() }
    }

    /// The secret of the component with this domain, from wherever it is.
    ///
    /// # Errors
    /// [`ConfigError`], without any part of a secret: there is none, or its file cannot be read, or can be read by others.
    pub fn read_secret(&self, domain: &str) -> Result<Secret, ConfigError> {
        match (&self.secret, &self.secret_file) {
            (Some(secret), _) => Ok(secret.clone()),
            (None, Some(file)) => read(file).map_err(|why| {
                ConfigError::new(
                    format!("components.{domain}.secret_file"),
                    format!("{}: {why}", file.display()),
                )
            }),
            (None, None) => Err(ConfigError::new(format!("components.{domain}.secret"), "there is none")),
        }
    }
}

fn read(file: &Path) -> Result<Secret, String> {
    check_permissions(file)?;
    let text = std::fs::read_to_string(file).map(Zeroizing::new).map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => "this is not text".to_owned(),
        _ => error.to_string(),
    })?;
    let secret = Secret::new(text.trim());
    if secret.get().is_empty() { Err("there is no secret in it".to_owned()) } else { Ok(secret) }
}

#[cfg(unix)]
fn check_permissions(file: &Path) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt as _;

    let mode = file.metadata().map_err(|error| error.to_string())?.mode();
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err("others than its owner can get at it; `chmod 600` changes that".to_owned())
}

#[cfg(not(unix))]
fn check_permissions(_: &Path) -> Result<(), String> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_and_neither_shown_nor_written() {
        let component: Component = toml::from_str("secret = \"hunter2\"").unwrap();
        assert_eq!(component, Component::with_secret("hunter2"));
        let written = toml::to_string(&component).unwrap();
        assert!(!format!("{component:?}{written}").contains("hunter2"), "{component:?} {written}");
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_is_read_from_a_file_that_only_its_owner_can_read() {
        use std::fs::{Permissions, set_permissions, write};
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        let component = Component { secret_file: Some(file.clone()), ..Component::default() };
        let load = || component.read_secret("irc.example.org");
        assert!(load().unwrap_err().to_string().starts_with("components.irc.example.org.secret_file: "));
        for (text, mode, is_good) in [
            (&b"hunter2\n"[..], 0o600, true),
            (b"hunter2", 0o400, true),
            (b"hunter2", 0o640, false),
            (b"hunter2", 0o604, false),
            (b" \n", 0o600, false),
            (b"\xff", 0o600, false),
        ] {
            let _ = std::fs::remove_file(&file);
            write(&file, text).unwrap();
            set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            match load() {
                Ok(secret) => assert!(is_good && secret == Secret::new("hunter2"), "{text:?} {mode:o}"),
                Err(error) => assert!(!is_good && !error.to_string().contains("hunter2"), "{error}"),
            }
        }
    }
}
