//! A room as one who is in it, or wants to be, sees it: what comes goes in, [`News`] and what is to be done come out. It knows no connection
//! and no clock.

mod ids;
mod messages;
mod model;
mod presences;

use std::collections::HashMap;

use jiff::Timestamp;
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Stanza, presence};
use stonechat_xep_presence::Availability;

use crate::{Enter, History};
use ids::Ids;
pub use model::{Entered, Exit, Join, News, Occupant, Said, Standing, Why};

/// So many messages that were sent and have not come back are remembered.
const MOST_PENDING: usize = 100;
/// So many of the last messages are remembered, so that the history does not tell them again.
const MOST_SEEN: usize = 200;

/// Where we stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not in, and to be in as soon as that can be.
    Away,
    /// We have asked to be let in.
    Entering,
    In,
    /// We have said that we go.
    Leaving,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Step {
    Tell(Box<News>),
    /// Ask to be let in.
    Enter,
    /// Find out whether we are in.
    Check,
    /// Ask what the room can do.
    Inform,
    /// There is nothing more to know about the room.
    Forget,
}

impl Step {
    fn tell(news: News) -> Self {
        Self::Tell(Box::new(news))
    }
}

/// For what a room vouches; where it does not, anybody may have written it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Vouches {
    /// The identifiers of occupants (XEP-0421 §2).
    pub(crate) occupants: bool,
    /// The ids that it gives messages (XEP-0359 §5).
    pub(crate) ids: bool,
}

/// A room.
#[derive(Debug)]
pub(crate) struct Room {
    address: BareJid,
    nick: String,
    enter: Enter,
    other_nicks: u8,
    phase: Phase,
    /// Whether we were in before.
    again: bool,
    /// Counts what asks to be let in, so that only the last one does.
    turn: u64,
    /// The id of the presence that asks to be let in.
    entering: Option<String>,
    /// The id of the presence that asks for another nickname.
    renaming: Option<String>,
    occupants: HashMap<String, Occupant>,
    most_occupants: usize,
    subject: Option<String>,
    vouches: Vouches,
    /// The identifier that our own presence has, whether the room vouches for it or not.
    given: Option<String>,
    pending: Ids,
    seen: Ids,
    /// When it was last heard of.
    heard: Option<Timestamp>,
    /// When something was last said.
    said: Option<Timestamp>,
    checking: bool,
    /// Time has passed, and nobody has asked yet whose turn it is.
    stalled: bool,
}

