//! Presence stanzas (RFC 6121 §4.7).

/// The `type` of a presence stanza (RFC 6121 §4.7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Type {
    /// The sender is available: there is no `type` attribute.
    #[default]
    Available,
    /// The sender is no longer available.
    Unavailable,
    /// The sender asks for the recipient's presence.
    Subscribe,
    /// The sender lets the recipient see its presence.
    Subscribed,
    /// The sender no longer wants the recipient's presence.
    Unsubscribe,
    /// The sender refuses or takes back a subscription.
    Unsubscribed,
    /// A server asks for the current presence of an account.
    Probe,
    /// Tells that an earlier presence stanza failed.
    Error,
}

impl Type {
    /// Every type.
    pub const ALL: [Type; 8] = [
        Type::Available,
        Type::Unavailable,
        Type::Subscribe,
        Type::Subscribed,
        Type::Unsubscribe,
        Type::Unsubscribed,
        Type::Probe,
        Type::Error,
    ];

    /// The value of the attribute; `None` where there is no attribute ([`Available`](Type::Available)).
    pub const fn as_str(self) -> Option<&'static str> {
        match self {
            Type::Available => None,
            Type::Unavailable => Some("unavailable"),
            Type::Subscribe => Some("subscribe"),
            Type::Subscribed => Some("subscribed"),
            Type::Unsubscribe => Some("unsubscribe"),
            Type::Unsubscribed => Some("unsubscribed"),
            Type::Probe => Some("probe"),
            Type::Error => Some("error"),
        }
    }

    /// Reads the attribute; `None` if the value is not of RFC 6121 §4.7.1.
    pub fn from_attribute(value: &str) -> Option<Type> {
        Type::ALL.into_iter().find(|known| known.as_str() == Some(value))
    }

    /// Is it part of managing a subscription (RFC 6121 §3)?
    pub const fn is_subscription(self) -> bool {
        matches!(self, Type::Subscribe | Type::Subscribed | Type::Unsubscribe | Type::Unsubscribed)
    }
}
