//! Which mechanisms a server is willing to offer.

use crate::{Channel, Mechanism};

/// Which mechanisms a server is willing to offer, on any stream. What a stream really gets depends on what it rests on
/// as well: see [`Policy::offer`].
///
/// The default is all of SCRAM, with and without channel binding. PLAIN lets the server (and whoever broke into it)
/// see passwords and cannot be protected against downgrades (XEP-0474 §3), so it has to be asked for, and so have
/// ANONYMOUS, EXTERNAL, and the HT mechanisms, which are for tokens that somebody has to keep.
///
/// To insist on channel binding, offer only the -PLUS mechanisms (RFC 5802 §6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    mechanisms: Vec<Mechanism>,
}

impl Default for Policy {
    fn default() -> Self {
        Self::of(Mechanism::SCRAM)
    }
}

impl Policy {
    /// Exactly these mechanisms.
    #[must_use]
    pub fn of(mechanisms: impl IntoIterator<Item = Mechanism>) -> Self {
        let mut mechanisms: Vec<_> = mechanisms.into_iter().collect();
        mechanisms.sort_unstable_by(|a, b| b.cmp(a));
        mechanisms.dedup();
        Self { mechanisms }
    }

    /// This mechanism too.
    #[must_use]
    pub fn allow(self, mechanism: Mechanism) -> Self {
        Self::of(self.mechanisms.into_iter().chain([mechanism]))
    }

    /// Not this mechanism.
    #[must_use]
    pub fn forbid(mut self, mechanism: Mechanism) -> Self {
        self.mechanisms.retain(|&other| other != mechanism);
        self
    }

    /// The mechanisms, strongest first.
    #[must_use]
    pub fn mechanisms(&self) -> &[Mechanism] {
        &self.mechanisms
    }

    /// What to offer on a stream, strongest first: -PLUS only where there is a channel binding, PLAIN and HT only under TLS, and HT with
    /// channel binding only where there is one of its type; EXTERNAL only to who showed a certificate that proves an identity.
    #[must_use]
    pub fn offer(&self, channel: &Channel) -> Vec<Mechanism> {
        let possible = |mechanism: &&Mechanism| match mechanism {
            Mechanism::ScramPlus(_) => !channel.bindings().is_empty(),
            Mechanism::Plain | Mechanism::HashedToken(None) => channel.is_encrypted(),
            Mechanism::HashedToken(Some(kind)) => channel.binding(*kind).is_some(),
            Mechanism::External => !channel.peer_identities().is_empty(),
            Mechanism::Scram(_) | Mechanism::Anonymous => true,
        };
        self.mechanisms.iter().filter(possible).copied().collect()
    }

    pub(crate) fn allows(&self, mechanism: Mechanism) -> bool {
        self.mechanisms.contains(&mechanism)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ChannelBinding;

    #[test]
    fn by_default_only_scram_is_offered() {
        let channel = Channel::tls()
            .with_binding(ChannelBinding::tls_exporter([1; 32]))
            .with_peer_identity("juliet@example.com");
        let mut expected = Mechanism::SCRAM;
        expected.reverse();
        assert_eq!(Policy::default().offer(&channel), expected);
    }

    #[test]
    fn what_the_stream_cannot_carry_is_not_offered() {
        let all = Policy::of(Mechanism::ALL);
        let clear = all.offer(&Channel::plaintext());
        assert!(!clear.contains(&Mechanism::Plain) && !clear.contains(&Mechanism::External));
        assert!(!clear.iter().any(|mechanism| mechanism.binds_channel()));
        let tls = all.offer(&Channel::tls());
        assert!(tls.contains(&Mechanism::Plain) && !tls.contains(&Mechanism::External));
        assert!(!tls.iter().any(|mechanism| mechanism.binds_channel()));
        assert!(all.offer(&Channel::tls().with_peer_identity("a@b")).contains(&Mechanism::External));
    }

    #[test]
    fn mechanisms_are_allowed_and_forbidden_one_by_one() {
        let policy =
            Policy::of([]).allow(Mechanism::Plain).allow(Mechanism::SCRAM_SHA_1).allow(Mechanism::Plain);
        assert_eq!(policy.mechanisms(), [Mechanism::SCRAM_SHA_1, Mechanism::Plain]);
        assert_eq!(policy.forbid(Mechanism::Plain).mechanisms(), [Mechanism::SCRAM_SHA_1]);
    }
}
