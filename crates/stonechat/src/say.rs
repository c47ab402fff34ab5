//! Writing to the standard streams, and what may be written there.

use std::fmt::Display;
use std::io::{BufRead as _, ErrorKind, Read as _, Write, stderr, stdin, stdout};

use crate::failure::{Code, Failure};

/// More than somebody types in a line, in bytes.
const MOST_TYPED: u64 = 64 << 10;

/// Writes a line to standard output, at once.
pub(crate) fn line(text: impl Display) -> Result<(), Failure> {
    let mut out = stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::new(Code::Io, "nobody reads the output any more"),
        _ => Failure::io("standard output", error),
    })
}

/// Writes bytes to standard output, as they are.
pub(crate) fn bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|error| Failure::io("standard output", error))
}

/// Writes a line to standard error. Where that cannot be done there is nobody left to tell.
pub(crate) fn complain(text: impl Display) {
    let _ = writeln!(stderr().lock(), "stonechat: {text}");
}

/// Writes a line to standard error that is to be read before something is asked.
pub(crate) fn remark(text: impl Display) -> Result<(), Failure> {
    writeln!(stderr().lock(), "{text}").map_err(|error| Failure::io("standard error", error))
}

/// Asks on the terminal, and returns the line that is typed.
pub(crate) fn ask(prompt: &str) -> Result<String, Failure> {
    let no_terminal = |error| Failure::io("the terminal", error);
    let mut out = stderr().lock();
    out.write_all(prompt.as_bytes()).and_then(|()| out.flush()).map_err(no_terminal)?;
    let mut line = String::new();
    stdin().lock().take(MOST_TYPED).read_line(&mut line).map_err(no_terminal)?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// Whether a terminal takes a character for a command, or for a change of the direction of what stands around it.
fn is_control(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// What others have written, so that a terminal can show it: without anything that would control the terminal. Lines stay lines.
pub(crate) fn printable(text: &str) -> String {
    let plain = |char| match char {
        '\n' => '\n',
        '\t' => ' ',
        char if is_control(char) => '\u{fffd}',
        char => char,
    };
    text.chars().map(plain).collect()
}

/// The same, on one line.
pub(crate) fn one_line(text: &str) -> String {
    printable(text).replace('\n', " ")
}

/// Whether XML can carry the text (XML 1.0 §2.2).
pub(crate) fn is_xml(text: &str) -> bool {
    text.chars().all(|char| match char {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        char => char >= ' ',
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_write_does_not_control_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\tc\nd\u{9b}\u{202e}"), "a\u{fffd}[2Jb c\nd\u{fffd}\u{fffd}");
        assert_eq!(one_line("a\nb"), "a b");
        assert_eq!(printable("naïve 😺"), "naïve 😺");
    }

    #[test]
    fn what_xml_cannot_carry_is_known() {
        assert!(is_xml("naïve\t😺\r\n") && is_xml(""));
        assert!(!is_xml("\u{1b}") && !is_xml("a\0") && !is_xml("\u{ffff}"));
    }
}
