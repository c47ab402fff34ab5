//! Which correspondents are archived (XEP-0441).

use stonechat_stanza::jid::{Jid, JidRef};
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ParseError, Payload, enumeration};

use crate::NS;

enumeration! {
    /// Whether messages are archived whose correspondent is in neither list (§2.1.1).
    #[derive(Default)]
    pub enum Policy {
        /// All are.
        #[default]
        Always = "always",
        /// None is.
        Never = "never",
        /// Those are whose correspondent is in the account's roster.
        Roster = "roster",
    }
}

/// The preferences of an account (§2.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preferences {
    /// For who is in neither list; `None` in a request that asks for the preferences.
    pub default: Option<Policy>,
    /// Whose messages are archived.
    pub always: Vec<Jid>,
    /// Whose messages are not archived.
    pub never: Vec<Jid>,
}

impl Preferences {
    /// Nobody listed.
    #[must_use]
    pub const fn new(default: Policy) -> Self {
        Self { default: Some(default), always: Vec::new(), never: Vec::new() }
    }

    /// Whether messages from or to `peer` are archived, where nothing that is said decides by itself `otherwise`. Who is in both lists is
    /// not: what was archived against somebody's wish cannot be taken back. `is_contact` tells whether the peer is in the roster, `None`
    /// when that is not known; then the result is `None`, if it matters.
    #[must_use]
    pub fn archive(
        &self,
        peer: JidRef<'_>,
        otherwise: Policy,
        is_contact: impl FnOnce() -> Option<bool>,
    ) -> Option<bool> {
        let lists = |list: &[Jid]| list.iter().any(|listed| covers(listed, peer));
        match self.default.unwrap_or(otherwise) {
            _ if lists(&self.never) => Some(false),
            _ if lists(&self.always) => Some(true),
            Policy::Always => Some(true),
            Policy::Never => Some(false),
            Policy::Roster => is_contact(),
        }
    }
}

/// §2.3.1: a listed full JID stands for itself, a bare one for all its resources.
fn covers(listed: &Jid, peer: JidRef<'_>) -> bool {
    listed.as_str() == if listed.resource().is_some() { peer.as_str() } else { peer.bare_str() }
}

impl Payload for Preferences {
    const NS: &'static str = NS;
    const NAME: &'static str = "prefs";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let list = |name| match element.child(name) {
            Some(list) => list.child_values("jid"),
            None => Ok(Vec::new()),
        };
        Ok(Self { default: element.value("default")?, always: list("always")?, never: list("never")? })
    }

    fn to_element(&self) -> Element {
        let list = |name, jids: &[Jid]| {
            jids.iter().fold(Builder::new(name, NS), |list, jid| list.text_child("jid", jid)).build()
        };
        Builder::of::<Self>()
            .optional("default", self.default)
            .child(list("always", &self.always))
            .child(list("never", &self.never))
            .build()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Examples 4 and 5.
    #[test]
    fn the_preferences_of_the_example_are_read_and_written() {
        let element: Element = "<prefs xmlns='urn:xmpp:mam:2' default='roster'><always>\
            <jid>romeo@montague.lit</jid></always><never><jid>montague@montague.lit</jid></never></prefs>"
            .parse()
            .unwrap();
        let prefs = Preferences::parse(&element).unwrap();
        assert_eq!(prefs.default, Some(Policy::Roster));
        assert_eq!((prefs.always.len(), prefs.never.len()), (1, 1));
        assert_eq!(prefs.to_element(), element);
    }

    /// §2.1.2 and §2.1.3: a missing list is an empty one.
    #[test]
    fn a_missing_list_is_empty_and_written_all_the_same() {
        let prefs =
            Preferences::parse(&"<prefs xmlns='urn:xmpp:mam:2' default='never'/>".parse().unwrap()).unwrap();
        assert_eq!(prefs, Preferences::new(Policy::Never));
        let text = String::from(&prefs.to_element());
        assert!(text.contains("<always") && text.contains("<never"), "{text}");
        for wrong in [
            "<prefs xmlns='urn:xmpp:mam:2' default='sometimes'/>",
            "<prefs xmlns='urn:xmpp:mam:2'><never><jid>@</jid></never></prefs>",
        ] {
            assert!(Preferences::parse(&wrong.parse().unwrap()).is_err(), "{wrong}");
        }
    }

    /// §2.3.1.
    #[test]
    fn the_lists_count_before_the_default_and_never_before_always() {
        let prefs = |default| Preferences {
            default: Some(default),
            always: vec!["a@x".parse().unwrap(), "both@x".parse().unwrap(), "c@x/one".parse().unwrap()],
            never: vec!["n@x".parse().unwrap(), "both@x".parse().unwrap(), "a@x/phone".parse().unwrap()],
        };
        let table = [
            ("a@x", true, true),
            ("a@x/any", true, true),
            ("a@x/phone", false, false),
            ("n@x", false, false),
            ("n@x/any", false, false),
            ("both@x", false, false),
            ("c@x/one", true, true),
            ("c@x/two", false, true),
            ("c@x", false, true),
            ("x", false, true),
        ];
        for (peer, never, always) in table {
            let jid: Jid = peer.parse().unwrap();
            let ask = |policy, contact| prefs(policy).archive(jid.as_jid_ref(), Policy::Always, || contact);
            assert_eq!(ask(Policy::Never, None), Some(never), "{peer}");
            assert_eq!(ask(Policy::Always, None), Some(always), "{peer}");
            assert_eq!(ask(Policy::Roster, Some(true)), Some(always), "{peer}");
            assert_eq!(ask(Policy::Roster, Some(false)), Some(never), "{peer}");
        }
        let unknown: Jid = "u@x".parse().unwrap();
        assert_eq!(prefs(Policy::Roster).archive(unknown.as_jid_ref(), Policy::Always, || None), None);
        assert_eq!(Preferences::default().archive(unknown.as_jid_ref(), Policy::Never, || None), Some(false));
    }
}
