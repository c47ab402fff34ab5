//! What every client extension is.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Installer;
use crate::{InstallError, Manifest};

/// An extension of a client.
pub trait Extension: 'static {
    /// Name, standards, needs.
    const MANIFEST: Manifest;

    /// The commented default of the configuration section, as [`ServerExtension::CONFIG`](crate::ServerExtension::CONFIG).
    const CONFIG: &'static str = "";

    /// The configuration section. Use `#[serde(deny_unknown_fields, default)]`, so that a misspelt key stops the start.
    type Config: DeserializeOwned + Serialize + Default;

    /// Registers the handlers and declares what the extension brings.
    ///
    /// # Errors
    /// Stops the start; see [`InstallError`].
    fn install(config: Self::Config, client: &mut Installer<'_>) -> Result<(), InstallError>;
}
