//! What a server advertised, as the client saw it.

use crate::scram::Advertised;

/// Which of XMPP's SASL profiles the offer was made in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// `urn:ietf:params:xml:ns:xmpp-sasl` (RFC 6120 §6).
    Sasl,
    /// `urn:xmpp:sasl:2` (XEP-0388), where XEP-0440 makes the announcement of channel bindings binding.
    Sasl2,
}

/// What a server advertised, as the client saw it: every name, known or not, and the profile.
#[derive(Clone, Debug)]
pub struct Offer {
    pub(super) advertised: Advertised,
    pub(super) profile: Profile,
}

impl Offer {
    /// An offer of RFC 6120.
    #[must_use]
    pub fn sasl(advertised: Advertised) -> Self {
        Self { advertised, profile: Profile::Sasl }
    }

    /// An offer of XEP-0388.
    #[must_use]
    pub fn sasl2(advertised: Advertised) -> Self {
        Self { advertised, profile: Profile::Sasl2 }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.advertised.mechanisms().iter().any(|offered| offered == name)
    }

    /// Whether anything with channel binding is offered, known to us or not.
    pub(super) fn has_plus(&self) -> bool {
        self.advertised.mechanisms().iter().any(|offered| offered.ends_with("-PLUS"))
    }

    pub(super) fn announces(&self, kind: &str) -> bool {
        self.advertised.binding_types().is_some_and(|types| types.iter().any(|offered| offered == kind))
    }

    /// Whether any type of channel binding is announced.
    pub(super) fn announces_any(&self) -> bool {
        self.advertised.binding_types().is_some_and(|types| !types.is_empty())
    }
}
