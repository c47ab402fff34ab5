//! Addresses without a resourcepart.

use crate::common::common;
use crate::error::Error;
use crate::parse::{self, Parts, Rules};
use crate::shared::Shared;
use crate::{FullJid, Jid, JidRef, prepare};

/// An address without a resourcepart, in canonical form: an account, a room, a server.
///
/// One allocation, or that of the full JID it was made from; cloning counts a reference.
#[derive(Clone)]
pub struct BareJid(pub(crate) Shared);

common!(BareJid);

impl BareJid {
    /// Parses by the strict rules (see the [crate]), mapping to canonical form.
    ///
    /// # Errors
    ///
    /// [`Error::UnexpectedResource`] if the address is a full one, else the first rule broken.
    pub fn parse(text: &str) -> Result<BareJid, Error> {
        Jid::parse(text).and_then(BareJid::try_from)
    }

    /// Makes an address of its parts by the strict rules, mapping each to canonical form.
    ///
    /// # Errors
    ///
    /// The first rule broken, in the order of the arguments.
    pub fn from_parts(local: Option<&str>, domain: &str) -> Result<BareJid, Error> {
        Parts::strict(local, domain, None).map(|parts| BareJid(parts.join()))
    }

    /// This address with a resourcepart, which is mapped to canonical form by the strict rules.
    ///
    /// # Errors
    ///
    /// The first rule that the resourcepart breaks.
    pub fn with_resource(&self, resource: &str) -> Result<FullJid, Error> {
        Ok(FullJid(self.join(&prepare::resource(resource)?)))
    }

    /// This address with a resourcepart that came from the network, by the received rules (see the [crate]).
    ///
    /// # Errors
    ///
    /// The first rule that the resourcepart breaks.
    pub fn with_received_resource(&self, resource: &str) -> Result<FullJid, Error> {
        Ok(FullJid(self.join(&prepare::received_resource(resource)?)))
    }

    fn join(&self, resource: &str) -> Shared {
        let bare = self.as_str();
        let (at, _) = self.as_jid_ref().offsets();
        Shared::new(&[bare, "/", resource].concat(), at, bare.len() as u16)
    }

    /// This address: for code that is written for any of the types.
    pub fn to_bare(&self) -> BareJid {
        self.clone()
    }

    /// Always `None`: for code that is written for any of the types.
    pub fn resource(&self) -> Option<&str> {
        None
    }

    /// Takes an address from the network by the received rules, which for a bare JID are the strict ones.
    ///
    /// # Errors
    ///
    /// [`Error::UnexpectedResource`] if the address is a full one, else the first rule broken.
    pub fn parse_received(text: &str) -> Result<BareJid, Error> {
        parse::owned(text, Rules::Received).map(Jid).and_then(BareJid::try_from)
    }
}

impl TryFrom<Jid> for BareJid {
    type Error = Error;

    /// Fails with [`Error::UnexpectedResource`] for a full JID; [`Jid::into_bare`] cuts the resourcepart instead.
    fn try_from(jid: Jid) -> Result<BareJid, Error> {
        if jid.0.is_full() { Err(Error::UnexpectedResource) } else { Ok(BareJid(jid.0)) }
    }
}

impl TryFrom<JidRef<'_>> for BareJid {
    type Error = Error;

    fn try_from(jid: JidRef<'_>) -> Result<BareJid, Error> {
        if jid.is_full() { Err(Error::UnexpectedResource) } else { Ok(jid.to_bare()) }
    }
}

impl From<FullJid> for BareJid {
    fn from(jid: FullJid) -> BareJid {
        jid.into_bare()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_jid_has_no_resource() {
        assert_eq!(BareJid::parse("a@b/c"), Err(Error::UnexpectedResource));
        assert_eq!(BareJid::parse("a@b").unwrap().resource(), None);
        assert_eq!(BareJid::parse_received("a@b/c"), Err(Error::UnexpectedResource));
    }

    #[test]
    fn a_resource_is_prepared_when_it_is_added() {
        let bare = Jid::parse("a@b/old").unwrap().into_bare();
        let full = bare.with_resource("x\u{a0}y").unwrap();
        assert_eq!((full.local(), full.domain(), full.resource()), (Some("a"), "b", "x y"));
        assert_eq!(bare.with_resource(""), Err(Error::Empty(crate::Part::Resource)));
    }

    #[test]
    fn a_received_nickname_may_be_one_that_precis_refuses() {
        let room = BareJid::parse("room@muc.example").unwrap();
        assert!(room.with_resource("❤\u{fe0f}").is_err());
        assert_eq!(room.with_received_resource("❤\u{fe0f}").unwrap().resource(), "❤\u{fe0f}");
    }
}
