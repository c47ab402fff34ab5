//! What a room says about its occupants, and what goes through it to people outside.

use std::fmt;

use stonechat_stanza::jid::Jid;
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ParseError, Payload};

use super::{Destroy, Item, USER};

/// The numbers of what a room says (§12, §16.6).
pub mod code {
    /// Everybody sees the full address of who is in the room.
    pub const NON_ANONYMOUS: u16 = 100;
    /// The affiliation was changed while one was not in the room.
    pub const AFFILIATION_CHANGED: u16 = 101;
    /// The configuration was changed, and nothing of privacy.
    pub const CONFIGURATION_CHANGED: u16 = 104;
    /// It is about oneself.
    pub const SELF: u16 = 110;
    /// What is said is published.
    pub const LOGGED: u16 = 170;
    /// What is said is not published any more.
    pub const NOT_LOGGED: u16 = 171;
    /// The room is now non-anonymous.
    pub const NOW_NON_ANONYMOUS: u16 = 172;
    /// The room is now semi-anonymous.
    pub const NOW_SEMI_ANONYMOUS: u16 = 173;
    /// The room was made just now, and waits to be configured.
    pub const CREATED: u16 = 201;
    /// The room has chosen the nickname.
    pub const NICK_ASSIGNED: u16 = 210;
    /// Banned.
    pub const BANNED: u16 = 301;
    /// Has another nickname now.
    pub const RENAMED: u16 = 303;
    /// Kicked.
    pub const KICKED: u16 = 307;
    /// Removed because of a change of affiliation.
    pub const AFFILIATION_LOST: u16 = 321;
    /// Removed because the room is now for members only.
    pub const MEMBERS_ONLY: u16 = 322;
    /// Removed because the service goes down.
    pub const SHUTDOWN: u16 = 332;
    /// Removed because of a technical problem.
    pub const TECHNICAL: u16 = 333;
}

/// The numbers of a notice, in its order. See [`code`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Codes(pub Vec<u16>);

impl Codes {
    /// Whether this one is among them.
    #[must_use]
    pub fn has(&self, code: u16) -> bool {
        self.0.contains(&code)
    }
}

/// An invitation that goes through the room (§7.8.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invite {
    /// Who is invited.
    pub to: Option<Jid>,
    /// Who invites, as the room says.
    pub from: Option<Jid>,
    /// Why.
    pub reason: Option<String>,
    /// It goes on with a conversation of two (§7.9); its thread, which may be empty.
    pub continued: Option<String>,
}

/// An invitation that is declined through the room (§7.8.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decline {
    /// Who had invited.
    pub to: Option<Jid>,
    /// Who declines, as the room says.
    pub from: Option<Jid>,
    /// Why.
    pub reason: Option<String>,
}

/// `<x xmlns='http://jabber.org/protocol/muc#user'/>` (§19.2). Its `Debug` does not show the password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct User {
    /// Whom a presence is about.
    pub item: Option<Item>,
    /// What it is about.
    pub codes: Codes,
    /// Invitations; a room sends one to each who is invited.
    pub invites: Vec<Invite>,
    /// An invitation that was declined.
    pub decline: Option<Decline>,
    /// The room is no more (§10.9).
    pub destroy: Option<Destroy>,
    /// The password, with an invitation.
    pub password: Option<String>,
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("item", &self.item)
            .field("codes", &self.codes)
            .field("invites", &self.invites)
            .field("decline", &self.decline)
            .field("destroy", &self.destroy)
            .field("password", &self.password.is_some())
            .finish()
    }
}

impl Payload for User {
    const NS: &'static str = USER;
    const NAME: &'static str = "x";

    fn parse(element: &Element) -> Result<Self, ParseError> {
        Self::expect(element)?;
        let named = |name| element.children().filter(move |child| child.is(name, USER));
        let codes = named("status").map(|status| status.required_value("code"));
        Ok(Self {
            item: named("item").next().map(Item::read).transpose()?,
            codes: Codes(codes.collect::<Result<_, _>>()?),
            invites: named("invite").map(invite).collect::<Result<_, _>>()?,
            decline: named("decline").next().map(decline).transpose()?,
            destroy: named("destroy").next().map(Destroy::read).transpose()?,
            password: element.child_text("password"),
        })
    }

    fn to_element(&self) -> Element {
        let status = |code: &u16| Builder::new("status", USER).attr("code", code).build();
        Builder::of::<Self>()
            .children(self.item.as_ref().map(|item| item.write(USER)))
            .children(self.codes.0.iter().map(status))
            .children(self.invites.iter().map(write_invite))
            .children(self.decline.as_ref().map(write_decline))
            .children(self.destroy.as_ref().map(|destroy| destroy.write(USER)))
            .optional_child("password", self.password.as_ref())
            .build()
    }
}

fn invite(element: &Element) -> Result<Invite, ParseError> {
    Ok(Invite {
        to: element.value("to")?,
        from: element.value("from")?,
        reason: element.child_text("reason"),
        continued: element.child("continue").map(|more| more.attr("thread").unwrap_or_default().to_owned()),
    })
}

fn write_invite(invite: &Invite) -> Element {
    let thread = invite.continued.as_deref().map(|thread| {
        Builder::new("continue", USER)
            .optional("thread", Some(thread).filter(|thread| !thread.is_empty()))
            .build()
    });
    Builder::new("invite", USER)
        .optional("to", invite.to.as_ref())
        .optional("from", invite.from.as_ref())
        .optional_child("reason", invite.reason.as_ref())
        .children(thread)
        .build()
}

fn decline(element: &Element) -> Result<Decline, ParseError> {
    Ok(Decline {
        to: element.value("to")?,
        from: element.value("from")?,
        reason: element.child_text("reason"),
    })
}

fn write_decline(decline: &Decline) -> Element {
    Builder::new("decline", USER)
        .optional("to", decline.to.as_ref())
        .optional("from", decline.from.as_ref())
        .optional_child("reason", decline.reason.as_ref())
        .build()
}
