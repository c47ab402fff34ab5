//! Entering a room (§7.2).

use std::fmt;

use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::time::DateTime;
use stonechat_stanza::{Element, ParseError, Payload};

use super::NS;

/// How much of what was said before one wants to hear on entering (§7.2.14). Rooms give the least that fits all of it, and may have limits of
/// their own, or not know this at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct History {
    /// So many characters of XML; 0 for none at all.
    pub maxchars: Option<u32>,
    /// So many messages.
    pub maxstanzas: Option<u32>,
    /// What was said in the last so many seconds.
    pub seconds: Option<u32>,
    /// What was said since.
    pub since: Option<DateTime>,
}

impl History {
    /// Nothing (§7.2.14, example 39).
    pub const NOTHING: Self = Self { maxchars: Some(0), maxstanzas: None, seconds: None, since: None };

    /// The last so many messages.
    #[must_use]
    pub fn last(messages: u32) -> Self {
        Self { maxstanzas: Some(messages), ..Self::default() }
    }

    /// What was said in the last so many seconds.
    #[must_use]
    pub fn seconds(seconds: u32) -> Self {
        Self { seconds: Some(seconds), ..Self::default() }
    }
}

/// `<x xmlns='http://jabber.org/protocol/muc'/>`: asks to enter a room (§7.2.1). Its `Debug` does not show the password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Enter {
    /// How much of what was said before is wanted; `None` leaves it to the room.
    pub history: Option<History>,
    /// The password of the room (§7.2.5).
    pub password: Option<String>,
}

impl fmt::Debug for Enter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let password = self.password.is_some();
        f.debug_struct("Enter").field("history", &self.history).field("password", &password).finish()
    }
}

impl Payload for Enter {
    const NS: &'static str = NS;
    const NAME: &'static str = "x";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let history = |history: &Element| -> Result<History, ParseError> {
            Ok(History {
                maxchars: history.value("maxchars")?,
                maxstanzas: history.value("maxstanzas")?,
                seconds: history.value("seconds")?,
                since: history.value("since")?,
            })
        };
        Ok(Self {
            history: element.child("history").map(history).transpose()?,
            password: element.child_text("password"),
        })
    }

    fn to_element(&self) -> Element {
        let history = |history: &History| {
            Builder::new("history", NS)
                .optional("maxchars", history.maxchars)
                .optional("maxstanzas", history.maxstanzas)
                .optional("seconds", history.seconds)
                .optional("since", history.since)
                .build()
        };
        Builder::of::<Self>()
            .children(self.history.as_ref().map(history))
            .optional_child("password", self.password.as_ref())
            .build()
    }
}
