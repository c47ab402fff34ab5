//! The namespace bindings around an element.

use crate::ns;

/// Which namespace makes a first-level element a stanza.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Content {
    /// `jabber:client`
    #[default]
    Client,
    /// `jabber:server`
    Server,
    /// `jabber:component:accept` (XEP-0114)
    Component,
}

impl Content {
    /// The namespace name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Content::Client => ns::CLIENT,
            Content::Server => ns::SERVER,
            Content::Component => ns::COMPONENT_ACCEPT,
        }
    }
}

/// Bindings from outside an element: those of the stream header.
#[derive(Debug, Clone)]
pub struct Scope {
    content: Option<Content>,
    default: Box<str>,
    prefixes: Vec<(Box<str>, Box<str>)>,
}

impl Scope {
    /// Inside a stream whose default namespace is its content namespace, with no prefixes declared.
    pub fn stream(content: Content) -> Scope {
        Scope { content: Some(content), default: content.as_str().into(), prefixes: Vec::new() }
    }

    /// Outside of everything: no default namespace, no prefixes. Stanzas are those of `content`, or of any
    /// content namespace if it is `None`.
    pub fn outside(content: Option<Content>) -> Scope {
        Scope { content, default: "".into(), prefixes: Vec::new() }
    }

    /// What a stanza that stands alone may leave out: its content namespace is the default.
    pub(crate) fn alone() -> Scope {
        Scope { content: None, default: ns::CLIENT.into(), prefixes: Vec::new() }
    }

    /// The namespace of elements without a prefix; empty for none.
    pub fn default_ns(&self) -> &str {
        &self.default
    }

    /// Sets the namespace of elements without a prefix.
    pub fn set_default(&mut self, ns: &str) {
        self.default = ns.into();
    }

    /// Binds a prefix. The last binding of a prefix counts.
    pub fn bind(&mut self, prefix: &str, ns: &str) {
        self.prefixes.retain(|(bound, _)| **bound != *prefix);
        self.prefixes.push((prefix.into(), ns.into()));
    }

    /// The declared prefixes and what they stand for.
    pub fn prefixes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.prefixes.iter().map(|(prefix, ns)| (&**prefix, &**ns))
    }

    pub(crate) fn position(&self, prefix: &[u8]) -> Option<usize> {
        self.prefixes.iter().position(|(bound, _)| bound.as_bytes() == prefix)
    }

    pub(crate) fn binding(&self, at: usize) -> (&str, &str) {
        self.prefixes.get(at).map_or(("", ""), |(prefix, ns)| (prefix, ns))
    }

    pub(crate) fn is_content(&self, name: &[u8]) -> bool {
        match self.content {
            Some(content) => content.as_str().as_bytes() == name,
            None => is_content(name),
        }
    }
}

/// Is it one of the content namespaces?
pub(crate) fn is_content(name: &[u8]) -> bool {
    // The lengths come first because this is asked for every child of every stanza.
    matches!(name.len(), 13 | 23) && CONTENT.iter().any(|content| content.as_bytes() == name)
}

const CONTENT: [&str; 3] = [ns::CLIENT, ns::SERVER, ns::COMPONENT_ACCEPT];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_content_namespace_is_one() {
        for content in [Content::Client, Content::Server, Content::Component] {
            assert!(is_content(content.as_str().as_bytes()) && ns::is_content(content.as_str()));
        }
        assert!(!is_content(b"jabber:clienT") && !is_content(b"") && !is_content(b"jabber:component:connec"));
    }
}