impl Room {
    /// A room to be entered.
    pub(crate) fn new(address: BareJid, join: Join, most_occupants: usize) -> Self {
        Self {
            address,
            nick: join.nick,
            enter: join.enter,
            other_nicks: join.other_nicks,
            phase: Phase::Away,
            again: false,
            turn: 0,
            entering: None,
            renaming: None,
            occupants: HashMap::new(),
            most_occupants,
            subject: None,
            vouches: Vouches::default(),
            given: None,
            pending: Ids::new(MOST_PENDING),
            seen: Ids::new(MOST_SEEN),
            heard: None,
            said: None,
            checking: false,
            stalled: false,
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    pub(crate) fn nick(&self) -> &str {
        &self.nick
    }

    pub(crate) fn subject(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    pub(crate) fn occupants(&self) -> impl Iterator<Item = &Occupant> {
        self.occupants.values()
    }

    /// Somebody is about to ask to be let in; the number is theirs to do so.
    pub(crate) fn begin(&mut self) -> u64 {
        self.turn += 1;
        self.phase = Phase::Entering;
        self.entering = None;
        self.stalled = false;
        self.turn
    }

    /// The room says what it can do.
    pub(crate) fn vouches(&mut self, vouches: Vouches) {
        if let Some(us) = self.occupants.get_mut(&self.nick).filter(|us| us.id.is_none() && vouches.occupants)
        {
            us.id.clone_from(&self.given);
        }
        self.vouches = vouches;
    }

    /// The presence that asks to be let in; `None` where it is somebody else's turn, or the nickname is none.
    pub(crate) fn request(
        &mut self,
        turn: u64,
        id: String,
        own: &Availability,
        now: Timestamp,
    ) -> Option<Stanza> {
        if turn != self.turn || self.phase != Phase::Entering {
            return None;
        }
        let to = self.address.with_resource(&self.nick).ok()?;
        self.occupants.clear();
        self.renaming = None;
        let enter = Enter { history: self.history(now), password: self.enter.password.clone() };
        let stanza = own.to_stanza().with_to(to).with_id(&id).with(&enter);
        self.entering = Some(id);
        Some(stanza)
    }

    /// Who comes back wants what was said since.
    fn history(&self, now: Timestamp) -> Option<History> {
        let missed = self.said.filter(|_| self.again).map(|said| now.duration_since(said).as_secs());
        match missed {
            // A second more, as what is less than one is lost in the number.
            Some(missed) => {
                Some(History::seconds(u32::try_from(missed).unwrap_or(u32::MAX).saturating_add(1)))
            }
            None => self.enter.history,
        }
    }

    /// How we are available is told to the room (§7.7).
    pub(crate) fn tell(&self, own: &Availability) -> Option<Stanza> {
        let to = self.address.with_resource(&self.nick).ok()?;
        (self.phase == Phase::In).then(|| own.to_stanza().with_to(to))
    }

    /// Asks for another nickname (§7.6).
    pub(crate) fn rename(&mut self, nick: &str, id: String, own: &Availability) -> Option<Stanza> {
        if self.phase != Phase::In {
            return None;
        }
        let to = self.address.with_resource(nick).ok()?;
        let stanza = own.to_stanza().with_to(to).with_id(&id);
        self.renaming = Some(id);
        Some(stanza)
    }

    /// We go (§7.14): the presence that says so, where there is somebody to say it to.
    pub(crate) fn leave(&mut self) -> (Option<Stanza>, Vec<Step>) {
        self.turn += 1;
        match self.phase {
            Phase::Away => (None, vec![Step::tell(News::Exited(Exit::because(Why::Left))), Step::Forget]),
            Phase::Leaving => (None, Vec::new()),
            Phase::Entering if self.entering.is_none() => {
                (None, vec![Step::tell(News::Exited(Exit::because(Why::Left))), Step::Forget])
            }
            Phase::Entering | Phase::In => {
                self.phase = Phase::Leaving;
                let to = self.address.with_resource(&self.nick).ok();
                (to.map(|to| Stanza::presence(presence::Type::Unavailable).with_to(to)), Vec::new())
            }
        }
    }

    /// We have become unavailable to everybody, and the server tells the room (RFC 6121 §4.5.2).
    pub(crate) fn unavailable(&mut self) {
        if matches!(self.phase, Phase::In | Phase::Entering) {
            self.turn += 1;
            self.phase = Phase::Leaving;
        }
    }

    /// The session is gone, and with it everything that it was in.
    pub(crate) fn session_lost(&mut self) -> Vec<Step> {
        let phase = std::mem::replace(&mut self.phase, Phase::Away);
        self.turn += 1;
        self.checking = false;
        self.occupants.clear();
        match phase {
            Phase::In => vec![Step::tell(News::Exited(Exit::because(Why::SessionLost)))],
            Phase::Leaving => vec![Step::tell(News::Exited(Exit::because(Why::Left))), Step::Forget],
            Phase::Away | Phase::Entering => Vec::new(),
        }
    }

    /// What the passing of time leads to. Who has heard nothing for so many seconds asks (XEP-0410 §3.2), except while another
    /// nickname is asked for (§4).
    pub(crate) fn tick(&mut self, now: Timestamp, silence: u64) -> Option<Step> {
        let silent = self.heard.and_then(|heard| u64::try_from(now.duration_since(heard).as_secs()).ok());
        let silent = silent.unwrap_or(0);
        match self.phase {
            Phase::Away => Some(Step::Enter),
            // Whoever was about to ask has been cancelled.
            Phase::Entering if self.entering.is_none() && std::mem::replace(&mut self.stalled, true) => {
                Some(Step::Enter)
            }
            Phase::In if silence > 0 && silent >= silence && self.renaming.is_none() => Some(Step::Check),
            _ => None,
        }
    }

    /// Whether a check may begin: one at a time.
    pub(crate) fn begin_check(&mut self) -> bool {
        self.phase == Phase::In && !std::mem::replace(&mut self.checking, true)
    }

    /// What a check has brought.
    pub(crate) fn checked(&mut self, standing: Standing, now: Option<Timestamp>) -> Vec<Step> {
        self.checking = false;
        match (standing, self.phase) {
            (Standing::In, _) => {
                self.heard = now.or(self.heard);
                Vec::new()
            }
            (Standing::Out, Phase::In) => {
                self.phase = Phase::Away;
                self.occupants.clear();
                vec![Step::tell(News::Exited(Exit::because(Why::Forgotten))), Step::Enter]
            }
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
