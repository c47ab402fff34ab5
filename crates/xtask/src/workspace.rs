//! The workspace's packages, as far as the commands ask about them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand};

use crate::Result;

/// The workspace.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// The folder of the root manifest.
    pub root: PathBuf,
    /// Cargo's target folder.
    pub target: PathBuf,
    /// The members, sorted by name.
    pub packages: Vec<Package>,
}

/// A member of the workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its folder, relative to the root, with `/` between the parts.
    pub folder: String,
    /// Whether it may be published.
    pub is_published: bool,
    /// Whether it has a library.
    pub has_library: bool,
    /// Whether its `default` feature switches anything on.
    pub has_default_features: bool,
    /// The members it depends on.
    pub edges: Vec<Edge>,
}

/// A dependency on another member; optional and target-specific ones count as any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The other's name.
    pub to: String,
    /// In which table it stands.
    pub kind: Kind,
}

/// Which table of the manifest a dependency stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `[dependencies]`
    Normal,
    /// `[build-dependencies]`
    Build,
    /// `[dev-dependencies]`
    Development,
}

impl Workspace {
    /// Asks Cargo about the workspace that this crate was built in.
    ///
    /// # Errors
    /// [`Error::Metadata`](crate::Error::Metadata), with what Cargo said.
    pub fn read() -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        let metadata = MetadataCommand::new().manifest_path(manifest).no_deps().exec()?;
        let members = metadata.workspace_packages();
        let names: BTreeSet<&str> = members.iter().map(|package| package.name.as_str()).collect();
        let root = metadata.workspace_root.as_std_path();
        let mut packages: Vec<Package> = members.iter().map(|member| package(member, root, &names)).collect();
        packages.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { root: root.to_owned(), target: metadata.target_directory.clone().into(), packages })
    }
}

fn package(member: &cargo_metadata::Package, root: &Path, names: &BTreeSet<&str>) -> Package {
    let folder = member.manifest_path.as_std_path().parent().unwrap_or(root);
    let folder = folder.strip_prefix(root).unwrap_or(folder);
    let ours = member.dependencies.iter().filter(|dependency| names.contains(dependency.name.as_str()));
    Package {
        name: member.name.to_string(),
        folder: folder
            .components()
            .map(|part| part.as_os_str().to_string_lossy())
            .collect::<Vec<_>>()
            .join("/"),
        is_published: member.publish.as_ref().is_none_or(|registries| !registries.is_empty()),
        has_library: member.targets.iter().any(cargo_metadata::Target::is_lib),
        has_default_features: member.features.get("default").is_some_and(|features| !features.is_empty()),
        edges: ours
            .map(|dependency| Edge { to: dependency.name.clone(), kind: kind(dependency.kind) })
            .collect(),
    }
}

/// A kind that a later Cargo may add is held to the strictest rule.
fn kind(kind: DependencyKind) -> Kind {
    match kind {
        DependencyKind::Build => Kind::Build,
        DependencyKind::Development => Kind::Development,
        _ => Kind::Normal,
    }
}
