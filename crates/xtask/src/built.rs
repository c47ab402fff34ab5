//! What a build made.

use std::io::Cursor;
use std::path::PathBuf;
use std::process::Command;

use cargo_metadata::{Message, Target};

use crate::{Error, Result, shell};

/// Runs a build, and returns where the program `name` is that it made of a target which `is_it`.
///
/// # Errors
/// When the build fails, and [`Error::NoProgram`] when it makes no such program.
pub fn program(build: &mut Command, name: &'static str, is_it: fn(&Target) -> bool) -> Result<PathBuf> {
    let messages = shell::output(build.arg("--message-format=json-render-diagnostics"))?;
    let mut programs = Message::parse_stream(Cursor::new(messages)).filter_map(|message| match message {
        // A test of the program has the same name and kind, but another profile.
        Ok(Message::CompilerArtifact(made))
            if made.target.name == name && is_it(&made.target) && !made.profile.test =>
        {
            made.executable
        }
        _ => None,
    });
    programs.next().map(Into::into).ok_or(Error::NoProgram(name))
}
