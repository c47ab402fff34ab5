//! The tokens of one installation, and what becomes of them (§3.4 to §3.6, §5.1).

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// A token's secret: wiped when dropped, not shown by `Debug`.
#[derive(Clone)]
pub(crate) struct Secret(Zeroizing<String>);

impl Secret {
    pub(crate) fn new(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    fn is(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.as_str().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// A token that was issued.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Issued {
    pub(crate) secret: Secret,
    /// The one mechanism that it may be used in.
    pub(crate) mechanism: String,
    /// The account's epoch in which it was issued; it holds in no other.
    pub(crate) epoch: String,
    /// Seconds since 1970.
    pub(crate) expires: i64,
    /// The largest count that it was used with.
    #[serde(default)]
    count: Option<u32>,
}

impl Issued {
    pub(crate) fn new(secret: Secret, mechanism: &str, epoch: &str, expires: Timestamp) -> Self {
        let (mechanism, epoch) = (mechanism.to_owned(), epoch.to_owned());
        Self { secret, mechanism, epoch, expires: expires.as_second(), count: None }
    }

    fn has_expired(&self, now: Timestamp) -> bool {
        self.expires <= now.as_second()
    }
}

/// The tokens of one installation.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Slots {
    /// The one that was used last.
    current: Option<Issued>,
    /// The one that was issued since, if any.
    new: Option<Issued>,
    /// When a token was issued or used last, in seconds since 1970.
    pub(crate) seen: i64,
}

/// Why a token that was proved is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is not there any more: somebody has used, replaced or ended it in the meantime.
    Gone,
    /// It has expired.
    Expired,
    /// The count is not larger than the last one.
    Replayed,
}

/// How a token is used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Use<'a> {
    pub(crate) secret: &'a str,
    pub(crate) epoch: &'a str,
    pub(crate) count: Option<u32>,
    pub(crate) invalidate: bool,
    pub(crate) now: Timestamp,
}

impl Slots {
    fn all(&self) -> impl Iterator<Item = &Issued> {
        self.new.iter().chain(&self.current)
    }

    /// The tokens that may be proved in this mechanism, the newer one first. An expired one is among them, so that its owner can be told.
    pub(crate) fn provable<'a>(
        &'a self,
        mechanism: &'a str,
        epoch: &'a str,
    ) -> impl Iterator<Item = &'a Issued> {
        self.all().filter(move |issued| issued.mechanism == mechanism && issued.epoch == epoch)
    }

    /// Whether there is a token that can be used still in this epoch.
    pub(crate) fn are_alive(&self, epoch: &str, now: Timestamp) -> bool {
        self.all().any(|issued| !issued.has_expired(now) && issued.epoch == epoch)
    }

    /// What is left when a token was used.
    pub(crate) fn used(mut self, by: Use<'_>) -> Result<Self, Refusal> {
        let is_new = self.new.as_ref().is_some_and(|issued| issued.secret.is(by.secret));
        let slot = if is_new { self.new.take() } else { self.current.take() };
        let mut issued = slot
            .filter(|issued| issued.secret.is(by.secret) && issued.epoch == by.epoch)
            .ok_or(Refusal::Gone)?;
        if issued.has_expired(by.now) {
            return Err(Refusal::Expired);
        }
        if let Some(count) = by.count {
            if issued.count.is_some_and(|last| count <= last) {
                return Err(Refusal::Replayed);
            }
            issued.count = Some(count);
        }
        if by.invalidate {
            // What was issued since goes with it: the client logs out.
            return Ok(Self { seen: by.now.as_second(), ..Self::default() });
        }
        // §3.5: those with an earlier expiry.
        let new = self.new.filter(|new| new.expires >= issued.expires);
        Ok(Self { current: Some(issued), new, seen: by.now.as_second() })
    }

    /// What there is when a token was issued: the one that was issued before and not used is gone (§3.5).
    pub(crate) fn issue(self, issued: Issued, now: Timestamp) -> Self {
        Self { new: Some(issued), seen: now.as_second(), ..self }
    }

    /// Whether a token was used and is there still.
    pub(crate) const fn has_current(&self) -> bool {
        self.current.is_some()
    }

    /// Whether the token that was used last expires within `seconds`.
    pub(crate) fn is_due(&self, seconds: i64, now: Timestamp) -> bool {
        self.current.as_ref().is_some_and(|issued| issued.expires.saturating_sub(now.as_second()) <= seconds)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.current.is_none() && self.new.is_none()
    }
}

#[cfg(test)]
#[path = "slots_tests.rs"]
mod tests;
