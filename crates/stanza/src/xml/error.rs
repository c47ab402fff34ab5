//! What can be wrong with XML from a peer.

/// Why bytes are refused. Every case is the peer's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Bytes that are not UTF-8 (RFC 6120 §11.6). A stream ends with `unsupported-encoding`.
    #[error("not UTF-8")]
    Encoding,
    /// Not well-formed, or not namespace-well-formed. A stream ends with `not-well-formed`.
    #[error("not well-formed: {0}")]
    Syntax(#[from] Syntax),
    /// XML that RFC 6120 §11.1 forbids. A stream ends with `restricted-xml`.
    #[error("restricted XML: {0}")]
    Restricted(#[from] Restricted),
    /// Legal XML beyond what the reader takes. A stream ends with `policy-violation`.
    #[error("limit exceeded: {0}")]
    Limit(#[from] Limit),
    /// The bytes end inside the element. Only where the whole was expected at once.
    #[error("the element is not complete")]
    Incomplete,
    /// Something follows the element where only one was expected.
    #[error("data after the element")]
    Trailing,
    /// A complete element, but not a message, presence or iq in a content namespace.
    #[error("not a stanza")]
    NotAStanza,
}

/// A rule of XML 1.0 or of Namespaces in XML 1.0 that was broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Syntax {
    /// A character outside the production `Char` (XML 1.0 §2.2), such as U+0000 or U+FFFE.
    #[error("a character that XML does not allow")]
    Character,
    /// Text where only an element may stand.
    #[error("text outside an element")]
    TextOutside,
    /// A name that is none, or a qualified name with a colon in the wrong place.
    #[error("not a name")]
    Name,
    /// A tag that breaks the grammar: a missing space, equals sign, quote or bracket.
    #[error("malformed tag")]
    Tag,
    /// An end tag that does not match the open element.
    #[error("end tag does not match")]
    EndTag,
    /// `<` in an attribute value (XML 1.0 §3.1).
    #[error("'<' in an attribute value")]
    AttributeValue,
    /// The same attribute twice in one tag, by name or by expanded name (Namespaces §6.3).
    #[error("duplicate attribute")]
    DuplicateAttribute,
    /// `]]>` in text (XML 1.0 §2.4).
    #[error("']]>' in text")]
    CdataEnd,
    /// An ampersand that starts no reference, or a reference to a character that is not allowed.
    #[error("malformed reference")]
    Reference,
    /// A prefix without a declaration (Namespaces §5.1).
    #[error("undeclared namespace prefix")]
    UndeclaredPrefix,
    /// A declaration that Namespaces §3 forbids: of `xmlns`, of a prefix to nothing, of another prefix to
    /// the names of `xml` and `xmlns`.
    #[error("forbidden namespace declaration")]
    Declaration,
    /// `<!` with nothing legal behind it.
    #[error("malformed markup")]
    Markup,
}

/// A feature of XML that RFC 6120 §11.1 forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Restricted {
    /// `<!-- … -->`
    #[error("comment")]
    Comment,
    /// `<? … ?>`, or an XML declaration anywhere but at the start of a stream.
    #[error("processing instruction")]
    ProcessingInstruction,
    /// `<!DOCTYPE …>` or another declaration of a document type.
    #[error("document type declaration")]
    Doctype,
    /// A reference to an entity other than `lt`, `gt`, `amp`, `apos` and `quot`.
    #[error("entity reference")]
    Entity,
}

/// A limit of [`Limits`](super::Limits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Limit {
    /// The size of one first-level element.
    #[error("bytes in one element")]
    Bytes,
    /// Elements inside elements.
    #[error("depth")]
    Depth,
    /// Elements in one first-level element.
    #[error("number of elements")]
    Elements,
    /// Attributes of one element.
    #[error("number of attributes")]
    Attributes,
    /// Namespace declarations in scope at one place.
    #[error("number of namespace bindings")]
    Bindings,
    /// The length of a name.
    #[error("length of a name")]
    Name,
}
