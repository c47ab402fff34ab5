//! From a manifest's text to the extension crates that it names.

use std::collections::BTreeSet;
use std::path::Path;

use cargo_platform::Platform;
use toml::{Table, Value};

use crate::dependency::{self, Dependency, Place};
use crate::{Build, Error};

/// What the package of an extension is called: this and the extension's name.
const PREFIX: &str = "stonechat-xep-";

/// The text of a `Cargo.toml` and where it came from; the path is only for messages.
#[derive(Debug, Clone, Copy)]
pub struct Manifest<'a> {
    /// The file, as messages name it.
    pub path: &'a Path,
    /// Its contents.
    pub text: &'a str,
}

/// An extension crate that a program links.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Extension {
    /// The package, as in `stonechat-xep-ping`.
    pub package: String,
    /// What the program's code calls the crate: the dependency's name with underscores.
    pub krate: String,
}

/// The extension crates that `manifest` depends on in this build, sorted by package.
///
/// `workspace` is the workspace's root manifest; needed only where a dependency is inherited from it.
///
/// # Errors
/// [`Error::Syntax`] when a manifest is not TOML; [`Error::Key`] when an entry has a value that Cargo would not
/// take, or is inherited and cannot be found.
pub fn extensions(
    manifest: &Manifest<'_>,
    workspace: Option<&Manifest<'_>>,
    build: &Build,
) -> Result<Vec<Extension>, Error> {
    let table = parse(manifest)?;
    let root = workspace.map(|root| Ok::<_, Error>((root.path, parse(root)?))).transpose()?;
    let inherited = root.as_ref().and_then(|(file, table)| {
        let place = Place { file, table: "workspace.dependencies" };
        Some((place, table.get("workspace")?.get("dependencies")?.as_table()?))
    });

    let none = Table::new();
    let features = table.get("features").and_then(Value::as_table).unwrap_or(&none);
    let mut found = BTreeSet::new();
    for (name, entries) in dependency_tables(manifest, &table, build)? {
        let place = Place { file: manifest.path, table: &name };
        for (key, entry) in entries {
            let Dependency { key, package, optional } = dependency::read(place, key, entry, inherited)?;
            let linked =
                !optional || dependency::is_switched_on(key, features, |name| build.has_feature(name));
            if linked && package.starts_with(PREFIX) {
                found.insert(Extension { package, krate: key.replace('-', "_") });
            }
        }
    }
    Ok(found.into_iter().collect())
}

/// Whether a dependency of the manifest is inherited from the workspace.
///
/// # Errors
/// As [`extensions`].
pub(crate) fn inherits(manifest: &Manifest<'_>, build: &Build) -> Result<bool, Error> {
    let table = parse(manifest)?;
    let tables = dependency_tables(manifest, &table, build)?;
    Ok(tables
        .iter()
        .flat_map(|(_, entries)| entries.iter())
        .any(|(_, entry)| dependency::is_inherited(entry)))
}

/// The manifest as a table.
pub(crate) fn parse(manifest: &Manifest<'_>) -> Result<Table, Error> {
    manifest
        .text
        .parse()
        .map_err(|source| Error::Syntax { file: manifest.path.to_owned(), source: Box::new(source) })
}

/// The tables of normal dependencies that count for the target, each with its name.
fn dependency_tables<'t>(
    manifest: &Manifest<'_>,
    table: &'t Table,
    build: &Build,
) -> Result<Vec<(String, &'t Table)>, Error> {
    let error = |key: String, problem: String| Error::Key { file: manifest.path.to_owned(), key, problem };
    let as_table = |key: &str, value: &'t Value| {
        value.as_table().ok_or_else(|| error(key.to_owned(), "is not a table".to_owned()))
    };

    let mut tables = Vec::new();
    if let Some(entries) = table.get("dependencies") {
        tables.push(("dependencies".to_owned(), as_table("dependencies", entries)?));
    }
    let Some(targets) = table.get("target") else { return Ok(tables) };
    for (target, value) in as_table("target", targets)? {
        let key = format!("target.'{target}'");
        let platform: Platform =
            target.parse().map_err(|problem| error(key.clone(), format!("is not a target: {problem}")))?;
        if let Some(entries) = as_table(&key, value)?.get("dependencies")
            && build.matches(&platform)
        {
            let key = format!("{key}.dependencies");
            let entries = as_table(&key, entries)?;
            tables.push((key, entries));
        }
    }
    Ok(tables)
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
