//! The extensions that are linked: those that `Cargo.toml` names.

use stonechat_extension::{Descriptor, Manifest, Registry, Standard};

use crate::failure::Failure;
use crate::say;

include!(concat!(env!("OUT_DIR"), "/extensions.rs"));

/// All linked extensions.
pub(crate) fn registry() -> Result<Registry, Failure> {
    Registry::linked(EXTENSIONS).map_err(Failure::internal)
}

/// Prints them: `stonechatd extensions`.
pub(crate) fn list() -> Result<(), Failure> {
    registry()?.iter().try_for_each(|extension| say::line(describe(extension)))
}

fn describe(extension: &Descriptor) -> String {
    let manifest = extension.manifest();
    let off = if manifest.is_on_by_default() { "" } else { " (off unless enabled)" };
    let name = extension.name();
    format!("{name:<12} {:<40} {}{off}", standards(manifest), manifest.description()).trim_end().to_owned()
}

/// The standards that it implements: `XEP-0199 (2.0.1), RFC 6121 §2`.
pub(crate) fn standards(manifest: &Manifest) -> String {
    let standards = manifest.standards().map(|standard| match standard {
        Standard::Xep { number, version } => format!("XEP-{number:04} ({version})"),
        Standard::Rfc { number, section } => format!("RFC {number} §{section}"),
        other => format!("{other:?}"),
    });
    standards.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_extension_that_the_manifest_names_is_in_the_registry() {
        let named = include_str!("../Cargo.toml").lines().filter(|line| line.starts_with("stonechat-xep-"));
        let registry = registry().unwrap();
        assert_eq!(registry.iter().count(), named.count());
        assert!(registry.get("ping").is_some());
    }

    #[test]
    fn an_extension_is_listed_with_its_standards() {
        let registry = registry().unwrap();
        let line = describe(registry.get("ping").unwrap());
        assert!(line.starts_with("ping ") && line.contains("XEP-0199 (2.0"), "{line}");
    }
}
