//! Server dialback (XEP-0220 1.1.1) on the wire, and the keys (XEP-0185).
//!
//! Who may send from one domain to another is settled for each [`Pair`] of them. What is done with the elements is in
//! [`negotiation::peer`](crate::negotiation::peer).

mod key;
mod wire;

pub use key::Secret;
pub use wire::{Answer, Content, Feature, Kind, Malformed, Nonza};

use stonechat_stanza::jid::BareJid;

/// Two domains, in the direction in which stanzas are to flow (XEP-0220 §1.3).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pair {
    /// The domain that stanzas are from.
    pub sender: BareJid,
    /// The domain that stanzas are to.
    pub target: BareJid,
}

impl Pair {
    /// Whether a stanza with these domains in its addresses is of the pair.
    #[must_use]
    pub fn is(&self, sender: &str, target: &str) -> bool {
        self.sender.as_str() == sender && self.target.as_str() == target
    }

    /// The pair of the other direction.
    #[must_use]
    pub fn inverse(&self) -> Self {
        Self { sender: self.target.clone(), target: self.sender.clone() }
    }
}

impl std::fmt::Display for Pair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {}", self.sender, self.target)
    }
}
