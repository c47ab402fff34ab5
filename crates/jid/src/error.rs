//! Why a string is not an address.

use std::fmt;

/// A part of an address (RFC 7622 §3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// What stands before `@`.
    Local,
    /// The host: what stands between `@` and `/`.
    Domain,
    /// What stands after the first `/`.
    Resource,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Part::Local => "localpart",
            Part::Domain => "domainpart",
            Part::Resource => "resourcepart",
        })
    }
}

/// Why a string is not the address it was taken for: which part, and what is wrong with it.
///
/// The fault is always with the one who wrote the string. Over the network it answers to the stanza error
/// `jid-malformed` (RFC 6120 §8.3.3.8) or the stream error `improper-addressing` (RFC 6120 §4.9.3.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The part is there but holds nothing, or the domainpart is missing (RFC 7622 §3.2, §3.3, §3.4).
    #[error("the {0} is empty")]
    Empty(Part),
    /// The part has more than 1023 bytes (RFC 7622 §3.1).
    #[error("the {0} is longer than 1023 bytes")]
    TooLong(Part),
    /// The part holds a code point that its rules refuse: by PRECIS, by the exclusions of RFC 7622 §3.3.1, or by
    /// those for host names.
    #[error("the {part} may not contain {found:?} (U+{:04X})", *.found as u32)]
    Forbidden {
        /// The part.
        part: Part,
        /// The first offending code point.
        found: char,
    },
    /// The part holds a code point that Unicode has not assigned, as far as the tables know (RFC 8264 §9.10).
    #[error("the {part} contains the unassigned code point U+{:04X}", *.found as u32)]
    Unassigned {
        /// The part.
        part: Part,
        /// The first offending code point.
        found: char,
    },
    /// The part holds a code point which is allowed between certain neighbours only (RFC 5892 appendix A).
    #[error("the {part} contains {found:?} (U+{:04X}) where it may not stand", *.found as u32)]
    Context {
        /// The part.
        part: Part,
        /// The first offending code point.
        found: char,
    },
    /// The part mixes writing directions in a way that the Bidi Rule forbids (RFC 5893 §2).
    #[error("the {0} mixes right-to-left and left-to-right characters")]
    Bidi(Part),
    /// Applying the rules of the part again and again does not settle on one form (RFC 8264 §7).
    #[error("the {0} has no stable canonical form")]
    Unstable(Part),
    /// The resourcepart begins with a space (RFC 7622 §3.5, example 18).
    #[error("the resourcepart begins with a space")]
    LeadingSpace,
    /// A label of the host name is empty, longer than 63 octets, or has hyphens where they may not be
    /// (RFC 1034 §3.5, RFC 5890 §2.3.1, RFC 5891 §4.2.3.1).
    #[error("the domainpart has an empty, overlong or badly hyphenated label")]
    Label,
    /// The host name has more than 253 octets as it goes into the DNS (RFC 1034 §3.1).
    #[error("the domainpart is longer than a host name may be")]
    HostTooLong,
    /// An internationalised label of the host name is invalid (RFC 5891 §4, UTS #46).
    #[error("the domainpart is not a valid internationalised host name")]
    Idna,
    /// The domainpart looks like an IP address but is none (RFC 3986 §3.2.2, RFC 6874).
    #[error("the domainpart is not a valid IP address")]
    IpAddress,
    /// The string is an address, but not in canonical form ([`JidRef::parse`](crate::JidRef::parse)).
    #[error("the address is not in canonical form")]
    NotCanonical,
    /// A bare JID was asked for and the address has a resourcepart.
    #[error("the address has a resourcepart where none may be")]
    UnexpectedResource,
    /// A full JID was asked for and the address has no resourcepart.
    #[error("the address has no resourcepart")]
    MissingResource,
}

impl Error {
    /// The part at fault; `None` if it is the address as a whole.
    pub fn part(&self) -> Option<Part> {
        match *self {
            Error::Empty(part) | Error::TooLong(part) | Error::Bidi(part) | Error::Unstable(part) => {
                Some(part)
            }
            Error::Forbidden { part, .. } | Error::Unassigned { part, .. } | Error::Context { part, .. } => {
                Some(part)
            }
            Error::LeadingSpace | Error::UnexpectedResource | Error::MissingResource => Some(Part::Resource),
            Error::Label | Error::HostTooLong | Error::Idna | Error::IpAddress => Some(Part::Domain),
            Error::NotCanonical => None,
        }
    }
}
