//! Configuration sections: typed, complete, and strict about keys they do not know.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::InstallError;

/// The configuration of an extension that has nothing to configure: any key is an error.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoConfig {}

/// Reads the section of the extension of that name.
pub(crate) fn section<C: DeserializeOwned>(name: &str, section: &toml::Table) -> Result<C, InstallError> {
    C::deserialize(section.clone()).map_err(|error| InstallError::Config {
        extension: name.to_owned(),
        message: explain(error.message(), name, section),
    })
}

/// Serde's message, with a suggestion where a key is misspelt.
fn explain(message: &str, extension: &str, section: &toml::Table) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    if message.starts_with("unknown field") {
        let unknown = quoted.next().unwrap_or_default();
        let known: Vec<&str> = quoted.collect();
        return match suggest(unknown, known.iter().copied()) {
            Some(near) => format!("unknown key `{unknown}`; did you mean `{near}`?"),
            None if known.is_empty() => {
                format!("unknown key `{unknown}`; `{extension}` has nothing to configure")
            }
            None => format!("unknown key `{unknown}`; the keys are {}", known.join(", ")),
        };
    }
    // TOML values carry no position here, so name the key whose value does not fit, when there is just one.
    match section.keys().next() {
        Some(key) if section.len() == 1 => format!("`{key}`: {message}"),
        _ => message.to_owned(),
    }
}

/// The candidate nearest to `word`, if one is near enough to be what somebody meant.
///
/// ```
/// use stonechat_extension::suggest;
/// assert_eq!(suggest("qouta", ["quota", "retention"].into_iter()), Some("quota"));
/// assert_eq!(suggest("colour", ["quota", "retention"].into_iter()), None);
/// ```
pub fn suggest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
