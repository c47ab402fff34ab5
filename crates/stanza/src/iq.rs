//! Info/query stanzas (RFC 6120 §8.2.3).

/// The `type` of an IQ stanza (RFC 6120 §8.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// A request for information.
    Get,
    /// A request to change something.
    Set,
    /// The answer to a request that succeeded.
    Result,
    /// The answer to a request that failed.
    Error,
}

impl Type {
    /// Every type.
    pub const ALL: [Type; 4] = [Type::Get, Type::Set, Type::Result, Type::Error];

    /// The value of the attribute.
    pub const fn as_str(self) -> &'static str {
        match self {
            Type::Get => "get",
            Type::Set => "set",
            Type::Result => "result",
            Type::Error => "error",
        }
    }

    /// Reads the attribute; `None` if the value is not of RFC 6120 §8.2.3.
    pub fn from_attribute(value: &str) -> Option<Type> {
        Type::ALL.into_iter().find(|known| known.as_str() == value)
    }

    /// Is it `get` or `set`, which somebody has to answer?
    pub const fn is_request(self) -> bool {
        matches!(self, Type::Get | Type::Set)
    }
}
