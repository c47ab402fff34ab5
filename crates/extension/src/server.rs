//! What every server extension is.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{InstallError, Installer, Manifest};

/// An extension of a server.
pub trait ServerExtension: 'static {
    /// Name, standards, needs.
    const MANIFEST: Manifest;

    /// The commented default of the configuration section: TOML, without the section's header, each key with a comment that says
    /// what it does, its unit and its limits. It must read as the default of [`ServerExtension::Config`]; the contract
    /// suite of the test host checks that.
    const CONFIG: &'static str = "";

    /// The configuration section. Use `#[serde(deny_unknown_fields, default)]`, so that a misspelt key stops the start.
    type Config: DeserializeOwned + Serialize + Default;

    /// Registers the handlers and declares what the extension brings.
    ///
    /// # Errors
    /// Stops the start; see [`InstallError`].
    fn install(config: Self::Config, host: &mut Installer<'_>) -> Result<(), InstallError>;
}
