//! What a client logs in with.

use core::fmt;

use zeroize::Zeroizing;

use crate::scram::ClientKeys;
use crate::{Mechanism, Token};

/// What a client logs in with. Secrets are wiped when dropped and not shown by `Debug`.
#[derive(Clone)]
pub struct Login {
    pub(super) secret: Secret,
    pub(super) username: String,
    pub(super) authzid: Option<String>,
}

#[derive(Clone)]
pub(super) enum Secret {
    Password { password: Zeroizing<String>, cached: Option<Box<ClientKeys>> },
    Keys(Box<ClientKeys>),
    Token(Token, Mechanism),
    Certificate,
    Nobody,
}

impl Login {
    /// With a user name, usually the JID's localpart (RFC 6120 §6.3.7), and a password: SCRAM or PLAIN.
    #[must_use]
    pub fn password(username: impl Into<String>, password: impl Into<String>) -> Self {
        let secret = Secret::Password { password: Zeroizing::new(password.into()), cached: None };
        Self { secret, username: username.into(), authzid: None }
    }

    /// With keys from an earlier login ([`Authenticated::keys`](super::Authenticated::keys)) in the place of the
    /// password: SCRAM with their hash, as long as the server keeps salt and iteration count.
    #[must_use]
    pub fn keys(username: impl Into<String>, keys: ClientKeys) -> Self {
        Self { secret: Secret::Keys(Box::new(keys)), username: username.into(), authzid: None }
    }

    /// With a token, in the one mechanism that it was issued for (XEP-0484 §3.4).
    #[must_use]
    pub fn token(username: impl Into<String>, token: Token, mechanism: Mechanism) -> Self {
        Self { secret: Secret::Token(token, mechanism), username: username.into(), authzid: None }
    }

    /// With the TLS client certificate: EXTERNAL.
    #[must_use]
    pub fn certificate() -> Self {
        Self { secret: Secret::Certificate, username: String::new(), authzid: None }
    }

    /// As nobody: ANONYMOUS, with a trace of what one wants to say of oneself, perhaps nothing.
    #[must_use]
    pub fn anonymous(trace: impl Into<String>) -> Self {
        Self { secret: Secret::Nobody, username: trace.into(), authzid: None }
    }

    /// Sets the authorization identity: a bare JID, to act as someone else (RFC 6120 §6.3.8), or to say which identity
    /// of the certificate is meant. Without meaning for ANONYMOUS.
    #[must_use]
    pub fn acting_as(mut self, authzid: impl Into<String>) -> Self {
        self.authzid = Some(authzid.into()).filter(|authzid: &String| !authzid.is_empty());
        self
    }

    /// Adds keys from an earlier login, which save the derivation if they still fit.
    #[must_use]
    pub fn with_cached(mut self, keys: ClientKeys) -> Self {
        if let Secret::Password { cached, .. } = &mut self.secret {
            *cached = Some(Box::new(keys));
        }
        self
    }

    pub(super) const fn is_token(&self) -> bool {
        matches!(self.secret, Secret::Token(..))
    }

    /// Whether one can log in like this with the mechanism.
    pub(super) fn fits(&self, mechanism: Mechanism) -> bool {
        match &self.secret {
            Secret::Password { .. } => mechanism.hash().is_some() || mechanism == Mechanism::Plain,
            Secret::Keys(keys) => mechanism.hash() == Some(keys.hash()),
            Secret::Token(_, own) => mechanism.takes_token() && mechanism == *own,
            Secret::Certificate => mechanism == Mechanism::External,
            Secret::Nobody => mechanism == Mechanism::Anonymous,
        }
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.secret {
            Secret::Password { .. } => "password",
            Secret::Keys(_) => "keys",
            Secret::Token(..) => "token",
            Secret::Certificate => "certificate",
            Secret::Nobody => "anonymous",
        };
        f.debug_struct("Login").field("with", &kind).field("username", &self.username).finish_non_exhaustive()
    }
}
