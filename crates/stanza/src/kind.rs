//! What a stanza is: its element name and its `type`.

use crate::{iq, message, presence};

/// One of the three kinds of stanza with its type (RFC 6120 §8.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `<message/>`
    Message(message::Type),
    /// `<presence/>`
    Presence(presence::Type),
    /// `<iq/>`
    Iq(iq::Type),
}

impl Kind {
    /// The name of the element: `message`, `presence` or `iq`.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Message(_) => "message",
            Kind::Presence(_) => "presence",
            Kind::Iq(_) => "iq",
        }
    }

    /// The value of the `type` attribute as written: `None` for an available presence and for a normal
    /// message, where leaving it out means the same (RFC 6121 §5.2.2).
    pub const fn type_attribute(self) -> Option<&'static str> {
        match self {
            Kind::Message(message::Type::Normal) => None,
            Kind::Message(kind) => Some(kind.as_str()),
            Kind::Presence(kind) => kind.as_str(),
            Kind::Iq(kind) => Some(kind.as_str()),
        }
    }

    /// Is the type `error`?
    pub const fn is_error(self) -> bool {
        matches!(
            self,
            Kind::Message(message::Type::Error)
                | Kind::Presence(presence::Type::Error)
                | Kind::Iq(iq::Type::Error)
        )
    }

    /// The same kind of stanza with the type `error`.
    pub const fn to_error(self) -> Kind {
        match self {
            Kind::Message(_) => Kind::Message(message::Type::Error),
            Kind::Presence(_) => Kind::Presence(presence::Type::Error),
            Kind::Iq(_) => Kind::Iq(iq::Type::Error),
        }
    }
}
