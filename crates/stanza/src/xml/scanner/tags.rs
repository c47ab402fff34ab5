//! What a complete tag means: nesting, namespaces, and what is remembered of it.

use super::super::attribute::{Header, Slot};
use super::super::error::{Error, Limit, Syntax};
use super::super::scope::{self, Scope};
use super::{Binding, Borrowed, ChildTag, Lent, Naming, Open, RootKind, Scanner};
use crate::ns;

/// Where a tag declares its default namespace.
type Place = Option<(u32, u32)>;

/// What a prefix resolves to.
#[derive(Clone, Copy)]
enum Resolved {
    /// The prefix `xml`.
    Xml,
    /// An index into the scanner's bindings.
    Inner(usize),
    /// An index into the prefixes of the scope.
    Outer(usize),
}

impl Scanner {
    /// A start tag is complete and ends at `end`. The result tells if the first-level element is.
    pub(super) fn start_tag(
        &mut self,
        bytes: &[u8],
        end: usize,
        empty: bool,
        scope: &Scope,
    ) -> Result<bool, Error> {
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(Limit::Elements.into());
        }
        let depth = self.open.len();
        if depth >= self.limits.depth {
            return Err(Limit::Depth.into());
        }
        let bindings = self.bindings.len();
        let default = self.read_attributes(bytes, scope)?;
        let prefix = match self.name.prefix {
            0 => None,
            _ => Some(self.resolve_prefix(self.name.prefix(bytes), bytes, scope)?),
        };
        match depth {
            0 => self.first_level(bytes, end, prefix, default, scope),
            1 if self.is_stanza() => self.child(bytes, prefix, default, scope),
            _ => {}
        }
        let name = self.name;
        self.open.push(Open { name: name.name, name_len: name.name_len, bindings: bindings as u16 });
        if empty { Ok(self.element_ended(end, end)) } else { Ok(false) }
    }

    /// An end tag is complete. The result tells if the first-level element is.
    pub(super) fn end_tag(&mut self, end: usize) -> bool {
        self.element_ended(self.tag, end)
    }

    fn element_ended(&mut self, content_end: usize, end: usize) -> bool {
        let Some(open) = self.open.pop() else { return false };
        match self.open.len() {
            0 => {
                // Its bindings stay: the children that use them are not written yet.
                self.root.tag.end = end as u32;
                self.root.content_end = content_end as u32;
                return true;
            }
            1 => {
                if let Some(child) = self.children.last_mut() {
                    child.end = end as u32;
                }
            }
            _ => {}
        }
        self.bindings.truncate(usize::from(open.bindings));
        false
    }

    /// Checks the attributes of the tag and takes in its declarations. The result is where it declares a
    /// default namespace, if it does.
    fn read_attributes(&mut self, bytes: &[u8], scope: &Scope) -> Result<Place, Error> {
        let mut default = None;
        let mut prefixed = false;
        for at in 0..self.attributes.len() {
            let slot = self.attributes[at];
            let name = slot.qname(bytes);
            let twice = |earlier: &Slot| earlier.key == slot.key && earlier.qname(bytes) == name;
            if self.attributes[..at].iter().any(twice) {
                return Err(Syntax::DuplicateAttribute.into());
            }
            if slot.prefix == 0 {
                if name == b"xmlns" {
                    self.declare(bytes, 0, 0, &slot)?;
                    default = Some((slot.range().start as u32, slot.range().end as u32));
                }
            } else if slot.prefix(bytes) == b"xmlns" {
                let prefix_len = slot.name_len - slot.prefix - 1;
                self.declare(bytes, slot.name + u32::from(slot.prefix) + 1, prefix_len, &slot)?;
            } else {
                prefixed = true;
            }
        }
        if prefixed {
            self.expand_attributes(bytes, scope)?;
        }
        Ok(default)
    }

    /// Namespaces in XML 1.0 §3.
    fn declare(&mut self, bytes: &[u8], prefix: u32, prefix_len: u16, slot: &Slot) -> Result<(), Error> {
        let (start, end) = (slot.value, slot.value + slot.value_len);
        let uri = match (slot.is_escaped(), start == end) {
            (_, true) => Naming::None,
            (false, _) => Naming::Bytes(start, end),
            (true, _) => {
                self.text.push(slot.text(bytes).into());
                Naming::Text((self.text.len() - 1) as u32)
            }
        };
        let binding = Binding { prefix, prefix_len, uri };
        let name = match uri {
            Naming::Text(at) => self.text[at as usize].as_bytes(),
            _ => slot.value(bytes),
        };
        let is_xml = binding.prefix(bytes) == b"xml";
        let forbidden = binding.prefix(bytes) == b"xmlns"
            || (prefix_len != 0 && name.is_empty())
            || (name == ns::XML.as_bytes()) != is_xml
            || name == ns::XMLNS.as_bytes();
        if forbidden {
            return Err(Syntax::Declaration.into());
        }
        if self.bindings.len() >= self.limits.bindings {
            return Err(Limit::Bindings.into());
        }
        self.bindings.push(binding);
        Ok(())
    }

    /// Prefixes of attributes have to be declared, and no two attributes may be the same one (Namespaces
    /// in XML 1.0 §6.3).
    fn expand_attributes(&mut self, bytes: &[u8], scope: &Scope) -> Result<(), Error> {
        for at in 0..self.attributes.len() {
            let slot = self.attributes[at];
            if slot.prefix == 0 || slot.prefix(bytes) == b"xmlns" {
                continue;
            }
            let resolved = self.resolve_prefix(slot.prefix(bytes), bytes, scope)?;
            let local = slot.local(bytes);
            for earlier in 0..at {
                let earlier = self.attributes[earlier];
                if earlier.prefix == 0 || earlier.local(bytes) != local || earlier.prefix(bytes) == b"xmlns" {
                    continue;
                }
                let other = self.resolve_prefix(earlier.prefix(bytes), bytes, scope)?;
                if self.uri(resolved, bytes, scope) == self.uri(other, bytes, scope) {
                    return Err(Syntax::DuplicateAttribute.into());
                }
            }
        }
        Ok(())
    }

    fn uri<'b>(&'b self, resolved: Resolved, bytes: &'b [u8], scope: &'b Scope) -> &'b [u8] {
        match resolved {
            Resolved::Xml => ns::XML.as_bytes(),
            Resolved::Inner(at) => self.resolve_bytes(self.bindings[at].uri, bytes, scope),
            Resolved::Outer(at) => scope.binding(at).1.as_bytes(),
        }
    }

    /// Finds the declaration of a prefix, and notes whose it is if it has to be copied later.
    fn resolve_prefix(&mut self, prefix: &[u8], bytes: &[u8], scope: &Scope) -> Result<Resolved, Error> {
        if prefix == b"xml" {
            return Ok(Resolved::Xml);
        }
        if let Some(at) = self.bindings.iter().rposition(|binding| binding.prefix(bytes) == prefix) {
            if self.is_stanza() && at < usize::from(self.root.bindings) {
                self.borrow(Lent::Stanza(at as u16));
            }
            return Ok(Resolved::Inner(at));
        }
        let at = scope.position(prefix).ok_or(Syntax::UndeclaredPrefix)?;
        self.borrow(Lent::Scope(at as u16));
        Ok(Resolved::Outer(at))
    }

    fn borrow(&mut self, binding: Lent) {
        let child = match (self.is_stanza(), self.open.len()) {
            (true, 1) => self.children.len() as u32,
            (true, _) => self.children.len().saturating_sub(1) as u32,
            (false, _) => Borrowed::ROOT,
        };
        let borrowed = Borrowed { child, binding };
        let known = self.borrowed.iter().rev().take_while(|known| known.child == child);
        if !known.into_iter().any(|known| *known == borrowed) {
            self.borrowed.push(borrowed);
        }
    }

    /// The tag is that of a first-level element.
    fn first_level(
        &mut self,
        bytes: &[u8],
        end: usize,
        prefix: Option<Resolved>,
        default: Place,
        scope: &Scope,
    ) {
        let ns = match (prefix, default) {
            (Some(prefix), _) => self.naming(prefix),
            (None, Some(_)) => self.default_naming().unwrap_or(Naming::None),
            (None, None) if scope.default_ns().is_empty() => Naming::None,
            (None, None) => Naming::OuterDefault,
        };
        let stanza = matches!(self.name.local(bytes), b"message" | b"presence" | b"iq")
            && scope.is_content(self.resolve_bytes(ns, bytes, scope));
        self.root.tag = self.tag_record(ns, default);
        self.root.content = end as u32;
        self.root.content_end = end as u32;
        self.root.bindings = self.bindings.len() as u16;
        self.root.kind = if stanza { RootKind::Stanza } else { RootKind::Other };
        if stanza {
            self.read_header(bytes);
        }
    }

    /// The tag is that of a child of a stanza.
    fn child(&mut self, bytes: &[u8], prefix: Option<Resolved>, default: Place, scope: &Scope) {
        let mut ns = match prefix {
            Some(prefix) => self.naming(prefix),
            None => self.default_naming().unwrap_or(Naming::OuterDefault),
        };
        let name = self.resolve_bytes(ns, bytes, scope);
        if name.is_empty() {
            ns = Naming::None;
        } else if scope::is_content(name) {
            ns = Naming::Content;
        }
        self.children.push(self.tag_record(ns, default));
    }

    fn tag_record(&self, ns: Naming, default: Place) -> ChildTag {
        ChildTag {
            start: self.tag as u32,
            end: 0,
            name: self.name.name,
            name_len: self.name.name_len,
            prefix_len: if self.name.prefix == 0 { 0 } else { self.name.prefix + 1 },
            ns,
            default,
        }
    }

    fn naming(&mut self, resolved: Resolved) -> Naming {
        match resolved {
            Resolved::Inner(at) => self.bindings[at].uri,
            Resolved::Outer(at) => Naming::Outer(at as u16),
            Resolved::Xml => {
                self.text.push(ns::XML.into());
                Naming::Text((self.text.len() - 1) as u32)
            }
        }
    }

    /// The innermost default namespace that the element itself declares.
    fn default_naming(&self) -> Option<Naming> {
        self.bindings.iter().rev().find(|binding| binding.prefix_len == 0).map(|binding| binding.uri)
    }

    fn read_header(&mut self, bytes: &[u8]) {
        let header = &mut self.root.header;
        *header = Header::default();
        for slot in &self.attributes {
            match (slot.prefix, slot.qname(bytes)) {
                (0, b"to") => header.to = *slot,
                (0, b"from") => header.from = *slot,
                (0, b"id") => header.id = *slot,
                (0, b"type") => header.kind = *slot,
                (3, b"xml:lang") => header.lang = *slot,
                _ => {}
            }
        }
    }
}
