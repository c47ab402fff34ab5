//! The sections of extensions, checked before anything starts, so that a mistake is named with its path.

use stonechat_extension::{InstallError, Registry, suggest};
use stonechat_server::config::{Config, Extensions};

/// The keys of a section that are the server's, not the extension's.
const SERVERS: [&str; 2] = ["enabled", "required"];

/// Whether all sections are right, those for all hosts and those of each host.
pub(super) fn check(config: &Config, registry: &Registry) -> Result<(), String> {
    sections(&config.extensions, registry, "extensions")?;
    config.hosts.iter().try_for_each(|(domain, host)| {
        sections(&host.extensions, registry, &format!("hosts.{domain}.extensions"))
    })
}

fn sections(extensions: &Extensions, registry: &Registry, path: &str) -> Result<(), String> {
    for (name, section) in &extensions.0 {
        let path = format!("{path}.{name}");
        let Some(extension) = registry.get(name) else {
            let near = suggest(name, registry.iter().map(|known| known.name()));
            let hint = near.map_or_else(
                || "; `stonechatd extensions` lists those that there are".to_owned(),
                |near| format!("; did you mean `{near}`?"),
            );
            return Err(format!("{path}: there is no extension `{name}`{hint}"));
        };
        for key in SERVERS {
            if section.get(key).is_some_and(|value| !value.is_bool()) {
                return Err(format!("{path}.{key}: this has to be true or false"));
            }
        }
        let mut own = section.clone();
        own.retain(|key, _| !SERVERS.contains(&key));
        extension.check(&own).map_err(|error| match error {
            InstallError::Config { message, .. } => format!("{path}: {}", or_the_servers(&message)),
            error => format!("{path}: {error}"),
        })?;
    }
    Ok(())
}

/// An extension does not know of the server's keys, which may have been meant.
fn or_the_servers(message: &str) -> String {
    let unknown = message.strip_prefix("unknown key `").and_then(|rest| rest.split('`').next());
    match unknown.and_then(|unknown| suggest(unknown, SERVERS.into_iter())) {
        Some(near) if !message.contains("did you mean") => format!("{message}; did you mean `{near}`?"),
        _ => message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extensions::registry;

    fn complaint(text: &str) -> String {
        check(&toml::from_str(text).unwrap(), &registry().unwrap()).unwrap_err()
    }

    #[test]
    fn what_is_right_passes() {
        let text =
            "[extensions.ping]\nenabled = false\n[hosts.a.extensions.version]\nname = \"x\"\nrequired = true";
        check(&toml::from_str(text).unwrap(), &registry().unwrap()).unwrap();
    }

    #[test]
    fn each_mistake_is_named_with_its_path() {
        for (text, expected) in [
            ("[extensions.pin]", "extensions.pin: there is no extension `pin`; did you mean `ping`?"),
            ("[extensions.ping]\nenabled = 1", "extensions.ping.enabled: this has to be true or false"),
            (
                "[hosts.a.extensions.version]\nnam = \"x\"",
                "hosts.a.extensions.version: unknown key `nam`; did you mean `name`?",
            ),
        ] {
            assert_eq!(complaint(text), expected);
        }
        let enable = complaint("[extensions.ping]\nenable = true");
        assert!(enable.contains("did you mean `enabled`?"), "{enable}");
        assert!(complaint("[extensions.zzz]").contains("stonechatd extensions"));
    }
}
