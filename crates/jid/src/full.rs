//! Addresses with a resourcepart.

use crate::common::common;
use crate::error::Error;
use crate::parse::{self, Rules};
use crate::shared::Shared;
use crate::{BareJid, Jid, JidRef};

/// An address with a resourcepart, in canonical form: a session, an occupant of a room.
///
/// One allocation; cloning counts a reference.
#[derive(Clone)]
pub struct FullJid(pub(crate) Shared);

common!(FullJid);

impl FullJid {
    /// Parses by the strict rules (see the [crate]), mapping to canonical form.
    ///
    /// # Errors
    ///
    /// [`Error::MissingResource`] if the address is a bare one, else the first rule broken.
    pub fn parse(text: &str) -> Result<FullJid, Error> {
        Jid::parse(text).and_then(FullJid::try_from)
    }

    /// Parses by the received rules (see the [crate]), mapping to canonical form.
    ///
    /// # Errors
    ///
    /// [`Error::MissingResource`] if the address is a bare one, else the first rule broken.
    pub fn parse_received(text: &str) -> Result<FullJid, Error> {
        parse::owned(text, Rules::Received).map(Jid).and_then(FullJid::try_from)
    }

    /// Makes an address of its parts by the strict rules, mapping each to canonical form.
    ///
    /// # Errors
    ///
    /// The first rule broken, in the order of the arguments.
    pub fn from_parts(local: Option<&str>, domain: &str, resource: &str) -> Result<FullJid, Error> {
        Jid::from_parts(local, domain, Some(resource)).and_then(FullJid::try_from)
    }

    /// The resourcepart.
    #[inline]
    pub fn resource(&self) -> &str {
        self.as_jid_ref().resource().unwrap_or_default()
    }

    /// The address without its resourcepart. Shares the memory.
    pub fn to_bare(&self) -> BareJid {
        BareJid(self.0.clone().into_bare())
    }

    /// The address without its resourcepart. Shares the memory.
    pub fn into_bare(self) -> BareJid {
        BareJid(self.0.into_bare())
    }
}

impl TryFrom<Jid> for FullJid {
    type Error = Error;

    /// Fails with [`Error::MissingResource`] for a bare JID; [`Jid::try_into_full`] gives that back instead.
    fn try_from(jid: Jid) -> Result<FullJid, Error> {
        if jid.0.is_full() { Ok(FullJid(jid.0)) } else { Err(Error::MissingResource) }
    }
}

impl TryFrom<JidRef<'_>> for FullJid {
    type Error = Error;

    fn try_from(jid: JidRef<'_>) -> Result<FullJid, Error> {
        jid.to_full().ok_or(Error::MissingResource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_jid_has_a_resource() {
        assert_eq!(FullJid::parse("a@b"), Err(Error::MissingResource));
        assert_eq!(FullJid::parse("a@b/c").unwrap().resource(), "c");
        assert_eq!(FullJid::from_parts(None, "b", "c@d/e").unwrap(), "b/c@d/e");
    }

    #[test]
    fn its_bare_form_is_the_account() {
        assert_eq!(FullJid::parse("a@b/c").unwrap().into_bare(), BareJid::parse("a@b").unwrap());
    }
}
