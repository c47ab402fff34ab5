//! From a string to an address: the fast path first, then part by part.

use std::borrow::Cow;

use crate::error::Error;
use crate::jid_ref::JidRef;
use crate::shared::Shared;
use crate::{Jid, ascii, prepare};

/// Which rules a resourcepart is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    Strict,
    Received,
}

impl Rules {
    fn resource(self, raw: &str) -> Result<Cow<'_, str>, Error> {
        match self {
            Rules::Strict => prepare::resource(raw),
            Rules::Received => prepare::received_resource(raw),
        }
    }
}

/// What [`parse_received`] made of a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed<'a> {
    /// The string is in canonical form: nothing was copied.
    Borrowed(JidRef<'a>),
    /// The string had to be mapped.
    Owned(Jid),
}

impl<'a> Parsed<'a> {
    /// The address, borrowed.
    #[inline]
    pub fn as_jid_ref(&self) -> JidRef<'_> {
        match self {
            Parsed::Borrowed(jid) => *jid,
            Parsed::Owned(jid) => jid.as_jid_ref(),
        }
    }

    /// The address, owned: one allocation if it was borrowed.
    pub fn into_jid(self) -> Jid {
        match self {
            Parsed::Borrowed(jid) => jid.to_jid(),
            Parsed::Owned(jid) => jid,
        }
    }
}

impl From<Parsed<'_>> for Jid {
    fn from(parsed: Parsed<'_>) -> Jid {
        parsed.into_jid()
    }
}

/// Takes an address from the network by the received rules (see the [crate]): borrowed where it is canonical
/// already (ASCII without any allocation), mapped into a copy where it is not.
///
/// # Errors
///
/// The first rule broken, in the order localpart, domainpart, resourcepart.
///
/// ```
/// use stonechat_jid::{Parsed, parse_received};
///
/// assert!(matches!(parse_received("romeo@example.net/orchard")?, Parsed::Borrowed(_)));
/// assert!(matches!(parse_received("Romeo@example.net/orchard")?, Parsed::Owned(_)));
/// # Ok::<(), stonechat_jid::Error>(())
/// ```
#[inline]
pub fn parse_received(text: &str) -> Result<Parsed<'_>, Error> {
    match ascii::scan(text) {
        Some(scan) if scan.upper => Ok(Parsed::Owned(Jid(Shared::from_ascii(text, scan)))),
        Some(scan) => Ok(Parsed::Borrowed(JidRef::trusted(text, scan.at, scan.slash))),
        None => Ok(match general(text, Rules::Received)? {
            Form::Canonical { at, slash } => Parsed::Borrowed(JidRef::trusted(text, at, slash)),
            Form::Mapped(shared) => Parsed::Owned(Jid(shared)),
        }),
    }
}

/// Parses into memory of its own.
#[inline]
pub(crate) fn owned(text: &str, rules: Rules) -> Result<Shared, Error> {
    match ascii::scan(text) {
        Some(scan) => Ok(Shared::from_ascii(text, scan)),
        None => Ok(match general(text, rules)? {
            Form::Canonical { at, slash } => Shared::new(text, at, slash),
            Form::Mapped(shared) => shared,
        }),
    }
}

/// The outcome of the general path.
pub(crate) enum Form {
    /// The text is canonical as it stands; the places of its separators, 0 for none.
    Canonical { at: u16, slash: u16 },
    /// The text had to be mapped.
    Mapped(Shared),
}

/// The general path: every address, and every error.
#[cold]
#[inline(never)]
pub(crate) fn general(text: &str, rules: Rules) -> Result<Form, Error> {
    let (local, domain, resource) = split(text);
    let parts = Parts {
        local: local.map(prepare::local).transpose()?,
        domain: prepare::domain(domain)?,
        resource: resource.map(|resource| rules.resource(resource)).transpose()?,
    };
    if parts.unchanged(text) {
        let (at, slash) = parts.offsets();
        return Ok(Form::Canonical { at, slash });
    }
    Ok(Form::Mapped(parts.join()))
}

/// Divides before any mapping, as RFC 7622 §3.2 says: first at the first `/`, then at the first `@`.
fn split(text: &str) -> (Option<&str>, &str, Option<&str>) {
    let (head, resource) = match text.split_once('/') {
        Some((head, resource)) => (head, Some(resource)),
        None => (text, None),
    };
    match head.split_once('@') {
        Some((local, domain)) => (Some(local), domain, resource),
        None => (None, head, resource),
    }
}

/// The prepared parts of an address.
pub(crate) struct Parts<'a> {
    pub(crate) local: Option<Cow<'a, str>>,
    pub(crate) domain: Cow<'a, str>,
    pub(crate) resource: Option<Cow<'a, str>>,
}

impl<'a> Parts<'a> {
    /// Prepares the parts by the strict rules.
    pub(crate) fn strict(
        local: Option<&'a str>,
        domain: &'a str,
        resource: Option<&'a str>,
    ) -> Result<Parts<'a>, Error> {
        Ok(Parts {
            local: local.map(prepare::local).transpose()?,
            domain: prepare::domain(domain)?,
            resource: resource.map(prepare::resource).transpose()?,
        })
    }

    /// Whether preparing the parts of `text` changed nothing: each is still a piece of it and none became shorter.
    fn unchanged(&self, text: &str) -> bool {
        let is_borrowed =
            |part: Option<&Cow<'_, str>>| part.is_none_or(|part| matches!(part, Cow::Borrowed(_)));
        is_borrowed(self.local.as_ref())
            && is_borrowed(Some(&self.domain))
            && is_borrowed(self.resource.as_ref())
            && self.total_len() == text.len()
    }

    fn total_len(&self) -> usize {
        let with_separator = |part: &Option<Cow<'_, str>>| part.as_ref().map_or(0, |part| part.len() + 1);
        with_separator(&self.local) + self.domain.len() + with_separator(&self.resource)
    }

    // Each part has at most 1023 bytes, so every offset fits.
    fn offsets(&self) -> (u16, u16) {
        let at = self.local.as_ref().map_or(0, |local| local.len());
        let head = if at == 0 { 0 } else { at + 1 } + self.domain.len();
        (at as u16, if self.resource.is_some() { head as u16 } else { 0 })
    }

    /// The address of these parts.
    pub(crate) fn join(&self) -> Shared {
        let (at, slash) = self.offsets();
        let mut text = String::with_capacity(self.total_len());
        if let Some(local) = &self.local {
            text.push_str(local);
            text.push('@');
        }
        text.push_str(&self.domain);
        if let Some(resource) = &self.resource {
            text.push('/');
            text.push_str(resource);
        }
        Shared::new(&text, at, slash)
    }
}
