//! What the exchanges of one stream share.

use super::{Policy, Reason, Refusal, SameIdentity, same_identity};
use crate::scram::{Advertised, Decoy};
use crate::{Channel, ChannelBinding, Failure, Mechanism};

/// What the exchanges of one stream share: what it rests on, what was offered, the host's domain.
#[derive(Clone, Debug)]
pub struct Context {
    pub(super) domain: String,
    pub(super) policy: Policy,
    pub(super) channel: Channel,
    pub(super) decoy: Decoy,
    pub(super) offered: Vec<Mechanism>,
    pub(super) advertised: Advertised,
    pub(super) downgrade_protection: bool,
    pub(super) same_identity: SameIdentity,
}

impl Context {
    /// For a stream of the host `domain`. Offers what the policy and the channel allow, announces the types of channel
    /// binding (XEP-0440) if -PLUS is among it, and sends the hash of XEP-0474.
    #[must_use]
    pub fn new(domain: impl Into<String>, policy: &Policy, channel: Channel, decoy: Decoy) -> Self {
        let offered = policy.offer(&channel);
        let mut advertised = Advertised::new(offered.iter().map(|mechanism| mechanism.name()));
        if offered.iter().any(|mechanism| mechanism.binds_channel()) {
            let types = channel.bindings().iter().map(ChannelBinding::kind);
            advertised = advertised.with_binding_types(types.map(|kind| kind.name()));
        }
        Self {
            domain: domain.into(),
            policy: policy.clone(),
            channel,
            decoy,
            offered,
            advertised,
            downgrade_protection: true,
            same_identity,
        }
    }

    /// Sets what the stream features really show to clients of this profile, where it differs from
    /// [`offered`](Self::offered): mechanisms that others implement, or no announcement of channel bindings. It is what
    /// XEP-0474's hash is made of, and changes nothing about what is accepted.
    #[must_use]
    pub fn advertising(mut self, advertised: Advertised) -> Self {
        self.advertised = advertised;
        self
    }

    /// Whether to send the hash of XEP-0474. On unless turned off.
    #[must_use]
    pub fn downgrade_protection(mut self, on: bool) -> Self {
        self.downgrade_protection = on;
        self
    }

    /// Sets how authorization identities are compared with `name@domain`, or with an identity of the certificate.
    /// Without it, [`same_identity`].
    #[must_use]
    pub fn comparing_identities(mut self, same_identity: SameIdentity) -> Self {
        self.same_identity = same_identity;
        self
    }

    /// What the stream rests on.
    #[must_use]
    pub fn channel(&self) -> &Channel {
        &self.channel
    }

    /// The mechanisms that are offered, strongest first. Nothing else is accepted.
    #[must_use]
    pub fn offered(&self) -> &[Mechanism] {
        &self.offered
    }

    /// What the stream features show: mechanism names, and the types of channel binding if any.
    #[must_use]
    pub fn advertised(&self) -> &Advertised {
        &self.advertised
    }

    /// Whether a mechanism with channel binding was offered.
    pub(super) fn offers_binding(&self) -> bool {
        self.offered.iter().any(|mechanism| mechanism.binds_channel())
    }

    /// A mechanism that was not advertised on this stream is refused, whatever the policy has for other streams.
    pub(super) fn admit(&self, mechanism: Mechanism) -> Result<(), Refusal> {
        if self.offered.contains(&mechanism) {
            return Ok(());
        }
        Err(match mechanism {
            Mechanism::Plain if self.policy.allows(mechanism) => {
                Refusal::new(Failure::EncryptionRequired, Reason::NeedsTls)
            }
            Mechanism::Scram(hash) if self.offered.contains(&Mechanism::ScramPlus(hash)) => {
                Refusal::new(Failure::MechanismTooWeak, Reason::NeedsChannelBinding)
            }
            _ => Refusal::new(Failure::InvalidMechanism, Reason::NotOffered),
        })
    }

    /// RFC 6120 §6.3.8: no authorization identity, or the one that was authenticated.
    pub(super) fn authorize(&self, authzid: Option<&str>, name: &str) -> Result<(), Refusal> {
        let identity = format!("{name}@{}", self.domain);
        match authzid {
            Some(authzid) if !(self.same_identity)(authzid, &identity) => {
                Err(Refusal::new(Failure::InvalidAuthzid, Reason::Authzid))
            }
            _ => Ok(()),
        }
    }
}
