//! Attributes as the scanner records them.

use std::borrow::Cow;

use super::escape::unescape;

/// Where an attribute stands in the bytes of its element.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(super) name: u32,
    pub(super) value: u32,
    pub(super) value_len: u32,
    pub(super) name_len: u16,
    /// The length of the name and its first and last byte: other keys, other names.
    pub(super) key: u32,
    /// Length of the prefix, 0 if there is none.
    pub(super) prefix: u16,
    // No `bool`s: their niches make the compiler copy a slot in odd pieces.
    flags: u32,
}

const PRESENT: u32 = 1;
const ESCAPED: u32 = 2;

impl Slot {
    /// An attribute whose name stands from `start` to `end`, with `prefix` bytes of prefix.
    #[inline(always)]
    pub(super) fn named(bytes: &[u8], start: usize, end: usize, prefix: usize) -> Slot {
        let outer = u32::from(bytes[start]) << 24 | u32::from(bytes[end - 1]) << 16;
        Slot {
            name: start as u32,
            value: 0,
            value_len: 0,
            key: outer | (end - start) as u32,
            name_len: (end - start) as u16,
            prefix: prefix as u16,
            flags: PRESENT,
        }
    }

    /// Notes that the value holds references, or whitespace other than spaces.
    pub(super) fn set_escaped(&mut self) {
        self.flags |= ESCAPED;
    }

    pub(super) fn is_escaped(&self) -> bool {
        self.flags & ESCAPED != 0
    }

    pub(super) fn qname<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        &bytes[self.name as usize..self.name as usize + usize::from(self.name_len)]
    }

    pub(super) fn prefix<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        &self.qname(bytes)[..usize::from(self.prefix)]
    }

    pub(super) fn local<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        match self.prefix {
            0 => self.qname(bytes),
            len => &self.qname(bytes)[usize::from(len) + 1..],
        }
    }

    pub(super) fn value<'b>(&self, bytes: &'b [u8]) -> &'b [u8] {
        &bytes[self.value as usize..self.value as usize + self.value_len as usize]
    }

    /// From the name to behind the closing quote.
    pub(super) fn range(&self) -> std::ops::Range<usize> {
        self.name as usize..self.value as usize + self.value_len as usize + 1
    }
}

/// The common attributes of a stanza (RFC 6120 §8.1).
#[derive(Debug, Clone, Default)]
pub(crate) struct Header {
    pub(crate) to: Slot,
    pub(crate) from: Slot,
    pub(crate) id: Slot,
    pub(crate) kind: Slot,
    pub(crate) lang: Slot,
}

impl Slot {
    /// The value as it is meant, if there is such an attribute. `head` is the start tag.
    pub(crate) fn text_in<'b>(&self, head: &'b str) -> Option<Cow<'b, str>> {
        if self.flags & PRESENT == 0 {
            return None;
        }
        let raw = &head[self.value as usize..self.value as usize + self.value_len as usize];
        Some(if self.is_escaped() {
            Cow::Owned(unescape(raw, true).into_owned())
        } else {
            Cow::Borrowed(raw)
        })
    }

    /// The value as it is meant.
    pub(super) fn text<'b>(&self, bytes: &'b [u8]) -> Cow<'b, str> {
        let raw = std::str::from_utf8(self.value(bytes)).unwrap_or_default();
        if self.is_escaped() { Cow::Owned(unescape(raw, true).into_owned()) } else { Cow::Borrowed(raw) }
    }
}

/// An attribute of the first-level element that a [`Scanner`](super::Scanner) has read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute<'b> {
    /// The prefix as written; empty if there is none.
    pub prefix: &'b str,
    /// The local name.
    pub name: &'b str,
    /// The value, with references resolved.
    pub value: Cow<'b, str>,
}

impl<'b> Attribute<'b> {
    pub(super) fn new(slot: &Slot, bytes: &'b [u8]) -> Attribute<'b> {
        let str = |part: &'b [u8]| std::str::from_utf8(part).unwrap_or_default();
        Attribute { prefix: str(slot.prefix(bytes)), name: str(slot.local(bytes)), value: slot.text(bytes) }
    }
}
