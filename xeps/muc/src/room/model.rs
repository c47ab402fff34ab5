//! What there is to know about a room and what happens in it.

use std::fmt;

use stonechat_stanza::delay::Delay;
use stonechat_stanza::forms::Form;
use stonechat_stanza::jid::Jid;
use stonechat_stanza::{Stanza, StanzaError};
use stonechat_xep_presence::Availability;

use crate::{Actor, Affiliation, Codes, Destroy, Enter, History, Role, code};

/// How to enter a room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Join {
    /// The nickname to have.
    pub nick: String,
    /// How much of what was said before is wanted, and the password of the room.
    pub enter: Enter,
    /// How often another nickname is tried, the last one with `_` behind it, when the one that is wished for is taken.
    pub other_nicks: u8,
}

impl Join {
    /// With this nickname, without a password, and with as much history as the room gives by itself.
    #[must_use]
    pub fn as_nick(nick: impl Into<String>) -> Self {
        Self { nick: nick.into(), ..Self::default() }
    }

    /// With so much history.
    #[must_use]
    pub fn history(mut self, history: History) -> Self {
        self.enter.history = Some(history);
        self
    }

    /// With the password of the room.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.enter.password = Some(password.into());
        self
    }

    /// With so many other nicknames when the one that is wished for is taken.
    #[must_use]
    pub fn other_nicks(mut self, times: u8) -> Self {
        self.other_nicks = times;
        self
    }
}

/// Somebody who is in a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupant {
    /// The nickname.
    pub nick: String,
    /// What they may do.
    pub role: Role,
    /// What they are to the room.
    pub affiliation: Affiliation,
    /// Their address, where the room tells it (§7.2.3).
    pub jid: Option<Jid>,
    /// Who they are, whatever their nickname, where the room vouches for it (XEP-0421).
    pub id: Option<String>,
    /// How they are available.
    pub availability: Availability,
}

/// Why somebody is not in a room any more.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Why {
    /// They have left (§7.14).
    Left,
    /// We are removed, and nothing is said about it; perhaps the room is no more (§10.9).
    Removed,
    /// They were kicked (§8.2).
    Kicked,
    /// They were banned (§9.1).
    Banned,
    /// They are not a member any more (§9.4).
    AffiliationLost,
    /// The room is for members only now (§10.2).
    MembersOnly,
    /// The service goes down (§11.2).
    Shutdown,
    /// The service lost them (§11.1).
    Technical,
    /// The room is no more (§10.9).
    Destroyed(Destroy),
    /// Our session has ended.
    SessionLost,
    /// The room does not know us any more, and has not said so (XEP-0410).
    Forgotten,
}

/// How somebody came to be out of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exit {
    /// Why.
    pub why: Why,
    /// Who brought it about.
    pub actor: Option<Actor>,
    /// The reason that was given for it.
    pub reason: Option<String>,
    /// Their last words.
    pub status: Option<String>,
}

impl Exit {
    pub(crate) fn because(why: Why) -> Self {
        Self { why, actor: None, reason: None, status: None }
    }

    /// Whether the client tries to get in again by itself: it was nobody's wish that it is out.
    #[must_use]
    pub fn returns(&self) -> bool {
        matches!(self.why, Why::Shutdown | Why::Technical | Why::SessionLost | Why::Forgotten)
    }
}

/// Which numbers say why, the first that is there (§12). 333 goes before 307, with which some services send it (§11.1).
pub(crate) fn why(codes: &Codes, destroy: Option<Destroy>) -> Option<Why> {
    if let Some(destroy) = destroy {
        return Some(Why::Destroyed(destroy));
    }
    let meanings = [
        (code::BANNED, Why::Banned),
        (code::TECHNICAL, Why::Technical),
        (code::SHUTDOWN, Why::Shutdown),
        (code::KICKED, Why::Kicked),
        (code::AFFILIATION_LOST, Why::AffiliationLost),
        (code::MEMBERS_ONLY, Why::MembersOnly),
    ];
    meanings.into_iter().find(|(number, _)| codes.has(*number)).map(|(_, why)| why)
}

