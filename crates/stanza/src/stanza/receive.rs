//! From scanned bytes to a stanza.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::Stanza;
use crate::contain::{Copied, Copier};
use crate::defect::Noted;
use crate::header::{Received, Value};
use crate::raw::{Entry, Raw, Space, Span};
use crate::xml::{self, Error, Header, Limits, Naming, Scanner, Scope, Slot};
use crate::{Kind, iq, message, presence};

impl Stanza {
    /// Parses one complete stanza. Without a namespace of its own it is in the content namespace.
    ///
    /// Meant for what a store or this program's other end gives; a stream has a decoder with limits of its
    /// own. Here they are [`Limits::highest`].
    ///
    /// # Errors
    /// What is wrong with the XML, or [`Error::NotAStanza`]. A stanza that only breaks rules for stanzas is
    /// none of that: see [`defect`](Stanza::defect).
    pub fn parse(bytes: &[u8]) -> Result<Stanza, Error> {
        let scope = Scope::alone();
        let scanner = xml::check(bytes, &scope, Limits::highest())?;
        Stanza::scanned(&scanner, bytes, &scope, None)
    }

    /// The stanza that `scanner` has just found complete at the start of `bytes`, under `scope`. `lang` is
    /// the language of the stream, for a stanza that does not name its own (RFC 6120 §4.7.4).
    ///
    /// # Errors
    /// [`Error::NotAStanza`] if the element is something else. [`Error::Limit`] if it grows beyond the
    /// scanner's limit when declarations from outside are copied into its children.
    ///
    /// # Panics
    /// If `bytes` are not what was scanned.
    pub fn scanned(
        scanner: &Scanner,
        bytes: &[u8],
        scope: &Scope,
        lang: Option<&str>,
    ) -> Result<Stanza, Error> {
        let header = scanner.header().ok_or(Error::NotAStanza)?;
        let tag = scanner.root_tag().ok_or(Error::NotAStanza)?;
        // One check of the encoding for all values; that it holds was seen while scanning.
        let head = std::str::from_utf8(&bytes[..scanner.content().start]).map_err(|_| Error::Encoding)?;
        let values = Values::read(header, head, lang);
        let (kind, known) = kind(&bytes[tag.local()], header, head);
        let payload = Payload::take(scanner, bytes, scope, values.len())?;
        let parts: [&[u8]; 5] = [
            values.to.text().as_bytes(),
            values.from.text().as_bytes(),
            values.id.as_deref().unwrap_or_default().as_bytes(),
            values.lang.as_deref().unwrap_or_default().as_bytes(),
            &payload.names,
        ];
        let raw = Raw::new(&parts, &[&payload.bytes], &payload.entries);
        let mut at = 0;
        let mut place = |len: usize| {
            at += len;
            at - len
        };
        let (to, from) = (place(parts[0].len()), place(parts[1].len()));
        let mut value = |value: &Option<Cow<'_, str>>| match value {
            Some(text) => Value::Raw(Span::new(place(text.len()), text.len())),
            None => Value::None,
        };
        Ok(Stanza {
            raw,
            kind,
            noted: Noted {
                to: matches!(values.to, Received::Malformed),
                from: matches!(values.from, Received::Malformed),
                kind: !known,
            },
            to: values.to.at(to),
            from: values.from.at(from),
            id: value(&values.id),
            lang: value(&values.lang),
        })
    }
}

/// The kind, and whether the type is one that is known.
fn kind(name: &[u8], header: &Header, head: &str) -> (Kind, bool) {
    let value = header.kind.text_in(head);
    match (name, value.as_deref()) {
        (b"message", value) => {
            (Kind::Message(value.map(message::Type::from_attribute).unwrap_or_default()), true)
        }
        (b"presence", None) => (Kind::Presence(presence::Type::Available), true),
        (b"presence", Some(value)) => {
            let kind = presence::Type::from_attribute(value);
            (Kind::Presence(kind.unwrap_or_default()), kind.is_some())
        }
        (_, value) => {
            let kind = value.and_then(iq::Type::from_attribute);
            (Kind::Iq(kind.unwrap_or(iq::Type::Get)), kind.is_some())
        }
    }
}

/// The values of the header as they are meant.
struct Values<'a> {
    to: Received<'a>,
    from: Received<'a>,
    id: Option<Cow<'a, str>>,
    lang: Option<Cow<'a, str>>,
}

