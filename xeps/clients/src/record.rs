//! What is remembered of an installation, and what follows from it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What is remembered of an installation of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    /// Seconds since 1970.
    pub(crate) first_seen: i64,
    /// Seconds since 1970.
    pub(crate) last_seen: i64,
    /// The account's epoch in which it has last shown the password.
    #[serde(default)]
    password: Option<String>,
    #[serde(default)]
    pub(crate) software: Option<String>,
    #[serde(default)]
    pub(crate) device: Option<String>,
}

/// A login of an installation.
#[derive(Debug, Clone)]
pub(crate) struct Seen<'a> {
    pub(crate) now: Timestamp,
    /// The epoch, if it was with the password.
    pub(crate) password: Option<&'a str>,
    pub(crate) software: Option<&'a str>,
    pub(crate) device: Option<&'a str>,
}

impl Record {
    /// What is remembered after a login.
    pub(crate) fn after(before: Option<Self>, seen: &Seen<'_>) -> Self {
        let now = seen.now.as_second();
        let (first_seen, password) = match before {
            Some(before) => (before.first_seen, before.password),
            None => (now, None),
        };
        let own = |text: Option<&str>| text.map(str::to_owned);
        Self {
            first_seen,
            last_seen: now,
            password: own(seen.password).or(password),
            software: own(seen.software),
            device: own(seen.device),
        }
    }

    /// What is remembered when it was there still.
    pub(crate) fn seen_at(self, now: Timestamp) -> Self {
        Self { last_seen: now.as_second(), ..self }
    }

    /// Whether it has shown the password that is right in this epoch.
    pub(crate) fn knows_password(&self, epoch: Option<&str>) -> bool {
        epoch.is_some() && self.password.as_deref() == epoch
    }

    /// Whether it was away longer than it is remembered.
    pub(crate) fn is_stale(&self, now: Timestamp, keep_days: u32) -> bool {
        now.as_second().saturating_sub(self.last_seen) > i64::from(keep_days) * 24 * 3600
    }
}

/// What to do about a client that is to lose its access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// There is no such client.
    Unknown,
    /// It would be back at once.
    PasswordReset,
    /// It goes.
    Revoke,
}

/// §3.2.
pub(crate) const fn verdict(known: bool, knows_password: bool) -> Verdict {
    match (known, knows_password) {
        (false, _) => Verdict::Unknown,
        (true, true) => Verdict::PasswordReset,
        (true, false) => Verdict::Revoke,
    }
}

/// The opaque reference of what `name` names: an installation of the account, or a session without one.
pub(crate) fn reference(account: &str, name: &str) -> String {
    let mut hash = Sha256::new();
    for part in ["stonechat client", account, name] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    URL_SAFE_NO_PAD.encode(&hash.finalize()[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn seen(now: i64, password: Option<&str>) -> Seen<'_> {
        Seen { now: at(now), password, software: Some("X"), device: None }
    }

    #[test]
    fn a_client_is_known_from_its_first_login_and_knows_the_password_it_has_shown() {
        let first = Record::after(None, &seen(10, Some("1")));
        let later = Record::after(Some(first), &seen(20, None));
        assert_eq!((later.first_seen, later.last_seen), (10, 20));
        assert!(later.knows_password(Some("1")) && !later.knows_password(Some("2")));
        assert!(!later.knows_password(None), "the account is gone");
        let token = Record::after(None, &seen(10, None));
        assert!(!token.knows_password(Some("1")) && !token.knows_password(None));
    }

    #[test]
    fn a_client_that_stays_away_is_forgotten() {
        let record = Record::after(None, &seen(0, None));
        assert!(!record.is_stale(at(24 * 3600), 1) && record.is_stale(at(24 * 3600 + 1), 1));
    }

    #[test]
    fn who_knows_the_password_cannot_be_revoked() {
        assert_eq!(verdict(false, false), Verdict::Unknown);
        assert_eq!(verdict(true, true), Verdict::PasswordReset);
        assert_eq!(verdict(true, false), Verdict::Revoke);
    }

    #[test]
    fn a_reference_is_of_one_account_and_one_name() {
        let one = reference("a@b", "phone");
        assert_eq!((one.len(), &one), (16, &reference("a@b", "phone")));
        for other in [reference("a@c", "phone"), reference("a@b", "laptop"), reference("a", "bphone")] {
            assert_ne!(one, other);
        }
    }
}
