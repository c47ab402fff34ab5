//! The printed configuration is the reference: it has every key that there is, and none that there is not.
//!
//! What is printed and commented out, as it has no default, is taken as written for this. Then every table is asked, by a key that nobody has,
//! which keys it knows: serde's error lists them.

use std::collections::BTreeSet;

use stonechat_extension::{InstallError, Registry};
use toml::{Table, Value};

use super::{File, print};
use crate::extensions::registry;

const NOBODYS: &str = "zzz";

/// The text with what is commented out as an example.
fn with_examples(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix("# ") {
        Some(example) if is_key(example) || is_header(example) => format!("{example}\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

fn is_key(line: &str) -> bool {
    let name = line.split_once(" = ").map_or("", |(name, _)| name);
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b"_-".contains(&b))
}

fn is_header(line: &str) -> bool {
    let name = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')).unwrap_or("");
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.[]\"".contains(&b))
}

/// The paths of all tables in a value: parts of a path, a number for a place in a list.
fn tables(value: &Value, path: &[String], all: &mut Vec<Vec<String>>) {
    let further = |part: &str| [path, &[part.to_owned()]].concat();
    match value {
        Value::Table(table) => {
            all.push(path.to_vec());
            table.iter().for_each(|(key, value)| tables(value, &further(key), all));
        }
        Value::Array(array) => {
            array.iter().enumerate().for_each(|(at, value)| tables(value, &further(&at.to_string()), all));
        }
        _ => {}
    }
}

fn at<'v>(value: &'v mut Value, path: &[String]) -> &'v mut Value {
    path.iter().fold(value, |value, part| match value {
        Value::Array(array) => &mut array[part.parse::<usize>().unwrap()],
        value => value.get_mut(part.as_str()).unwrap(),
    })
}

/// The keys that the table at a path knows, by the complaint about one that it does not; `None` for one that takes any.
fn known(
    config: &Table,
    path: &[String],
    complaint: impl Fn(Table) -> Option<String>,
) -> Option<BTreeSet<String>> {
    let mut config = Value::Table(config.clone());
    at(&mut config, path).as_table_mut().unwrap().insert(NOBODYS.to_owned(), true.into());
    let Value::Table(config) = config else { return None };
    let complaint = complaint(config)?;
    if !complaint.starts_with("unknown ") {
        return None;
    }
    if complaint.ends_with("has nothing to configure") {
        return Some(BTreeSet::new());
    }
    let names = complaint.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let listed = match complaint.split_once("the keys are ") {
        Some((_, keys)) => keys.split(", ").map(str::to_owned).collect(),
        None => names[1..].to_vec(),
    };
    Some(listed.into_iter().collect())
}

/// Compares each table with what it knows; those that take any key are returned.
fn compare(config: &Table, name: &str, complaint: impl Fn(Table) -> Option<String>) -> Vec<String> {
    let (mut paths, mut open) = (Vec::new(), Vec::new());
    tables(&Value::Table(config.clone()), &[], &mut paths);
    for path in paths {
        let mut whole = Value::Table(config.clone());
        let printed = at(&mut whole, &path).as_table().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        match known(config, &path, &complaint) {
            // Elements of a list need not all say everything.
            Some(known) if path.last().is_some_and(|part| part.parse::<usize>().is_ok_and(|at| at > 0)) => {
                assert!(
                    printed.is_subset(&known),
                    "{name}: {path:?} has {printed:?}, and there are {known:?}"
                );
            }
            Some(known) => assert_eq!(printed, known, "{name}: the keys of {path:?}"),
            None => open.push(path.join(".")),
        }
    }
    open
}

fn complete() -> Table {
    with_examples(&print(&registry().unwrap())).parse().expect("the examples are TOML, too")
}

#[test]
fn the_reference_has_every_key_of_the_server_and_no_other() {
    let mut config = complete();
    // Those are the extensions' own.
    config["extensions"] = Value::Table(Table::new());
    let complaint = |config: Table| config.try_into::<File>().err().map(|error| error.message().to_owned());
    assert_eq!(complaint(config.clone()), None);
    let open = compare(&config, "the server", complaint);
    assert_eq!(
        open,
        [
            "components",
            "extensions",
            "federation.peers",
            "hosts",
            "hosts.localhost.extensions",
            "hosts.localhost.extensions.ping"
        ]
    );
}

#[test]
fn the_reference_has_every_key_of_every_extension_and_no_other() {
    let registry = registry().unwrap();
    let config = complete();
    let sections = config["extensions"].as_table().unwrap();
    for extension in registry.iter() {
        let mut section = sections[extension.name()].as_table().unwrap().clone();
        section.remove("enabled").expect("all can be switched on and off");
        section.remove("required").expect("all can be required");
        let complaint = |section: Table| match extension.check(&section) {
            Err(InstallError::Config { message, .. }) => Some(message),
            _ => None,
        };
        assert_eq!(complaint(section.clone()), None, "{}", extension.name());
        let open = compare(&section, extension.name(), complaint);
        assert!(open.is_empty(), "{}: {open:?} take any key", extension.name());
    }
    assert_eq!(sections.len(), registry.iter().count());
}

/// What is in a list that is empty by default is explained in its comment.
#[test]
fn the_reference_names_the_keys_of_what_is_listed() {
    let registry = registry().unwrap();
    let text = print(&registry);
    for extension in registry.iter() {
        let defaults = extension.defaults().unwrap();
        for (list, _) in defaults.iter().filter(|(_, value)| value.as_array().is_some_and(Vec::is_empty)) {
            for key in keys_of_listed(&registry, extension.name(), list) {
                let quoted = [format!("`{key}`"), format!("{key} = ")];
                assert!(
                    quoted.iter().any(|quoted| text.contains(quoted)),
                    "{}.{list}: {key}",
                    extension.name()
                );
            }
        }
    }
}

fn keys_of_listed(registry: &Registry, extension: &str, list: &str) -> Vec<String> {
    let element = Table::from_iter([(NOBODYS.to_owned(), Value::Boolean(true))]);
    let section = Table::from_iter([(list.to_owned(), Value::Array(vec![element.into()]))]);
    let Err(InstallError::Config { message, .. }) = registry.get(extension).unwrap().check(&section) else {
        return Vec::new();
    };
    let names = message.split("the keys are ").nth(1);
    names.map(|names| names.split(", ").map(str::to_owned).collect()).unwrap_or_default()
}

#[test]
fn a_key_that_is_missing_or_too_many_is_found() {
    let complaint = |config: Table| config.try_into::<File>().err().map(|error| error.message().to_owned());
    let missing: Table = "[log]\nlevel = 'info'".parse().unwrap();
    let known = known(&missing, &["log".to_owned()], complaint).unwrap();
    assert_eq!(known, BTreeSet::from(["format".to_owned(), "level".to_owned()]));
    assert_eq!(with_examples("# a = 1\n# [b.c]\n# A word.\nd = 2"), "a = 1\n[b.c]\n# A word.\nd = 2\n");
}
