//! What a program wrote.

use std::fmt;
use std::process::ExitStatus;

/// Bytes kept of one stream; what comes after is read and dropped, so that a program gone wild fills no memory.
const KEPT: usize = 16 * 1024 * 1024;

/// Which of a program's two outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// All that a program wrote, and how it ended. What is not UTF-8 is replaced; 16 MiB of each stream are kept.
#[derive(Debug, Clone)]
pub struct Output {
    /// The program's name.
    pub name: String,
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Output {
    /// The output, if the program succeeded.
    ///
    /// # Panics
    /// With the transcript, if it failed.
    #[track_caller]
    #[must_use]
    pub fn expect_success(self) -> Self {
        assert!(self.status.success(), "{self}");
        self
    }

    /// The output, if the program failed by itself.
    ///
    /// # Panics
    /// With the transcript, if it succeeded or was ended by a signal.
    #[track_caller]
    #[must_use]
    pub fn expect_failure(self) -> Self {
        assert!(self.status.code().is_some_and(|code| code != 0), "{self}");
        self
    }
}

/// The transcript.
impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, status, stdout, stderr } = self;
        write!(f, "{name}: {status}\n--- stdout\n{stdout}--- stderr\n{stderr}---")
    }
}

/// One stream while the program runs.
#[derive(Debug, Default)]
pub(crate) struct Captured {
    text: String,
    /// Up to where somebody has waited for lines.
    seen: usize,
    pub(crate) is_at_end: bool,
}

impl Captured {
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.text.len() < KEPT {
            self.text.push_str(&String::from_utf8_lossy(bytes));
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The first value that `wanted` makes of a line after those seen before; the line counts as seen then. A
    /// last line without an end counts when no more can come.
    pub(crate) fn take<T>(&mut self, wanted: &mut impl FnMut(&str) -> Option<T>) -> Option<T> {
        loop {
            let rest = &self.text[self.seen..];
            let (line, length) = match rest.find('\n') {
                Some(end) => (&rest[..end], end + 1),
                None if self.is_at_end && !rest.is_empty() => (rest, rest.len()),
                None => return None,
            };
            let found = wanted(line.strip_suffix('\r').unwrap_or(line));
            self.seen += length;
            if found.is_some() {
                return found;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn captured(text: &str) -> Captured {
        let mut captured = Captured::default();
        captured.push(text.as_bytes());
        captured
    }

    fn any(line: &str) -> Option<String> {
        Some(line.to_owned())
    }

    #[test]
    fn each_line_is_offered_once_and_only_when_whole() {
        let mut captured = captured("one\r\ntwo\nthr");
        assert_eq!(captured.take(&mut any).as_deref(), Some("one"));
        assert_eq!(captured.take(&mut any).as_deref(), Some("two"));
        assert_eq!(captured.take(&mut any), None);
        captured.push(b"ee\n");
        assert_eq!(captured.take(&mut any).as_deref(), Some("three"));
    }

    #[test]
    fn a_last_line_without_an_end_counts_at_the_end() {
        let mut captured = captured("last");
        captured.is_at_end = true;
        assert_eq!(captured.take(&mut any).as_deref(), Some("last"));
        assert_eq!(captured.take(&mut any), None);
    }

    #[test]
    fn lines_that_are_not_wanted_are_passed_over() {
        let mut captured = captured("noise\nport=1\nport=2\n");
        let mut port = |line: &str| line.strip_prefix("port=").map(str::to_owned);
        assert_eq!(captured.take(&mut port).as_deref(), Some("1"));
        assert_eq!(captured.take(&mut port).as_deref(), Some("2"));
    }

    #[test]
    fn what_is_kept_has_a_bound() {
        let mut captured = Captured::default();
        let chunk = vec![b'x'; 1024 * 1024];
        (0..40).for_each(|_| captured.push(&chunk));
        assert_eq!(captured.text().len(), KEPT);
    }
}
