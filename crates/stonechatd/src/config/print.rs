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
    use stonechat_server::config::{Extensions, Host, KeyPair};

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

    #[test]
    fn every_key_is_printed_also_those_without_a_default() {
        let pair = KeyPair { certificate: "c".into(), key: "k".into() };
        let mut full = File::default();
        full.tls.certificate = Some("c".into());
        full.tls.key = Some("k".into());
        full.hosts.insert("localhost".into(), Host { tls: Some(pair), ..Host::default() });
        let mut keys = Vec::new();
        collect(&toml::Table::try_from(full).unwrap(), &mut keys);
        for key in keys {
            let is_there = |line: &str| {
                let line = line.trim_start_matches("# ");
                line.starts_with(&format!("{key} ="))
                    || line.trim_matches(['[', ']']).split('.').any(|part| part == key)
            };
            assert!(TEXT.lines().any(is_there), "{key} is not printed");
        }
    }

    fn collect(table: &toml::Table, keys: &mut Vec<String>) {
        for (key, value) in table {
            // What is within an inline table is explained with it.
            if value.get("forgotten_after").is_none() {
                value.as_table().into_iter().for_each(|table| collect(table, keys));
            }
            keys.push(key.clone());
        }
    }
}
