//! Roles, affiliations, and the item that both rooms and administrators speak of them with.

use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::payload::{Builder, ElementExt as _};
use stonechat_stanza::{Element, ParseError, enumeration};

enumeration! {
    /// What somebody may do while they are in the room (§5.1).
    pub enum Role {
        /// Keeps order.
        Moderator = "moderator",
        /// May speak.
        Participant = "participant",
        /// May listen; in a room that is not moderated speak, too.
        Visitor = "visitor",
        /// Is not in the room.
        None = "none",
    }
}

enumeration! {
    /// What somebody is to the room, in it or not (§5.2).
    pub enum Affiliation {
        /// It is theirs.
        Owner = "owner",
        /// Sees to who may be in it.
        Admin = "admin",
        /// Belongs to it.
        Member = "member",
        /// Nothing in particular.
        None = "none",
        /// Is banned from it.
        Outcast = "outcast",
    }
}

/// Who did something.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Actor {
    /// Their nickname.
    pub nick: Option<String>,
    /// Their address.
    pub jid: Option<Jid>,
}

/// Somebody's role and affiliation: as it is, as it is to be, or which are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Item {
    /// The affiliation.
    pub affiliation: Option<Affiliation>,
    /// The role.
    pub role: Option<Role>,
    /// The address, where it is told.
    pub jid: Option<Jid>,
    /// The nickname; of who changes it, the new one (§7.6).
    pub nick: Option<String>,
    /// Who brought it about.
    pub actor: Option<Actor>,
    /// Why.
    pub reason: Option<String>,
}

impl Item {
    /// Changes the role of an occupant (§8.2 to §8.4, §9.6, §9.7).
    #[must_use]
    pub fn with_role(nick: impl Into<String>, role: Role) -> Self {
        Self { nick: Some(nick.into()), role: Some(role), ..Self::default() }
    }

    /// Changes the affiliation of a person (§9.1 to §9.5, §10.3 to §10.8).
    #[must_use]
    pub fn with_affiliation(jid: BareJid, affiliation: Affiliation) -> Self {
        Self { jid: Some(jid.into()), affiliation: Some(affiliation), ..Self::default() }
    }

    /// With a reason.
    #[must_use]
    pub fn because(mut self, reason: Option<&str>) -> Self {
        self.reason = reason.map(str::to_owned);
        self
    }

    pub(super) fn read(element: &Element) -> Result<Self, ParseError> {
        let actor = |actor: &Element| -> Result<Actor, ParseError> {
            Ok(Actor { nick: actor.value("nick")?, jid: actor.value("jid")? })
        };
        Ok(Self {
            affiliation: element.value("affiliation")?,
            role: element.value("role")?,
            jid: element.value("jid")?,
            nick: element.value("nick")?,
            actor: element.child("actor").map(actor).transpose()?,
            reason: element.child_text("reason"),
        })
    }

    pub(super) fn write(&self, ns: &str) -> Element {
        let actor = |actor: &Actor| {
            let builder = Builder::new("actor", ns).optional("nick", actor.nick.as_ref());
            builder.optional("jid", actor.jid.as_ref()).build()
        };
        Builder::new("item", ns)
            .optional("affiliation", self.affiliation)
            .optional("role", self.role)
            .optional("jid", self.jid.as_ref())
            .optional("nick", self.nick.as_ref())
            .children(self.actor.as_ref().map(actor))
            .optional_child("reason", self.reason.as_ref())
            .build()
    }
}
