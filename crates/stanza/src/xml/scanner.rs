//! The tokenizer: where an element ends, and whether every byte of it is as it must be.

use std::ops::Range;

use smallvec::SmallVec;

use super::attribute::{Attribute, Header, Slot};
use super::chars::Chars;
use super::error::{Error, Limit};
use super::limits::Limits;
use super::scope::{self, Scope};

mod lexer;
mod markup;
mod record;
mod skip;
mod tags;

#[cfg(test)]
mod tests;

use record::{Binding, Open, Root, RootKind, State};
pub(crate) use record::{Borrowed, ChildTag, Lent, Naming};

/// An incremental, resumable, validating scanner for one first-level element after the other.
///
/// It is handed the same growing buffer again and again, whose first byte is the first byte of an element,
/// and looks at each byte once. It copies nothing: what it remembers are positions.
///
/// ```
/// use stonechat_stanza::xml::{Content, Limits, Scanner, Scope};
///
/// let scope = Scope::stream(Content::Client);
/// let mut scanner = Scanner::new(Limits::authenticated());
/// assert_eq!(scanner.scan(b"<message><bo", &scope), Ok(None));
/// assert_eq!(scanner.scan(b"<message><body/></message> ", &scope), Ok(Some(26)));
/// scanner.consume(26);
/// assert_eq!(scanner.space_ahead(b" "), 1);
/// ```
#[derive(Debug, Clone)]
pub struct Scanner {
    limits: Limits,
    chars: Chars,
    state: State,
    quote: u8,
    /// The first byte not looked at.
    pos: usize,
    /// Where the token in progress starts.
    mark: usize,
    /// Where the reference in progress starts, behind the ampersand.
    reference: usize,
    /// Where the tag in progress starts.
    tag: usize,
    /// Position of the colon in the name in progress, counted from `mark`; 0 for none.
    colon: usize,
    /// The name of the tag in progress, as an attribute without a value.
    name: Slot,
    attributes: SmallVec<[Slot; 6]>,
    open: SmallVec<[Open; 6]>,
    bindings: SmallVec<[Binding; 4]>,
    elements: usize,
    root: Root,
    children: SmallVec<[ChildTag; 4]>,
    borrowed: Vec<Borrowed>,
    text: Vec<Box<str>>,
}

impl Scanner {
    /// A scanner that takes elements within `limits`.
    pub fn new(limits: Limits) -> Scanner {
        Scanner {
            limits: limits.capped(),
            chars: Chars::default(),
            state: State::Start,
            quote: 0,
            pos: 0,
            mark: 0,
            reference: 0,
            tag: 0,
            colon: 0,
            name: Slot::default(),
            attributes: SmallVec::new(),
            open: SmallVec::new(),
            bindings: SmallVec::new(),
            elements: 0,
            root: Root::default(),
            children: SmallVec::new(),
            borrowed: Vec::new(),
            text: Vec::new(),
        }
    }

