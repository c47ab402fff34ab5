//! The check of a password in the clear, made to run elsewhere.

use core::fmt;

use zeroize::Zeroizing;

use crate::scram::Keys;

/// A password to check against stored keys. Takes as long as deriving them, about a millisecond and up.
///
/// The password is wiped when this is dropped, and not shown by `Debug`.
pub struct PasswordCheck {
    pub(super) password: Zeroizing<String>,
    pub(super) keys: Keys,
    pub(super) name: String,
}

impl PasswordCheck {
    /// Derives and compares. CPU-heavy, the same for accounts that exist and that do not.
    #[must_use]
    pub fn run(self) -> Checked {
        Checked { right: self.keys.verify_prepared(&self.password), name: self.name }
    }
}

impl fmt::Debug for PasswordCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasswordCheck").finish_non_exhaustive()
    }
}

/// The outcome of a [`PasswordCheck`]; only its exchange can read it.
#[derive(Debug)]
pub struct Checked {
    pub(super) right: bool,
    /// Whose password it was, so that outcomes of two exchanges cannot be mixed up to anyone's profit.
    pub(super) name: String,
}
