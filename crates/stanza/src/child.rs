//! A child of a stanza, before it is parsed.

use std::fmt;

use minidom::Element;

use crate::payload::{ParseError, Payload};
use crate::raw::{Entry, Raw};
use crate::{ns, xml};

/// A child element of a stanza: its name costs a comparison, its content is parsed when asked for.
#[derive(Clone, Copy)]
pub struct Child<'a> {
    raw: &'a Raw,
    entry: Entry,
}

impl<'a> Child<'a> {
    pub(crate) fn new(raw: &'a Raw, entry: Entry) -> Child<'a> {
        Child { raw, entry }
    }

    pub(crate) fn entry(&self) -> Entry {
        self.entry
    }

    pub(crate) fn ns_bytes(&self) -> &'a [u8] {
        self.raw.space(self.entry.space)
    }

    /// The namespace. [`ns::CLIENT`] stands for the content namespace, whatever stream the stanza came
    /// from; empty if the element is in no namespace.
    pub fn ns(&self) -> &'a str {
        std::str::from_utf8(self.ns_bytes()).unwrap_or_default()
    }

    /// The local name.
    pub fn name(&self) -> &'a str {
        self.entry.name.str(self.raw.payload())
    }

    /// Is it the element `name` in the namespace `ns`?
    pub fn is(&self, ns: &str, name: &str) -> bool {
        self.entry.name.of(self.raw.payload()) == name.as_bytes() && self.ns_bytes() == ns.as_bytes()
    }

    /// The element as it stands in a stream whose default namespace is the content namespace. It needs no
    /// declarations from outside.
    pub fn bytes(&self) -> &'a [u8] {
        self.entry.at.of(self.raw.payload())
    }

    /// The element as a tree. What is in the content namespace is in [`ns::CLIENT`] there.
    ///
    /// # Errors
    /// None for an element that a scanner accepted; `bad-request` otherwise.
    pub fn element(&self) -> Result<Element, ParseError> {
        xml::read_element(self.bytes(), ns::CLIENT)
            .map_err(|error| ParseError::bad_request(error.to_string()))
    }

    /// The element as a typed payload.
    ///
    /// # Errors
    /// What the payload says is wrong with it; also if it is not a `T` at all.
    pub fn parse<T: Payload>(&self) -> Result<T, ParseError> {
        T::parse_child(self)
    }
}

impl fmt::Debug for Child<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.bytes()))
    }
}
