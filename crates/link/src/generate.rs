//! What a build script calls.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use toml::Value;

use crate::{Build, Error, Extension, Manifest, extensions, manifest};

/// Which side of the extensions a program has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A server: each crate's `SERVER`.
    Server,
    /// A client: each crate's `CLIENT`.
    Client,
}

impl Side {
    /// What the descriptors are called at the root of a crate, of what type they are, and what the list of them is called.
    const fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Server => ("SERVER", "::stonechat_extension::Descriptor", "EXTENSIONS"),
            Self::Client => ("CLIENT", "::stonechat_extension::client::Descriptor", "CLIENT_EXTENSIONS"),
        }
    }

    const fn file(self) -> &'static str {
        match self {
            Self::Server => "extensions.rs",
            Self::Client => "client_extensions.rs",
        }
    }
}

/// Writes `$OUT_DIR/extensions.rs` for the server whose build script calls this; see the
/// [crate's documentation](crate).
///
/// A failure is reported to Cargo, which shows it and fails the build.
pub fn generate() {
    generate_for(Side::Server);
}

/// The same for a client: `$OUT_DIR/client_extensions.rs`, with the static `CLIENT_EXTENSIONS`.
pub fn generate_client() {
    generate_for(Side::Client);
}

#[expect(clippy::print_stdout, reason = "a build script talks to Cargo on its standard output")]
fn generate_for(side: Side) {
    // Not `vars`, which panics on a variable that is not Unicode.
    let vars = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    match write(side, &vars.collect()) {
        Ok(read) => read.iter().for_each(|file| println!("cargo::rerun-if-changed={}", file.display())),
        Err(error) => error.to_string().lines().for_each(|line| println!("cargo::error={line}")),
    }
}

/// The generated code: the static `EXTENSIONS` of a server, `CLIENT_EXTENSIONS` of a client, with `extensions` in their order.
#[must_use]
pub fn render(side: Side, extensions: &[Extension]) -> String {
    let (descriptor, kind, list) = side.names();
    let items: String = extensions.iter().map(|e| format!("    &::{}::{descriptor},\n", e.krate)).collect();
    let open = if items.is_empty() { "" } else { "\n" };
    format!(
        "/// The extensions that this program's `Cargo.toml` names, sorted by package.\n\
         #[allow(unreachable_pub, reason = \"the including module may be private\")]\n\
         pub static {list}: &[&{kind}] = &[{open}{items}];\n"
    )
}

/// Does it, and returns the files that the result depends on.
fn write(side: Side, vars: &BTreeMap<String, String>) -> Result<Vec<PathBuf>, Error> {
    let var = |name: &'static str| vars.get(name).ok_or(Error::NotABuildScript { name });
    let path = Path::new(var("CARGO_MANIFEST_DIR")?).join("Cargo.toml");
    let target = Path::new(var("OUT_DIR")?).join(side.file());
    let build = Build::from_vars(vars.iter().map(|(name, value)| (name.clone(), value.clone())));

    let text = read(&path)?;
    let own = Manifest { path: &path, text: &text };
    let root = if manifest::inherits(&own, &build)? { workspace(&own)? } else { None };
    let root_manifest = root.as_ref().map(|(path, text)| Manifest { path, text });
    let code = render(side, &extensions(&own, root_manifest.as_ref(), &build)?);
    fs::write(&target, code).map_err(|source| Error::Io { file: target, source })?;

    Ok(std::iter::once(path.clone()).chain(root.map(|(path, _)| path)).collect())
}

fn read(file: &Path) -> Result<String, Error> {
    fs::read_to_string(file).map_err(|source| Error::Io { file: file.to_owned(), source })
}

