//! Message stanzas (RFC 6121 §5).

/// The `type` of a message (RFC 6121 §5.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Type {
    /// A message outside a conversation. Also what a missing or unknown type means.
    #[default]
    Normal,
    /// Part of a one-to-one conversation.
    Chat,
    /// Part of the conversation in a room.
    Groupchat,
    /// An alert to which no reply is expected.
    Headline,
    /// Tells that an earlier message failed.
    Error,
}

impl Type {
    /// Every type.
    pub const ALL: [Type; 5] = [Type::Normal, Type::Chat, Type::Groupchat, Type::Headline, Type::Error];

    /// The value of the attribute.
    pub const fn as_str(self) -> &'static str {
        match self {
            Type::Normal => "normal",
            Type::Chat => "chat",
            Type::Groupchat => "groupchat",
            Type::Headline => "headline",
            Type::Error => "error",
        }
    }

    /// Reads the attribute. An unknown value is [`Normal`](Type::Normal) (RFC 6121 §5.2.2).
    pub fn from_attribute(value: &str) -> Type {
        Type::ALL.into_iter().find(|known| known.as_str() == value).unwrap_or_default()
    }
}
