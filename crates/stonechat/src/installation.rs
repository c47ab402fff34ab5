//! What an account has here from one program to the next: what this installation is called, and a token for the next login (XEP-0484).
//!
//! A token stands for the password, so it is kept as the keyring is: in a file of its own that nobody else may read. One that others could have
//! read is not used. It is for one account, one installation and one mechanism; each login uses it, and the server gives another in its
//! place from time to time. Two programs cannot use one token at the same time, so a second one of an account goes without.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use stonechat_client::FastToken;
use stonechat_jid::BareJid;
use stonechat_sasl::Token;

use crate::account::folder;
use crate::failure::Failure;
use crate::private;

/// What is in the file.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    account: BareJid,
    /// A UUID (XEP-0388 §2.3).
    id: String,
    token: Option<KeptToken>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct KeptToken {
    token: String,
    mechanism: String,
    used: u32,
}

/// What an account has here. As long as this is there, no other program has it.
pub(crate) struct Installation {
    path: PathBuf,
    kept: Kept,
    /// Locked.
    _lock: File,
}

// There is a token in it.
impl std::fmt::Debug for Installation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Installation").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Installation {
    /// That of an account; `None` where somebody else has it, or the user has no folder for such things.
    pub(crate) fn of(account: &BareJid) -> Result<Option<Self>, Failure> {
        match place(account) {
            Some(path) => Self::at(&path, account).map_err(|error| Failure::io(path.display(), error)),
            None => Ok(None),
        }
    }

    fn at(path: &Path, account: &BareJid) -> io::Result<Option<Self>> {
        private::make_folder(path)?;
        let lock = File::options().create(true).append(true).open(path.with_extension("lock"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let kept = match load(path, account)? {
            Some(kept) => kept,
            None => Kept { account: account.clone(), id: uuid()?, token: None },
        };
        Ok(Some(Self { path: path.to_owned(), kept, _lock: lock }))
    }

    /// What it is called.
    pub(crate) fn id(&self) -> &str {
        &self.kept.id
    }

    /// The token for the next login, if there is one.
    pub(crate) fn token(&self) -> Option<FastToken> {
        let KeptToken { token, mechanism, used } = self.kept.token.as_ref()?;
        Some(FastToken { token: Token::new(token)?, mechanism: mechanism.parse().ok()?, used: *used })
    }

    /// Keeps another token in the place of the last one, or none.
    pub(crate) fn keep(&mut self, token: Option<&FastToken>) -> Result<(), Failure> {
        self.kept.token = token.map(|token| KeptToken {
            token: token.token.expose().to_owned(),
            mechanism: token.mechanism.name().to_owned(),
            used: token.used,
        });
        save(&self.path, &self.kept).map_err(|error| Failure::io(self.path.display(), error))
    }
}

impl Drop for KeptToken {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.token);
    }
}

/// Whether anything was kept for an account.
pub(crate) fn is_there(account: &BareJid) -> bool {
    place(account).is_some_and(|path| path.exists())
}

/// Forgets the token of an account: with another password it is worth nothing any more.
pub(crate) fn forget_token(account: &BareJid) -> Result<(), Failure> {
    let Some(path) = place(account) else { return Ok(()) };
    let forget = || match load(&path, account)? {
        Some(kept) if kept.token.is_some() => save(&path, &Kept { token: None, ..kept }),
        _ => Ok(()),
    };
    forget().map_err(|error| Failure::io(path.display(), error))
}

fn save(path: &Path, kept: &Kept) -> io::Result<()> {
    private::write(path, &zeroize::Zeroizing::new(serde_json::to_vec(kept)?))
}

fn place(account: &BareJid) -> Option<PathBuf> {
    Some(folder("XDG_STATE_HOME", ".local/state")?.join(format!("token-{account}.json")))
}

/// What was kept for this account, and can be relied upon. What cannot be read is as if it were not there: a login with the password makes another.
fn load(path: &Path, account: &BareJid) -> io::Result<Option<Kept>> {
    let Some(content) = private::read(path)? else { return Ok(None) };
    let kept = serde_json::from_slice(&content.text).ok().filter(|kept: &Kept| kept.account == *account);
    Ok(kept.map(|kept| if content.is_open_to_others() { Kept { token: None, ..kept } } else { kept }))
}

/// A random UUID (RFC 9562 §5.4).
fn uuid() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| io::Error::other(format!("no randomness: {error}")))?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use stonechat_sasl::Mechanism;

    use super::*;

    fn juliet() -> BareJid {
        "juliet@example.com".parse().unwrap()
    }

    fn token(text: &str, used: u32) -> FastToken {
        FastToken { token: Token::new(text).unwrap(), mechanism: Mechanism::HT_SHA_256_NONE, used }
    }

    fn at(path: &Path) -> Installation {
        Installation::at(path, &juliet()).unwrap().unwrap()
    }

    #[test]
    fn a_token_is_kept_with_the_name_of_the_installation_until_there_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/token.json");
        let mut first = at(&path);
        assert!(first.token().is_none());
        let id = first.id().to_owned();
        for used in [0, 1] {
            first.keep(Some(&token("secret", used))).unwrap();
        }
        drop(first);
        let mut second = at(&path);
        assert_eq!((second.id(), second.token()), (id.as_str(), Some(token("secret", 1))));
        assert!(!format!("{second:?}").contains("secret"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        second.keep(None).unwrap();
        drop(second);
        let third = at(&path);
        assert_eq!((third.id(), third.token()), (id.as_str(), None));
    }

    #[test]
    fn a_second_program_goes_without() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.json");
        let first = at(&path);
        assert!(Installation::at(&path, &juliet()).unwrap().is_none());
        drop(first);
        assert!(Installation::at(&path, &juliet()).unwrap().is_some());
    }

    #[test]
    fn a_token_that_others_could_read_or_that_is_another_account_s_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token.json");
        let mut first = at(&path);
        first.keep(Some(&token("secret", 0))).unwrap();
        let id = first.id().to_owned();
        drop(first);
        let romeo = "romeo@example.net".parse().unwrap();
        assert!(Installation::at(&path, &romeo).unwrap().unwrap().token().is_none());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let open = at(&path);
        assert_eq!((open.id(), open.token()), (id.as_str(), None));
        drop(open);
        fs::write(&path, "nonsense").unwrap();
        assert!(at(&path).token().is_none());
    }

    #[test]
    fn an_installation_is_called_by_a_random_uuid() {
        let (one, other) = (uuid().unwrap(), uuid().unwrap());
        assert_ne!(one, other);
        let parts: Vec<_> = one.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert!(one.as_bytes()[14] == b'4' && b"89ab".contains(&one.as_bytes()[19]), "{one}");
    }
}
