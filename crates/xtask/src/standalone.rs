//! Each library crate builds alone, with its default features and with none.
//!
//! In a build of the whole workspace every crate sees the features that the others ask for, so one that forgot
//! to ask is not noticed. Here each is checked as a user of that one crate would build it. Warnings are errors,
//! because code that only a feature uses is seen here and nowhere else. Nothing is compiled to machine code, and
//! what the dependencies share is checked once.

use crate::workspace::{Package, Workspace};
use crate::{Result, say, shell};

/// Runs the checks.
///
/// # Errors
/// [`Error::Failed`](crate::Error::Failed) at the first crate that does not build.
pub fn run(workspace: &Workspace) -> Result<()> {
    let checks: Vec<_> = workspace.packages.iter().flat_map(checks).collect();
    for check in &checks {
        shell::run(shell::cargo(check).current_dir(&workspace.root))?;
    }
    say::line(&format!("standalone: {} checks passed", checks.len()));
    Ok(())
}

/// Cargo's arguments for each check of a package: none unless it is a published library, one when its default
/// features are none at all.
fn checks(package: &Package) -> Vec<Vec<String>> {
    if !(package.has_library && package.is_published) {
        return Vec::new();
    }
    let feature_sets: &[&[&str]] = if package.has_default_features {
        &[&["--no-default-features"], &[]]
    } else {
        &[&["--no-default-features"]]
    };
    let check = |features: &&[&str]| {
        let fixed = ["clippy", "-q", "-p", &package.name, "--lib"];
        fixed.iter().chain(*features).chain(&["--", "-D", "warnings"]).map(ToString::to_string).collect()
    };
    feature_sets.iter().map(check).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(has_default_features: bool) -> Package {
        let name = "stonechat-jid".to_owned();
        Package { name, is_published: true, has_library: true, has_default_features, ..Package::default() }
    }

    #[test]
    fn a_library_with_default_features_is_checked_with_and_without() {
        let lines: Vec<String> = checks(&library(true)).iter().map(|args| args.join(" ")).collect();
        let expected = [
            "clippy -q -p stonechat-jid --lib --no-default-features -- -D warnings",
            "clippy -q -p stonechat-jid --lib -- -D warnings",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn a_library_without_default_features_is_checked_once() {
        assert_eq!(checks(&library(false)).len(), 1);
    }

    #[test]
    fn programs_and_private_packages_are_not_libraries_for_others() {
        assert_eq!(checks(&Package { is_published: false, ..library(true) }), Vec::<Vec<String>>::new());
        assert_eq!(checks(&Package { has_library: false, ..library(true) }), Vec::<Vec<String>>::new());
    }
}
