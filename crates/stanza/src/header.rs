//! Values of a stanza's header: where they stand as received, or on their own once changed.

use std::sync::Arc;

use stonechat_jid::{Jid, JidRef, Parsed};

use crate::raw::{Raw, Span};

/// An address of the header.
#[derive(Debug, Clone, Default)]
pub(crate) enum Address {
    /// There is none.
    #[default]
    None,
    /// Among the values of the stanza, in canonical form.
    Raw(Span, (u16, u16)),
    /// Set by us.
    Owned(Jid),
}

impl Address {
    pub(crate) fn get<'a>(&'a self, raw: &'a Raw) -> Option<JidRef<'a>> {
        match self {
            Address::None => None,
            Address::Raw(span, offsets) => Some(JidRef::from_canonical(span.str(raw.bytes()), *offsets)),
            Address::Owned(jid) => Some(jid.as_jid_ref()),
        }
    }

    /// The bytes of the address, which are UTF-8.
    pub(crate) fn bytes<'a>(&'a self, raw: &'a Raw) -> Option<&'a [u8]> {
        match self {
            Address::None => None,
            Address::Raw(span, _) => Some(span.of(raw.bytes())),
            Address::Owned(jid) => Some(jid.as_str().as_bytes()),
        }
    }

    /// How long the address is, if it is not among the values of the stanza.
    pub(crate) fn own_len(&self) -> usize {
        match self {
            Address::Owned(jid) => jid.as_str().len(),
            Address::None | Address::Raw(..) => 0,
        }
    }
}

impl From<Option<Jid>> for Address {
    fn from(jid: Option<Jid>) -> Address {
        jid.map_or(Address::None, Address::Owned)
    }
}

/// Another value of the header.
#[derive(Debug, Clone, Default)]
pub(crate) enum Value {
    /// There is none.
    #[default]
    None,
    /// Among the values of the stanza.
    Raw(Span),
    /// Set by us.
    Owned(Arc<str>),
}

impl Value {
    pub(crate) fn get<'a>(&'a self, raw: &'a Raw) -> Option<&'a str> {
        match self {
            Value::None => None,
            Value::Raw(span) => Some(span.str(raw.bytes())),
            Value::Owned(text) => Some(text),
        }
    }
}

impl Value {
    /// The bytes of the value, which are UTF-8.
    pub(crate) fn bytes<'a>(&'a self, raw: &'a Raw) -> Option<&'a [u8]> {
        match self {
            Value::None => None,
            Value::Raw(span) => Some(span.of(raw.bytes())),
            Value::Owned(text) => Some(text.as_bytes()),
        }
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Value {
        text.map_or(Value::None, |text| Value::Owned(text.into()))
    }
}

/// An address as it was received.
pub(crate) enum Received<'a> {
    /// The attribute is missing.
    Missing,
    /// It is no address.
    Malformed,
    /// It is one.
    Good(Parsed<'a>),
}

impl<'a> Received<'a> {
    pub(crate) fn parse(text: &'a str) -> Received<'a> {
        match stonechat_jid::parse_received(text) {
            Ok(parsed) => Received::Good(parsed),
            Err(_) => Received::Malformed,
        }
    }

    /// The same for a text that does not live long enough to be borrowed from.
    pub(crate) fn parse_owned(text: &str) -> Received<'static> {
        match stonechat_jid::parse_received(text) {
            Ok(parsed) => Received::Good(Parsed::Owned(parsed.into_jid())),
            Err(_) => Received::Malformed,
        }
    }

    pub(crate) fn text(&self) -> &str {
        match self {
            Received::Good(parsed) => parsed.as_jid_ref().as_str(),
            _ => "",
        }
    }

    /// The address, once its text stands at `start` among the values.
    pub(crate) fn at(&self, start: usize) -> Address {
        match self {
            Received::Good(parsed) => {
                let jid = parsed.as_jid_ref();
                Address::Raw(Span::new(start, jid.as_str().len()), jid.offsets())
            }
            _ => Address::None,
        }
    }
}
