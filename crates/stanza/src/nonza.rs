//! First-level elements that are no stanzas.

use std::fmt;

use minidom::Element;

use crate::payload::{ParseError, Payload};
use crate::raw::{Entry, Raw};
use crate::xml::{self, Scanner, Scope};

/// A first-level element of a stream that is not a stanza: stream features and errors, negotiation, stream
/// management (XEP-0360 coined the word).
///
/// Cheap to clone; parsed when asked for.
#[derive(Clone)]
pub struct Nonza {
    raw: Raw,
    entry: Entry,
}

impl Nonza {
    /// The element that `scanner` has just found complete at the start of `bytes`, under `scope`.
    ///
    /// # Errors
    /// [`xml::Error::Limit`] if the element grows beyond the scanner's limit when declarations from outside
    /// are copied into it.
    ///
    /// # Panics
    /// If `bytes` are not what was scanned.
    pub fn scanned(scanner: &Scanner, bytes: &[u8], scope: &Scope) -> Result<Nonza, xml::Error> {
        let (raw, entry) = crate::stanza::root(scanner, bytes, scope)?;
        Ok(Nonza { raw, entry })
    }

    /// The element as if it had been received.
    ///
    /// # Errors
    /// [`xml::Error::Limit`] if the tree is deeper or larger than [`xml::Limits::highest`].
    pub fn from_element(element: &Element) -> Result<Nonza, xml::Error> {
        let mut bytes = Vec::new();
        xml::write_element(element, "", &mut bytes);
        let scope = Scope::outside(Some(xml::Content::Client));
        let scanner = xml::check(&bytes, &scope, xml::Limits::highest())?;
        Nonza::scanned(&scanner, &bytes, &scope)
    }

    /// The namespace; empty if the element is in none.
    pub fn ns(&self) -> &str {
        std::str::from_utf8(self.raw.space(self.entry.space)).unwrap_or_default()
    }

    /// The local name.
    pub fn name(&self) -> &str {
        self.entry.name.str(self.raw.payload())
    }

    /// Is it the element `name` in the namespace `ns`?
    pub fn is(&self, ns: &str, name: &str) -> bool {
        self.name() == name && self.ns() == ns
    }

    /// The element with every declaration that it needs.
    pub fn bytes(&self) -> &[u8] {
        self.raw.payload()
    }

    /// The element as a tree.
    ///
    /// # Errors
    /// None for an element that a scanner accepted; `bad-request` otherwise.
    pub fn element(&self) -> Result<Element, ParseError> {
        xml::read_element(self.bytes(), "").map_err(|error| ParseError::bad_request(error.to_string()))
    }

    /// The element as a typed payload.
    ///
    /// # Errors
    /// What the payload says is wrong with it; also if it is not a `T` at all.
    pub fn parse<T: Payload>(&self) -> Result<T, ParseError> {
        T::parse(&self.element()?)
    }
}

impl fmt::Debug for Nonza {
    /// The name alone: the content may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} xmlns='{}'/>", self.name(), self.ns())
    }
}
