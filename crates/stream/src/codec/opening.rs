//! What a header says about its stream.

use std::borrow::Cow;

use stonechat_stanza::ns;
use stonechat_stanza::xml::{Attribute, Content, Scanner, Scope};

use super::Error;
use crate::{StreamHeader, Version};

/// A header that was accepted.
pub(super) struct Opening {
    pub(super) header: StreamHeader,
    /// The bindings that it declares.
    pub(super) scope: Scope,
    /// The name of its tag as written, which the end tag has to repeat.
    pub(super) name: Box<[u8]>,
}

/// Reads `<stream:stream …>` whose start tag `scanner` has completed (RFC 6120 §4.7, §4.8).
pub(super) fn tcp(
    scanner: &Scanner,
    bytes: &[u8],
    outside: &Scope,
    content: Content,
) -> Result<Opening, Error> {
    let prefix = scanner.prefix(bytes);
    match scanner.name(bytes, outside) {
        Some((ns::STREAM, "stream")) => {}
        Some((_, "stream")) if prefix.is_empty() => return Err(Error::Prefix),
        Some((_, "stream")) => return Err(Error::Namespace),
        _ => return Err(Error::Header),
    }
    let mut scope = Scope::outside(Some(content));
    for attribute in scanner.attributes(bytes) {
        match (attribute.prefix, attribute.name) {
            ("", "xmlns") => scope.set_default(&attribute.value),
            ("xmlns", prefix) => scope.bind(prefix, &attribute.value),
            _ => {}
        }
    }
    let name = if prefix.is_empty() { "stream".to_owned() } else { format!("{prefix}:stream") };
    let mut header = header(scanner.attributes(bytes));
    // "Prefix-free canonicalization" (RFC 6120 §4.8.2): every stanza names its namespace itself.
    let implied = matches!(scope.default_ns(), "" | ns::STREAM);
    header.content_ns =
        if implied { Cow::Borrowed(content.as_str()) } else { content_ns(scope.default_ns()) };
    Ok(Opening { header, scope, name: name.into_bytes().into() })
}

/// Reads the attributes of `<open/>` (RFC 7395 §3.3.1).
pub(super) fn header<'b>(attributes: impl Iterator<Item = Attribute<'b>>) -> StreamHeader {
    let mut header = StreamHeader::default();
    for attribute in attributes {
        let value = || Some(attribute.value.clone().into_owned());
        match (attribute.prefix, attribute.name) {
            ("", "to") => header.to = value(),
            ("", "from") => header.from = value(),
            ("", "id") => header.id = value(),
            ("", "version") => header.version = Version::parse(&attribute.value),
            ("xml", "lang") => header.lang = value(),
            _ => {}
        }
    }
    header
}

fn content_ns(name: &str) -> Cow<'static, str> {
    match [ns::CLIENT, ns::SERVER, ns::COMPONENT_ACCEPT].into_iter().find(|known| *known == name) {
        Some(known) => Cow::Borrowed(known),
        None => Cow::Owned(name.to_owned()),
    }
}
