//! Python libraries, in a virtual environment of their own.

use std::path::{Path, PathBuf};

use super::{is_installed, note_installed};
use crate::{Error, Result, shell};

/// Fails unless the interpreter is new enough for slixmpp and can make virtual environments.
const SUITS: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";

/// The interpreter to make the virtual environment with: the first on `PATH`, else the system's.
pub(super) fn interpreter() -> Option<&'static str> {
    ["python3", "/usr/bin/python3"]
        .into_iter()
        .find(|python| shell::succeeds(&mut shell::command(python, ["-c", SUITS])))
}

/// Makes the virtual environment `venv` with what `requirements` lists; returns its interpreter.
pub(super) fn install(requirements: &Path, venv: &Path) -> Result<PathBuf> {
    let python = venv.join("bin/python");
    let note = venv.join("requirements.txt");
    if is_installed(requirements, &note)?
        && shell::succeeds(&mut shell::command(&python, ["-c", "import slixmpp"]))
    {
        return Ok(python);
    }
    let system = interpreter().ok_or_else(|| Error::Missing {
        what: "python3 (3.11 or newer, with venv)".to_owned(),
        why: "there is none".to_owned(),
    })?;
    shell::run(shell::command(system, ["-m", "venv", "--clear"]).arg(venv))?;
    let pip =
        ["-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet", "--requirement"];
    shell::run(shell::command(&python, pip).arg(requirements))?;
    note_installed(requirements, &note)?;
    Ok(python)
}