/// The root manifest of the workspace that the package is in: the one that `package.workspace` points to, else
/// the nearest with a `[workspace]` table in the package's own folder or above it.
fn workspace(own: &Manifest<'_>) -> Result<Option<(PathBuf, String)>, Error> {
    let table = manifest::parse(own)?;
    let folder = own.path.parent().unwrap_or(Path::new(""));
    if let Some(root) =
        table.get("package").and_then(|package| package.get("workspace")).and_then(Value::as_str)
    {
        let path = folder.join(root).join("Cargo.toml");
        let text = read(&path)?;
        return Ok(Some((path, text)));
    }
    for folder in folder.ancestors() {
        let path = folder.join("Cargo.toml");
        if !path.is_file() {
            continue;
        }
        let text = read(&path)?;
        if manifest::parse(&Manifest { path: &path, text: &text })?.contains_key("workspace") {
            return Ok(Some((path, text)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with a workspace of one package, `app`, and a place for what the build script writes.
    fn tree(root: &str, app: &str) -> (tempfile::TempDir, BTreeMap<String, String>) {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("crates/app");
        fs::create_dir_all(&folder).unwrap();
        fs::write(dir.path().join("Cargo.toml"), root).unwrap();
        fs::write(folder.join("Cargo.toml"), app).unwrap();
        let vars = [("CARGO_MANIFEST_DIR", folder.as_path()), ("OUT_DIR", dir.path())];
        let vars = vars.map(|(name, path)| (name.to_owned(), path.to_str().unwrap().to_owned()));
        (dir, vars.into())
    }

    const ROOT: &str = r#"
        [workspace]
        members = ["crates/*"]
        [workspace.dependencies]
        copies = { package = "stonechat-xep-carbons", path = "xeps/carbons" }
    "#;

    #[test]
    fn the_list_is_rust_code_in_the_order_given() {
        let extension = |name: &str| Extension { package: name.into(), krate: name.replace('-', "_") };
        let code = render(Side::Server, &[extension("stonechat-xep-disco"), extension("stonechat-xep-ping")]);
        let expected = "pub static EXTENSIONS: &[&::stonechat_extension::Descriptor] = &[\n    \
                        &::stonechat_xep_disco::SERVER,\n    &::stonechat_xep_ping::SERVER,\n];\n";
        assert!(code.ends_with(expected), "{code}");
        assert!(code.starts_with("/// "), "{code}");
    }

    #[test]
    fn an_empty_list_is_a_list() {
        assert!(render(Side::Server, &[]).ends_with("= &[];\n"));
    }

    #[test]
    fn the_file_is_written_and_both_manifests_are_watched() {
        let (dir, vars) = tree(ROOT, "[dependencies]\nstonechat-xep-ping = \"0.1\"\ncopies.workspace = true");
        let watched = write(Side::Server, &vars).unwrap();
        assert_eq!(watched, [dir.path().join("crates/app/Cargo.toml"), dir.path().join("Cargo.toml")]);
        let code = fs::read_to_string(dir.path().join("extensions.rs")).unwrap();
        assert!(
            code.ends_with("&[\n    &::copies::SERVER,\n    &::stonechat_xep_ping::SERVER,\n];\n"),
            "{code}"
        );
    }

    #[test]
    fn a_client_s_list_has_the_client_s_sides() {
        let (dir, vars) = tree(ROOT, "[dependencies]\nstonechat-xep-ping = \"0.1\"");
        write(Side::Client, &vars).unwrap();
        let code = fs::read_to_string(dir.path().join("client_extensions.rs")).unwrap();
        let expected = "pub static CLIENT_EXTENSIONS: &[&::stonechat_extension::client::Descriptor] = &[\n    \
                        &::stonechat_xep_ping::CLIENT,\n];\n";
        assert!(code.ends_with(expected), "{code}");
    }

    #[test]
    fn a_package_may_point_to_its_workspace() {
        let (dir, vars) =
            tree("", "[package]\nworkspace = \"../../root\"\n[dependencies]\ncopies.workspace = true");
        fs::create_dir(dir.path().join("root")).unwrap();
        fs::write(dir.path().join("root/Cargo.toml"), ROOT).unwrap();
        write(Side::Server, &vars).unwrap();
        let code = fs::read_to_string(dir.path().join("extensions.rs")).unwrap();
        assert!(code.contains("&::copies::SERVER"), "{code}");
    }

    #[test]
    fn a_manifest_that_inherits_nothing_needs_no_workspace() {
        let (dir, vars) = tree("this is not TOML", "[dependencies]\nstonechat-xep-ping = \"0.1\"");
        assert_eq!(write(Side::Server, &vars).unwrap(), [dir.path().join("crates/app/Cargo.toml")]);
    }

    #[test]
    fn outside_a_build_script_the_missing_variable_is_named() {
        let error = write(Side::Server, &BTreeMap::new()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the environment variable CARGO_MANIFEST_DIR is not set: call this from a build script"
        );
    }
}
