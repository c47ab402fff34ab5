//! A client's extension as a value.

use super::{Extension, Installer};
use crate::config;
use crate::descriptor::{Described, Side};

/// The side of a client.
#[derive(Debug)]
pub enum ClientSide {}

/// A client's extension as a value. Made by [`register!`](crate::register).
pub type Descriptor = Described<ClientSide>;

impl Descriptor {
    /// Describes `E`; `const`, so that a static can hold it.
    #[must_use]
    pub const fn of<E: Extension>() -> Self {
        Self::new::<E::Config>(
            E::MANIFEST,
            E::CONFIG,
            |section, client| E::install(config::section(E::MANIFEST.name(), section)?, client),
            |section| config::section::<E::Config>(E::MANIFEST.name(), section).map(drop),
        )
    }
}

/// What [`register!`](crate::register) submits; public only for that macro.
#[doc(hidden)]
#[derive(Debug)]
pub struct Submission(pub &'static Descriptor);

inventory::collect!(Submission);

impl Side for ClientSide {
    type Installer<'a> = Installer<'a>;

    fn submitted() -> Vec<&'static Descriptor> {
        inventory::iter::<Submission>.into_iter().map(|Submission(descriptor)| *descriptor).collect()
    }
}
