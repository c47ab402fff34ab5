//! What is kept from one chat to the next: up to where each conversation was read.
//!
//! Other devices are told by markers (XEP-0333), which not every message asks for; this device remembers by itself.

use std::collections::BTreeMap;
use std::path::PathBuf;

use stonechat_jid::BareJid;

use crate::account::{Account, folder};
use crate::failure::Failure;
use crate::private;

/// The ids in the archive of the last messages that were read, by conversation.
pub(crate) type Read = BTreeMap<BareJid, String>;

/// Where it is kept.
#[derive(Debug)]
pub(crate) struct Keeper {
    /// `None` where the user has no folder for such things.
    file: Option<PathBuf>,
}

impl Keeper {
    /// The keeper of an account.
    pub(crate) fn of(account: &Account) -> Self {
        let folder = folder("XDG_STATE_HOME", ".local/state");
        Self { file: folder.map(|folder| folder.join(format!("read-{}.json", account.jid))) }
    }

    /// What was kept; nothing at first.
    pub(crate) fn load(&self) -> Result<Read, Failure> {
        let Some(file) = &self.file else { return Ok(Read::new()) };
        let content = private::read(file).map_err(|error| Failure::io(file.display(), error))?;
        content.map_or_else(
            || Ok(Read::new()),
            |content| {
                serde_json::from_slice(&content.text)
                    .map_err(|error| Failure::config(format!("{}: {error}; remove the file", file.display())))
            },
        )
    }

    /// Keeps this in the place of what was kept before. Nobody else may read with whom one talks.
    pub(crate) fn save(&self, read: &Read) -> Result<(), Failure> {
        let Some(file) = &self.file else { return Ok(()) };
        let save = || private::write(file, &serde_json::to_vec(read)?);
        save().map_err(|error| Failure::io(file.display(), error))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::failure::Code;

    #[test]
    fn what_is_kept_is_there_again_and_nobody_else_s_business() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state/read-juliet@example.com.json");
        let keeper = Keeper { file: Some(file.clone()) };
        assert_eq!(keeper.load(), Ok(Read::new()));
        let read = Read::from([("romeo@example.net".parse().unwrap(), "7".to_owned())]);
        for _ in 0..2 {
            keeper.save(&read).unwrap();
        }
        assert_eq!(keeper.load(), Ok(read));
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        fs::write(&file, "nonsense").unwrap();
        assert_eq!(keeper.load().unwrap_err().code, Code::Config);
        assert_eq!(Keeper { file: None }.load(), Ok(Read::new()));
    }
}
