//! Whose data it is.

use std::{fmt, sync::Arc};

/// Whose data a record is: an account's or a host's. Cheap to clone.
///
/// The address is compared byte by byte, so it has to be prepared already (RFC 7622 §3): two spellings of one
/// address are two owners.
///
/// ```
/// use stonechat_store::Owner;
///
/// let juliet = Owner::account("juliet@capulet.example");
/// assert_eq!(juliet.as_str(), "juliet@capulet.example");
/// assert!(juliet.is_account());
/// assert_ne!(Owner::account("capulet.example"), Owner::host("capulet.example"));
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Owner(Arc<str>);

/// Before the address in an owner's key, so that an account and a host of one address stay apart.
const ACCOUNT: &str = "a:";
const HOST: &str = "h:";

impl Owner {
    /// The account with this bare JID.
    pub fn account(bare_jid: &str) -> Self {
        Self(Arc::from([ACCOUNT, bare_jid].concat()))
    }

    /// The host (a served domain, a room service, …) with this domain.
    pub fn host(domain: &str) -> Self {
        Self(Arc::from([HOST, domain].concat()))
    }

    /// The bare JID or the domain, as it was given.
    pub fn as_str(&self) -> &str {
        &self.0[ACCOUNT.len()..]
    }

    /// Whether this is an account's owner, not a host's.
    pub fn is_account(&self) -> bool {
        self.0.starts_with(ACCOUNT)
    }

    /// The text a driver stores: `a:` or `h:`, then the address. Owners sort as their keys do.
    pub fn key(&self) -> &str {
        &self.0
    }

    /// The owner with this [`key`](Self::key), or `None` if it is no owner's key.
    pub fn from_key(key: &str) -> Option<Self> {
        (key.starts_with(ACCOUNT) || key.starts_with(HOST)).then(|| Self(Arc::from(key)))
    }
}

impl fmt::Debug for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_account() { "account" } else { "host" };
        write!(f, "{kind} {}", self.as_str())
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_gives_the_owner_back() {
        for owner in [Owner::account("juliet@example.org"), Owner::host("example.org"), Owner::host("")] {
            assert_eq!(Owner::from_key(owner.key()), Some(owner));
        }
    }

    #[test]
    fn a_text_that_is_no_key_is_no_owner() {
        for text in ["", "a", "x:juliet@example.org", "juliet@example.org"] {
            assert_eq!(Owner::from_key(text), None, "{text:?}");
        }
    }
}
