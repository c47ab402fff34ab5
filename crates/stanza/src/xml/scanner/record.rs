//! What a scanner remembers: positions, in the bytes of the element.

use std::ops::Range;

use super::super::attribute::Header;

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum State {
    /// The `<` of the first-level element is due.
    #[default]
    Start,
    /// Behind a `<`.
    Markup,
    /// In the name of a start tag.
    TagName,
    /// In a start tag, behind a name or a value.
    TagEnd,
    /// In a start tag, behind whitespace.
    TagSpace,
    /// In the name of an attribute.
    AttributeName,
    /// Behind the name of an attribute: `=` is due.
    Equals,
    /// Behind the `=`: a quote is due.
    Quote,
    /// In a value between quotes.
    Value,
    /// In a reference in a value.
    ValueReference,
    /// Behind the `/` of an empty-element tag.
    Empty,
    /// In the content of an element.
    Text,
    /// In a reference in text.
    TextReference,
    /// In the name of an end tag.
    EndName,
    /// Behind the name of an end tag.
    EndSpace,
    /// Behind `<!`.
    Declaration,
    /// In a CDATA section.
    Cdata,
}

/// An open element.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    pub(super) name: u32,
    pub(super) name_len: u16,
    /// Bindings in scope outside of it.
    pub(super) bindings: u16,
}

/// A namespace declaration inside the element being scanned.
#[derive(Debug, Clone, Copy)]
pub(super) struct Binding {
    pub(super) prefix: u32,
    pub(super) prefix_len: u16,
    pub(super) uri: Naming,
}

/// Where the name of a namespace is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Naming {
    /// No namespace.
    #[default]
    None,
    /// The content namespace: nothing is declared in the element itself.
    Content,
    /// In the bytes of the element.
    Bytes(u32, u32),
    /// In [`Scanner::text`], because a reference had to be resolved.
    Text(u32),
    /// In the scope outside of the element scanned: the position of the binding.
    Outer(u16),
    /// The default namespace outside.
    OuterDefault,
}

/// The start tag of a first-level element, or of a child of one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ChildTag {
    pub(crate) start: u32,
    /// Behind the element; 0 while it is open.
    pub(crate) end: u32,
    /// The qualified name as written.
    pub(crate) name: u32,
    pub(crate) name_len: u16,
    /// Length of the prefix with its colon.
    pub(crate) prefix_len: u16,
    pub(crate) ns: Naming,
    /// It has its own `xmlns='…'`, here; the range may be cut out with one byte of space before it.
    pub(crate) default: Option<(u32, u32)>,
}

impl ChildTag {
    pub(crate) fn local(&self) -> Range<usize> {
        self.name as usize + usize::from(self.prefix_len)..self.name_end()
    }

    pub(crate) fn name_end(&self) -> usize {
        self.name as usize + usize::from(self.name_len)
    }
}

/// The use of a binding that a first-level element, or a child of one, does not declare itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Borrowed {
    /// Which child; [`Borrowed::ROOT`] for the first-level element.
    pub(crate) child: u32,
    pub(crate) binding: Lent,
}

impl Borrowed {
    pub(crate) const ROOT: u32 = u32::MAX;
}

/// Who declares a borrowed binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lent {
    /// The stanza: an index into its bindings.
    Stanza(u16),
    /// The scope outside: an index into its prefixes.
    Scope(u16),
}

/// The first-level element.
#[derive(Debug, Clone, Default)]
pub(super) struct Root {
    pub(super) kind: RootKind,
    pub(super) tag: ChildTag,
    /// Behind its start tag.
    pub(super) content: u32,
    /// Behind the last child or text.
    pub(super) content_end: u32,
    /// Bindings that the start tag declares.
    pub(super) bindings: u16,
    /// Of a stanza.
    pub(super) header: Header,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum RootKind {
    /// The start tag is not complete.
    #[default]
    Unknown,
    /// A message, presence or iq in the content namespace.
    Stanza,
    /// Something else.
    Other,
}

impl Binding {
    pub(super) fn prefix<'b>(&self, buffer: &'b [u8]) -> &'b [u8] {
        &buffer[self.prefix as usize..self.prefix as usize + usize::from(self.prefix_len)]
    }
}