impl<'a> Values<'a> {
    fn read(header: &Header, head: &'a str, lang: Option<&'a str>) -> Values<'a> {
        let value = |slot: &Slot| slot.text_in(head);
        let address = |slot: &Slot| match value(slot) {
            None => Received::Missing,
            Some(Cow::Borrowed(text)) => Received::parse(text),
            Some(Cow::Owned(text)) => Received::parse_owned(&text),
        };
        Values {
            to: address(&header.to),
            from: address(&header.from),
            id: value(&header.id),
            lang: value(&header.lang).or(lang.map(Cow::Borrowed)),
        }
    }

    fn len(&self) -> usize {
        let value = |value: &Option<Cow<'_, str>>| value.as_ref().map_or(0, |text| text.len());
        self.to.text().len() + self.from.text().len() + value(&self.id) + value(&self.lang)
    }
}

/// The payload, every child complete in itself.
struct Payload<'a> {
    bytes: Cow<'a, [u8]>,
    entries: SmallVec<[Entry; 8]>,
    /// Names of namespaces that stand nowhere in the payload as they are meant.
    names: Vec<u8>,
}

impl<'a> Payload<'a> {
    /// `names_at` is where the names will stand among the values.
    fn take(
        scanner: &'a Scanner,
        bytes: &'a [u8],
        scope: &'a Scope,
        names_at: usize,
    ) -> Result<Payload<'a>, Error> {
        let content = scanner.content();
        let foreign = scanner.foreign_default(bytes, scope);
        let copier = Copier { scanner, bytes, scope, foreign };
        let children = scanner.children();
        let complete = scanner.borrowed().is_empty() && children.iter().all(|tag| copier.is_complete(tag));
        let mut names = Vec::new();
        let mut name = |text: &str| {
            names.extend_from_slice(text.as_bytes());
            Space::Value(Span::new(names_at + names.len() - text.len(), text.len()))
        };
        let mut entries = SmallVec::new();
        if complete {
            let base = content.start;
            for tag in children {
                let at = Span::new(tag.start as usize - base, (tag.end - tag.start) as usize);
                let local = tag.local();
                let copied = Copied {
                    name: Span::new(local.start - base, local.len()),
                    ns: copier.namespace(tag, base),
                };
                entries.push(copied.entry(at, &mut name));
            }
            return Ok(Payload { bytes: Cow::Borrowed(&bytes[content]), entries, names });
        }
        let mut out = Vec::with_capacity(content.len() * 2);
        let mut done = content.start;
        for (child, tag) in children.iter().enumerate() {
            out.extend_from_slice(&bytes[done..tag.start as usize]);
            let start = out.len();
            let copied = copier.copy(tag, child as u32, &mut out)?;
            entries.push(copied.entry(Span::new(start, out.len() - start), &mut name));
            done = tag.end as usize;
        }
        out.extend_from_slice(&bytes[done..content.end]);
        Ok(Payload { bytes: Cow::Owned(out), entries, names })
    }
}

/// An element that is not a stanza, as it stood on its own.
pub(crate) fn root(scanner: &Scanner, bytes: &[u8], scope: &Scope) -> Result<(Raw, Entry), Error> {
    let tag = scanner.root_tag().ok_or(Error::Incomplete)?;
    let foreign = Some(scope.default_ns()).filter(|ns| !ns.is_empty());
    let copier = Copier { scanner, bytes, scope, foreign };
    let mut names = Vec::new();
    let mut name = |text: &str| {
        names.extend_from_slice(text.as_bytes());
        Space::Value(Span::new(0, text.len()))
    };
    let ns_is_literal = !matches!(tag.ns, Naming::Content);
    debug_assert!(ns_is_literal, "only children of stanzas are in the content namespace of any stream");
    if scanner.borrowed().is_empty() && copier.is_complete(tag) {
        let local = tag.local();
        let copied = Copied { name: Span::new(local.start, local.len()), ns: copier.namespace(tag, 0) };
        let entry = copied.entry(Span::new(0, tag.end as usize), &mut name);
        return Ok((Raw::new(&[&names], &[&bytes[..tag.end as usize]], &[entry]), entry));
    }
    let mut out = Vec::new();
    let copied = copier.copy(tag, xml::Borrowed::ROOT, &mut out)?;
    let entry = copied.entry(Span::new(0, out.len()), &mut name);
    Ok((Raw::new(&[&names], &[&out], &[entry]), entry))
}
