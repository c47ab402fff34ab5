//! Which extensions, and their sections.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use stonechat_extension::{Plan, Registry};

use super::ConfigError;

/// The sections of extensions, by the extension's name.
///
/// Two keys of a section are the server's: `enabled` says whether the extension is on, in place of the extension's own
/// default; `required` says whether a stanza that it fails to record is refused. All others are the extension's own.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Extensions(pub BTreeMap<String, toml::Table>);

impl Extensions {
    /// What is to be installed when these sections are for all hosts and `own` are those of one of them: where both
    /// have a key, the host's counts.
    ///
    /// # Errors
    /// When `enabled` or `required` is not `true` or `false`; `path` is where the sections stand, for the message.
    pub fn plan(&self, own: &Self, registry: &Registry, path: &str) -> Result<Plan, ConfigError> {
        let mut sections = self.0.clone();
        for (name, section) in &own.0 {
            sections.entry(name.clone()).or_default().extend(section.clone());
        }
        let mut plan = Plan::defaults(registry);
        for (name, mut section) in sections {
            let mut flag = |key: &str| match section.remove(key) {
                None => Ok(None),
                Some(toml::Value::Boolean(value)) => Ok(Some(value)),
                Some(_) => {
                    let key = format!("{path}.{name}.{key}");
                    Err(ConfigError::new(key, "this has to be true or false"))
                }
            };
            let (enabled, required) = (flag("enabled")?, flag("required")?);
            plan = match enabled {
                Some(true) => plan.enable(&name),
                Some(false) => plan.disable(&name),
                None => plan,
            };
            if required == Some(true) {
                plan = plan.require(&name);
            }
            plan = plan.section(&name, section);
        }
        Ok(plan)
    }

    /// Enables or disables an extension.
    #[must_use]
    pub fn set(mut self, extension: &str, enabled: bool) -> Self {
        self.0.entry(extension.to_owned()).or_default().insert("enabled".to_owned(), enabled.into());
        self
    }
}
