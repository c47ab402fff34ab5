//! Typed payloads: the trait [`Payload`], what a payload that does not parse answers
//! ([`ParseError`]), and how to declare one.
//!
//! A payload is one element with a name of its own (RFC 6120 §8.4, extended content): a child of a
//! stanza, or a child of another payload.
//!
//! # Declaring a payload
//!
//! [`payload!`](crate::payload!) writes the struct and its [`Payload`] implementation from one
//! description; [`enumeration!`](crate::enumeration!) does the same for a closed list of words. A
//! shape they cannot say is written by hand, with [`ElementExt`] for reading and [`Builder`] for
//! writing.
//!
//! ```
//! use stonechat_stanza::{Element, enumeration, payload, payload::Payload};
//!
//! enumeration! {
//!     /// How loud a bell rings.
//!     #[derive(Default)]
//!     pub enum Volume {
//!         /// Barely.
//!         Low = "low",
//!         /// As usual.
//!         #[default]
//!         Normal = "normal",
//!     }
//! }
//!
//! payload! {
//!     /// A door bell.
//!     #[derive(Debug, Clone, PartialEq)]
//!     pub struct Bell: "urn:example:bell", "bell" {
//!         /// Which door: the attribute must be there.
//!         pub door: u16 => required("door"),
//!         /// An attribute with a default, written only where it differs.
//!         pub volume: Volume => default("volume", Volume::Normal),
//!         /// `<note/>` with text, if there is one.
//!         pub note: Option<String> => child("note"),
//!         /// `<urgent/>`, present or not.
//!         pub urgent: bool => flag("urgent"),
//!     }
//! }
//!
//! let element: Element = "<bell xmlns='urn:example:bell' door='7'><note>Parcel</note></bell>".parse()?;
//! let bell = Bell::parse(&element)?;
//! assert_eq!(bell.door, 7);
//! assert_eq!(bell.volume, Volume::Normal);
//! assert_eq!(bell.note.as_deref(), Some("Parcel"));
//! assert_eq!(Bell::parse(&bell.to_element())?, bell);
//!
//! let element: Element = "<bell xmlns='urn:example:bell' door='front'/>".parse()?;
//! let error = Bell::parse(&element).unwrap_err();
//! assert_eq!(error.to_string(), "the attribute 'door' of <bell/> is not valid");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Why not derive macros
//!
//! `xso` derives a streaming parser from attributes on a struct, and was considered. Its values must
//! implement its own text traits, which an address type of another crate can do only by depending on
//! it; its derived errors are fixed strings without a condition, so an answer could not tell a
//! malformed address from a missing attribute; refusing unknown content is a cargo feature, thus a
//! decision for a whole program instead of one payload; and parsing from a borrowed tree replays the
//! tree as events. Two declarative macros cover what extensions need, without a further dependency.

use std::borrow::Cow;

use minidom::Element;

use crate::Child;
use crate::error::{Condition, StanzaError};

mod build;
mod declare;
mod enumeration;
mod read;
mod strict;
mod value;

pub use build::Builder;
pub use read::ElementExt;
pub use strict::{Nested, Strict};
pub use value::parse_boolean;
pub(crate) use value::trim;

/// An element with a meaning: parsed from, and written as, a tree.
///
/// Implementations never panic on any element, ignore attributes and children they do not know unless
/// their specification says otherwise (RFC 6120 §8.4), and keep `parse(&x.to_element()) == x`.
/// Where the namespace is the content namespace of the stream, [`NS`](Payload::NS) is
/// [`ns::CLIENT`](crate::ns::CLIENT), whatever stream the stanza came from.
pub trait Payload: Sized {
    /// The namespace of the element.
    const NS: &'static str;
    /// The local name of the element.
    const NAME: &'static str;

    /// Reads an element of this name.
    ///
    /// # Errors
    ///
    /// [`ParseError`] when the element has another name, or breaks the payload's syntax.
    fn parse(element: &Element) -> Result<Self, ParseError>;

