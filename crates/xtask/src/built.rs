//! What a build made.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::Command;

use cargo_metadata::{Message, Target};

use crate::{Error, Result, shell};

/// The programs that a build made.
#[derive(Debug)]
pub struct Programs(Vec<(Target, PathBuf)>);

impl Programs {
    /// Runs a build.
    ///
    /// # Errors
    /// When it fails.
    pub fn of(build: &mut Command) -> Result<Self> {
        let messages = shell::output(build.arg("--message-format=json-render-diagnostics"))?;
        let programs = Message::parse_stream(Cursor::new(messages)).filter_map(|message| match message {
            // A test of a program has the same name and kind, but another profile.
            Ok(Message::CompilerArtifact(made)) if !made.profile.test => {
                made.executable.map(|path| (made.target, path.into()))
            }
            _ => None,
        });
        Ok(Self(programs.collect()))
    }

    /// Where the one `name` is that was made of a target which `is_it`.
    ///
    /// # Errors
    /// [`Error::NoProgram`].
    pub fn get(&self, name: &'static str, is_it: fn(&Target) -> bool) -> Result<&Path> {
        let found = self.0.iter().find(|(target, _)| target.name == name && is_it(target));
        found.map(|(_, path)| path.as_path()).ok_or(Error::NoProgram(name))
    }
}
