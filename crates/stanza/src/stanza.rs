//! The stanza: a header that is parsed, over a payload that is not.

use std::fmt;

use stonechat_jid::{Jid, JidRef};

use crate::child::Child;
use crate::defect::{Defect, Noted};
use crate::header::{Address, Value};
use crate::payload::{ParseError, Payload};
use crate::raw::Raw;
use crate::{Kind, iq, message, presence};

mod change;
mod receive;
mod reply;
mod tree;
mod write;

pub(crate) use receive::root;

#[cfg(test)]
mod tests;

/// A message, presence or iq (RFC 6120 §8).
///
/// The header (kind, addresses, id, language) is parsed; the payload stays as the bytes that came, with an
/// index of the children. Receiving costs one allocation, a clone none; a child is parsed when somebody
/// asks for it, and the payload is copied only when it changes.
///
/// # The content namespace
/// Which namespace a stanza is in is a property of the stream it is on, not of the stanza (RFC 6120
/// §4.8.2). A child in it, like `<body/>` or `<error/>`, is said to be in [`ns::CLIENT`](crate::ns::CLIENT)
/// whatever stream the stanza came from, and is written without a namespace, so that it is in the content
/// namespace of the stream it goes to. All three content namespaces are taken for the same: nobody can
/// hide a body from us that a later reader sees.
///
/// # What is kept
/// Children and text as they came. A prefix or default namespace that was declared outside of a child is
/// declared in it, on arrival, so that [`payload_bytes`](Stanza::payload_bytes) can stand in any stream.
/// Attributes of the stanza's own element other than those of RFC 6120 §8.1 are not kept.
///
/// ```
/// use stonechat_stanza::{Kind, Stanza, message, ns};
///
/// let stanza = Stanza::parse(b"<message to='juliet@example.com' type='chat'><body>Hello &amp; bye</body></message>")?;
/// assert_eq!(stanza.kind(), Kind::Message(message::Type::Chat));
/// assert_eq!(stanza.to().map(|to| to.as_str()), Some("juliet@example.com"));
/// let body = stanza.find(ns::CLIENT, "body").ok_or("no body")?;
/// assert_eq!(body.element()?.text(), "Hello & bye");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Stanza {
    raw: Raw,
    kind: Kind,
    noted: Noted,
    to: Address,
    from: Address,
    id: Value,
    lang: Value,
}

impl Stanza {
    /// An empty stanza.
    pub fn new(kind: Kind) -> Stanza {
        Stanza {
            raw: Raw::default(),
            kind,
            noted: Noted::default(),
            to: Address::None,
            from: Address::None,
            id: Value::None,
            lang: Value::None,
        }
    }

    /// An empty message.
    pub fn message(kind: message::Type) -> Stanza {
        Stanza::new(Kind::Message(kind))
    }

    /// An empty presence stanza.
    pub fn presence(kind: presence::Type) -> Stanza {
        Stanza::new(Kind::Presence(kind))
    }

    /// An iq without payload or id: for one to be valid, it needs an id, and a payload unless it is a result.
    pub fn iq(kind: iq::Type) -> Stanza {
        Stanza::new(Kind::Iq(kind))
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Whom it is for. `None` if it says nothing, or nothing that is an address (see
    /// [`defect`](Stanza::defect)).
    pub fn to(&self) -> Option<JidRef<'_>> {
        self.to.get(&self.raw)
    }

    /// Whom it is from, with the same caveat.
    pub fn from(&self) -> Option<JidRef<'_>> {
        self.from.get(&self.raw)
    }

    /// The id (RFC 6120 §8.1.3).
    pub fn id(&self) -> Option<&str> {
        self.id.get(&self.raw)
    }

    /// The language of its human-readable content (RFC 6120 §8.1.5): its own, or that of the stream it
    /// came on.
    pub fn lang(&self) -> Option<&str> {
        self.lang.get(&self.raw)
    }

    /// What is wrong with it, if anything is. An address counts before a type, a type before the rest.
    pub fn defect(&self) -> Option<Defect> {
        if self.noted.to {
            return Some(Defect::MalformedTo);
        }
        if self.noted.from {
            return Some(Defect::MalformedFrom);
        }
        match self.kind {
            Kind::Iq(_) if self.noted.kind => Some(Defect::IqType),
            Kind::Presence(_) if self.noted.kind => Some(Defect::PresenceType),
            Kind::Iq(_) if matches!(self.id, Value::None) => Some(Defect::IqId),
            Kind::Iq(kind) => {
                let fits = match kind {
                    iq::Type::Get | iq::Type::Set => self.raw.count() == 1,
                    iq::Type::Result => self.raw.count() <= 1,
                    iq::Type::Error => true,
                };
                (!fits).then_some(Defect::IqChildren)
            }
            _ => None,
        }
    }

    /// The children, in order.
    pub fn children(&self) -> impl Iterator<Item = Child<'_>> {
        self.raw.entries().map(|entry| Child::new(&self.raw, entry))
    }

    /// Is there a child `name` in the namespace `ns`?
    pub fn has(&self, ns: &str, name: &str) -> bool {
        self.find(ns, name).is_some()
    }

    /// The first child `name` in the namespace `ns`.
    pub fn find(&self, ns: &str, name: &str) -> Option<Child<'_>> {
        let mut named = self.raw.named(name.as_bytes()).map(|entry| Child::new(&self.raw, entry));
        named.find(|child| child.ns_bytes() == ns.as_bytes())
    }

    /// The first payload of type `T`, parsed; `None` if there is none.
    ///
    /// # Errors
    /// There is one, but it does not parse.
    pub fn get<T: Payload>(&self) -> Result<Option<T>, ParseError> {
        self.find(T::NS, T::NAME).map(|child| child.parse()).transpose()
    }

    /// Everything between the tags, as it stands in a stream whose default namespace is the content
    /// namespace. It needs no declarations from outside.
    pub fn payload_bytes(&self) -> &[u8] {
        self.raw.payload()
    }

    /// Changes what it is. A type that could not be understood is no [defect](Stanza::defect) any more.
    pub fn set_kind(&mut self, kind: Kind) {
        self.kind = kind;
        self.noted.kind = false;
    }

    /// Changes whom it is for.
    pub fn set_to(&mut self, to: impl Into<Option<Jid>>) {
        self.to = to.into().into();
        self.noted.to = false;
    }

    /// Changes whom it is from.
    pub fn set_from(&mut self, from: impl Into<Option<Jid>>) {
        self.from = from.into().into();
        self.noted.from = false;
    }

    /// Changes the id.
    pub fn set_id(&mut self, id: Option<&str>) {
        self.id = id.into();
    }

    /// Changes the language.
    pub fn set_lang(&mut self, lang: Option<&str>) {
        self.lang = lang.into();
    }

    /// The same stanza, for `to`.
    pub fn with_to(mut self, to: impl Into<Jid>) -> Stanza {
        self.set_to(to.into());
        self
    }

    /// The same stanza, from `from`.
    pub fn with_from(mut self, from: impl Into<Jid>) -> Stanza {
        self.set_from(from.into());
        self
    }

    /// The same stanza with this id.
    pub fn with_id(mut self, id: &str) -> Stanza {
        self.set_id(Some(id));
        self
    }

    /// The same stanza in this language.
    pub fn with_lang(mut self, lang: &str) -> Stanza {
        self.set_lang(Some(lang));
        self
    }
}

impl fmt::Display for Stanza {
    /// The stanza as XML, as [`write`](Stanza::write) does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        self.write(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

impl fmt::Debug for Stanza {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
