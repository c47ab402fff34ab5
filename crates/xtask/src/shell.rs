//! Running programs: never with a standard input, so that nothing waits for an answer.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::{Error, Result, say};

/// A command in the making, from a program and its arguments.
pub fn command<A: AsRef<OsStr>>(program: impl AsRef<OsStr>, args: impl IntoIterator<Item = A>) -> Command {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null());
    command
}

/// The Cargo that runs us.
pub fn cargo<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), args)
}

/// Prints the command and runs it with our output.
///
/// # Errors
/// [`Error::Spawn`] when it does not start, [`Error::Failed`] when it does not succeed.
pub fn run(command: &mut Command) -> Result<()> {
    say::line(&format!("+ {}", line(command)));
    let status = command.status().map_err(|source| Error::Spawn { command: line(command), source })?;
    if status.success() { Ok(()) } else { Err(Error::Failed { command: line(command), status }) }
}

/// Prints the command, runs it and returns its standard output; its standard error is ours.
///
/// # Errors
/// As [`run`].
pub fn output(command: &mut Command) -> Result<Vec<u8>> {
    say::line(&format!("+ {}", line(command)));
    let Output { status, stdout, .. } = command
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| Error::Spawn { command: line(command), source })?;
    if status.success() { Ok(stdout) } else { Err(Error::Failed { command: line(command), status }) }
}

/// Whether the command starts and succeeds; quiet.
pub fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Where `PATH` has the program.
#[must_use]
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_program_is_an_error_that_names_it() {
        let error = run(&mut command("false", ["--now"])).unwrap_err().to_string();
        assert!(error.starts_with("`false --now` failed"), "{error}");
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error_and_not_a_success() {
        assert!(matches!(run(&mut command("no-such-program", [""])), Err(Error::Spawn { .. })));
        assert!(!succeeds(&mut command("no-such-program", [""])));
        assert_eq!(find("no-such-program"), None);
    }

    #[test]
    fn output_is_returned() {
        assert_eq!(output(&mut command("echo", ["a", "b"])).unwrap(), b"a b\n");
    }
}
