//! Message processing hints (XEP-0334).

use crate::payload::Payload;
use crate::{Stanza, ns};

crate::payload! {
    /// Not to be kept in an archive or log; an offline store may (XEP-0334 §4.1).
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
    pub struct NoPermanentStore: ns::HINTS, "no-permanent-store";
}

crate::payload! {
    /// Not to be stored at all, not even for delivery later (XEP-0334 §4.2).
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
    pub struct NoStore: ns::HINTS, "no-store";
}

crate::payload! {
    /// Not to be copied to other addresses than the one it is sent to (XEP-0334 §4.3); for messages to
    /// full JIDs only.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
    pub struct NoCopy: ns::HINTS, "no-copy";
}

crate::payload! {
    /// Worth storing, although it may not look like it (XEP-0334 §4.4).
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
    pub struct Store: ns::HINTS, "store";
}

/// The hints of a stanza. They are hints: nobody relies on others following them (XEP-0334 §5).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Hints {
    /// [`NoPermanentStore`]
    pub no_permanent_store: bool,
    /// [`NoStore`]
    pub no_store: bool,
    /// [`NoCopy`]
    pub no_copy: bool,
    /// [`Store`]
    pub store: bool,
}

impl Hints {
    /// The hints of a stanza; those of an error are ignored, since they may be the original's (XEP-0334 §5).
    pub fn of(stanza: &Stanza) -> Self {
        if stanza.kind().is_error() {
            return Self::default();
        }
        let has = |name| stanza.has(ns::HINTS, name);
        Self {
            no_permanent_store: has(NoPermanentStore::NAME),
            no_store: has(NoStore::NAME),
            no_copy: has(NoCopy::NAME),
            store: has(Store::NAME),
        }
    }

    /// Whether an archive or log may keep the stanza: neither [`NoStore`] nor [`NoPermanentStore`] is there
    /// (XEP-0334 §4.1, §4.2).
    pub fn may_archive(self) -> bool {
        !self.no_store && !self.no_permanent_store
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// XEP-0334 example 1.
    #[test]
    fn the_hints_of_the_example_are_found() {
        let message = b"<message to='juliet@capulet.lit/laptop'>
              <body>V unir avtug'f pybnx gb uvqr zr sebz gurve fvtug</body>
              <no-copy xmlns='urn:xmpp:hints'/>
              <no-store xmlns='urn:xmpp:hints'/>
            </message>";
        let message = Stanza::parse(message).unwrap();
        assert_eq!((message.get(), message.get()), (Ok(Some(NoCopy)), Ok(Some(NoStore))));
        let hints = Hints::of(&message);
        assert_eq!(hints, Hints { no_store: true, no_copy: true, ..Hints::default() });
        assert!(!hints.may_archive());
    }

    /// XEP-0334 §5.
    #[test]
    fn the_hints_of_an_error_are_ignored() {
        let error = b"<message type='error'><no-store xmlns='urn:xmpp:hints'/></message>";
        assert_eq!(Hints::of(&Stanza::parse(error).unwrap()), Hints::default());
    }

    #[test]
    fn hints_survive_a_round_trip() {
        assert_eq!(NoPermanentStore::parse(&NoPermanentStore.to_element()), Ok(NoPermanentStore));
        assert_eq!(Store::parse(&Store.to_element()), Ok(Store));
        assert!(Store::parse(&NoStore.to_element()).is_err());
    }
}
