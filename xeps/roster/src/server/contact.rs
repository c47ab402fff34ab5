//! What is kept of one contact.

use stonechat_stanza::Stanza;
use stonechat_stanza::jid::BareJid;

use crate::{Item, Subscription};

/// What is kept of one contact. The default is somebody unknown.
#[derive(Debug, Clone, Default)]
pub struct Contact {
    /// Whether it is an item of the roster. It is not while all there is is a subscription request from it (RFC 6121 §3.1.3).
    pub listed: bool,
    /// The name that the owner gave it; empty for none.
    pub name: String,
    /// The groups.
    pub groups: Vec<String>,
    /// Who sees whose presence.
    pub subscription: Subscription,
    /// Whether the owner has asked for the contact's presence and has no answer ("pending out").
    pub ask: bool,
    /// Whether a request of the contact is granted unasked (RFC 6121 §3.4).
    pub approved: bool,
    /// The contact's request for the owner's presence, whole, while it has no answer ("pending in").
    pub request: Option<Stanza>,
}

impl Contact {
    /// The item that clients see.
    #[must_use]
    pub fn item(&self, jid: &BareJid) -> Item {
        Item {
            jid: jid.clone().into(),
            name: self.name.clone(),
            subscription: self.subscription,
            removed: false,
            ask: self.ask,
            approved: self.approved,
            groups: self.groups.clone(),
        }
    }

    /// Whether clients see the same of both.
    pub(super) fn looks_like(&self, other: &Self) -> bool {
        self.listed == other.listed
            && (!self.listed
                || (self.name == other.name
                    && self.groups == other.groups
                    && self.subscription == other.subscription
                    && self.ask == other.ask
                    && self.approved == other.approved))
    }

    /// Whether nothing is to be kept.
    pub(super) fn is_nobody(&self) -> bool {
        !self.listed && self.request.is_none()
    }
}