    /// The limits in force.
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Changes the limits, from the next byte on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits.capped();
    }

    /// Scans on. `buffer` starts with the element; it may have grown since the last call, and must not have
    /// changed otherwise. `Some(length)` when the element is complete, `None` if it is not yet.
    ///
    /// After an element is complete, [`consume`](Scanner::consume) has to be called before the next scan.
    ///
    /// # Errors
    /// The first thing that is wrong, and the same one however the bytes were cut. The scanner is then of
    /// no further use.
    ///
    /// # Panics
    /// Perhaps, if bytes that were scanned have changed.
    pub fn scan(&mut self, buffer: &[u8], scope: &Scope) -> Result<Option<usize>, Error> {
        self.run(buffer, scope, false)
    }

    /// Like [`scan`](Scanner::scan), but for a start tag alone: `Some(length)` when it is complete.
    ///
    /// # Errors
    /// As [`scan`](Scanner::scan).
    ///
    /// # Panics
    /// As [`scan`](Scanner::scan).
    pub fn scan_start_tag(&mut self, buffer: &[u8], scope: &Scope) -> Result<Option<usize>, Error> {
        self.run(buffer, scope, true)
    }

    fn run(&mut self, buffer: &[u8], scope: &Scope, tag_only: bool) -> Result<Option<usize>, Error> {
        let window = &buffer[..buffer.len().min(self.limits.bytes)];
        let legal = self.chars.check(window);
        if let Some(end) = self.lex(&window[..legal], scope, tag_only)? {
            return Ok(Some(end));
        }
        match self.chars.fault() {
            Some(fault) if legal < window.len() => Err(fault),
            _ if window.len() == self.limits.bytes => Err(Limit::Bytes.into()),
            _ => Ok(None),
        }
    }

    /// Tells that the first `n` bytes left the buffer: an element that was complete, or whitespace between
    /// elements. The scanner is ready for the next element.
    pub fn consume(&mut self, n: usize) {
        let mut chars = std::mem::take(&mut self.chars);
        chars.consume(n);
        self.forget();
        self.chars = chars;
    }

    /// Forgets everything but the limits: the buffer was emptied or belongs to something else now.
    pub fn reset(&mut self) {
        self.chars = Chars::default();
        self.forget();
    }

    fn forget(&mut self) {
        self.state = State::Start;
        (self.pos, self.mark, self.reference, self.tag, self.colon, self.elements) = (0, 0, 0, 0, 0, 0);
        self.root.kind = RootKind::Unknown;
        // What one large element needed is given back; the usual one needs nothing.
        release(&mut self.attributes);
        release(&mut self.open);
        release(&mut self.bindings);
        release(&mut self.children);
        self.borrowed = Vec::new();
        self.text = Vec::new();
    }

    /// How many bytes of whitespace `buffer` starts with, between elements. Whitespace is not counted
    /// against any limit.
    pub fn space_ahead(&self, buffer: &[u8]) -> usize {
        super::names::skip_space(buffer, 0)
    }

    /// Has an element begun, that is not complete?
    pub fn is_inside(&self) -> bool {
        self.state != State::Start
    }

    /// The namespace and local name of the first-level element, once its start tag is complete. `buffer`
    /// and `scope` are those of the last scan.
    pub fn name<'b>(&'b self, buffer: &'b [u8], scope: &'b Scope) -> Option<(&'b str, &'b str)> {
        let tag = self.root_tag()?;
        let local = std::str::from_utf8(buffer.get(tag.local())?).ok()?;
        Some((self.resolve(tag.ns, buffer, scope), local))
    }

    /// The prefix of the first-level element as written; empty if there is none.
    pub fn prefix<'b>(&self, buffer: &'b [u8]) -> &'b str {
        let prefix = self.root_tag().and_then(|tag| {
            let end = tag.local().start.saturating_sub(1);
            buffer.get(tag.name as usize..end)
        });
        prefix.and_then(|prefix| std::str::from_utf8(prefix).ok()).unwrap_or_default()
    }

    /// The attributes of the start tag that [`scan_start_tag`](Scanner::scan_start_tag) completed,
    /// namespace declarations among them.
    pub fn attributes<'b>(&self, buffer: &'b [u8]) -> impl Iterator<Item = Attribute<'b>> {
        self.attributes.iter().map(|slot| Attribute::new(slot, buffer))
    }

    /// Is the complete element, or the one whose start tag is complete, a stanza?
    pub fn is_stanza(&self) -> bool {
        self.root.kind == RootKind::Stanza
    }

    pub(crate) fn header(&self) -> Option<&Header> {
        self.is_stanza().then_some(&self.root.header)
    }

    pub(crate) fn root_tag(&self) -> Option<&ChildTag> {
        (self.root.kind != RootKind::Unknown).then_some(&self.root.tag)
    }

    /// What stands between the tags of the first-level element.
    pub(crate) fn content(&self) -> Range<usize> {
        self.root.content as usize..self.root.content_end as usize
    }

    pub(crate) fn children(&self) -> &[ChildTag] {
        &self.children
    }

    pub(crate) fn borrowed(&self) -> &[Borrowed] {
        &self.borrowed
    }

    /// The prefix and the namespace of a borrowed binding.
    pub(crate) fn lent<'b>(&'b self, lent: Lent, buffer: &'b [u8], scope: &'b Scope) -> (&'b str, &'b str) {
        match lent {
            Lent::Scope(at) => scope.binding(usize::from(at)),
            Lent::Stanza(at) => match self.stanza_bindings().get(usize::from(at)) {
                Some(binding) => {
                    let prefix = std::str::from_utf8(binding.prefix(buffer)).unwrap_or_default();
                    (prefix, self.resolve(binding.uri, buffer, scope))
                }
                None => ("", ""),
            },
        }
    }

    /// The default namespace around the children of a stanza, if it is not a content namespace.
    pub(crate) fn foreign_default<'b>(&'b self, buffer: &'b [u8], scope: &'b Scope) -> Option<&'b str> {
        let declared = self.stanza_bindings().iter().find(|binding| binding.prefix_len == 0);
        let default = declared.map_or(Naming::OuterDefault, |binding| binding.uri);
        let is_content = scope::is_content(self.resolve_bytes(default, buffer, scope));
        (!is_content).then(|| self.resolve(default, buffer, scope))
    }

    fn stanza_bindings(&self) -> &[Binding] {
        let count = usize::from(self.root.bindings);
        &self.bindings[..count.min(self.bindings.len())]
    }

    /// The name of a namespace.
    pub(crate) fn resolve<'b>(&'b self, ns: Naming, buffer: &'b [u8], scope: &'b Scope) -> &'b str {
        std::str::from_utf8(self.resolve_bytes(ns, buffer, scope)).unwrap_or_default()
    }

    fn resolve_bytes<'b>(&'b self, ns: Naming, buffer: &'b [u8], scope: &'b Scope) -> &'b [u8] {
        match ns {
            Naming::None => b"",
            Naming::Content => crate::ns::CLIENT.as_bytes(),
            Naming::Bytes(start, end) => buffer.get(start as usize..end as usize).unwrap_or_default(),
            Naming::Text(at) => self.text.get(at as usize).map_or(b"", |text| text.as_bytes()),
            Naming::Outer(at) => scope.binding(usize::from(at)).1.as_bytes(),
            Naming::OuterDefault => scope.default_ns().as_bytes(),
        }
    }
}

fn release<A: smallvec::Array>(list: &mut SmallVec<A>) {
    match list.spilled() {
        true => *list = SmallVec::new(),
        false => list.clear(),
    }
}
