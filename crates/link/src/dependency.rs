//! One entry of a dependency table.

use std::path::Path;

use toml::{Table, Value};

use crate::Error;

/// An entry of a dependency table, with the package behind its name.
#[derive(Debug)]
pub(crate) struct Dependency<'a> {
    pub(crate) key: &'a str,
    pub(crate) package: String,
    pub(crate) optional: bool,
}

/// Where an entry stands, for messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) file: &'a Path,
    /// The table, as in `dependencies` or `target.'cfg(unix)'.dependencies`.
    pub(crate) table: &'a str,
}

impl Place<'_> {
    fn error(self, key: &str, problem: impl Into<String>) -> Error {
        Error::Key {
            file: self.file.to_owned(),
            key: format!("{}.{key}", self.table),
            problem: problem.into(),
        }
    }
}

/// Whether the entry takes its source from `[workspace.dependencies]`.
pub(crate) fn is_inherited(entry: &Value) -> bool {
    entry.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// Reads one entry; `workspace` holds `[workspace.dependencies]` and its place.
pub(crate) fn read<'a>(
    place: Place<'_>,
    key: &'a str,
    entry: &Value,
    workspace: Option<(Place<'_>, &Table)>,
) -> Result<Dependency<'a>, Error> {
    let optional = match entry.get("optional") {
        None => false,
        Some(Value::Boolean(optional)) => *optional,
        Some(_) => return Err(place.error(key, "has an `optional` that is neither true nor false")),
    };
    let package = if is_inherited(entry) {
        let (root, table) = workspace.ok_or_else(|| {
            place.error(key, "is inherited from a workspace, but no workspace manifest was found")
        })?;
        let entry = table.get(key).ok_or_else(|| {
            root.error(key, format!("is missing, but {} inherits it", place.file.display()))
        })?;
        package(root, key, entry)?
    } else {
        package(place, key, entry)?
    };
    Ok(Dependency { key, package, optional })
}

/// The package's name: the entry's own unless it says `package = ".."`.
fn package(place: Place<'_>, key: &str, entry: &Value) -> Result<String, Error> {
    match entry {
        Value::String(_) => Ok(key.to_owned()),
        Value::Table(table) => match table.get("package") {
            None => Ok(key.to_owned()),
            Some(Value::String(package)) => Ok(package.clone()),
            Some(_) => Err(place.error(key, "has a `package` that is not a string")),
        },
        _ => Err(place.error(key, "is neither a version nor a table")),
    }
}

/// Whether an optional dependency is switched on by `features` (the `[features]` table), of which `is_on`
/// tells those that are on.
///
/// It is when a feature that is on names it as `dep:key` or through `key/feature`, or, as long as no feature
/// names it as `dep:key`, when the feature of its own name is on.
pub(crate) fn is_switched_on(key: &str, features: &Table, is_on: impl Fn(&str) -> bool) -> bool {
    let explicit = format!("dep:{key}");
    let through = format!("{key}/");
    let lists = |feature: &Value, wanted: &dyn Fn(&str) -> bool| {
        feature.as_array().is_some_and(|items| items.iter().filter_map(Value::as_str).any(wanted))
    };
    let named = |item: &str| item == explicit || item.starts_with(&through);
    if features.iter().any(|(name, items)| is_on(name) && lists(items, &named)) {
        return true;
    }
    let has_feature_of_its_own = !features.values().any(|items| lists(items, &|item| item == explicit));
    has_feature_of_its_own && is_on(key)
}
