//! Which mechanism to log in with.

use super::{ChooseError, Login, Offer, Policy, Profile};
use crate::scram::{Advertised, Flag};
use crate::{Channel, ChannelBinding, Mechanism};

/// A mechanism that was chosen, with all that the exchange needs to know of how it came about.
#[derive(Clone, Debug)]
pub struct Choice {
    pub(crate) mechanism: Mechanism,
    pub(crate) binding: Binding,
    pub(super) advertised: Advertised,
    /// XEP-0474's hash must be there.
    pub(crate) proof_of_offer: bool,
    pub(super) min_iterations: u32,
    pub(super) max_iterations: u32,
}

/// What to say of channel binding.
#[derive(Clone, Debug)]
pub(crate) enum Binding {
    /// `n`
    Unsupported,
    /// `y`
    NotOffered,
    /// `p`
    Used(ChannelBinding),
}

impl Choice {
    /// The mechanism.
    #[must_use]
    pub fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// The channel binding that will be used.
    #[must_use]
    pub fn binding(&self) -> Option<&ChannelBinding> {
        match &self.binding {
            Binding::Used(binding) => Some(binding),
            Binding::Unsupported | Binding::NotOffered => None,
        }
    }
}

impl Binding {
    pub(crate) fn flag(&self) -> Flag<'_> {
        match self {
            Self::Unsupported => Flag::Unsupported,
            Self::NotOffered => Flag::NotOffered,
            Self::Used(binding) => Flag::Used(binding.kind().name()),
        }
    }

    pub(super) fn data(&self) -> &[u8] {
        match self {
            Self::Used(binding) => binding.data(),
            Self::Unsupported | Self::NotOffered => &[],
        }
    }
}

/// Chooses the strongest mechanism that the server offers, the policy allows, the login fits and the channel carries,
/// by the rules of RFC 5802 §6, XEP-0440 §3 and XEP-0474 §7.
///
/// A -PLUS mechanism is preferred to a better hash without channel binding, and `tls-exporter` to
/// `tls-server-end-point`. Where the server offers -PLUS but no type in common, the client goes on without and insists
/// on XEP-0474's proof that the list of types was not changed, unless `tls-server-end-point` is announced and the
/// client simply does not have it. Where a client with channel binding sees no -PLUS, it says so with `y`.
///
/// # Errors
/// See [`ChooseError`].
pub fn choose(
    offer: &Offer,
    channel: &Channel,
    login: &Login,
    policy: &Policy,
) -> Result<Choice, ChooseError> {
    let capable = !channel.bindings().is_empty();
    // What is offered to tokens is a list of its own (XEP-0484 §3.1), and each token knows its mechanism.
    if capable && !login.is_token() {
        detect_removal(offer)?;
    }
    let usable = usable(offer, channel);
    let common = |mechanism: &Mechanism| {
        policy.allows(*mechanism) && login.fits(*mechanism) && offer.has(mechanism.name())
    };
    let carried = |mechanism: &Mechanism| match mechanism {
        Mechanism::ScramPlus(_) => usable.is_some(),
        Mechanism::HashedToken(Some(kind)) => channel.binding(*kind).is_some(),
        Mechanism::Plain | Mechanism::External | Mechanism::HashedToken(None) => channel.is_encrypted(),
        Mechanism::Scram(_) | Mechanism::Anonymous => true,
    };
    let strongest = Mechanism::ALL.into_iter().rev().filter(common).find(carried);
    let mechanism = strongest.ok_or_else(|| why_none(channel, common))?;
    let usable = match mechanism {
        Mechanism::HashedToken(kind) => kind.and_then(|kind| channel.binding(kind)),
        _ => usable,
    };
    let (binding, proof_of_offer) = binding(offer, channel, mechanism, usable);
    Ok(Choice {
        mechanism,
        binding,
        advertised: offer.advertised.clone(),
        proof_of_offer: proof_of_offer || policy.downgrade_protection,
        min_iterations: policy.min_iterations,
        max_iterations: policy.max_iterations,
    })
}

/// XEP-0440 §3, rules 4 and 5.
fn detect_removal(offer: &Offer) -> Result<(), ChooseError> {
    match (offer.has_plus(), offer.announces_any()) {
        (true, false) if offer.profile == Profile::Sasl2 => Err(ChooseError::BindingTypesMissing),
        (false, true) => Err(ChooseError::PlusMissing),
        _ => Ok(()),
    }
}

/// The strongest binding in common. Where nothing is announced, which RFC 6120's profile leaves open, our strongest.
fn usable<'a>(offer: &Offer, channel: &'a Channel) -> Option<&'a ChannelBinding> {
    let announced = |binding: &&ChannelBinding| offer.announces(binding.kind().name());
    if offer.announces_any() { channel.bindings().iter().find(announced) } else { channel.bindings().first() }
}

/// What to say of channel binding, and whether XEP-0474's proof is needed.
fn binding(
    offer: &Offer,
    channel: &Channel,
    mechanism: Mechanism,
    usable: Option<&ChannelBinding>,
) -> (Binding, bool) {
    match (mechanism, usable) {
        (Mechanism::ScramPlus(_) | Mechanism::HashedToken(_), Some(binding)) => {
            (Binding::Used(binding.clone()), false)
        }
        (Mechanism::Scram(_), _) if channel.bindings().is_empty() => (Binding::Unsupported, false),
        // RFC 5802 §6: who did not see the -PLUS name must not say `n`.
        (Mechanism::Scram(hash), _) if !offer.has(Mechanism::ScramPlus(hash).name()) => {
            (Binding::NotOffered, false)
        }
        // XEP-0474 §7, new rule 6: -PLUS is offered, but no type in common.
        (Mechanism::Scram(_), None) => (Binding::Unsupported, !offer.announces("tls-server-end-point")),
        // -PLUS could be used, but our policy does not want it.
        _ => (Binding::Unsupported, false),
    }
}

fn why_none(channel: &Channel, common: impl Fn(&Mechanism) -> bool) -> ChooseError {
    if !channel.is_encrypted() && common(&Mechanism::Plain) {
        ChooseError::PlainWithoutTls
    } else if Mechanism::ALL.iter().any(|mechanism| mechanism.binds_channel() && common(mechanism)) {
        ChooseError::NoBinding
    } else {
        ChooseError::NoMechanism
    }
}
