//! The payload (XEP-0402 §2).

use std::fmt;

use stonechat_stanza::jid::BareJid;
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ParseError, Payload};

/// Namespace of the payload, and the name of the node (§3).
pub const NS: &str = "urn:xmpp:bookmarks:1";

/// `<conference/>`: a room that somebody wants to remember. Which one, is the id of the item that it is in. Its `Debug` does not show the
/// password.
#[derive(Clone, Default, PartialEq)]
pub struct Conference {
    /// A name for people.
    pub name: Option<String>,
    /// Whether the room is to be entered by itself.
    pub autojoin: bool,
    /// The nickname to have in it.
    pub nick: Option<String>,
    /// The password of the room.
    pub password: Option<String>,
    /// What other programs keep here. It has to be kept as it is (§3.4).
    pub extensions: Vec<Element>,
    /// What is not known here. It has to be kept, too (§3.4).
    pub others: Vec<Element>,
}

impl fmt::Debug for Conference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conference")
            .field("name", &self.name)
            .field("autojoin", &self.autojoin)
            .field("nick", &self.nick)
            .field("password", &self.password.is_some())
            .finish_non_exhaustive()
    }
}

impl Payload for Conference {
    const NS: &'static str = NS;
    const NAME: &'static str = "conference";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let known =
            |child: &&Element| child.has_ns(NS) && matches!(child.name(), "nick" | "password" | "extensions");
        let extensions = element.child("extensions").map(|all| all.children().cloned().collect());
        Ok(Self {
            name: element.value("name")?,
            autojoin: element.boolean("autojoin")?.unwrap_or(false),
            nick: element.child_text("nick").filter(|nick| !nick.is_empty()),
            password: element.child_text("password").filter(|password| !password.is_empty()),
            extensions: extensions.unwrap_or_default(),
            others: element.children().filter(|child| !known(child)).cloned().collect(),
        })
    }

    fn to_element(&self) -> Element {
        let extensions = (!self.extensions.is_empty())
            .then(|| Builder::new("extensions", NS).children(self.extensions.iter().cloned()).build());
        Builder::of::<Self>()
            .optional("name", self.name.as_ref())
            .optional("autojoin", self.autojoin.then_some(true))
            .optional_child("nick", self.nick.as_ref())
            .optional_child("password", self.password.as_ref())
            .children(extensions)
            .children(self.others.iter().cloned())
            .build()
    }
}

/// A room, and what is remembered of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Bookmark {
    /// The room.
    pub room: BareJid,
    /// What is remembered of it.
    pub conference: Conference,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn element(xml: &str) -> Element {
        xml.parse().expect("XML")
    }

    /// Examples 1, 2 and 5.
    #[test]
    fn the_examples_are_read() {
        let council = "<conference xmlns='urn:xmpp:bookmarks:1' name='Council of Oberon' autojoin='true'><nick>Puck</nick></conference>";
        let read = Conference::parse(&element(council)).expect("it is read");
        assert_eq!(
            (read.name.as_deref(), read.autojoin, read.nick.as_deref()),
            (Some("Council of Oberon"), true, Some("Puck"))
        );
        assert_eq!(read.to_element(), element(council));
        let least = Conference::parse(&element("<conference xmlns='urn:xmpp:bookmarks:1'/>"));
        assert_eq!(least, Ok(Conference::default()));
        let one = Conference::parse(&element("<conference xmlns='urn:xmpp:bookmarks:1' autojoin='1'/>"));
        assert!(one.expect("it is read").autojoin);
    }

    /// §3.4.
    #[test]
    fn what_is_not_known_is_kept() {
        let xml = "<conference xmlns='urn:xmpp:bookmarks:1' name='The Orchard'><nick>JC</nick><password>x</password>\
            <extensions><state xmlns='http://myclient.example/bookmark/state' minimized='true'/></extensions><colour>red</colour></conference>";
        let read = Conference::parse(&element(xml)).expect("it is read");
        assert_eq!((read.extensions.len(), read.others.len()), (1, 1));
        assert_eq!(read.to_element(), element(xml));
        assert!(!format!("{read:?}").contains("\"x\""));
    }

    proptest! {
        #[test]
        fn a_bookmark_is_read_as_it_was_written(
            name in prop::option::of("[ -~]{0,9}"), autojoin: bool, nick in prop::option::of("[!-~]{1,9}"), password in prop::option::of("[!-~]{1,9}"),
        ) {
            let written = Conference { name, autojoin, nick, password, ..Conference::default() };
            prop_assert_eq!(Conference::parse(&written.to_element()).unwrap(), written);
        }
    }
}
