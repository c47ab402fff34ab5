//! Whether a configuration makes sense.

use std::collections::BTreeSet;

use stonechat_extension::suggest;
use stonechat_jid::BareJid;
use stonechat_sasl::{Mechanism, scram};

use super::{Config, Kind};

/// A configuration that cannot be served. The message names the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {message}")]
pub struct ConfigError {
    key: String,
    message: String,
}

impl ConfigError {
    /// What is wrong with which key.
    pub fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into() }
    }

    /// The key, with dots between its parts: `listeners.0.plaintext`.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// What is wrong, without the key.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

fn refuse(key: impl Into<String>, message: impl Into<String>) -> Result<(), ConfigError> {
    Err(ConfigError::new(key, message))
}

impl Config {
    /// Whether the values make sense together. Files are not looked at, extensions' sections neither: starting does that.
    ///
    /// # Errors
    /// [`ConfigError`] for the first that does not.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.check_listeners()?;
        self.check_tls()?;
        self.check_limits()?;
        self.check_authentication()?;
        self.check_hosts()?;
        self.check_federation()?;
        self.check_components()
    }

    fn check_listeners(&self) -> Result<(), ConfigError> {
        let mut seen = BTreeSet::new();
        for (at, listener) in self.listeners.iter().enumerate() {
            let is_loopback = listener.address.ip().to_canonical().is_loopback();
            if listener.kind == Kind::Component {
                if !is_loopback && !listener.plaintext {
                    let why = "components speak in the clear: on an address that is not of the loopback interface only with `plaintext = true`";
                    return refuse(format!("listeners.{at}.address"), why);
                }
            } else if listener.plaintext && !is_loopback {
                let why = "clients may do without TLS on an address of the loopback interface only";
                return refuse(format!("listeners.{at}.plaintext"), why);
            }
            if listener.plaintext && !matches!(listener.kind, Kind::Starttls | Kind::Component) {
                return refuse(
                    format!("listeners.{at}.plaintext"),
                    "only clients of a listener of kind \"starttls\" may do without TLS",
                );
            }
            if listener.address.port() != 0 && !seen.insert(listener.address) {
                let why = format!("{} is listened on twice", listener.address);
                return refuse(format!("listeners.{at}.address"), why);
            }
        }
        Ok(())
    }

    fn check_tls(&self) -> Result<(), ConfigError> {
        match (&self.tls.certificate, &self.tls.key) {
            (Some(_), None) => return refuse("tls.key", "the key of tls.certificate is missing"),
            (None, Some(_)) => return refuse("tls.certificate", "the certificate of tls.key is missing"),
            _ => {}
        }
        let needs =
            self.listeners.iter().any(|listener| !listener.plaintext && listener.kind != Kind::Component);
        let without = self.hosts.iter().find(|(_, host)| host.tls.is_none());
        if let Some((domain, _)) = without
            && needs
            && self.tls.certificate.is_none()
        {
            return refuse(
                format!("hosts.{domain}.tls"),
                "the host has no certificate, and there is no tls.certificate",
            );
        }
        Ok(())
    }

    fn check_limits(&self) -> Result<(), ConfigError> {
        let (limits, timeouts) = (&self.limits, &self.timeouts);
        let not_zero = [
            ("limits.connections", limits.connections),
            ("limits.connections_per_ip", limits.connections_per_ip),
            ("limits.sessions_per_account", limits.sessions_per_account),
            ("limits.mailbox_bytes", limits.mailbox_bytes),
            ("authentication.failures_per_stream", self.authentication.failures_per_stream.into()),
        ];
        if let Some((key, _)) = not_zero.iter().find(|(_, value)| *value == 0) {
            return refuse(*key, "this cannot be 0");
        }
        let times = [("timeouts.login", timeouts.login), ("timeouts.write", timeouts.write)];
        if let Some((key, _)) = times.iter().find(|(_, value)| value.is_zero()) {
            return refuse(*key, "this cannot be 0");
        }
        let most = stonechat_stanza::xml::Limits::MAX_BYTES;
        if !(10_000..=most).contains(&limits.stanza_bytes) {
            return refuse("limits.stanza_bytes", format!("this has to be from 10000 to {most}"));
        }
        if !(1024..=most).contains(&limits.stanza_bytes_before_login) {
            return refuse("limits.stanza_bytes_before_login", format!("this has to be from 1024 to {most}"));
        }
        if limits.bytes_per_second > 0 && limits.burst_bytes == 0 {
            return refuse("limits.burst_bytes", "this cannot be 0 while bytes_per_second is not");
        }
        Ok(())
    }

    fn check_authentication(&self) -> Result<(), ConfigError> {
        let authentication = &self.authentication;
        for name in &authentication.mechanisms {
            match name.parse::<Mechanism>() {
                Ok(Mechanism::Anonymous) => {
                    return refuse(
                        "authentication.mechanisms",
                        "ANONYMOUS is switched on by `anonymous` of a host",
                    );
                }
                Ok(Mechanism::External) => {
                    return refuse("authentication.mechanisms", "EXTERNAL is not implemented");
                }
                Ok(mechanism) if mechanism.takes_token() => {
                    return refuse(
                        "authentication.mechanisms",
                        "the HT mechanisms are for tokens and offered by the extension that issues them",
                    );
                }
                Ok(_) => {}
                Err(_) => return Err(unknown_mechanism(name)),
            }
        }
        let (least, most) = (scram::MIN_ITERATIONS, scram::MAX_ITERATIONS);
        if !(least..=most).contains(&authentication.iterations) {
            return refuse("authentication.iterations", format!("this has to be from {least} to {most}"));
        }
        let throttles = [
            ("authentication.per_ip", &authentication.per_ip),
            ("authentication.per_account", &authentication.per_account),
            ("authentication.per_account_and_ip", &authentication.per_account_and_ip),
        ];
        match throttles
            .iter()
            .find(|(_, throttle)| throttle.failures == 0 || throttle.forgotten_after.is_zero())
        {
            Some((key, _)) => refuse(*key, "neither `failures` nor `forgotten_after` can be 0"),
            None => Ok(()),
        }
    }

    fn check_federation(&self) -> Result<(), ConfigError> {
        let federation = &self.federation;
        let not_zero = [
            ("federation.queue_bytes", federation.queue_bytes),
            ("federation.pairs", federation.pairs),
            ("federation.connecting", federation.connecting),
            ("federation.pairs_per_stream", federation.pairs_per_stream),
        ];
        if let Some((key, _)) = not_zero.iter().find(|(_, value)| *value == 0) {
            return refuse(*key, "this cannot be 0");
        }
        let times = [
            ("federation.connect", federation.connect),
            ("federation.idle", federation.idle),
            ("federation.reconnect", federation.reconnect),
            ("federation.retry_first", federation.retry_first),
            ("federation.retry_most", federation.retry_most),
        ];
        if let Some((key, _)) = times.iter().find(|(_, value)| value.is_zero()) {
            return refuse(*key, "this cannot be 0");
        }
        for domain in federation.peers.keys() {
            check_domain("federation.peers", domain.strip_prefix("*.").unwrap_or(domain))?;
            if self.hosts.contains_key(domain) {
                return refuse(format!("federation.peers.{domain}"), "this domain is served here");
            }
        }
        Ok(())
    }

    fn check_components(&self) -> Result<(), ConfigError> {
        for (domain, component) in &self.components {
            check_domain("components", domain)?;
            let key = |key: &str| format!("components.{domain}{key}");
            if self.hosts.contains_key(domain) {
                return refuse(key(""), "this domain is that of a host");
            }
            if self.federation.peers.contains_key(domain) {
                return refuse(
                    key(""),
                    "this domain is that of a component, and not of another server (federation.peers)",
                );
            }
            match (&component.secret, &component.secret_file) {
                (None, None) => return refuse(key(".secret"), "either this or `secret_file` is needed"),
                (Some(_), Some(_)) => {
                    return refuse(
                        key(".secret_file"),
                        "there is a `secret` already; one of the two has to go",
                    );
                }
                (Some(secret), None) if secret.get().is_empty() => {
                    return refuse(key(".secret"), "this cannot be empty");
                }
                _ => {}
            }
            let not_zero = [(".connections", component.connections), (".queue_bytes", component.queue_bytes)];
            if let Some((name, _)) = not_zero.iter().find(|(_, value)| *value == 0) {
                return refuse(key(name), "this cannot be 0");
            }
        }
        Ok(())
    }

    fn check_hosts(&self) -> Result<(), ConfigError> {
        self.hosts.keys().try_for_each(|domain| check_domain("hosts", domain))
    }
}

fn check_domain(table: &str, domain: &str) -> Result<(), ConfigError> {
    let key = || format!("{table}.{domain}");
    match BareJid::parse(domain) {
        Ok(jid) if jid.as_str() == domain && jid.local().is_none() => Ok(()),
        Ok(jid) if jid.local().is_none() => refuse(key(), format!("write this domain as `{jid}`")),
        Ok(_) => refuse(key(), "this is not a domain"),
        Err(error) => refuse(key(), format!("this is not a domain: {error}")),
    }
}

fn unknown_mechanism(name: &str) -> ConfigError {
    let near = suggest(name, Mechanism::ALL.iter().map(|mechanism| mechanism.name()));
    let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    ConfigError::new("authentication.mechanisms", format!("there is no mechanism `{name}`{hint}"))
}

#[cfg(test)]
mod tests;
