//! The example of a project that builds on Stonechat, in `examples/downstream`: a workspace of its own, which the commands for
//! this one pass by. Format and lints; that it works is seen in `tests`.

use crate::workspace::Workspace;
use crate::{Error, Result, say, shell};

/// Checks the project with the versions that this workspace has, in its target folder, so that nothing is fetched and what both
/// depend on is there already.
///
/// # Errors
/// When its format or a lint is to be mended.
pub fn run(workspace: &Workspace) -> Result<()> {
    let project = workspace.root.join("examples/downstream");
    let versions = project.join("Cargo.lock");
    std::fs::copy(workspace.root.join("Cargo.lock"), &versions).map_err(Error::file(&versions))?;
    shell::run(shell::cargo(["fmt", "--check"]).current_dir(&project))?;
    let mut clippy = shell::cargo(["clippy", "--workspace", "--all-targets", "--no-deps", "--offline"]);
    clippy.arg("--target-dir").arg(&workspace.target).args(["--", "-D", "warnings"]);
    shell::run(clippy.current_dir(&project))?;
    say::line("downstream: format and lints are as they should be");
    Ok(())
}
