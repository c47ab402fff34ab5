//! Refusing what a payload does not know.

use minidom::{Element, rxml};

use super::value::trim;
use super::{ParseError, Payload};

/// Refuses what a payload does not know, for specifications that say "MUST NOT" about it.
///
/// Name what is known, then [`check`](Strict::check).
#[derive(Debug)]
pub struct Strict<'a> {
    element: &'a Element,
    attributes: Vec<&'static str>,
    children: Vec<(&'static str, Option<&'static str>)>,
    text: bool,
}

impl<'a> Strict<'a> {
    /// Nothing is known yet: no attribute, no child, no text.
    pub fn new(element: &'a Element) -> Self {
        Self { element, attributes: Vec::new(), children: Vec::new(), text: false }
    }

    /// Knows the attribute. `xml:lang` is always known.
    pub fn attribute(&mut self, name: &'static str) {
        self.attributes.push(name);
    }

    /// Knows the child of this name; `None` is the element's own namespace.
    pub fn child(&mut self, name: &'static str, ns: Option<&'static str>) {
        self.children.push((name, ns));
    }

    /// Knows the payload a field of type `Option<P>` or `Vec<P>` holds.
    #[doc(hidden)]
    pub fn payload<F: Nested>(&mut self) {
        self.children.push((F::Payload::NAME, Some(F::Payload::NS)));
    }

    /// Knows character data.
    pub fn text(&mut self) {
        self.text = true;
    }

    /// Whether everything in the element is known. Whitespace between children always is.
    ///
    /// # Errors
    ///
    /// `bad-request` when something is not.
    pub fn check(&self) -> Result<(), ParseError> {
        let what = if !self.attributes_known() {
            "an attribute"
        } else if !self.children_known() {
            "a child"
        } else if !self.text && self.element.texts().any(|text| !trim(text).is_empty()) {
            "text"
        } else {
            return Ok(());
        };
        let name = super::short(self.element.name());
        Err(ParseError::bad_request(format!("<{name}/> has {what} it must not have")))
    }

    fn attributes_known(&self) -> bool {
        let xml = rxml::Namespace::xml();
        self.element.attrs().iter().all(|((ns, name), _)| {
            if ns.is_none() {
                self.attributes.iter().any(|known| *known == name.as_str())
            } else {
                ns.as_str() == xml.as_str() && name.as_str() == "lang"
            }
        })
    }

    fn children_known(&self) -> bool {
        let own = self.element.ns();
        self.element
            .children()
            .all(|child| self.children.iter().any(|(name, ns)| child.is(*name, ns.unwrap_or(own.as_str()))))
    }
}

/// A field that holds any number of payloads; for [`payload!`](crate::payload!).
#[doc(hidden)]
pub trait Nested {
    type Payload: Payload;
}

impl<P: Payload> Nested for Option<P> {
    type Payload = P;
}

impl<P: Payload> Nested for Vec<P> {
    type Payload = P;
}
