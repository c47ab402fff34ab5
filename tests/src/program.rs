//! Where the server's program is.

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
        None => build(),
    })
}

fn build() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--package", "stonechatd", "--message-format", "json-render-diagnostics"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("Cargo can be run");
    assert!(built.status.success(), "stonechatd does not build");
    let messages = String::from_utf8_lossy(&built.stdout);
    messages.lines().find_map(executable).expect("Cargo tells where it put the program that it built")
}

/// The path in Cargo's message about the server's program; `None` for its other messages.
fn executable(message: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(message).ok()?;
    let is_server = message["reason"] == "compiler-artifact" && message["target"]["name"] == "stonechatd";
    message["executable"].as_str().filter(|_| is_server).map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_found_among_cargos_messages() {
        let program = r#"{"reason":"compiler-artifact","target":{"name":"stonechatd","kind":["bin"]},"executable":"/t/debug/stonechatd"}"#;
        let library = r#"{"reason":"compiler-artifact","target":{"name":"stonechatd","kind":["lib"]},"executable":null}"#;
        let script = r#"{"reason":"build-script-executed","executable":"/t/build"}"#;
        let found: Vec<_> =
            [library, script, "not JSON", program].into_iter().filter_map(executable).collect();
        assert_eq!(found, [Path::new("/t/debug/stonechatd")]);
    }
}
