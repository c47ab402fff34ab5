//! The software of others that the end-to-end tests run, from Debian, PyPI and npm; and valgrind.
//!
//! What is there is left alone, so a second run takes no time. What cannot be installed is an error.

mod debian;
mod node;
mod python;

use std::path::{Path, PathBuf};

use crate::workspace::Workspace;
use crate::{Error, Result};

/// Where the installed things are.
#[derive(Debug, Clone)]
pub struct Foreign {
    /// The Python interpreter of the virtual environment.
    pub python: PathBuf,
    /// The folder that holds the npm packages.
    pub node_modules: PathBuf,
}

/// Installs what is missing.
///
/// # Errors
/// [`Error::Missing`] for what cannot be installed here; [`Error::Failed`] when an installer fails.
pub fn install(workspace: &Workspace) -> Result<Foreign> {
    let wanted = workspace.root.join("tests/foreign");
    let installed = workspace.target.join("foreign");
    std::fs::create_dir_all(&installed).map_err(Error::file(&installed))?;
    debian::install(debian::TESTS)?;
    let python = python::install(&wanted.join("requirements.txt"), &installed.join("venv"))?;
    let node_modules = node::install(&wanted)?;
    Ok(Foreign { python, node_modules })
}

/// Installs valgrind when it is missing.
///
/// # Errors
/// As [`install`].
pub fn valgrind() -> Result<()> {
    debian::install(debian::VALGRIND)
}

/// Whether `copy` says that what `list` asks for was installed.
fn is_installed(list: &Path, copy: &Path) -> Result<bool> {
    let wanted = std::fs::read(list).map_err(Error::file(list))?;
    Ok(std::fs::read(copy).is_ok_and(|installed| installed == wanted))
}

/// Notes that what `list` asks for is installed now.
fn note_installed(list: &Path, copy: &Path) -> Result<()> {
    std::fs::copy(list, copy).map(drop).map_err(Error::file(copy))
}
