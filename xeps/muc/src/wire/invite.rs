//! Invitations from person to person (XEP-0249 §2).

use std::fmt;

use stonechat_stanza::jid::BareJid;
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ParseError, Payload};

use super::DIRECT_INVITE;

/// `<x xmlns='jabber:x:conference'/>`. Its `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct DirectInvite {
    /// The room.
    pub room: BareJid,
    /// The password of the room.
    pub password: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// Whether it goes on with a conversation of two.
    pub continues: bool,
    /// The thread of that conversation.
    pub thread: Option<String>,
}

impl fmt::Debug for DirectInvite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectInvite")
            .field("room", &self.room)
            .field("password", &self.password.is_some())
            .field("reason", &self.reason)
            .field("continues", &self.continues)
            .field("thread", &self.thread)
            .finish()
    }
}

impl DirectInvite {
    /// Invites to this room.
    #[must_use]
    pub fn to(room: BareJid) -> Self {
        Self { room, password: None, reason: None, continues: false, thread: None }
    }
}

impl Payload for DirectInvite {
    const NS: &'static str = DIRECT_INVITE;
    const NAME: &'static str = "x";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        Ok(Self {
            room: element.required_value("jid")?,
            password: element.value("password")?,
            reason: element.value("reason")?,
            continues: element.boolean("continue")?.unwrap_or(false),
            thread: element.value("thread")?,
        })
    }

    fn to_element(&self) -> Element {
        Builder::of::<Self>()
            .attr("jid", &self.room)
            .optional("password", self.password.as_ref())
            .optional("reason", self.reason.as_ref())
            .optional("continue", self.continues.then_some(true))
            .optional("thread", self.thread.as_ref())
            .build()
    }
}
