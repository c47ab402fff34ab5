//! Writing elements.

use std::fmt::Display;

use minidom::{Element, rxml};

use super::Payload;

/// Builds an [`Element`] part by part.
///
/// Text is taken as it stands; [`write_element`](crate::xml::write_element) sees to what XML cannot carry.
///
/// ```
/// use stonechat_stanza::payload::Builder;
///
/// let element = Builder::new("item", "urn:example")
///     .attr("id", 7)
///     .optional("name", None::<&str>)
///     .text_child("note", "fragile")
///     .build();
/// assert_eq!(element.attr("id"), Some("7"));
/// assert_eq!(element.attr("name"), None);
/// assert_eq!(element.get_child("note", "urn:example").map(|note| note.text()).as_deref(), Some("fragile"));
/// ```
#[derive(Debug, Clone)]
pub struct Builder {
    element: Element,
    ns: String,
}

impl Builder {
    /// An empty element. `name` must be an XML name without a colon.
    pub fn new(name: &str, ns: impl Into<String>) -> Self {
        let ns = ns.into();
        Self { element: Element::bare(name, ns.as_str()), ns }
    }

    /// An empty element of the payload's name.
    pub fn of<T: Payload>() -> Self {
        Self::new(T::NAME, T::NS)
    }

    /// Sets an attribute without a namespace.
    ///
    /// # Panics
    ///
    /// When `name`, a constant of the caller's, is not an XML name without a colon.
    #[must_use]
    pub fn attr(mut self, name: &'static str, value: impl Display) -> Self {
        let name = rxml::NcName::try_from(name).expect("attribute names are constants and NCNames");
        self.element.set_attr(rxml::Namespace::NONE, name, value.to_string());
        self
    }

    /// Sets the attribute if there is a value.
    ///
    /// # Panics
    ///
    /// As [`attr`](Builder::attr).
    #[must_use]
    pub fn optional(self, name: &'static str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    /// Sets `xml:lang` if there is a language.
    #[must_use]
    pub fn lang(mut self, lang: Option<&str>) -> Self {
        if let Some(lang) = lang {
            let name = rxml::NcName::try_from("lang").expect("lang is an NCName");
            self.element.set_attr(rxml::Namespace::XML, name, lang);
        }
        self
    }

    /// Appends character data.
    #[must_use]
    pub fn text(mut self, text: impl Display) -> Self {
        let text = text.to_string();
        // An empty text node would make the tree unequal to the one its own XML parses to.
        if !text.is_empty() {
            self.element.append_text(text);
        }
        self
    }

    /// Appends a child.
    #[must_use]
    pub fn child(mut self, child: Element) -> Self {
        self.element.append_child(child);
        self
    }

    /// Appends children.
    #[must_use]
    pub fn children(mut self, children: impl IntoIterator<Item = Element>) -> Self {
        for child in children {
            self.element.append_child(child);
        }
        self
    }

    /// Appends a child of the element's own namespace with character data.
    #[must_use]
    pub fn text_child(self, name: &str, text: impl Display) -> Self {
        let child = Self::new(name, self.ns.as_str()).text(text).build();
        self.child(child)
    }

    /// Appends such a child if there is a value.
    #[must_use]
    pub fn optional_child(self, name: &str, text: Option<impl Display>) -> Self {
        match text {
            Some(text) => self.text_child(name, text),
            None => self,
        }
    }

    /// Appends an empty child of the element's own namespace if `set`.
    #[must_use]
    pub fn flag(self, name: &str, set: bool) -> Self {
        if !set {
            return self;
        }
        let child = Element::bare(name, self.ns.as_str());
        self.child(child)
    }

    /// Appends a payload.
    #[must_use]
    pub fn payload(self, payload: &impl Payload) -> Self {
        self.child(payload.to_element())
    }

    /// Appends payloads; an `Option` is a list of none or one.
    #[must_use]
    pub fn payloads<'a, T: Payload + 'a>(self, payloads: impl IntoIterator<Item = &'a T>) -> Self {
        self.children(payloads.into_iter().map(T::to_element))
    }

    /// The element.
    #[must_use]
    pub fn build(self) -> Element {
        self.element
    }
}