/// We are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// Our nickname, which need not be the one that was wished for.
    pub nick: String,
    /// What the room says about itself: whether addresses are shown (100), whether it is logged (170), was made just now (201), chose the
    /// nickname (210).
    pub codes: Codes,
    /// Whether we were in before and came back.
    pub again: bool,
}

impl Entered {
    /// Whether the room was made just now. Others may enter when it is [configured](crate::client::Rooms::configure) (§10.1).
    #[must_use]
    pub fn created(&self) -> bool {
        self.codes.has(code::CREATED)
    }
}

/// Something that was said in a room.
#[derive(Debug, Clone)]
pub struct Said {
    /// Who said it; `None` for the room itself.
    pub nick: Option<String>,
    /// Who that is, whatever the nickname, where the room vouches for it (XEP-0421).
    pub occupant: Option<String>,
    /// The id that the room has given it, and by which others name it, where the room vouches for such ids (XEP-0359).
    pub id: Option<String>,
    /// Whether we said it, in this session or in another one.
    pub own: bool,
    /// Whether it is what this session has sent, come back: its id is that which it was sent with.
    pub reflected: bool,
    /// When it was said, where it is part of the history.
    pub delay: Option<Delay>,
    /// The message.
    pub message: Stanza,
}

/// What happens in a room.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum News {
    /// We are in, and know who else is.
    Entered(Entered),
    /// The room does not let us in.
    Refused(StanzaError),
    /// We are out.
    Exited(Exit),
    /// Somebody has come.
    Arrived(Occupant),
    /// Somebody's role, affiliation or availability is another; perhaps our own.
    Changed {
        /// As it was.
        before: Occupant,
        /// As it is.
        now: Occupant,
    },
    /// Somebody has another nickname, perhaps we.
    Renamed {
        /// The old one.
        from: String,
        /// The new one.
        to: String,
        /// Whether it is ours.
        own: bool,
    },
    /// Somebody has gone.
    Departed {
        /// Who.
        occupant: Occupant,
        /// How.
        exit: Exit,
    },
    /// We have not got another nickname: it is taken, or may not be changed (§7.6).
    NickRefused(StanzaError),
    /// The subject (§8.1).
    Subject {
        /// The subject; `None` for none.
        text: Option<String>,
        /// Who has set it, where that is told.
        by: Option<String>,
        /// When, where that is told.
        delay: Option<Delay>,
    },
    /// Something was said to all. It has a body.
    Said(Said),
    /// Something without a body was said, to all or, where the message is not of the type `groupchat`, to us alone: a reaction, a receipt.
    Unspoken(Said),
    /// Somebody has said something to us alone (§7.5). It has a body.
    Whispered {
        /// Who.
        nick: String,
        /// What.
        message: Stanza,
    },
    /// A message of ours came back with an error.
    Returned {
        /// To whom it was said; `None` for all.
        nick: Option<String>,
        /// Its id.
        id: Option<String>,
        /// Why.
        error: StanzaError,
    },
    /// The configuration is another (§10.2.1).
    Configured(Codes),
    /// Somebody asks for voice, and we may [give it](crate::client::Rooms::answer_voice) (§8.6).
    VoiceRequested(Form),
}

/// Whether we are in a room, as far as a ping tells (XEP-0410 §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// We are.
    In,
    /// We are not.
    Out,
    /// It cannot be told.
    Unknown,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Left => "left",
            Self::Removed => "removed",
            Self::Kicked => "kicked",
            Self::Banned => "banned",
            Self::AffiliationLost => "no member any more",
            Self::MembersOnly => "the room is for members only",
            Self::Shutdown => "the service goes down",
            Self::Technical => "lost by the service",
            Self::Destroyed(_) => "the room is no more",
            Self::SessionLost => "the session has ended",
            Self::Forgotten => "forgotten by the room",
        })
    }
}
