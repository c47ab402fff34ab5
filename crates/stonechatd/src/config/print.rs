//! The whole configuration with its defaults, to start from.

use std::fmt::Write as _;

use stonechat_extension::{Descriptor, Registry};

use crate::extensions::standards;

/// Everything but the extensions.
const TEXT: &str = include_str!("default.toml");

/// The default configuration with a comment for every key; it reads as the defaults.
pub(crate) fn print(registry: &Registry) -> String {
    let mut text = TEXT.to_owned();
    for extension in registry.iter() {
        text.push('\n');
        text.push_str(&section(extension));
    }
    text
}

fn section(extension: &Descriptor) -> String {
    let (name, manifest) = (extension.name(), extension.manifest());
    let enabled = manifest.is_on_by_default();
    let mut text = format!("[extensions.{name}]\n");
    let about: Vec<String> = [manifest.description().to_owned(), standards(manifest)].into();
    let about = about.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ");
    // Writing to a string does not fail.
    let _ = writeln!(text, "# Whether hosts have it. {name}: {about}.\nenabled = {enabled}");
    let _ = writeln!(text, "# Whether a stanza that it fails to record is refused.\nrequired = false");
    for line in extension.config_text().lines() {
        // A table within the section.
        let line = match (line.strip_prefix("[["), line.strip_prefix('[')) {
            (Some(rest), _) => format!("[[extensions.{name}.{rest}"),
            (None, Some(rest)) => format!("[extensions.{name}.{rest}"),
            (None, None) => line.to_owned(),
        };
        text.push_str(&line);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use stonechat_server::config::{Extensions, Host};

    use super::*;
    use crate::config::File;
    use crate::extensions::registry;

    #[test]
    fn what_is_printed_reads_as_exactly_the_defaults() {
        let registry = registry().unwrap();
        let mut read: File = toml::from_str(&print(&registry)).unwrap();
        let mut extensions = std::mem::take(&mut read.extensions).0;
        assert_eq!(read, File::default());
        for extension in registry.iter() {
            let mut section = extensions.remove(extension.name()).unwrap();
            let enabled = extension.manifest().is_on_by_default();
            assert_eq!(section.remove("enabled"), Some(enabled.into()), "{}", extension.name());
            assert_eq!(section.remove("required"), Some(false.into()), "{}", extension.name());
            assert_eq!(Some(section), extension.defaults(), "{}", extension.name());
        }
        assert!(extensions.is_empty());
    }

    #[test]
    fn the_extensions_of_the_printed_text_are_those_of_none() {
        let registry = registry().unwrap();
        let read: File = toml::from_str(&print(&registry)).unwrap();
        let none = Extensions::default();
        let printed = read.extensions.plan(&none, &registry, "").unwrap();
        let default = none.plan(&none, &registry, "").unwrap();
        assert!(printed.enabled().eq(default.enabled()));
    }

    #[test]
    fn every_key_has_a_comment_in_the_line_before_it() {
        let text = print(&registry().unwrap());
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let is_key = line.split_once('=').is_some_and(|(key, _)| {
                !key.trim().is_empty()
                    && key.trim().chars().all(|c| c.is_ascii_lowercase() || "_-".contains(c))
            });
            if is_key {
                assert!(lines[at - 1].starts_with('#'), "{line} has no comment");
            }
        }
    }

    /// What people expect of a server of today, without a line of configuration.
    #[test]
    fn by_default_a_host_has_all_that_is_linked_and_lets_nobody_register() {
        let registry = registry().unwrap();
        let none = Extensions::default();
        let plan = none.plan(&none, &registry, "").unwrap();
        assert!(plan.enabled().eq(registry.iter().map(|extension| extension.name())));
        let register = registry.get("register").unwrap().defaults().unwrap();
        assert_eq!(register["allow-creation"].as_bool(), Some(false));
        let host = Host::default();
        assert!(!host.anonymous);
        assert!(File::default().listeners.iter().all(|listener| !listener.plaintext));
    }
}
