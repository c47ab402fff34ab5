//! What is kept from one chat to the next: up to where each conversation was read.
//!
//! Other devices are told by markers (XEP-0333), which not every message asks for; this device remembers by itself.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use stonechat_jid::BareJid;

use crate::account::{Account, folder};
use crate::failure::Failure;

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
        match fs::read(file) {
            Ok(text) => serde_json::from_slice(&text)
                .map_err(|error| Failure::config(format!("{}: {error}; remove the file", file.display()))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Read::new()),
            Err(error) => Err(Failure::io(file.display(), error)),
        }
    }

    /// Keeps this in the place of what was kept before. Nobody else may read with whom one talks.
    pub(crate) fn save(&self, read: &Read) -> Result<(), Failure> {
        let Some(file) = &self.file else { return Ok(()) };
        let save = || {
            if let Some(folder) = file.parent() {
                DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            }
            let new = file.with_extension("new");
            let mut out =
                OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
            out.write_all(&serde_json::to_vec(read)?)?;
            fs::rename(&new, file)
        };
        save().map_err(|error| Failure::io(file.display(), error))
    }
}

#[cfg(test)]
mod tests {
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
