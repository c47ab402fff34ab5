//! Trees from bytes that a scanner accepted.

use memchr::{memchr, memchr2, memmem};
use minidom::Element;
use minidom::rxml::{Namespace, NcName};

use super::error::{Error, Syntax};
use super::escape::unescape;
use super::names::{NAME, SPACE, is, skip_space};
use crate::ns;

/// Builds the tree of one element, which a [`Scanner`](super::Scanner) has accepted, where `default` is
/// the default namespace around it.
///
/// Text and namespaces are kept exactly; CDATA is text; line ends are normalised as XML 1.0 §2.11 says.
/// An attribute that [`Element`] has no way to hold is left out: one with a character from U+FDF0 to U+FFFD
/// in its name.
///
/// # Errors
/// [`Error::Syntax`] where the bytes are not what a scanner accepts. This is no substitute for scanning:
/// a good part of the rules is not looked at again.
pub fn read_element(bytes: &[u8], default: &str) -> Result<Element, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| Error::Encoding)?;
    let mut reader =
        Reader { text, at: 0, open: Vec::new(), bindings: vec![("", default.to_owned().into())] };
    loop {
        if let Some(root) = reader.step()? {
            return Ok(root);
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// The open elements, and how many bindings are in scope outside each.
    open: Vec<(Element, usize)>,
    bindings: Vec<(&'a str, Namespace<'static>)>,
}

impl<'a> Reader<'a> {
    /// Reads one tag or one run of text; the tree if it is complete with it.
    fn step(&mut self) -> Result<Option<Element>, Error> {
        let rest = &self.text[self.at..];
        if rest.starts_with("</") {
            self.at += memchr(b'>', rest.as_bytes()).ok_or(Error::Incomplete)? + 1;
            let (element, bindings) = self.open.pop().ok_or(Syntax::EndTag)?;
            return Ok(self.close(element, bindings));
        }
        if let Some(rest) = rest.strip_prefix("<![CDATA[") {
            let end = memmem::find(rest.as_bytes(), b"]]>").ok_or(Error::Incomplete)?;
            self.at += "<![CDATA[".len() + end + "]]>".len();
            // Line ends are normalised before anything else, references are not resolved here.
            let content = rest[..end].replace("\r\n", "\n").replace('\r', "\n");
            self.append(&content)?;
            return Ok(None);
        }
        if rest.starts_with('<') {
            return self.start_tag();
        }
        let end = memchr(b'<', rest.as_bytes()).ok_or(Error::Incomplete)?;
        self.at += end;
        self.append(&unescape(&rest[..end], false))?;
        Ok(None)
    }

    fn append(&mut self, text: &str) -> Result<(), Error> {
        let (element, _) = self.open.last_mut().ok_or(Syntax::TextOutside)?;
        if !text.is_empty() {
            element.append_text(text);
        }
        Ok(())
    }

    fn close(&mut self, element: Element, bindings: usize) -> Option<Element> {
        self.bindings.truncate(bindings);
        match self.open.last_mut() {
            Some((parent, _)) => {
                parent.append_child(element);
                None
            }
            None => Some(element),
        }
    }

    fn start_tag(&mut self) -> Result<Option<Element>, Error> {
        let outside = self.bindings.len();
        let bytes = self.text.as_bytes();
        let (name, mut at) = self.qname(self.at + 1);
        let mut attributes: Vec<(&'a str, &'a str)> = Vec::new();
        let empty = loop {
            at = skip_space(bytes, at);
            match bytes.get(at) {
                Some(b'>') => break false,
                Some(b'/') => {
                    at += 1;
                    break true;
                }
                Some(_) => {}
                None => return Err(Error::Incomplete),
            }
            let (attribute, end) = self.qname(at);
            let (value, end) = self.value(end)?;
            at = end;
            match attribute.strip_prefix("xmlns") {
                Some("") => self.bindings.push(("", unescape(value, true).into_owned().into())),
                Some(prefix) if prefix.starts_with(':') => {
                    self.bindings.push((&prefix[1..], unescape(value, true).into_owned().into()));
                }
                _ => attributes.push((attribute, value)),
            }
        };
        self.at = at + 1;
        let element = self.element(name, &attributes)?;
        if empty {
            return Ok(self.close(element, outside));
        }
        self.open.push((element, outside));
        Ok(None)
    }

    /// The name that starts at `at`, and where it ends.
    fn qname(&self, at: usize) -> (&'a str, usize) {
        let bytes = &self.text.as_bytes()[at..];
        let len = bytes.iter().position(|&b| !(is(b, NAME) || b == b':' || b >= 0x80)).unwrap_or(bytes.len());
        (&self.text[at..at + len], at + len)
    }

    /// The raw value behind the name of an attribute, and where what follows starts.
    fn value(&self, at: usize) -> Result<(&'a str, usize), Error> {
        let bytes = self.text.as_bytes();
        let quote = at + memchr2(b'\'', b'"', &bytes[at..]).ok_or(Error::Incomplete)?;
        if !bytes[at..quote].iter().all(|&b| b == b'=' || is(b, SPACE)) {
            return Err(Syntax::Tag.into());
        }
        let len = memchr(bytes[quote], &bytes[quote + 1..]).ok_or(Error::Incomplete)?;
        Ok((&self.text[quote + 1..quote + 1 + len], quote + len + 2))
    }

    fn element(&self, name: &str, attributes: &[(&str, &str)]) -> Result<Element, Error> {
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let ns = self.lookup(prefix)?;
        let mut element = Element::bare(local, ns.as_str());
        for (name, value) in attributes {
            let (ns, local) = match name.split_once(':') {
                Some((prefix, local)) => (self.lookup(prefix)?, local),
                None => (Namespace::NONE, *name),
            };
            if let Ok(local) = NcName::try_from(local) {
                element.attrs_mut().insert(ns, local, unescape(value, true).into_owned());
            }
        }
        Ok(element)
    }

    fn lookup(&self, prefix: &str) -> Result<Namespace<'static>, Error> {
        match self.bindings.iter().rev().find(|(bound, _)| *bound == prefix) {
            Some((_, ns)) => Ok(ns.clone()),
            None if prefix == "xml" => Ok(ns::XML.to_owned().into()),
            None => Err(Syntax::UndeclaredPrefix.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_namespaces_are_kept() {
        let tree = read_element(
            b"<a p:x='1' xmlns:p='two' y='&lt;&#10;\n'>\r\n &amp;<![CDATA[<&amp;>]]>.<p:b xmlns='three'><c/></p:b ></a>",
            "one",
        )
        .unwrap();
        assert!(tree.is("a", "one"));
        assert_eq!(tree.attr_ns("two", "x"), Some("1"));
        assert_eq!(tree.attr("y"), Some("<\n "));
        assert_eq!(tree.text(), "\n &<&amp;>.");
        let b = tree.get_child("b", "two").unwrap();
        assert!(b.has_child("c", "three"));
    }

    #[test]
    fn names_that_a_tree_cannot_hold_are_no_reason_to_fail() {
        let tree = read_element("<a \u{FF21}='1' b='2'/>".as_bytes(), "one").unwrap();
        assert_eq!(tree.attr("b"), Some("2"));
        assert_eq!(tree.attrs().len(), 1);
    }

    #[test]
    fn what_no_scanner_accepted_gives_an_error() {
        for bytes in
            ["", "x", "<", "<a", "<a>", "</a>", "<a b=>", "<p:a/>", "<a b'c'/>", "<a><![CDATA[</a>", "<1/>x"]
        {
            let _ = read_element(bytes.as_bytes(), "one");
        }
        assert!(read_element(b"<a>", "one").is_err());
        assert!(read_element(b"\xff", "one").is_err());
    }
}
