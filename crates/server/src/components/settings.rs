//! What a configuration says about components, ready to be used.

use std::collections::HashMap;

use stonechat_jid::BareJid;
use stonechat_stream::component::Secret;

use crate::config::{Component, Config, ConfigError};

/// What a configuration says about one component.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) secret: Secret,
    pub(super) config: Component,
}

/// Settings that were loaded, and are put in service with [`Components::reconfigure`](super::Components::reconfigure).
#[derive(Debug)]
pub(crate) struct Fresh(pub(super) HashMap<BareJid, Settings>);

impl Fresh {
    /// Reads the secrets that the configuration names. Nothing changes yet.
    ///
    /// # Errors
    /// [`ConfigError`], without any part of a secret.
    pub(crate) fn load(config: &Config) -> Result<Self, ConfigError> {
        let load = |(domain, component): (&String, &Component)| {
            let jid = BareJid::parse(domain)
                .map_err(|error| ConfigError::new(format!("components.{domain}"), error.to_string()))?;
            let secret = component.read_secret(domain)?.get().clone();
            Ok((jid, Settings { secret, config: component.clone() }))
        };
        config.components.iter().map(load).collect::<Result<_, _>>().map(Self)
    }
}
