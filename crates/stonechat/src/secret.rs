//! Passwords: from the environment, the keyring file or a prompt, never from the command line, where everybody on the machine could see them.

use std::io::{self, ErrorKind, IsTerminal as _, stdin};
use std::path::Path;

use stonechat_jid::BareJid;
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::private;

/// The variable with the password.
pub(crate) const VARIABLE: &str = "STONECHAT_PASSWORD";

/// A password, wiped when it is dropped.
pub(crate) type Secret = Zeroizing<String>;

/// The password of an account, where somebody has written it down: in the environment, else in the keyring.
pub(crate) fn known(account: &BareJid, keyring: Option<&Path>) -> Result<Option<Secret>, Failure> {
    if let Ok(password) = std::env::var(VARIABLE)
        && !password.is_empty()
    {
        return Ok(Some(Secret::new(password)));
    }
    keyring.map_or(Ok(None), |path| in_keyring(path, account))
}

/// The password of an account: of the environment, else of the keyring, else asked for on the terminal.
pub(crate) fn of(account: &BareJid, keyring: Option<&Path>) -> Result<Secret, Failure> {
    if let Some(password) = known(account, keyring)? {
        return Ok(password);
    }
    if stdin().is_terminal() {
        return prompt(&format!("Password for {account}: "));
    }
    let place = keyring.map_or_else(String::new, |path| {
        format!(", or write the line `{account} PASSWORD` to {} and chmod 600 it", path.display())
    });
    Err(Failure::usage(format!("there is no password for {account}: set {VARIABLE}{place}")))
}

/// The password that an account is to have that is not there yet: one that is written down, else a [new](new) one.
pub(crate) fn chosen(account: &BareJid, keyring: Option<&Path>) -> Result<Secret, Failure> {
    known(account, keyring)?.map_or_else(|| new(account), Ok)
}

/// A new password: asked for twice on a terminal, else the first line of standard input.
pub(crate) fn new(account: &BareJid) -> Result<Secret, Failure> {
    if stdin().is_terminal() {
        let first = prompt(&format!("New password for {account}: "))?;
        if first != prompt("The same again: ")? {
            return Err(Failure::usage("the two passwords are not the same"));
        }
        return not_empty(first);
    }
    let mut line = Secret::default();
    stdin().read_line(&mut line).map_err(|error| Failure::io("the password on standard input", error))?;
    while line.ends_with(['\n', '\r']) {
        line.pop();
    }
    not_empty(line)
}

fn not_empty(password: Secret) -> Result<Secret, Failure> {
    if password.is_empty() {
        return Err(Failure::usage("the new password is empty: it is the first line of standard input"));
    }
    Ok(password)
}

/// What is typed on the terminal, without its being seen.
pub(crate) fn prompt(text: &str) -> Result<Secret, Failure> {
    rpassword::prompt_password(text).map(Secret::new).map_err(|error| Failure::io("the terminal", error))
}

/// The password of an account in a keyring; `None` without a keyring, or when the account is not in it.
fn in_keyring(path: &Path, account: &BareJid) -> Result<Option<Secret>, Failure> {
    let failed = |error| Failure::io(path.display(), error);
    let Some(content) = private::read(path).map_err(failed)? else { return Ok(None) };
    if content.is_open_to_others() {
        let (path, mode) = (path.display(), content.mode);
        return Err(Failure::config(format!(
            "others may read the keyring {path} (mode {mode:03o}): chmod 600 it, and change the passwords in it"
        )));
    }
    let text = str::from_utf8(&content.text)
        .map_err(|error| failed(io::Error::new(ErrorKind::InvalidData, error)))?;
    Ok(find(text, account).map(|password| Secret::new(password.to_owned())))
}

/// A line is an address, white space, and a password, which may have spaces in it. Lines that begin with `#` are remarks.
fn find<'t>(text: &'t str, account: &BareJid) -> Option<&'t str> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once([' ', '\t'])).find_map(|(jid, password)| {
        let is_it = BareJid::parse(jid).is_ok_and(|jid| jid == *account);
        (is_it && !password.is_empty()).then_some(password)
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::failure::Code;

    fn juliet() -> BareJid {
        "juliet@example.org".parse().unwrap()
    }

    #[test]
    fn a_line_of_the_keyring_is_an_address_and_a_password() {
        let text = "# remark\nromeo@example.org a\nJuliet@Example.org  two words \nnonsense\n";
        assert_eq!(find(text, &juliet()), Some(" two words "));
        assert_eq!(find("juliet@example.org ", &juliet()), None);
        assert_eq!(find("#juliet@example.org a", &juliet()), None);
    }

    #[test]
    fn a_keyring_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keyring");
        assert_eq!(in_keyring(&path, &juliet()), Ok(None));
        std::fs::write(&path, "juliet@example.org r0m30\n").unwrap();
        for (mode, allowed) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o660, false)]
        {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            match in_keyring(&path, &juliet()) {
                Ok(password) => {
                    assert_eq!((password.as_deref().map(String::as_str), allowed), (Some("r0m30"), true))
                }
                Err(failure) => {
                    assert!(!allowed && failure.code == Code::Config, "{failure}");
                    assert!(failure.message.contains("chmod 600") && !failure.message.contains("r0m30"));
                }
            }
        }
    }
}
