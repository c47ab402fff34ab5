//! What a configuration says about other servers, ready to be used.

use std::time::Duration;

use stonechat_net::certificate::Roots;

use crate::ServerError;
use crate::config::{Config, ConfigError, Federation};
use crate::tls;

/// What a configuration says about other servers.
#[derive(Debug)]
pub(super) struct Settings {
    /// Whether there is anything to do with other servers at all.
    pub(super) is_on: bool,
    pub(super) federation: Federation,
    /// Who is believed; nobody where it is off.
    pub(super) roots: Option<Roots>,
    /// The rest, for limits and timeouts that are those of clients too.
    pub(super) server: Config,
}

/// Settings that were loaded, and are put in service with [`Federation::reconfigure`](super::Federation::reconfigure).
#[derive(Debug)]
pub(crate) struct Fresh(pub(super) Settings);

impl Fresh {
    /// Reads what the configuration names. Nothing changes yet.
    pub(crate) fn load(config: &Config) -> Result<Self, ServerError> {
        let is_on = config.federates();
        let federation = config.federation.clone();
        let roots = match (&federation.authorities, is_on) {
            (_, false) => None,
            (Some(file), true) => {
                let chain = tls::chain(file)?;
                let roots = Roots::of(&chain);
                Some(roots.map_err(|error| ConfigError::new("federation.authorities", error.to_string()))?)
            }
            (None, true) => {
                let roots = Roots::system();
                Some(roots.map_err(|error| ConfigError::new("federation.authorities", error.to_string()))?)
            }
        };
        Ok(Self(Settings { is_on, federation, roots, server: config.clone() }))
    }
}

impl Settings {
    /// How long the other side may take no bytes.
    pub(super) fn write(&self) -> Duration {
        self.server.timeouts.write
    }
}
