//! npm packages, beside the scripts that import them: that is where Node looks.

use std::path::{Path, PathBuf};

use super::{is_installed, note_installed};
use crate::{Result, shell};

/// Fails unless Node is new enough for xmpp.js.
const SUITS: &str = "const [a, b] = process.versions.node.split('.').map(Number); process.exit(a > 20 || (a == 20 && b >= 10) ? 0 : 1)";

pub(super) fn is_there() -> bool {
    shell::succeeds(&mut shell::command("node", ["-e", SUITS]))
}

/// Installs what `package-lock.json` in `folder` lists; returns the folder with the packages. Their install
/// scripts are not run.
pub(super) fn install(folder: &Path) -> Result<PathBuf> {
    let lock = folder.join("package-lock.json");
    let packages = folder.join("node_modules");
    let note = packages.join(".installed-lock.json");
    if !is_installed(&lock, &note)? {
        let args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"];
        shell::run(shell::command("npm", args).current_dir(folder))?;
        note_installed(&lock, &note)?;
    }
    Ok(packages)
}
