//! Reading a password: never from the command line, where everybody on the machine could see it.

use std::io::{BufRead, IsTerminal as _, stdin};

use stonechat_jid::BareJid;
use zeroize::Zeroizing;

use crate::control::Secret;
use crate::failure::Failure;

/// More than any password may have, in bytes.
const MOST: u64 = 4096;

/// Asks for a new password twice on a terminal, without showing it; else takes one line of standard input.
pub(super) fn read(jid: &BareJid) -> Result<Secret, Failure> {
    if stdin().is_terminal() {
        let first = prompt(&format!("New password for {jid}: "))?;
        let second = prompt("The same again: ")?;
        if first != second {
            return Err(Failure::refused("the two passwords are not the same"));
        }
        return Ok(Secret::new(first));
    }
    line(stdin().lock()).map(Secret::new)
}

fn prompt(text: &str) -> Result<Zeroizing<String>, Failure> {
    let password = rpassword::prompt_password(text).map_err(|error| Failure::io("the terminal", error))?;
    Ok(Zeroizing::new(password))
}

fn line(input: impl BufRead) -> Result<Zeroizing<String>, Failure> {
    let failed = |error| Failure::io("the password on standard input", error);
    let mut line = Zeroizing::new(String::new());
    input.take(MOST).read_line(&mut line).map_err(failed)?;
    if line.len() as u64 == MOST {
        return Err(Failure::refused("the password on standard input is too long"));
    }
    while line.ends_with(['\n', '\r']) {
        line.pop();
    }
    if line.is_empty() {
        return Err(Failure::refused("there is no password: it is the first line of standard input"));
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_the_first_line_without_its_end() {
        for input in ["r0m30 \n", "r0m30 \r\n", "r0m30 ", "r0m30 \nmore\n"] {
            assert_eq!(line(input.as_bytes()).unwrap().as_str(), "r0m30 ", "{input:?}");
        }
    }

    #[test]
    fn no_password_and_one_without_end_are_refused() {
        for input in [Vec::new(), b"\n".to_vec(), vec![b'x'; 100_000], vec![0xff, b'\n']] {
            assert!(line(input.as_slice()).is_err());
        }
    }
}
