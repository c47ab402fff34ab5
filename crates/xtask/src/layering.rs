//! The layers of the workspace: dependencies point one way only.
//!
//! ```text
//! jid ─ stanza ─┬─ stream ──────┬─ server, client, component    (never an XEP crate)
//!       sasl ───┼───────────────┤
//! jid ─ store ──┴─ extension ───┴─ xeps/*            (never server or client)
//! jid ─ net ───────────────────── server, client, component
//! ```
//!
//! Programs, tests, examples and benchmarks are where both sides meet. The build-script helper `link` and the
//! developer commands stand alone. `[dev-dependencies]` are free, because they never reach a user of the crate.

use std::collections::BTreeMap;
use std::fmt;

use crate::workspace::{Edge, Kind, Package, Workspace};
use crate::{Error, Result, say};

/// Where a package stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Addresses.
    Jid,
    /// Stanzas and shared payloads.
    Stanza,
    /// The stream codec and negotiation.
    Stream,
    /// Authentication mechanisms.
    Sasl,
    /// Connections and certificates.
    Net,
    /// Storage kinds and drivers.
    Store,
    /// The seam between the core and the extensions.
    Extension,
    /// An extension.
    Xep,
    /// The server's core, the client's, or a component's.
    Core,
    /// The build-script helper.
    Link,
    /// These developer commands.
    Xtask,
    /// A composition: a program, or the tests, examples and benchmarks.
    Top,
}

impl Layer {
    /// The layer of the package in that folder (relative to the workspace's root); `None` for a folder that the
    /// design does not have.
    #[must_use]
    pub fn of(folder: &str) -> Option<Self> {
        Some(match folder {
            "crates/jid" => Self::Jid,
            "crates/stanza" => Self::Stanza,
            "crates/stream" => Self::Stream,
            "crates/sasl" => Self::Sasl,
            "crates/net" => Self::Net,
            "crates/store" => Self::Store,
            "crates/extension" => Self::Extension,
            "crates/server" | "crates/client" | "crates/component" => Self::Core,
            "crates/link" => Self::Link,
            "crates/xtask" => Self::Xtask,
            "crates/stonechatd" | "crates/stonechat" | "tests" | "examples" | "benches" => Self::Top,
            _ if folder.starts_with("xeps/") => Self::Xep,
            _ => return None,
        })
    }

    /// Whether a package of this layer may name one of `other` in a table of that kind.
    #[must_use]
    pub fn may_depend_on(self, other: Self, kind: Kind) -> bool {
        use Layer::{Core, Extension, Jid, Link, Net, Sasl, Stanza, Store, Stream, Top, Xep, Xtask};
        match self {
            _ if kind == Kind::Development => true,
            Jid | Sasl | Link | Xtask => false,
            Net | Stanza | Store => other == Jid,
            Stream => matches!(other, Jid | Stanza),
            Extension => matches!(other, Jid | Stanza | Store),
            Xep => matches!(other, Jid | Stanza | Store | Extension | Xep),
            Core => matches!(other, Jid | Stanza | Stream | Sasl | Net | Store | Extension),
            Top if kind == Kind::Build => other == Link,
            Top => !matches!(other, Link | Xtask),
        }
    }
}

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// A dependency that points the wrong way.
    Edge {
        /// The package that depends.
        from: String,
        /// The package that it must not depend on.
        to: String,
        /// The manifest with the line to remove.
        manifest: String,
    },
    /// A folder that has no layer.
    NoLayer {
        /// The package.
        package: String,
        /// Its folder.
        folder: String,
    },
    /// A package that is not called after its folder.
    Name {
        /// The package.
        package: String,
        /// Its folder.
        folder: String,
        /// What it has to be called.
        expected: String,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edge { from, to, manifest } => write!(f, "{from} must not depend on {to} ({manifest})"),
            Self::NoLayer { package, folder } => {
                write!(
                    f,
                    "{package}: the folder {folder} has no layer; add it to crates/xtask/src/layering.rs"
                )
            }
            Self::Name { package, folder, expected } => {
                write!(f, "{package}: the package in {folder} has to be called {expected}")
            }
        }
    }
}

/// All broken rules among these packages, in their order.
#[must_use]
pub fn violations(packages: &[Package]) -> Vec<Violation> {
    let layers: BTreeMap<&str, Option<Layer>> =
        packages.iter().map(|package| (package.name.as_str(), Layer::of(&package.folder))).collect();
    packages.iter().flat_map(|package| of_package(package, &layers)).collect()
}

fn of_package(package: &Package, layers: &BTreeMap<&str, Option<Layer>>) -> Vec<Violation> {
    let (name, folder) = (&package.name, &package.folder);
    let Some(layer) = Layer::of(folder) else {
        return vec![Violation::NoLayer { package: name.clone(), folder: folder.clone() }];
    };
    let mut found = Vec::new();
    let expected = expected_name(folder);
    if *name != expected {
        found.push(Violation::Name { package: name.clone(), folder: folder.clone(), expected });
    }
    let breaks = |edge: &&Edge| match layers.get(edge.to.as_str()) {
        Some(Some(other)) => !layer.may_depend_on(*other, edge.kind),
        // Not a member, or a member that is reported for having no layer.
        Some(None) | None => false,
    };
    found.extend(package.edges.iter().filter(breaks).map(|edge| Violation::Edge {
        from: name.clone(),
        to: edge.to.clone(),
        manifest: format!("{folder}/Cargo.toml"),
    }));
    found
}

/// `xeps/carbons` holds `stonechat-xep-carbons`, `crates/jid` holds `stonechat-jid`; the programs are called as
/// people call them.
fn expected_name(folder: &str) -> String {
    match (folder.strip_prefix("xeps/"), folder.strip_prefix("crates/")) {
        (Some(extension), _) => format!("stonechat-xep-{}", extension.replace('_', "-")),
        (None, Some(program @ ("stonechatd" | "stonechat"))) => program.to_owned(),
        (None, other) => format!("stonechat-{}", other.unwrap_or(folder)),
    }
}

/// The command: prints what was looked at, and fails with all that is broken.
///
/// # Errors
/// [`Error::Layering`].
pub fn run(workspace: &Workspace) -> Result<()> {
    let found = violations(&workspace.packages);
    if found.is_empty() {
        let edges: usize = workspace.packages.iter().map(|package| package.edges.len()).sum();
        say::line(&format!("layering: {} packages, {edges} edges, as designed", workspace.packages.len()));
        return Ok(());
    }
    let list = found.iter().map(|violation| format!("  {violation}")).collect::<Vec<_>>().join("\n");
    Err(Error::Layering { count: found.len(), list })
}

#[cfg(test)]
#[path = "layering_tests.rs"]
mod tests;
