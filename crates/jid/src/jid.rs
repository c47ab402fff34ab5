//! Any address.

use crate::common::common;
use crate::error::Error;
use crate::parse::{self, Parts, Rules};
use crate::shared::Shared;
use crate::{BareJid, FullJid, JidRef};

/// An address, bare or full, in canonical form.
///
/// One allocation; cloning counts a reference. It compares, orders and hashes as its string, so a map with `Jid`
/// keys can be asked with a `&str` in canonical form.
#[derive(Clone)]
pub struct Jid(pub(crate) Shared);

common!(Jid);

impl Jid {
    /// Parses by the strict rules (see the [crate]), mapping to canonical form.
    ///
    /// # Errors
    ///
    /// The first rule broken, in the order localpart, domainpart, resourcepart.
    #[inline]
    pub fn parse(text: &str) -> Result<Jid, Error> {
        parse::owned(text, Rules::Strict).map(Jid)
    }

    /// Parses by the received rules (see the [crate]), mapping to canonical form.
    ///
    /// Gives the same as [`parse`](Jid::parse) for all that `parse` accepts.
    ///
    /// # Errors
    ///
    /// The first rule broken, in the order localpart, domainpart, resourcepart.
    #[inline]
    pub fn parse_received(text: &str) -> Result<Jid, Error> {
        parse::owned(text, Rules::Received).map(Jid)
    }

    /// Makes an address of its parts by the strict rules, mapping each to canonical form.
    ///
    /// # Errors
    ///
    /// The first rule broken, in the order of the arguments. A separator inside a part never moves the borders
    /// of the parts: it is refused where the part may not contain it.
    pub fn from_parts(local: Option<&str>, domain: &str, resource: Option<&str>) -> Result<Jid, Error> {
        Parts::strict(local, domain, resource).map(|parts| Jid(parts.join()))
    }

    /// The resourcepart.
    #[inline]
    pub fn resource(&self) -> Option<&str> {
        self.as_jid_ref().resource()
    }

    /// Whether there is no resourcepart.
    #[inline]
    pub fn is_bare(&self) -> bool {
        !self.0.is_full()
    }

    /// Whether there is a resourcepart.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.0.is_full()
    }

    /// The address without its resourcepart. Shares the memory.
    pub fn to_bare(&self) -> BareJid {
        BareJid(self.0.clone().into_bare())
    }

    /// The address without its resourcepart. Shares the memory.
    pub fn into_bare(self) -> BareJid {
        BareJid(self.0.into_bare())
    }

    /// The full JID this is, or the bare one.
    ///
    /// # Errors
    ///
    /// The address itself as a bare JID, if it has no resourcepart.
    pub fn try_into_full(self) -> Result<FullJid, BareJid> {
        if self.0.is_full() { Ok(FullJid(self.0)) } else { Err(BareJid(self.0)) }
    }
}

impl From<BareJid> for Jid {
    fn from(jid: BareJid) -> Jid {
        Jid(jid.0)
    }
}

impl From<FullJid> for Jid {
    fn from(jid: FullJid) -> Jid {
        Jid(jid.0)
    }
}

impl From<&BareJid> for Jid {
    fn from(jid: &BareJid) -> Jid {
        Jid(jid.0.clone())
    }
}

impl From<&FullJid> for Jid {
    fn from(jid: &FullJid) -> Jid {
        Jid(jid.0.clone())
    }
}

impl From<JidRef<'_>> for Jid {
    fn from(jid: JidRef<'_>) -> Jid {
        jid.to_jid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn a_full_jid_and_its_bare_form_share_memory() {
        let jid = Jid::parse("juliet@example.com/balcony").unwrap();
        let bare = jid.to_bare();
        assert_eq!(bare, "juliet@example.com");
        assert_eq!(jid.as_str().as_ptr(), bare.as_str().as_ptr());
        assert_eq!(Jid::from(bare).resource(), None);
    }

    #[test]
    fn upper_case_is_lowered_outside_the_resource() {
        let jid = Jid::parse("JULIET@Example.COM/Balcony").unwrap();
        assert_eq!(jid, "juliet@example.com/Balcony");
    }

    #[test]
    fn maps_are_asked_with_strings() {
        let mut map = HashMap::new();
        map.insert(Jid::parse("a@b/c").unwrap().to_bare(), 1);
        assert_eq!(map.get("a@b"), Some(&1));
    }

    #[test]
    fn equal_addresses_of_any_type_are_equal() {
        let jid = Jid::parse("a@b/c").unwrap();
        let full = FullJid::parse("a@b/c").unwrap();
        assert_eq!(jid, full);
        assert_eq!(full, jid.as_jid_ref());
        assert_eq!(jid.to_bare(), full.to_bare());
        assert_ne!(jid, jid.to_bare());
        assert_eq!(format!("{jid:?} {jid:>6}"), "\"a@b/c\"  a@b/c");
    }

    #[test]
    fn a_part_cannot_smuggle_a_separator() {
        for local in ["a@b", "a/b", "＠", "a／b"] {
            assert!(Jid::from_parts(Some(local), "c", None).is_err(), "{local}");
        }
        for domain in ["a@b", "a/b", "a＠b", "a／b", "℀"] {
            assert!(Jid::from_parts(None, domain, None).is_err(), "{domain}");
        }
        let jid = Jid::from_parts(None, "a", Some("b@c/d")).unwrap();
        assert_eq!((jid.local(), jid.domain(), jid.resource()), (None, "a", Some("b@c/d")));
    }

    #[test]
    fn a_jid_turns_into_what_it_is() {
        let full = Jid::parse("a@b/c").unwrap();
        let bare = Jid::parse("a@b").unwrap();
        assert_eq!(FullJid::try_from(bare.clone()), Err(Error::MissingResource));
        assert_eq!(BareJid::try_from(full.clone()), Err(Error::UnexpectedResource));
        assert_eq!(full.clone().try_into_full().unwrap(), full);
        assert_eq!(bare.clone().try_into_full().unwrap_err(), bare);
        assert_eq!(full.to_domain(), "b");
        assert_eq!(Jid::parse("b/c").unwrap().to_domain(), "b");
    }
}
