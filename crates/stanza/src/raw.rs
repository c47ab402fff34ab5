//! The memory of a stanza: one allocation for the values of its header, its payload and the index of it.
//!
//! ```text
//! values of attributes, names of namespaces │ payload │ one entry per child
//! 0                                      payload    index
//! ```

use std::sync::Arc;

/// A place in the bytes of a [`Raw`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) len: u32,
}

impl Span {
    pub(crate) fn new(start: usize, len: usize) -> Span {
        Span { start: start as u32, len: len as u32 }
    }

    pub(crate) fn end(self) -> usize {
        self.start as usize + self.len as usize
    }

    pub(crate) fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start as usize..self.end()).unwrap_or_default()
    }

    /// As a string; what is not UTF-8 cannot have come here.
    pub(crate) fn str(self, bytes: &[u8]) -> &str {
        std::str::from_utf8(self.of(bytes)).unwrap_or_default()
    }

    pub(crate) fn moved(self, by: isize) -> Span {
        Span { start: (self.start as isize + by) as u32, len: self.len }
    }
}

/// The namespace of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Space {
    /// None at all.
    None,
    /// The content namespace of whatever stream it is on.
    Content,
    /// Named in the payload.
    Payload(Span),
    /// Named among the values.
    Value(Span),
}

/// A child in the index. Places in the payload are counted from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) at: Span,
    pub(crate) name: Span,
    pub(crate) space: Space,
}

const ENTRY: usize = 24;

impl Entry {
    /// The same entry `by` bytes further on in the payload.
    pub(crate) fn moved(self, by: isize) -> Entry {
        let space = match self.space {
            Space::Payload(span) => Space::Payload(span.moved(by)),
            other => other,
        };
        Entry { at: self.at.moved(by), name: self.name.moved(by), space }
    }

    fn encode(&self) -> [u8; ENTRY] {
        let (kind, space) = match self.space {
            Space::None => (0, Span::default()),
            Space::Content => (1, Span::default()),
            Space::Payload(span) => (2, span),
            Space::Value(span) => (3, span),
        };
        // The length of a name has its limit far below 2^30.
        let name = self.name.len << 2 | kind;
        let words = [self.at.start, self.at.len, self.name.start, name, space.start, space.len];
        let mut bytes = [0; ENTRY];
        for (word, place) in words.iter().zip(bytes.chunks_exact_mut(4)) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// How long the name of an encoded entry is.
    fn name_len(bytes: &[u8; ENTRY]) -> usize {
        (u32::from_le_bytes([bytes[12], bytes[13], bytes[14], bytes[15]]) >> 2) as usize
    }

    fn decode(bytes: &[u8; ENTRY]) -> Entry {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let span = Span { start: word(16), len: word(20) };
        let space = match word(12) & 3 {
            0 => Space::None,
            1 => Space::Content,
            2 => Space::Payload(span),
            _ => Space::Value(span),
        };
        let name = Span { start: word(8), len: word(12) >> 2 };
        Entry { at: Span { start: word(0), len: word(4) }, name, space }
    }
}

/// Shared bytes; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Raw {
    bytes: Arc<[u8]>,
    payload: u32,
    index: u32,
    count: u32,
}

impl Raw {
    /// One allocation that holds all of it.
    pub(crate) fn new(values: &[&[u8]], payload: &[&[u8]], entries: &[Entry]) -> Raw {
        let size = |parts: &[&[u8]]| parts.iter().map(|part| part.len()).sum::<usize>();
        let payload_at = size(values);
        let index = payload_at + size(payload);
        let mut bytes: Arc<[u8]> = std::iter::repeat_n(0, index + entries.len() * ENTRY).collect();
        let mut rest = Arc::get_mut(&mut bytes).expect("nobody else has it yet");
        for part in values.iter().chain(payload) {
            let (place, behind) = rest.split_at_mut(part.len());
            place.copy_from_slice(part);
            rest = behind;
        }
        for (entry, place) in entries.iter().zip(rest.chunks_exact_mut(ENTRY)) {
            place.copy_from_slice(&entry.encode());
        }
        Raw { bytes, payload: payload_at as u32, index: index as u32, count: entries.len() as u32 }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn values(&self) -> &[u8] {
        &self.bytes[..self.payload as usize]
    }

    pub(crate) fn payload(&self) -> &[u8] {
        &self.bytes[self.payload as usize..self.index as usize]
    }

    /// The number of children.
    pub(crate) fn count(&self) -> usize {
        self.count as usize
    }

    pub(crate) fn entry(&self, at: usize) -> Option<Entry> {
        if at >= self.count() {
            return None;
        }
        let start = self.index as usize + at * ENTRY;
        let bytes = self.bytes.get(start..start + ENTRY)?;
        bytes.try_into().ok().map(Entry::decode)
    }

    /// The entries of the children with this local name, found without a look at what else is in the others.
    pub(crate) fn named<'a>(&'a self, name: &'a [u8]) -> impl Iterator<Item = Entry> + 'a {
        let index = self.bytes.get(self.index as usize..).unwrap_or_default();
        let (entries, _) = index.as_chunks::<ENTRY>();
        let of_length =
            entries.iter().take(self.count()).filter(|entry| Entry::name_len(entry) == name.len());
        of_length.map(Entry::decode).filter(move |entry| entry.name.of(self.payload()) == name)
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry> {
        (0..self.count()).filter_map(|at| self.entry(at))
    }

    /// The name of a namespace.
    pub(crate) fn space(&self, space: Space) -> &[u8] {
        match space {
            Space::None => b"",
            Space::Content => crate::ns::CLIENT.as_bytes(),
            Space::Payload(span) => span.of(self.payload()),
            Space::Value(span) => span.of(self.values()),
        }
    }

    /// The same values over no payload; shares the bytes.
    pub(crate) fn without_payload(&self) -> Raw {
        Raw { bytes: Arc::clone(&self.bytes), payload: self.payload, index: self.payload, count: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_as_they_went_in() {
        let span = |start, len| Span { start, len };
        for space in [Space::None, Space::Content, Space::Payload(span(7, 9)), Space::Value(span(1, 2))] {
            let entry = Entry { at: span(3, 50), name: span(4, 4095), space };
            assert_eq!(Entry::decode(&entry.encode()), entry);
            let raw = Raw::new(&[b"ab", b"c"], &[b"<x/>", b"<y/>"], &[entry, entry.moved(4)]);
            assert_eq!((raw.values(), raw.payload()), (&b"abc"[..], &b"<x/><y/>"[..]));
            assert_eq!(raw.entries().collect::<Vec<_>>(), [entry, entry.moved(4)]);
            assert_eq!(raw.entry(2), None);
            assert_eq!(raw.named(b"y").count(), 0);
            assert_eq!(raw.without_payload().payload(), b"");
            assert_eq!(raw.without_payload().entries().count(), 0);
        }
    }
}
