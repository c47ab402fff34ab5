//! How extensions are found: one static [`Descriptor`] each, gathered in a [`Registry`].

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::install::{InstallError, Installer};
use crate::{Manifest, ServerExtension, config};

/// A side of a connection that has extensions: [a server](ServerSide) or [a client](crate::client::ClientSide).
pub trait Side: Sized + 'static {
    /// What an extension's `install` gets.
    type Installer<'a>;

    /// Those that were [registered](crate::register) in crates that are linked.
    #[doc(hidden)]
    fn submitted() -> Vec<&'static Described<Self>>;
}

/// The side of a server.
#[derive(Debug)]
pub enum ServerSide {}

/// A server's extension as a value. Made by [`register!`](crate::register).
pub type Descriptor = Described<ServerSide>;

/// An extension as a value: its manifest and how to install it.
pub struct Described<S: Side> {
    manifest: Manifest,
    config_text: &'static str,
    install: Install<S>,
    check: Check,
    defaults: fn() -> Option<toml::Table>,
}

type Install<S> = fn(&toml::Table, &mut <S as Side>::Installer<'_>) -> Result<(), InstallError>;
type Check = fn(&toml::Table) -> Result<(), InstallError>;

impl<S: Side> fmt::Debug for Described<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Described").field("manifest", &self.manifest).finish_non_exhaustive()
    }
}

impl Descriptor {
    /// Describes `E`; `const`, so that a static can hold it.
    #[must_use]
    pub const fn of<E: ServerExtension>() -> Self {
        Self::new::<E::Config>(
            E::MANIFEST,
            E::CONFIG,
            |section, host| E::install(config::section(E::MANIFEST.name(), section)?, host),
            |section| config::section::<E::Config>(E::MANIFEST.name(), section).map(drop),
        )
    }
}

impl<S: Side> Described<S> {
    /// `C` is the type of the configuration section.
    pub(crate) const fn new<C: Serialize + Default>(
        manifest: Manifest,
        config_text: &'static str,
        install: Install<S>,
        check: Check,
    ) -> Self {
        Self { manifest, config_text, install, check, defaults: || toml::Table::try_from(C::default()).ok() }
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

    /// The commented default of the extension's configuration section; see [`ServerExtension::CONFIG`].
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

    pub(crate) fn install(
        &self,
        section: &toml::Table,
        installer: &mut S::Installer<'_>,
    ) -> Result<(), InstallError> {
        (self.install)(section, installer)
    }
}

/// What [`register!`](crate::register) submits; public only for that macro.
#[doc(hidden)]
#[derive(Debug)]
pub struct Submission(pub &'static Descriptor);

inventory::collect!(Submission);

impl Side for ServerSide {
    type Installer<'a> = Installer<'a>;

    fn submitted() -> Vec<&'static Descriptor> {
        inventory::iter::<Submission>.into_iter().map(|Submission(descriptor)| *descriptor).collect()
    }
}

/// The extensions that a program has to offer, by name: those of a server, or of a client.
#[derive(Debug)]
pub struct Registry<S: Side = ServerSide> {
    by_name: BTreeMap<&'static str, &'static Described<S>>,
}

impl<S: Side> Clone for Registry<S> {
    fn clone(&self) -> Self {
        Self { by_name: self.by_name.clone() }
    }
}

impl<S: Side> Default for Registry<S> {
    fn default() -> Self {
        Self { by_name: BTreeMap::new() }
    }
}

impl<S: Side> Registry<S> {
    /// A registry of exactly these.
    ///
    /// # Errors
    /// [`InstallError::DuplicateName`] when two different descriptors have one name.
    pub fn of(descriptors: &[&'static Described<S>]) -> Result<Self, InstallError> {
        let mut registry = Self::default();
        for descriptor in descriptors {
            registry.add(descriptor)?;
        }
        Ok(registry)
    }

    /// A registry of these and of all that were [registered](crate::register) in crates that are linked.
    ///
    /// A crate that nothing names is not linked at all and thus not seen, so a binary passes the list that
    /// its build script generated. A descriptor met both ways counts once.
    ///
    /// # Errors
    /// [`InstallError::DuplicateName`] when two different descriptors have one name.
    pub fn linked(descriptors: &[&'static Described<S>]) -> Result<Self, InstallError> {
        let mut registry = Self::of(descriptors)?;
        for descriptor in S::submitted() {
            registry.add(descriptor)?;
        }
        Ok(registry)
    }

    fn add(&mut self, descriptor: &'static Described<S>) -> Result<(), InstallError> {
        match self.by_name.insert(descriptor.name(), descriptor) {
            Some(other) if !std::ptr::eq(other, descriptor) => {
                Err(InstallError::DuplicateName { extension: descriptor.name().to_owned() })
            }
            _ => Ok(()),
        }
    }

    /// The extension of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'static Described<S>> {
        self.by_name.get(name).copied()
    }

    /// All extensions, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &'static Described<S>> + '_ {
        self.by_name.values().copied()
    }
}

/// Makes an extension known: defines its static [`Descriptor`] as `SERVER` and submits it to the registry; with `client:` in the place
/// of `server:`, its [`client::Descriptor`](crate::client::Descriptor) as `CLIENT`.
///
/// ```
/// use stonechat_extension::{Installer, InstallError, Manifest, NoConfig, ServerExtension};
///
/// /// Does nothing at all.
/// pub struct Nothing;
///
/// impl ServerExtension for Nothing {
///     const MANIFEST: Manifest = Manifest::new("nothing");
///     type Config = NoConfig;
///     fn install(_: NoConfig, _: &mut Installer<'_>) -> Result<(), InstallError> {
///         Ok(())
///     }
/// }
/// stonechat_extension::register!(server: Nothing);
/// # fn main() { assert_eq!(SERVER.name(), "nothing"); }
/// ```
#[macro_export]
macro_rules! register {
    (server: $extension:ty) => {
        /// The server side of this extension, for a list of extensions.
        pub static SERVER: $crate::Descriptor = $crate::Descriptor::of::<$extension>();
        $crate::inventory::submit! { $crate::Submission(&SERVER) }
    };
    (client: $extension:ty) => {
        /// The client side of this extension, for a list of extensions.
        pub static CLIENT: $crate::client::Descriptor = $crate::client::Descriptor::of::<$extension>();
        $crate::inventory::submit! { $crate::client::Submission(&CLIENT) }
    };
}
