//! What the three owned types have in common.

/// Implements the accessors and the string-like traits for a type that wraps a `Shared`.
macro_rules! common {
    ($type:ident) => {
        impl $type {
            /// The address as a string.
            #[inline]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// The address, borrowed.
            #[inline]
            pub fn as_jid_ref(&self) -> $crate::JidRef<'_> {
                self.0.as_jid_ref()
            }

            /// The same as [`as_jid_ref`](Self::as_jid_ref).
            #[inline]
            pub fn borrow_ref(&self) -> $crate::JidRef<'_> {
                self.0.as_jid_ref()
            }

            /// The localpart: the account at the domain.
            #[inline]
            pub fn local(&self) -> Option<&str> {
                self.as_jid_ref().local()
            }

            /// The domainpart: a host name in lower case with U-labels, an IPv4 address, or an IPv6 address in
            /// brackets.
            #[inline]
            pub fn domain(&self) -> &str {
                self.as_jid_ref().domain()
            }

            /// The address without its resourcepart, as a string.
            #[inline]
            pub fn bare_str(&self) -> &str {
                self.as_jid_ref().bare_str()
            }

            /// The address of the domain alone.
            pub fn to_domain(&self) -> $crate::BareJid {
                match self.local() {
                    None => $crate::BareJid(self.0.clone().into_bare()),
                    Some(_) => $crate::BareJid($crate::shared::Shared::new(self.domain(), 0, 0)),
                }
            }
        }

        impl std::str::FromStr for $type {
            type Err = $crate::Error;

            /// Parses by the strict rules.
            fn from_str(text: &str) -> Result<$type, $crate::Error> {
                $type::parse(text)
            }
        }

        impl TryFrom<&str> for $type {
            type Error = $crate::Error;

            /// Parses by the strict rules.
            fn try_from(text: &str) -> Result<$type, $crate::Error> {
                $type::parse(text)
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(self.as_str(), f)
            }
        }

        impl Eq for $type {}

        impl PartialOrd for $type {
            fn partial_cmp(&self, other: &$type) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Ord for $type {
            fn cmp(&self, other: &$type) -> std::cmp::Ordering {
                self.as_str().cmp(other.as_str())
            }
        }

        impl std::hash::Hash for $type {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                self.as_str().hash(state);
            }
        }

        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                self.as_str()
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl From<$type> for String {
            fn from(jid: $type) -> String {
                jid.as_str().to_owned()
            }
        }

        impl<'a> From<&'a $type> for $crate::JidRef<'a> {
            fn from(jid: &'a $type) -> $crate::JidRef<'a> {
                jid.as_jid_ref()
            }
        }

        impl PartialEq<str> for $type {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $type {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }

        impl PartialEq<$type> for str {
            fn eq(&self, other: &$type) -> bool {
                self == other.as_str()
            }
        }

        impl PartialEq<$type> for &str {
            fn eq(&self, other: &$type) -> bool {
                *self == other.as_str()
            }
        }
    };
}

/// Implements equality between types, by their strings.
macro_rules! equal {
    ($($left:ty = $right:ty),+ $(,)?) => {
        $(impl PartialEq<$right> for $left {
            fn eq(&self, other: &$right) -> bool {
                self.as_str() == other.as_str()
            }
        })+
    };
}

pub(crate) use common;

use crate::{BareJid, FullJid, Jid, JidRef};

equal! {
    Jid = Jid, Jid = BareJid, Jid = FullJid, Jid = JidRef<'_>,
    BareJid = Jid, BareJid = BareJid, BareJid = FullJid, BareJid = JidRef<'_>,
    FullJid = Jid, FullJid = BareJid, FullJid = FullJid, FullJid = JidRef<'_>,
    JidRef<'_> = Jid, JidRef<'_> = BareJid, JidRef<'_> = FullJid,
}
