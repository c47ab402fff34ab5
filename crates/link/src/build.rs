//! What Cargo is building: the features that are on and the target.

use std::collections::BTreeSet;

use cargo_platform::{Cfg, Platform};

/// What is being built: features, target triple and the target's `cfg` values, as Cargo tells a build script.
#[derive(Debug, Clone, Default)]
pub struct Build {
    features: BTreeSet<String>,
    target: String,
    cfgs: Vec<Cfg>,
}

impl Build {
    /// Reads the variables that Cargo sets for a build script: `CARGO_FEATURE_*`, `TARGET`, `CARGO_CFG_*`.
    /// All others are ignored, so the whole environment may be passed.
    pub fn from_vars(vars: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut build = Self::default();
        for (name, value) in vars {
            if let Some(feature) = name.strip_prefix("CARGO_FEATURE_") {
                build.features.insert(feature.to_owned());
            } else if name == "TARGET" {
                build.target = value;
            } else if let Some(key) = name.strip_prefix("CARGO_CFG_")
                // Cargo does not let a dependency's `cfg` ask for features.
                && key != "FEATURE"
            {
                build.cfgs.extend(cfgs(&key.to_ascii_lowercase(), &value));
            }
        }
        build
    }

    /// Whether the feature of that name is on.
    #[must_use]
    pub fn has_feature(&self, name: &str) -> bool {
        self.features.contains(&name.to_uppercase().replace('-', "_"))
    }

    pub(crate) fn matches(&self, platform: &Platform) -> bool {
        platform.matches(&self.target, &self.cfgs)
    }
}

/// The `cfg` values behind one variable. An empty value is a plain name (`unix`) or an empty string
/// (`target_env = ""`); the variable does not tell which, and no name is used both ways.
fn cfgs(key: &str, value: &str) -> Vec<Cfg> {
    let pairs = value.split(',').map(|value| format!("{key}=\"{value}\""));
    let name = value.is_empty().then(|| key.to_owned());
    pairs.chain(name).filter_map(|cfg| cfg.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(vars: &[(&str, &str)]) -> Build {
        Build::from_vars(vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    fn platform(text: &str) -> Platform {
        text.parse().unwrap()
    }

    #[test]
    fn features_are_compared_the_way_cargo_spells_them() {
        let build = build(&[("CARGO_FEATURE_WITH_CARBONS", "1")]);
        assert!(build.has_feature("with-carbons"));
        assert!(!build.has_feature("carbons"));
    }

    #[test]
    fn names_values_and_lists_of_values_match() {
        let build = build(&[
            ("TARGET", "x86_64-unknown-linux-gnu"),
            ("CARGO_CFG_UNIX", ""),
            ("CARGO_CFG_TARGET_OS", "linux"),
            ("CARGO_CFG_TARGET_FEATURE", "fxsr,sse,sse2"),
            ("CARGO_CFG_TARGET_ENV", ""),
        ]);
        for yes in [
            "cfg(unix)",
            "x86_64-unknown-linux-gnu",
            r#"cfg(all(target_os = "linux", not(windows)))"#,
            r#"cfg(target_feature = "sse")"#,
            r#"cfg(target_env = "")"#,
        ] {
            assert!(build.matches(&platform(yes)), "{yes}");
        }
        for no in ["cfg(windows)", "aarch64-apple-darwin", r#"cfg(target_os = "macos")"#] {
            assert!(!build.matches(&platform(no)), "{no}");
        }
    }
}
