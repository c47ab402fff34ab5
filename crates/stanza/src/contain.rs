//! Making an element independent of declarations around it.

use crate::ns;
use crate::raw::{Entry, Space, Span};
use crate::xml::{
    ChildTag, Error, Limit, Naming, Scanner, Scope, escape_attribute, read_element, write_element,
};

/// By how much an element may outgrow the limit when declarations are copied into it.
const GROWTH: usize = 1024;

/// Elements copied out of what a scanner read, each complete in itself.
pub(crate) struct Copier<'a> {
    pub(crate) scanner: &'a Scanner,
    pub(crate) bytes: &'a [u8],
    pub(crate) scope: &'a Scope,
    /// The default namespace around the elements, where it is not the one they are written for.
    pub(crate) foreign: Option<&'a str>,
}

/// An element that was copied.
pub(crate) struct Copied<'a> {
    pub(crate) name: Span,
    pub(crate) ns: CopiedNs<'a>,
}

/// Where the namespace of a copied element is named.
pub(crate) enum CopiedNs<'a> {
    /// In the copy, or nowhere.
    Space(Space),
    /// Not literally: this is the name.
    Text(&'a str),
}

impl<'a> Copier<'a> {
    /// Is the element complete in itself as it came?
    pub(crate) fn is_complete(&self, tag: &ChildTag) -> bool {
        let alias = tag.ns == Naming::Content && (tag.default.is_some() || tag.prefix_len != 0);
        !alias && (self.foreign.is_none() || tag.default.is_some())
    }

    /// The namespace of an element whose bytes stay as they are, its start counted from `base`.
    pub(crate) fn namespace(&self, tag: &ChildTag, base: usize) -> CopiedNs<'a> {
        match tag.ns {
            Naming::None => CopiedNs::Space(Space::None),
            Naming::Content => CopiedNs::Space(Space::Content),
            Naming::Bytes(start, end) if start > tag.start && end < tag.end => {
                CopiedNs::Space(Space::Payload(Span::new(start as usize - base, (end - start) as usize)))
            }
            other => CopiedNs::Text(self.scanner.resolve(other, self.bytes, self.scope)),
        }
    }

    /// Appends the element `tag`, which is number `child`, with all it needs.
    ///
    /// # Errors
    /// [`Limit::Bytes`] if `out` outgrows the scanner's limit by far: declarations are short to use and long to
    /// copy.
    pub(crate) fn copy(&self, tag: &ChildTag, child: u32, out: &mut Vec<u8>) -> Result<Copied<'a>, Error> {
        let start = out.len();
        let (from, name_end, to) = (tag.start as usize, tag.name_end(), tag.end as usize);
        out.extend_from_slice(&self.bytes[from..name_end]);
        let declared = self.declare(tag, child, out)?;
        let mut cut = None;
        if tag.ns == Naming::Content && tag.prefix_len == 0 {
            cut = tag.default.map(|(from, to)| (from as usize - 1, to as usize));
        }
        match cut {
            Some((cut_from, cut_to)) => {
                out.extend_from_slice(&self.bytes[name_end..cut_from]);
                out.extend_from_slice(&self.bytes[cut_to..to]);
            }
            None => out.extend_from_slice(&self.bytes[name_end..to]),
        }
        self.fits(out)?;
        if tag.ns == Naming::Content && tag.prefix_len != 0 {
            return self.without_prefix(start, out);
        }
        let local = tag.local();
        let name = Span::new(start + local.start - from, local.len());
        let ns = match self.namespace(tag, from) {
            CopiedNs::Space(Space::Payload(span)) => {
                CopiedNs::Space(Space::Payload(span.moved((start + declared) as isize)))
            }
            other => other,
        };
        Ok(Copied { name, ns })
    }

    /// Appends the declarations that the element lacks. The result is their length.
    fn declare(&self, tag: &ChildTag, child: u32, out: &mut Vec<u8>) -> Result<usize, Error> {
        let start = out.len();
        let lent = self.scanner.borrowed().iter().filter(|borrowed| borrowed.child == child);
        let lent = lent.map(|borrowed| self.scanner.lent(borrowed.binding, self.bytes, self.scope));
        let default = self.foreign.filter(|_| tag.default.is_none()).map(|ns| ("", ns));
        for (prefix, ns) in lent.chain(default) {
            out.extend_from_slice(if prefix.is_empty() { b" xmlns" } else { b" xmlns:" });
            out.extend_from_slice(prefix.as_bytes());
            out.extend_from_slice(b"='");
            escape_attribute(ns, out);
            out.push(b'\'');
            self.fits(out)?;
        }
        Ok(out.len() - start)
    }

    fn fits(&self, out: &[u8]) -> Result<(), Limit> {
        if out.len() > self.scanner.limits().bytes + GROWTH { Err(Limit::Bytes) } else { Ok(()) }
    }

    /// Rewrites the element at the end of `out`, whose prefix stands for the content namespace.
    fn without_prefix(&self, start: usize, out: &mut Vec<u8>) -> Result<Copied<'a>, Error> {
        let element = read_element(&out[start..], ns::CLIENT)?;
        out.truncate(start);
        write_element(&element, &element.ns(), out);
        self.fits(out)?;
        Ok(Copied { name: Span::new(start + 1, element.name().len()), ns: CopiedNs::Space(Space::Content) })
    }
}

impl Copied<'_> {
    /// The entry of an element that was copied to `at`.
    pub(crate) fn entry(&self, at: Span, text: impl FnOnce(&str) -> Space) -> Entry {
        let space = match self.ns {
            CopiedNs::Space(space) => space,
            CopiedNs::Text(name) => text(name),
        };
        Entry { at, name: self.name, space }
    }
}
