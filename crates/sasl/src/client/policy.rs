//! What a client is willing to do to log in.

use crate::Mechanism;
use crate::scram::{MAX_ITERATIONS, MIN_ITERATIONS};

/// What a client is willing to do to log in.
///
/// The default is SCRAM with and without channel binding, HT for tokens, and EXTERNAL; between 4096 and 2,000,000 iterations. PLAIN
/// shows the password to the server and has no protection against downgrades: allow it only for servers known to need
/// it, and never again for one that has done SCRAM (XEP-0474 §7; see [`Authenticated`](super::Authenticated)). Even if
/// allowed it is used only under TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    mechanisms: Vec<Mechanism>,
    pub(super) channel_binding: bool,
    pub(super) downgrade_protection: bool,
    pub(super) min_iterations: u32,
    pub(super) max_iterations: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self::of(Mechanism::SCRAM.into_iter().chain(Mechanism::HASHED_TOKEN).chain([Mechanism::External]))
    }
}

impl Policy {
    /// Exactly these mechanisms.
    #[must_use]
    pub fn of(mechanisms: impl IntoIterator<Item = Mechanism>) -> Self {
        Self {
            mechanisms: mechanisms.into_iter().collect(),
            channel_binding: false,
            downgrade_protection: false,
            min_iterations: MIN_ITERATIONS,
            max_iterations: MAX_ITERATIONS,
        }
    }

    /// This mechanism too.
    #[must_use]
    pub fn allow(mut self, mechanism: Mechanism) -> Self {
        self.mechanisms.push(mechanism);
        self
    }

    /// Not this mechanism.
    #[must_use]
    pub fn forbid(mut self, mechanism: Mechanism) -> Self {
        self.mechanisms.retain(|&other| other != mechanism);
        self
    }

    /// Only with channel binding: a -PLUS mechanism, or EXTERNAL, which is the channel's own.
    #[must_use]
    pub fn require_channel_binding(mut self) -> Self {
        self.channel_binding = true;
        self
    }

    /// Only SCRAM from servers that prove what they advertised (XEP-0474). Proof that is there is checked in any case.
    #[must_use]
    pub fn require_downgrade_protection(mut self) -> Self {
        self.downgrade_protection = true;
        self
    }

    /// The fewest and most PBKDF2 iterations to go along with: too few make a stolen proof easy to attack, too many
    /// keep this machine busy. Kept within [`MIN_ITERATIONS`] and [`MAX_ITERATIONS`].
    #[must_use]
    pub fn iterations(mut self, min: u32, max: u32) -> Self {
        self.min_iterations = min.clamp(MIN_ITERATIONS, MAX_ITERATIONS);
        self.max_iterations = max.clamp(self.min_iterations, MAX_ITERATIONS);
        self
    }

    /// Whether the mechanism may be used at all.
    #[must_use]
    pub fn allows(&self, mechanism: Mechanism) -> bool {
        let bound = mechanism.binds_channel() || mechanism == Mechanism::External || !self.channel_binding;
        // A token is for one mechanism, so nobody can bring its owner to another.
        let pinned = mechanism.takes_token();
        let proved = mechanism.hash().is_some() || pinned || !self.downgrade_protection;
        bound && proved && self.mechanisms.contains(&mechanism)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_default_plain_and_anonymous_are_not_allowed() {
        let policy = Policy::default();
        assert!(!policy.allows(Mechanism::Plain) && !policy.allows(Mechanism::Anonymous));
        assert!(Mechanism::SCRAM.into_iter().all(|mechanism| policy.allows(mechanism)));
    }

    #[test]
    fn the_iteration_limits_stay_within_the_crate_s() {
        let policy = Policy::default().iterations(1, u32::MAX);
        assert_eq!((policy.min_iterations, policy.max_iterations), (MIN_ITERATIONS, MAX_ITERATIONS));
        let policy = Policy::default().iterations(20_000, 10_000);
        assert_eq!((policy.min_iterations, policy.max_iterations), (20_000, 20_000));
    }
}
