//! Changes of the payload. Each makes a new copy of it; the header stays.

use minidom::Element;

use super::Stanza;
use crate::child::Child;
use crate::ns;
use crate::payload::Payload;
use crate::raw::{Entry, Raw, Space, Span};
use crate::xml::{self, escape_attribute, escaped_len, write_element};

impl Stanza {
    /// The same stanza with one more payload.
    pub fn with(mut self, payload: &impl Payload) -> Stanza {
        self.push(payload);
        self
    }

    /// The same stanza with one more child.
    pub fn with_element(mut self, element: &Element) -> Stanza {
        self.push_element(element);
        self
    }

    /// Appends a payload.
    pub fn push(&mut self, payload: &impl Payload) {
        self.push_element(&payload.to_element());
    }

    /// Appends a child. A root in any of the content namespaces is written in that of the stream.
    pub fn push_element(&mut self, element: &Element) {
        let space = element.ns();
        let is_content = ns::is_content(&space);
        let mut bytes = Vec::new();
        write_element(element, if is_content { &space } else { ns::CLIENT }, &mut bytes);
        self.push_written(&space, &bytes);
    }

    /// Appends a child that has attributes and no content: as [`push_element`](Stanza::push_element), without a tree. The names are XML
    /// names without a colon, constants of the caller's.
    pub fn push_empty(&mut self, ns: &str, name: &str, attributes: &[(&str, &str)]) {
        let mut bytes = Vec::with_capacity(160);
        bytes.push(b'<');
        bytes.extend_from_slice(name.as_bytes());
        let declared = (!ns::is_content(ns)).then_some(("xmlns", ns));
        for (name, value) in declared.iter().chain(attributes) {
            bytes.push(b' ');
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b"='");
            escape_attribute(value, &mut bytes);
            bytes.push(b'\'');
        }
        bytes.extend_from_slice(b"/>");
        self.push_written(ns, &bytes);
    }

    /// Appends an element as it is written, whose namespace is declared first if it is not that of the stream.
    fn push_written(&mut self, space: &str, bytes: &[u8]) {
        let is_content = ns::is_content(space);
        let name_len = bytes.iter().position(|b| matches!(b, b' ' | b'/' | b'>')).unwrap_or(1) - 1;
        let mut value: &[u8] = b"";
        let space = match (is_content, space.is_empty()) {
            (true, _) => Space::Content,
            (_, true) => Space::None,
            _ => {
                // What is escaped becomes longer, and the rest stands there as it is.
                if escaped_len(space.as_bytes()) == space.len() {
                    // The writer puts it right behind the name.
                    Space::Payload(Span::new(1 + name_len + " xmlns='".len(), space.len()))
                } else {
                    value = space.as_bytes();
                    Space::Value(Span::new(self.raw.values().len(), space.len()))
                }
            }
        };
        let entry = Entry { at: Span::new(0, bytes.len()), name: Span::new(1, name_len), space };
        self.append(value, bytes, [entry].into_iter());
    }

    /// Appends a child of another stanza as it stands there.
    pub fn push_child(&mut self, child: &Child<'_>) {
        let entry = child.entry();
        let mut copy = entry.moved(-(entry.at.start as isize));
        let mut value: &[u8] = b"";
        if let Space::Value(span) = entry.space {
            value = child.ns_bytes();
            copy.space = Space::Value(Span { start: self.raw.values().len() as u32, ..span });
        }
        self.append(value, child.bytes(), [copy].into_iter());
    }

    /// Appends XML: elements, as they stand in a stream whose default namespace is the content namespace.
    ///
    /// # Errors
    /// What is wrong with the XML; the stanza is unchanged then.
    pub fn push_bytes(&mut self, bytes: &[u8]) -> Result<(), xml::Error> {
        let whole = [b"<message>", bytes, b"</message>"].concat();
        let parsed = Stanza::parse(&whole)?;
        let moved = self.raw.values().len() as isize;
        let entries = parsed.raw.entries().map(|mut entry| {
            if let Space::Value(span) = entry.space {
                entry.space = Space::Value(span.moved(moved));
            }
            entry
        });
        self.append(parsed.raw.values(), parsed.raw.payload(), entries);
        Ok(())
    }

    /// Appends to the payload. Places in the entries are counted from the start of `bytes`.
    fn append(&mut self, value: &[u8], bytes: &[u8], entries: impl Iterator<Item = Entry>) {
        let payload = self.raw.payload();
        let by = payload.len() as isize;
        let entries: Vec<Entry> = self.raw.entries().chain(entries.map(|entry| entry.moved(by))).collect();
        self.raw = Raw::new(&[self.raw.values(), value], &[payload, bytes], &entries);
    }

    /// Keeps the children that `keep` says yes to. Text between children stays.
    pub fn retain(&mut self, mut keep: impl FnMut(&Child<'_>) -> bool) {
        let kept: Vec<bool> = self.children().map(|child| keep(&child)).collect();
        if kept.iter().all(|kept| *kept) {
            return;
        }
        let payload = self.raw.payload();
        let mut parts = Vec::with_capacity(kept.len() + 1);
        let mut entries = Vec::with_capacity(kept.len());
        let (mut done, mut gone) = (0, 0);
        for (entry, kept) in self.raw.entries().zip(kept) {
            if kept {
                entries.push(entry.moved(-gone));
                continue;
            }
            parts.push(&payload[done..entry.at.start as usize]);
            done = entry.at.end();
            gone += entry.at.len as isize;
        }
        parts.push(&payload[done..]);
        self.raw = Raw::new(&[self.raw.values()], &parts, &entries);
    }

    /// Removes all children `name` in the namespace `ns`. The result is their number.
    pub fn remove(&mut self, ns: &str, name: &str) -> usize {
        // Mostly there is none, which is found out without a list of the others.
        if !self.has(ns, name) {
            return 0;
        }
        let before = self.raw.count();
        self.retain(|child| !child.is(ns, name));
        before - self.raw.count()
    }

    /// Removes all of the payload.
    pub fn clear(&mut self) {
        self.raw = self.raw.without_payload();
    }
}