    /// Reads a child of a stanza that has this name; the same as [`parse`](Payload::parse) of its tree, which a payload that has no
    /// content need not have made.
    ///
    /// # Errors
    ///
    /// As [`parse`](Payload::parse).
    fn parse_child(child: &Child<'_>) -> Result<Self, ParseError> {
        Self::parse(&child.element()?)
    }

    /// Writes the payload as an element.
    fn to_element(&self) -> Element;

    /// Whether `element` has this payload's name.
    fn matches(element: &Element) -> bool {
        element.is(Self::NAME, Self::NS)
    }

    /// Checks the name of `element`; the first line of a handwritten [`parse`](Payload::parse).
    ///
    /// # Errors
    ///
    /// `bad-request` when it has another name.
    fn expect(element: &Element) -> Result<(), ParseError> {
        if Self::matches(element) {
            return Ok(());
        }
        Err(ParseError::bad_request(format!("expected <{} xmlns='{}'/>", Self::NAME, Self::NS)))
    }
}

/// Why a payload does not parse: the fault of whoever sent it.
///
/// It knows the stanza error to answer with: `StanzaError::from(error)`. The text names elements and
/// attributes of the specification and never repeats received data, so that it stays small and shows
/// nobody's secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct ParseError {
    condition: Condition,
    text: Cow<'static, str>,
}

impl ParseError {
    /// An error with a condition of RFC 6120 §8.3.3 and an explanation in English.
    pub fn new(condition: Condition, text: impl Into<Cow<'static, str>>) -> Self {
        Self { condition, text: text.into() }
    }

    /// `bad-request` (RFC 6120 §8.3.3.1): the XML breaks the payload's schema.
    pub fn bad_request(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Condition::BadRequest, text)
    }

    /// `not-acceptable` (RFC 6120 §8.3.3.9): well-formed, but a value breaks a rule; what XEP-0004 §4
    /// asks for when the data in a form is not valid.
    pub fn not_acceptable(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Condition::NotAcceptable, text)
    }

    /// `jid-malformed` (RFC 6120 §8.3.3.8): an address breaks the rules for addresses.
    pub fn jid_malformed(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Condition::JidMalformed, text)
    }

    /// `feature-not-implemented` (RFC 6120 §8.3.3.3): understood, and an optional part that is not supported.
    pub fn feature_not_implemented(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Condition::FeatureNotImplemented, text)
    }

    /// The attribute is required, and absent.
    pub fn missing_attribute(element: &str, attribute: &str) -> Self {
        Self::bad_request(format!("the attribute '{attribute}' of <{}/> is missing", short(element)))
    }

    /// The attribute has a value outside its type.
    pub fn invalid_attribute(element: &str, attribute: &str) -> Self {
        Self::bad_request(format!("the attribute '{attribute}' of <{}/> is not valid", short(element)))
    }

    /// The child element is required, and absent.
    pub fn missing_child(element: &str, child: &str) -> Self {
        Self::bad_request(format!("<{child}/> is missing in <{}/>", short(element)))
    }

    /// The character data of the element is outside its type.
    pub fn invalid_text(element: &str) -> Self {
        Self::bad_request(format!("the text of <{}/> is not valid", short(element)))
    }

    /// The same error under another condition.
    #[must_use]
    pub fn with_condition(mut self, condition: Condition) -> Self {
        self.condition = condition;
        self
    }

    /// The condition to answer with.
    pub fn condition(&self) -> Condition {
        self.condition
    }

    /// The explanation, in English.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl From<ParseError> for StanzaError {
    fn from(error: ParseError) -> Self {
        Self::new(error.condition).with_text(error.text)
    }
}

/// A received element name, cut to a length fit for an answer.
fn short(name: &str) -> &str {
    const LIMIT: usize = 64;
    match name.char_indices().nth(LIMIT) {
        Some((end, _)) => &name[..end],
        None => name,
    }
}

/// The word is not one of the enumeration's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not one of the defined values")]
pub struct UnknownValue;

#[cfg(test)]
mod tests;
