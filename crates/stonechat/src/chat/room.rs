//! A room, as the conversation in it has it.

use std::collections::BTreeMap;

use stonechat_jid::BareJid;
use stonechat_xep_muc::client::Occupant;

/// So many occupants of a room are kept.
const MOST_OCCUPANTS: usize = 5000;

/// Whether we are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Standing {
    /// As soon as that can be.
    Entering,
    In,
    /// We are not, and why.
    Out(String),
}

/// A room.
#[derive(Debug)]
pub(crate) struct Room {
    /// Our nickname.
    pub(crate) nick: String,
    pub(crate) standing: Standing,
    /// Whether we were in before, so that what the room tells of the past is what was missed.
    pub(super) again: bool,
    pub(crate) subject: Option<String>,
    /// Who is there, by their nicknames.
    pub(crate) occupants: BTreeMap<String, Occupant>,
    /// How many of the unread messages are for us.
    pub(crate) mentions: usize,
}

impl Room {
    /// One to be entered.
    pub(super) fn entering(nick: String) -> Self {
        Self {
            nick,
            standing: Standing::Entering,
            again: false,
            subject: None,
            occupants: BTreeMap::new(),
            mentions: 0,
        }
    }

    /// Somebody is there.
    pub(super) fn put(&mut self, occupant: Occupant) {
        if self.occupants.len() < MOST_OCCUPANTS || self.occupants.contains_key(&occupant.nick) {
            self.occupants.insert(occupant.nick.clone(), occupant);
        }
    }

    /// Who says something under this nickname now.
    pub(super) fn speaker(&self, nick: &str) -> Speaker {
        self.occupants.get(nick).map_or_else(|| Speaker::called(nick), Speaker::of)
    }

    /// The nickname that somebody has now; `None` when they are not there.
    pub(super) fn nick_of(&self, speaker: &Speaker) -> Option<&str> {
        let is_it = |occupant: &&Occupant| Speaker::of(occupant).is(speaker);
        let same_nick = self.occupants.get(&speaker.nick).filter(is_it);
        same_nick.or_else(|| self.occupants.values().find(is_it)).map(|occupant| occupant.nick.as_str())
    }

    /// Whose nickname a text begins with, the longest one, and what follows that.
    pub(super) fn addressed<'t>(&self, text: &'t str) -> Option<(Speaker, &'t str)> {
        let rest = |occupant: &Occupant| {
            let rest = text.strip_prefix(&occupant.nick)?;
            let rest = rest.strip_prefix(':').unwrap_or(rest);
            (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim())
        };
        let all = self.occupants.values().filter_map(|occupant| Some((occupant, rest(occupant)?)));
        let longest = all.max_by_key(|(occupant, _)| occupant.nick.len());
        longest.map(|(occupant, rest)| (Speaker::of(occupant), rest))
    }

    /// Somebody has another nickname.
    pub(super) fn rename(&mut self, from: &str, to: &str, own: bool) {
        if let Some(occupant) = self.occupants.remove(from) {
            self.occupants.insert(to.to_owned(), Occupant { nick: to.to_owned(), ..occupant });
        }
        if own {
            to.clone_into(&mut self.nick);
        }
    }
}

/// Who has said something in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Speaker {
    pub(crate) nick: String,
    /// Who that is, whatever the nickname, where the room vouches for it (XEP-0421).
    pub(crate) id: Option<String>,
    /// Their address, where the room tells it.
    pub(crate) jid: Option<BareJid>,
}

impl Speaker {
    /// Somebody of whom nothing but the nickname is known.
    pub(super) fn called(nick: &str) -> Self {
        Self { nick: nick.to_owned(), id: None, jid: None }
    }

    /// Somebody who is there.
    pub(super) fn of(occupant: &Occupant) -> Self {
        let jid = occupant.jid.as_ref().map(|jid| jid.to_bare());
        Self { nick: occupant.nick.clone(), id: occupant.id.clone(), jid }
    }
    /// Whether it is the same one, as far as that can be known.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (&self.id, &other.id) {
            (None, None) => self.nick == other.nick,
            (one, other) => one == other,
        }
    }

    /// Whether it is certainly the same one: a nickname alone may have been another's before (XEP-0424 §5).
    pub(super) fn is_surely(&self, other: &Self) -> bool {
        match (&self.id, &other.id) {
            (None, None) => self.jid.is_some() && self.jid == other.jid,
            (one, other) => one == other,
        }
    }
}

/// To whom something is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Whom {
    /// To the other one, in a conversation of two.
    Peer,
    /// To all in a room.
    All,
    /// In a room, between us and this one alone.
    Alone(Speaker),
}

impl Whom {
    /// Whether it is to the same.
    pub(super) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Alone(one), Self::Alone(other)) => one.is(other),
            (one, other) => one == other,
        }
    }
}

/// Whether a text has a nickname in it, as words of their own, in capitals or not.
pub(crate) fn mentions(text: &str, nick: &str) -> bool {
    let (text, nick) = (text.to_lowercase(), nick.to_lowercase());
    let is_word = |char: Option<char>| char.is_some_and(char::is_alphanumeric);
    !nick.is_empty()
        && text.match_indices(&nick).any(|(at, _)| {
            let (before, after) = (text[..at].chars().next_back(), text[at + nick.len()..].chars().next());
            !is_word(before) && !is_word(after)
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn who_is_named_as_a_word_is_meant() {
        for text in ["hag", "hag: come", "Come, HAG!", "@hag", "old hag?", "ähag hag"] {
            assert!(mentions(text, "hag"), "{text}");
        }
        for text in ["", "haggard", "shag", "ha g", "hag2", "éhag"] {
            assert!(!mentions(text, "hag"), "{text}");
        }
        assert!(mentions("hello old hag, hello", "Old Hag") && !mentions("hello", ""));
    }

    #[test]
    fn who_says_something_is_told_apart_by_what_the_room_vouches_for() {
        let speaker = |nick: &str, id: Option<&str>| Speaker {
            nick: nick.into(),
            id: id.map(str::to_owned),
            jid: None,
        };
        assert!(speaker("a", None).is(&speaker("a", None)));
        assert!(speaker("a", Some("1")).is(&speaker("b", Some("1"))));
        assert!(!speaker("a", Some("1")).is(&speaker("a", Some("2"))));
        assert!(!speaker("a", Some("1")).is(&speaker("a", None)));
        assert!(speaker("a", Some("1")).is_surely(&speaker("b", Some("1"))));
        assert!(!speaker("a", None).is_surely(&speaker("a", None)));
        let known = |jid: &str| Speaker { jid: Some(jid.parse().unwrap()), ..speaker("a", None) };
        assert!(known("a@b").is_surely(&known("a@b")) && !known("a@b").is_surely(&known("c@b")));
    }

    proptest! {
        #[test]
        fn every_text_that_names_somebody_between_spaces_means_them(before in ".{0,10}", nick in "[^ ]{1,8}", after in ".{0,10}") {
            let text = [before.as_str(), nick.as_str(), after.as_str()].join(" ");
            prop_assert!(mentions(&text, &nick));
            let _ = mentions(&before, &after);
        }
    }
}
