//! Writing to the standard streams, where a reader that has gone is no fault.

use std::fmt::Display;
use std::io::{ErrorKind, Write, stderr, stdout};

use crate::failure::Failure;

/// Writes a line to standard output, at once.
pub(crate) fn line(text: impl Display) -> Result<(), Failure> {
    let mut out = stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::io("standard output", error)),
        _ => Ok(()),
    }
}

/// Writes a line to standard error. Where that cannot be done there is nobody left to tell.
pub(crate) fn complain(text: impl Display) {
    let _ = writeln!(stderr().lock(), "stonechatd: {text}");
}

/// Asks on standard error, without ending the line.
pub(crate) fn ask(text: impl Display) {
    let mut err = stderr().lock();
    let _ = write!(err, "{text}").and_then(|()| err.flush());
}
