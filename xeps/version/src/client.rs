//! The client's side: it says what it is, to those whom its configuration names, and [`Versions`] asks others.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use stonechat_extension::client::{
    Answer, Cx, Extension as ClientExtension, Handle, Inbound, Installer, Query as Request, RequestError,
    Senders,
};
use stonechat_extension::{InstallError, Manifest, Reply};
use stonechat_stanza::jid::Jid;
use stonechat_stanza::{ParseError, Stanza, StanzaError, iq};

use crate::{NS, Query, Version};

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Whether others are answered; the server lets ask whom we share presence with.
    pub answer: bool,
    /// The name of the software to tell.
    pub name: String,
    /// The version to tell; may be empty.
    pub version: String,
    /// The operating system to tell; empty for none.
    pub os: String,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            answer: true,
            name: "Stonechat".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            os: String::new(),
        }
    }
}

/// The client extension; it provides [`Versions`].
#[derive(Debug)]
pub struct Extension(Version);

impl ClientExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("version")
        .about("tells name and version of the client, and asks others")
        .xep(92, "1.1");
    const CONFIG: &'static str = concat!(
        "# Whether others are answered.\n",
        "answer = true\n",
        "# The name of the software to tell.\n",
        "name = \"Stonechat\"\n",
        "# The version to tell; may be empty.\n",
        "version = \"",
        env!("CARGO_PKG_VERSION"),
        "\"\n",
        "# The operating system to tell; empty for none.\n",
        "os = \"\"\n"
    );
    type Config = Config;

    fn install(config: Config, client: &mut Installer<'_>) -> Result<(), InstallError> {
        client.provide(Arc::new(Versions(client.handle())))?;
        if !config.answer {
            return Ok(());
        }
        client.feature(NS);
        let os = Some(config.os).filter(|os| !os.is_empty());
        let version = client.share(Self(Version { name: config.name, version: config.version, os }));
        client.iq_get::<Query>(Senders::ANYONE, &version)
    }
}

impl Answer<Query> for Extension {
    fn answer(&self, _: &mut Cx<'_>, _: &Inbound, _: Query) -> Result<Reply, StanzaError> {
        Ok(Reply::with(&self.0))
    }
}

impl Request for Query {
    const KIND: iq::Type = iq::Type::Get;
    type Answer = Version;

    fn read(result: &Stanza) -> Result<Version, ParseError> {
        result.get()?.ok_or_else(|| ParseError::missing_child("iq", "query"))
    }
}

/// Asks others what software they are; a service of the client extension.
#[derive(Debug)]
pub struct Versions(Handle);

impl Versions {
    /// Asks (§2): the own account with `None`. Cancel safe.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn of(&self, who: Option<Jid>) -> Result<Version, RequestError> {
        self.0.request(who, &Query).await
    }
}

stonechat_extension::register!(client: Extension);
