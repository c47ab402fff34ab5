//! XMPP addresses (JIDs): RFC 7622 with PRECIS (RFC 8264, RFC 8265) and IDNA, and JID escaping (XEP-0106).
//!
//! | type | what it is | cost of `clone` |
//! |---|---|---|
//! | [`Jid`] | any address | a reference count |
//! | [`BareJid`] | `[local@]domain`, no resource | a reference count |
//! | [`FullJid`] | `[local@]domain/resource` | a reference count |
//! | [`JidRef`] | any address, borrowed from a string | a copy |
//!
//! Every value of these types is in canonical form: the localpart enforced with `UsernameCaseMapped`, host names
//! as lower-case U-labels without a trailing dot, the resourcepart enforced with `OpaqueString`. So two addresses
//! are the same entity if and only if their strings are equal, and `Eq`, `Ord` and `Hash` are those of `str`.
//!
//! Two sets of rules, which differ in the resourcepart only:
//!
//! - **strict** ([`Jid::parse`], `FromStr`, the `from_parts` constructors): for what an entity creates itself
//!   (accounts, configuration, its own resources).
//! - **received** ([`parse_received`], [`Jid::parse_received`], serde): for what others sent. Code points that
//!   PRECIS refuses (an emoji newer than the Unicode tables, variation selectors, joined emoji) are kept, so a
//!   nickname never costs a stanza. Control characters, the noncharacters U+FFFE and U+FFFF (which XML cannot
//!   carry) and more than 1023 bytes are still refused.
//!
//! Lower-case ASCII addresses, nearly all there are, are checked in one pass without touching a Unicode table.
//!
//! Not here: XMPP URIs (RFC 5122), the Nickname profile for rooms (RFC 8266), the `IPvFuture` form of IP
//! literals (RFC 3986 §3.2.2; none is defined), and DNS.
//!
//! ```
//! use stonechat_jid::{BareJid, Jid, JidRef, Parsed, parse_received};
//!
//! let jid = Jid::parse("Juliet@Capulet.Example./balcony")?;
//! assert_eq!(jid, "juliet@capulet.example/balcony");
//! assert_eq!(jid.local(), Some("juliet"));
//! assert_eq!(jid.resource(), Some("balcony"));
//!
//! let account: BareJid = jid.to_bare(); // shares the memory of `jid`
//! assert_eq!(account.with_resource("garden")?, "juliet@capulet.example/garden");
//!
//! // What arrives is borrowed where it is canonical already.
//! let received = parse_received("juliet@capulet.example/balcony")?;
//! assert!(matches!(received, Parsed::Borrowed(_)));
//! assert_eq!(received.as_jid_ref().bare_str(), "juliet@capulet.example");
//!
//! // Human input is escaped before it becomes a localpart (XEP-0106).
//! let local = stonechat_jid::escape("d'artagnan");
//! let musketeer = BareJid::from_parts(Some(&local), "musketeers.lit")?;
//! assert_eq!(musketeer, r"d\27artagnan@musketeers.lit");
//! # Ok::<(), stonechat_jid::Error>(())
//! ```
//!
//! # Features
//!
//! - `serde` (on by default): every owned type as its string. Reading applies the received rules, so that an
//!   address once accepted from the network can be stored and read back.

mod ascii;
mod bare;
mod common;
mod error;
mod escape;
mod full;
mod jid;
mod jid_ref;
mod parse;
mod plain;
mod precis;
pub mod prepare;
#[cfg(feature = "serde")]
mod serde;
mod shared;

pub use crate::bare::BareJid;
pub use crate::error::{Error, Part};
pub use crate::escape::{escape, unescape};
pub use crate::full::FullJid;
pub use crate::jid::Jid;
pub use crate::jid_ref::JidRef;
pub use crate::parse::{Parsed, parse_received};

/// The longest a localpart, domainpart or resourcepart may be, in bytes of UTF-8 (RFC 7622 §3.1).
pub const MAX_PART_BYTES: usize = 1023;

/// The longest a JID may be, in bytes of UTF-8: three parts and two separators (RFC 7622 §3.1).
pub const MAX_BYTES: usize = 3 * MAX_PART_BYTES + 2;
