//! A client's extension as a value.

use super::{Extension, Installer};
use crate::descriptor::Described;
use crate::{InstallError, Manifest, config};

/// A client's extension as a value: its manifest and how to install it. Made by [`register!`](crate::register).
#[derive(Debug)]
pub struct Descriptor {
    manifest: Manifest,
    config_text: &'static str,
    install: fn(&toml::Table, &mut Installer<'_>) -> Result<(), InstallError>,
    check: fn(&toml::Table) -> Result<(), InstallError>,
    defaults: fn() -> Option<toml::Table>,
}

impl Descriptor {
    /// Describes `E`; `const`, so that a static can hold it.
    #[must_use]
    pub const fn of<E: Extension>() -> Self {
        Self {
            manifest: E::MANIFEST,
            config_text: E::CONFIG,
            install: |section, client| E::install(config::section(E::MANIFEST.name(), section)?, client),
            check: |section| config::section::<E::Config>(E::MANIFEST.name(), section).map(drop),
            defaults: || toml::Table::try_from(E::Config::default()).ok(),
        }
    }

    /// The extension's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.manifest.name()
    }

    /// The extension's manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The commented default of the extension's configuration section; see [`Extension::CONFIG`].
    #[must_use]
    pub const fn config_text(&self) -> &'static str {
        self.config_text
    }

    /// Whether `section` is a valid configuration.
    ///
    /// # Errors
    /// [`InstallError::Config`], which names the key.
    pub fn check(&self, section: &toml::Table) -> Result<(), InstallError> {
        (self.check)(section)
    }

    /// The default configuration as a section; `None` when it cannot be written as one, which the contract suite refuses.
    #[must_use]
    pub fn defaults(&self) -> Option<toml::Table> {
        (self.defaults)()
    }

    pub(super) fn install(
        &self,
        section: &toml::Table,
        client: &mut Installer<'_>,
    ) -> Result<(), InstallError> {
        (self.install)(section, client)
    }
}

/// What [`register!`](crate::register) submits; public only for that macro.
#[doc(hidden)]
#[derive(Debug)]
pub struct Submission(pub &'static Descriptor);

inventory::collect!(Submission);

impl Described for Descriptor {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn submitted() -> Vec<&'static Self> {
        inventory::iter::<Submission>.into_iter().map(|Submission(descriptor)| *descriptor).collect()
    }
}
