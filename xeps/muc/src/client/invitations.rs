//! Invitations, through the room (§7.8.2) and from person to person (XEP-0249).

use std::collections::VecDeque;
use std::fmt;

use jiff::Timestamp;
use stonechat_extension::client::{Closed, Cx};
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::{Kind, Stanza, message};

use super::Rooms;
use super::shared::Shared;
use crate::{Decline, DirectInvite, Invite, User};

/// So many rooms are remembered to which we were invited.
const MOST_RECENT: usize = 50;
/// For so many seconds another invitation to the same room says nothing new.
const SAME: i64 = 60;

/// Who has vouched for an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mediation {
    /// The room: who invites is who it says.
    Room,
    /// Nobody but who invites.
    Direct,
}

/// We are invited to a room. Its `Debug` does not show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The room.
    pub room: BareJid,
    /// Who invites: a person, or an occupant of a room.
    pub from: Option<Jid>,
    /// How it has come.
    pub mediation: Mediation,
    /// Why we are invited.
    pub reason: Option<String>,
    /// The password of the room.
    pub password: Option<String>,
    /// The thread of the conversation of two with which it goes on, if it does; it may be empty.
    pub continued: Option<String>,
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation")
            .field("room", &self.room)
            .field("from", &self.from)
            .field("mediation", &self.mediation)
            .field("reason", &self.reason)
            .field("password", &self.password.is_some())
            .field("continued", &self.continued)
            .finish()
    }
}

/// Somebody does not come to a room to which we have invited them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declined {
    /// The room.
    pub room: BareJid,
    /// Who.
    pub by: Option<Jid>,
    /// Why.
    pub reason: Option<String>,
}

/// The rooms to which we were invited of late.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<(BareJid, Timestamp)>);

impl Recent {
    /// Remembers an invitation; false where there was one just now.
    pub(super) fn put(&mut self, room: &BareJid, now: Timestamp) -> bool {
        self.0.retain(|(_, at)| now.duration_since(*at).as_secs() < SAME);
        if self.0.iter().any(|(known, _)| known == room) {
            return false;
        }
        self.0.push_back((room.clone(), now));
        if self.0.len() > MOST_RECENT {
            self.0.pop_front();
        }
        true
    }
}

/// Tells of invitations, and of those that are declined.
pub(super) fn observe(cx: &mut Cx<'_>, shared: &Shared, stanza: &Stanza) {
    if let Some(invitation) = invitation(stanza)
        && shared.is_news(&invitation.room, cx.now())
    {
        cx.emit(invitation);
    } else if let Some((room, Decline { from, reason, .. })) = decline(stanza) {
        cx.emit(Declined { room, by: from, reason });
    }
}

/// What a room says in a message of its own.
fn by_room(stanza: &Stanza) -> Option<(BareJid, User)> {
    let from = stanza.from().filter(|from| from.is_bare() && from.local().is_some())?;
    let says = matches!(stanza.kind(), Kind::Message(kind) if kind != message::Type::Error);
    let user = stanza.get::<User>().ok().flatten().filter(|_| says)?;
    Some((from.to_bare(), user))
}

/// An invitation, if it is one. Through a room that counts alone which the room says.
pub(super) fn invitation(stanza: &Stanza) -> Option<Invitation> {
    if let Some((room, user)) = by_room(stanza) {
        let Invite { from, reason, continued, .. } = user.invites.into_iter().next()?;
        let (mediation, password) = (Mediation::Room, user.password);
        return Some(Invitation { room, from, mediation, reason, password, continued });
    }
    let says = matches!(stanza.kind(), Kind::Message(message::Type::Normal | message::Type::Chat));
    let invite = stanza.get::<DirectInvite>().ok().flatten().filter(|_| says)?;
    let DirectInvite { room, password, reason, continues, thread } = invite;
    Some(Invitation {
        room,
        from: stanza.from().map(|from| from.to_jid()),
        mediation: Mediation::Direct,
        reason,
        password,
        continued: continues.then(|| thread.unwrap_or_default()),
    })
}

fn decline(stanza: &Stanza) -> Option<(BareJid, Decline)> {
    let (room, user) = by_room(stanza)?;
    Some((room, user.decline?))
}

impl Rooms {
    /// Invites somebody through the room (§7.8.2), which knows of it and may let them in because of it.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn invite(&self, room: &BareJid, who: Jid, reason: Option<&str>) -> Result<(), Closed> {
        let invite = Invite { to: Some(who), reason: reason.map(str::to_owned), ..Invite::default() };
        self.through(room, &User { invites: vec![invite], ..User::default() }).await
    }

    /// Says through the room that we do not come (§7.8.2). What has come [directly](Mediation::Direct) is only ignored (XEP-0249 §2).
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn decline(&self, room: &BareJid, who: Jid, reason: Option<&str>) -> Result<(), Closed> {
        let decline = Decline { to: Some(who), from: None, reason: reason.map(str::to_owned) };
        self.through(room, &User { decline: Some(decline), ..User::default() }).await
    }

    /// Invites somebody without the room's knowing (XEP-0249 §2).
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn invite_directly(&self, who: Jid, invite: &DirectInvite) -> Result<(), Closed> {
        let message = Stanza::message(message::Type::Normal).with_to(who).with(invite);
        self.handle.send(message).await.map(drop)
    }

    async fn through(&self, room: &BareJid, user: &User) -> Result<(), Closed> {
        let message = Stanza::message(message::Type::Normal).with_to(room.clone()).with(user);
        self.handle.send(message).await.map(drop)
    }
}
