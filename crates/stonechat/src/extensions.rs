//! The extensions that are linked, and their sections in the configuration file.
//!
//! A command names the extensions that it uses: it is over in a moment, and has no use for others. The chat has all
//! that `Cargo.toml` names and the configuration does not switch off, so that one more is one line there.

use std::collections::BTreeMap;

use serde::Deserialize;
use stonechat_client::Builder;
use stonechat_extension::client::Descriptor;
use stonechat_extension::suggest;

use crate::failure::Failure;

include!(concat!(env!("OUT_DIR"), "/client_extensions.rs"));

/// The key of a section that is not the extension's.
const ENABLED: &str = "enabled";

/// The sections of the configuration file, `[extensions.NAME]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Sections(BTreeMap<String, toml::Table>);

impl Sections {
    /// Whether all of them are right, also those of extensions that are not used now.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        self.0.iter().try_for_each(|(name, section)| {
            check(name, section).map_err(|error| Failure::config(error).within(format!("extensions.{name}")))
        })
    }

    /// A client with these extensions, as they are configured.
    pub(crate) fn compose(&self, builder: Builder, extensions: &[&'static Descriptor]) -> Builder {
        extensions.iter().fold(builder, |builder, extension| {
            let builder = builder.extension(extension);
            match self.0.get(extension.name()) {
                Some(section) => builder.section(extension.name(), own(section)),
                None => builder,
            }
        })
    }

    /// All extensions that are not switched off.
    pub(crate) fn all(&self) -> Vec<&'static Descriptor> {
        CLIENT_EXTENSIONS.iter().copied().filter(|extension| self.is_on(extension)).collect()
    }

    fn is_on(&self, extension: &Descriptor) -> bool {
        let said = self.0.get(extension.name()).and_then(|section| section.get(ENABLED)?.as_bool());
        said.unwrap_or_else(|| extension.manifest().is_on_by_default())
    }
}

/// The keys that are the extension's own.
fn own(section: &toml::Table) -> toml::Table {
    section
        .iter()
        .filter(|(key, _)| *key != ENABLED)
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn check(name: &str, section: &toml::Table) -> Result<(), String> {
    let names = || CLIENT_EXTENSIONS.iter().map(|known| known.name());
    let Some(extension) = CLIENT_EXTENSIONS.iter().find(|known| known.name() == name) else {
        return Err(match suggest(name, names()) {
            Some(near) => format!("there is no such extension; did you mean `{near}`?"),
            None => {
                format!("there is no such extension; there are {}", names().collect::<Vec<_>>().join(", "))
            }
        });
    };
    if section.get(ENABLED).is_some_and(|value| !value.is_bool()) {
        return Err(format!("{ENABLED}: this has to be true or false"));
    }
    extension.check(&own(section)).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sections(text: &str) -> Sections {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn every_extension_that_the_manifest_names_is_linked() {
        let named = include_str!("../Cargo.toml").lines().filter(|line| line.starts_with("stonechat-xep-"));
        assert_eq!(CLIENT_EXTENSIONS.len(), named.count());
        assert!(sections("").all().iter().any(|extension| extension.name() == "carbons"));
    }

    #[test]
    fn an_extension_is_switched_off_and_configured() {
        let sections = sections("[version]\nenabled = false\n[receipts]\nanswer = 'nobody'");
        assert_eq!(sections.check(), Ok(()));
        assert!(!sections.all().iter().any(|extension| extension.name() == "version"));
    }

    #[test]
    fn a_mistake_is_named_with_its_section() {
        for (text, told) in [
            ("[recipts]", "extensions.recipts: there is no such extension; did you mean `receipts`?"),
            ("[receipts]\nenabled = 1", "extensions.receipts: enabled"),
            ("[receipts]\nansver = 'nobody'", "did you mean `answer`?"),
        ] {
            let failure = sections(text).check().unwrap_err();
            assert!(failure.message.contains(told), "{failure}");
        }
    }
}
