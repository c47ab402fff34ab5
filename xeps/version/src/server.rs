//! The server's side: it answers for the host.

use serde::{Deserialize, Serialize};
use stonechat_extension::{
    Answer, Cx, InstallError, Installer, Manifest, On, Reply, Request, ServerExtension,
};
use stonechat_stanza::StanzaError;

use crate::{NS, Query, Version};

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// The name of the software to tell.
    pub name: String,
    /// The version to tell; empty for none.
    pub version: String,
    /// The operating system to tell; empty for none.
    pub os: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "Stonechat".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            os: String::new(),
        }
    }
}

/// The extension.
#[derive(Debug)]
pub struct Extension {
    answer: Version,
}

impl ServerExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("version").about("tells name and version of the server").xep(92, "1.1");
    const CONFIG: &'static str = concat!(
        "# The name of the software to tell.\n",
        "name = \"Stonechat\"\n",
        "# The version to tell; empty for none.\n",
        "version = \"",
        env!("CARGO_PKG_VERSION"),
        "\"\n",
        "# The operating system to tell; empty for none.\n",
        "os = \"\"\n"
    );
    type Config = Config;

    fn install(config: Config, host: &mut Installer<'_>) -> Result<(), InstallError> {
        let os = Some(config.os).filter(|os| !os.is_empty());
        let version = host.share(Self { answer: Version { name: config.name, version: config.version, os } });
        host.feature(NS);
        host.iq_get::<Query>(On::HOST, &version)
    }
}

impl Answer<Query> for Extension {
    fn answer(&self, _: &mut Cx<'_>, _: &Request, _: Query) -> Result<Reply, StanzaError> {
        Ok(Reply::with(&self.answer))
    }
}

stonechat_extension::register!(server: Extension);
