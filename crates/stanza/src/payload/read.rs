//! Reading elements: attributes, text and children with typed errors.

use std::str::FromStr;

use minidom::{Element, Node, rxml};

use super::value::{self, parse_boolean, trim};
use super::{ParseError, Payload};

/// What every payload parser needs from an [`Element`].
///
/// Typed values go through [`FromStr`]. A value that does not parse as it stands is tried once more
/// without surrounding whitespace, since most XML Schema types collapse it. Addresses
/// ([`Jid`](stonechat_jid::Jid), [`BareJid`](stonechat_jid::BareJid), [`FullJid`](stonechat_jid::FullJid))
/// are read by the rules for received ones, and a malformed one is answered with `jid-malformed`; anything
/// else is `bad-request`.
pub trait ElementExt {
    /// The attribute's value; the attribute is required.
    ///
    /// # Errors
    ///
    /// `bad-request` when it is absent.
    fn required(&self, name: &str) -> Result<&str, ParseError>;

    /// The attribute's value as a `T`, `None` when it is absent.
    ///
    /// # Errors
    ///
    /// When the value is not a `T`.
    fn value<T: FromStr + 'static>(&self, name: &str) -> Result<Option<T>, ParseError>;

    /// The attribute's value as a `T`; the attribute is required.
    ///
    /// # Errors
    ///
    /// When it is absent or not a `T`.
    fn required_value<T: FromStr + 'static>(&self, name: &str) -> Result<T, ParseError>;

    /// An `xs:boolean` attribute (`true`, `1`, `false`, `0`), `None` when it is absent.
    ///
    /// # Errors
    ///
    /// `bad-request` for any other value.
    fn boolean(&self, name: &str) -> Result<Option<bool>, ParseError>;

    /// The element's own `xml:lang`. The inherited language of the stanza is the caller's to add.
    fn lang(&self) -> Option<&str>;

    /// The element's own character data as a `T`. `String` keeps it as it stands.
    ///
    /// # Errors
    ///
    /// When it is not a `T`.
    fn text_value<T: FromStr + 'static>(&self) -> Result<T, ParseError>;

    /// Whether the element has neither child elements nor character data other than whitespace.
    fn is_blank(&self) -> bool;

    /// The first child element of this name in the element's own namespace.
    fn child(&self, name: &str) -> Option<&Element>;

    /// The character data of [`child`](ElementExt::child), as it stands.
    fn child_text(&self, name: &str) -> Option<String>;

    /// The character data of [`child`](ElementExt::child) as a `T`.
    ///
    /// # Errors
    ///
    /// When it is not a `T`.
    fn child_value<T: FromStr + 'static>(&self, name: &str) -> Result<Option<T>, ParseError>;

    /// The character data of each child of this name in the element's own namespace as a `T`.
    ///
    /// # Errors
    ///
    /// When one is not a `T`.
    fn child_values<T: FromStr + 'static>(&self, name: &str) -> Result<Vec<T>, ParseError>;

    /// The first child element that is a `T` by name.
    ///
    /// # Errors
    ///
    /// When it does not parse.
    fn get<T: Payload>(&self) -> Result<Option<T>, ParseError>;

    /// All child elements that are a `T` by name.
    ///
    /// # Errors
    ///
    /// When one does not parse.
    fn all<T: Payload>(&self) -> Result<Vec<T>, ParseError>;

    /// The first child element that is a `T` by name; there must be one.
    ///
    /// # Errors
    ///
    /// `bad-request` when there is none, or the error of parsing it.
    fn require<T: Payload>(&self) -> Result<T, ParseError>;
}

impl ElementExt for Element {
    fn required(&self, name: &str) -> Result<&str, ParseError> {
        own(self, name).ok_or_else(|| ParseError::missing_attribute(self.name(), name))
    }

    fn value<T: FromStr + 'static>(&self, name: &str) -> Result<Option<T>, ParseError> {
        let read = |value| value::parse(value, || ParseError::invalid_attribute(self.name(), name));
        self.attr(name).map(read).transpose()
    }

    fn required_value<T: FromStr + 'static>(&self, name: &str) -> Result<T, ParseError> {
        self.value(name)?.ok_or_else(|| ParseError::missing_attribute(self.name(), name))
    }

    fn boolean(&self, name: &str) -> Result<Option<bool>, ParseError> {
        let Some(value) = self.attr(name) else { return Ok(None) };
        parse_boolean(value).map(Some).ok_or_else(|| ParseError::invalid_attribute(self.name(), name))
    }

    fn lang(&self) -> Option<&str> {
        self.attr_ns(rxml::Namespace::xml(), "lang")
    }

    fn text_value<T: FromStr + 'static>(&self) -> Result<T, ParseError> {
        value::parse(&self.text(), || ParseError::invalid_text(self.name()))
    }

    fn is_blank(&self) -> bool {
        self.nodes().all(|node| match node {
            Node::Element(_) => false,
            Node::Text(text) => trim(text).is_empty(),
        })
    }

    fn child(&self, name: &str) -> Option<&Element> {
        let ns = self.ns();
        self.children().find(|child| child.is(name, ns.as_str()))
    }

    fn child_text(&self, name: &str) -> Option<String> {
        self.child(name).map(Element::text)
    }

    fn child_value<T: FromStr + 'static>(&self, name: &str) -> Result<Option<T>, ParseError> {
        self.child(name).map(Element::text_value).transpose()
    }

    fn child_values<T: FromStr + 'static>(&self, name: &str) -> Result<Vec<T>, ParseError> {
        let ns = self.ns();
        self.children().filter(|child| child.is(name, ns.as_str())).map(Element::text_value).collect()
    }

    fn get<T: Payload>(&self) -> Result<Option<T>, ParseError> {
        self.children().find(|child| T::matches(child)).map(T::parse).transpose()
    }

    fn all<T: Payload>(&self) -> Result<Vec<T>, ParseError> {
        self.children().filter(|child| T::matches(child)).map(T::parse).collect()
    }

    fn require<T: Payload>(&self) -> Result<T, ParseError> {
        self.get()?.ok_or_else(|| ParseError::missing_child(self.name(), T::NAME))
    }
}

/// [`Element::attr`] ties its result to the name; this does not.
fn own<'a>(element: &'a Element, name: &str) -> Option<&'a str> {
    element.attrs().get(&rxml::Namespace::NONE, name).map(String::as_str)
}
