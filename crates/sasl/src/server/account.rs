//! The answer to a look into the account store.

use crate::scram::Credentials;
use crate::{Failure, Token};

/// What the account store says about a name: the answer to [`Step::NeedCredentials`](super::Step::NeedCredentials).
#[derive(Debug)]
pub struct Account {
    pub(super) name: String,
    pub(super) credentials: Option<Credentials>,
    pub(super) tokens: Vec<Token>,
    pub(super) refused: Option<Failure>,
}

impl Account {
    /// There is such an account. `name` is its canonical name, the JID's localpart: it becomes the authenticated
    /// identity.
    #[must_use]
    pub fn found(name: impl Into<String>, credentials: Credentials) -> Self {
        Self { name: name.into(), credentials: Some(credentials), tokens: Vec::new(), refused: None }
    }

    /// There is such an account, and these tokens would prove it in the mechanism of the [`Lookup`](super::Lookup): for the HT mechanisms,
    /// which know no passwords. There may be none. Each costs an HMAC, so let there be few.
    #[must_use]
    pub fn holding(name: impl Into<String>, tokens: Vec<Token>) -> Self {
        Self { name: name.into(), credentials: None, tokens, refused: None }
    }

    /// There is no such account. The exchange goes on with keys of the [`Decoy`](crate::scram::Decoy) and ends like
    /// one with a wrong password. `name` is the canonical form that an account of this name would have, or the user
    /// name as it came if it cannot be one.
    #[must_use]
    pub fn unknown(name: impl Into<String>) -> Self {
        Self { name: name.into(), credentials: None, tokens: Vec::new(), refused: None }
    }

    /// The account may not log in now, say because it is disabled. The client learns it only after it has proved to
    /// know the password.
    #[must_use]
    pub fn refused(mut self, failure: Failure) -> Self {
        self.refused = Some(failure);
        self
    }
}
