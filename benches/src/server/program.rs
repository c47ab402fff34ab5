//! Where the servers' programs are.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use super::Kind;
use crate::{Context, Error, Result};

/// Where the servers' programs are.
#[derive(Debug, Clone, clap::Args)]
pub struct Programs {
    /// Stonechat's program. Without it Cargo builds one now.
    #[arg(long, env = "STONECHATD", value_name = "FILE")]
    stonechatd: Option<PathBuf>,
    /// Prosody's program.
    #[arg(long, default_value = "/usr/bin/prosody", value_name = "FILE")]
    pub(super) prosody: PathBuf,
    /// ejabberd's script.
    #[arg(long, default_value = "/usr/sbin/ejabberdctl", value_name = "FILE")]
    pub(super) ejabberdctl: PathBuf,
    /// Threads of the floor; one is the cheapest.
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub(super) relay_threads: usize,
    #[arg(skip)]
    built: Arc<OnceLock<PathBuf>>,
}

impl Programs {
    /// Sees to it that these servers can be started.
    ///
    /// # Errors
    /// When one is not there. Nobody should take a table without it for a comparison with it.
    pub fn check(&self, servers: &[Kind]) -> Result<()> {
        for kind in servers {
            let (program, package) = match kind {
                Kind::Floor => continue,
                Kind::Stonechat => (self.stonechatd()?, "stonechatd"),
                Kind::Prosody => (self.prosody.as_path(), "prosody"),
                Kind::Ejabberd => (self.ejabberdctl.as_path(), "ejabberd"),
            };
            if !program.is_file() {
                let program = program.display();
                return Err(Error::Setup(format!(
                    "{package} is not here: there is no {program}. Install it, or name the servers to compare with \
                     --servers"
                )));
            }
        }
        Ok(())
    }

    pub(super) fn stonechatd(&self) -> Result<&Path> {
        if let Some(program) = self.stonechatd.as_deref().or_else(|| self.built.get().map(PathBuf::as_path)) {
            return Ok(program);
        }
        let program = build()?;
        Ok(self.built.get_or_init(|| program))
    }
}

/// Built in the way that this program was, so that it is never an old one.
fn build() -> Result<PathBuf> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(["build", "--package", "stonechatd", "--message-format", "json-render-diagnostics"]);
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null()).stderr(Stdio::inherit());
    let built = command.output().during("Cargo")?;
    let messages = String::from_utf8_lossy(&built.stdout);
    let program = messages.lines().find_map(executable).filter(|_| built.status.success());
    program.ok_or_else(|| Error::Setup("stonechatd does not build".to_owned()))
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
    fn a_server_that_is_missing_is_named() {
        let programs = Programs {
            stonechatd: None,
            prosody: "/nowhere/prosody".into(),
            ejabberdctl: "/nowhere/ejabberdctl".into(),
            relay_threads: 1,
            built: Arc::default(),
        };
        let error = programs.check(&[Kind::Floor, Kind::Prosody]).unwrap_err().to_string();
        assert!(error.contains("/nowhere/prosody") && error.contains("--servers"), "{error}");
        assert!(programs.check(&[Kind::Floor]).is_ok());
    }
}
