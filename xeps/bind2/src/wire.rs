//! The elements (§3).

use stonechat_stanza::payload::Builder;
use stonechat_stanza::{Element, ns};

/// Namespace of all elements.
pub const NS: &str = ns::BIND2;

/// What a server offers (§3.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Feature {
    /// The features that can be asked for together with the session.
    pub inline: Vec<String>,
}

impl Feature {
    /// The element.
    #[must_use]
    pub fn to_element(&self) -> Element {
        let feature = |name| Builder::new("feature", NS).attr("var", name).build();
        let inline = (!self.inline.is_empty())
            .then(|| Builder::new("inline", NS).children(self.inline.iter().map(feature)).build());
        Builder::new("bind", NS).children(inline).build()
    }

    /// Reads the element; `None` if it is another one.
    #[must_use]
    pub fn read(element: &Element) -> Option<Self> {
        element.is("bind", NS).then(|| {
            let inline = element.get_child("inline", NS).into_iter().flat_map(Element::children);
            let features = inline.filter(|child| child.is("feature", NS));
            Self { inline: features.filter_map(|child| child.attr("var")).map(str::to_owned).collect() }
        })
    }
}

/// What a client asks for (§3.2).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bind {
    /// A short name of the software, which others may see.
    pub tag: Option<String>,
    /// What is to be switched on for the session.
    pub requests: Vec<Element>,
}

impl Bind {
    /// The element.
    #[must_use]
    pub fn to_element(&self) -> Element {
        Builder::new("bind", NS)
            .optional_child("tag", self.tag.as_deref())
            .children(self.requests.iter().cloned())
            .build()
    }

    /// Reads the element; `None` if it is another one.
    #[must_use]
    pub fn read(element: &Element) -> Option<Self> {
        element.is("bind", NS).then(|| {
            let tag = element.get_child("tag", NS).map(Element::text).filter(|tag| !tag.is_empty());
            Self { tag, requests: element.children().filter(|child| !child.has_ns(NS)).cloned().collect() }
        })
    }
}

/// What a client is told when its session is bound (§3.2.1).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bound {
    /// The answers to what it asked for, and what else belongs to a new session.
    pub answers: Vec<Element>,
}

impl Bound {
    /// The element.
    #[must_use]
    pub fn to_element(&self) -> Element {
        Builder::new("bound", NS).children(self.answers.iter().cloned()).build()
    }

    /// Reads the element; `None` if it is another one.
    #[must_use]
    pub fn read(element: &Element) -> Option<Self> {
        element.is("bound", NS).then(|| Self { answers: element.children().cloned().collect() })
    }
}
