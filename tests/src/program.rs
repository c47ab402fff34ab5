//! Where the programs are.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// The server's program: what the environment variable `STONECHATD` names (`cargo xtask test` sets it), else
/// what Cargo builds now.
///
/// # Panics
/// When it does not build.
#[must_use]
pub fn stonechatd() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| match std::env::var_os("STONECHATD") {
        Some(path) => PathBuf::from(path),
        None => build("stonechatd", &["--package", "stonechatd"]),
    })
}

/// The terminal client's program: what the environment variable `STONECHAT` names, else what Cargo builds now.
///
/// # Panics
/// When it does not build.
#[must_use]
pub fn stonechat() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| match std::env::var_os("STONECHAT") {
        Some(path) => PathBuf::from(path),
        None => build("stonechat", &["--package", "stonechat"]),
    })
}

/// An example's program: in the folder that the environment variable `STONECHAT_EXAMPLES` names, else as Cargo builds it now.
///
/// # Panics
/// When it does not build.
#[must_use]
pub fn example(name: &str) -> PathBuf {
    match std::env::var_os("STONECHAT_EXAMPLES") {
        Some(folder) => PathBuf::from(folder).join(name),
        None => build(name, &["--package", "stonechat-examples", "--example", name]),
    }
}

fn build(name: &str, what: &[&str]) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--message-format", "json-render-diagnostics"])
        .args(what)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("Cargo can be run");
    assert!(built.status.success(), "{name} does not build");
    let messages = String::from_utf8_lossy(&built.stdout);
    let mut found = messages.lines().filter_map(|message| executable(message, name));
    found.next().expect("Cargo tells where it put the program that it built")
}

/// The path in Cargo's message about the program `name`; `None` for its other messages.
fn executable(message: &str, name: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let is_it = message["reason"] == "compiler-artifact" && message["target"]["name"] == name;
    message["executable"].as_str().filter(|_| is_it).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_among_cargos_messages() {
        let program = r#"{"reason":"compiler-artifact","target":{"name":"stonechatd","kind":["bin"]},"executable":"/t/debug/stonechatd"}"#;
        let library = r#"{"reason":"compiler-artifact","target":{"name":"stonechatd","kind":["lib"]},"executable":null}"#;
        let script = r#"{"reason":"build-script-executed","executable":"/t/build"}"#;
        let messages = [library, script, "not JSON", program];
        let found: Vec<_> =
            messages.into_iter().filter_map(|message| executable(message, "stonechatd")).collect();
        assert_eq!(found, [Path::new("/t/debug/stonechatd")]);
    }
}
