//! The payloads that presence has of its own (RFC 6121 §4.7.2).

use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ParseError, Payload, Stanza, enumeration, ns, presence};

/// `<priority/>`: how much a session wants messages to the account, from -128 to 127; a negative one wants none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Priority(pub i8);

impl Priority {
    /// That of an available presence stanza: 0 when it says nothing.
    ///
    /// # Errors
    /// `bad-request` when it is no number from -128 to 127, or is there twice.
    pub fn of(presence: &Stanza) -> Result<Self, ParseError> {
        let mut all = presence.children().filter(|child| child.is(Self::NS, Self::NAME));
        let Some(child) = all.next() else { return Ok(Self::default()) };
        if all.next().is_some() {
            return Err(ParseError::bad_request("<priority/> is there twice"));
        }
        child.parse()
    }
}

impl Payload for Priority {
    const NS: &'static str = ns::CLIENT;
    const NAME: &'static str = "priority";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        element.text_value().map(Self)
    }

    fn to_element(&self) -> Element {
        Builder::of::<Self>().text(self.0).build()
    }
}

enumeration! {
    /// What somebody who is available is up to (§4.7.2.1).
    pub enum Show {
        /// Wants to chat.
        Chat = "chat",
        /// Away for a while.
        Away = "away",
        /// Does not want to be disturbed.
        Dnd = "dnd",
        /// Away for long.
        Xa = "xa",
    }
}

/// The presence of somebody who is available (§4.7.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Availability {
    /// What they are up to, if they say.
    pub show: Option<Show>,
    /// In their words (§4.7.2.2), of several languages the first.
    pub status: Option<String>,
    /// How much the session wants messages to the account (§4.7.2.3).
    pub priority: i8,
}

impl Availability {
    /// Reads a presence stanza. What breaks the rules is read as if it were not there, as a receiver had better know a little than nothing.
    #[must_use]
    pub fn of(presence: &Stanza) -> Self {
        let text = |name| Some(presence.find(ns::CLIENT, name)?.element().ok()?.text());
        Self {
            show: text("show").and_then(|show| show.trim().parse().ok()),
            status: text("status").filter(|status| !status.is_empty()),
            priority: Priority::of(presence).unwrap_or_default().0,
        }
    }

    /// Writes it as a presence stanza.
    ///
    /// ```
    /// use stonechat_xep_presence::{Availability, Show};
    ///
    /// let away = Availability { show: Some(Show::Away), status: Some("be right back".into()), priority: 0 };
    /// assert_eq!(
    ///     away.to_stanza().to_string(),
    ///     "<presence><show>away</show><status>be right back</status></presence>",
    /// );
    /// assert_eq!(Availability::of(&away.to_stanza()), away);
    /// ```
    #[must_use]
    pub fn to_stanza(&self) -> Stanza {
        let mut stanza = Stanza::presence(presence::Type::Available);
        let texts = [("show", self.show.map(Show::as_str)), ("status", self.status.as_deref())];
        for (name, text) in texts {
            if let Some(text) = text {
                stanza.push_element(&Builder::new(name, ns::CLIENT).text(text).build());
            }
        }
        if self.priority != 0 {
            stanza.push(&Priority(self.priority));
        }
        stanza
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(children: &str) -> Option<i8> {
        let stanza = Stanza::parse(format!("<presence>{children}</presence>").as_bytes()).expect("a stanza");
        Priority::of(&stanza).ok().map(|priority| priority.0)
    }

    #[test]
    fn a_priority_is_from_minus_128_to_127_and_0_when_nothing_is_said() {
        assert_eq!(read("<show>away</show>"), Some(0));
        for (text, value) in [("1", 1), ("127", 127), ("-128", -128), (" 5\n", 5), ("+5", 5)] {
            assert_eq!(read(&format!("<priority>{text}</priority>")), Some(value), "{text}");
        }
        for text in ["128", "-129", "", "high", "1.5", "1 1", "0x1"] {
            assert_eq!(read(&format!("<priority>{text}</priority>")), None, "{text}");
        }
        assert_eq!(read("<priority>1</priority><priority>1</priority>"), None);
        assert_eq!(read("<priority xmlns='urn:x'>high</priority>"), Some(0), "somebody else's element");
    }

    #[test]
    fn what_breaks_the_rules_is_as_if_it_were_not_there() {
        let stanza = b"<presence><show>busy</show><priority>high</priority><status>x</status></presence>";
        let read = Availability::of(&Stanza::parse(stanza).expect("a stanza"));
        assert_eq!(read, Availability { status: Some("x".into()), ..Availability::default() });
    }

    proptest! {
        #[test]
        fn every_priority_is_read_back(value: i8) {
            let stanza = Stanza::presence(stonechat_stanza::presence::Type::Available).with(&Priority(value));
            prop_assert_eq!(Priority::of(&stanza).unwrap(), Priority(value));
        }
    }
}
