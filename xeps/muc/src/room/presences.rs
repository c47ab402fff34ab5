//! What the presence of a room's occupants means (§7.1, §7.2, §7.6, §7.14, §8 to §11).

use std::collections::hash_map::Entry;

use jiff::Timestamp;
use stonechat_stanza::error::{Condition, Kind as ErrorKind};
use stonechat_stanza::presence::Type;
use stonechat_stanza::{Kind, Stanza, StanzaError};
use stonechat_xep_presence::Availability;

use super::model::why;
use super::{Entered, Exit, News, Occupant, Phase, Room, Step, Why};
use crate::{Affiliation, OccupantId, Role, User, code};

impl Room {
    /// Presence from the room's address, or from that of an occupant.
    pub(crate) fn presence(&mut self, stanza: &Stanza, now: Timestamp) -> Vec<Step> {
        self.heard = Some(now);
        let nick = stanza.from().and_then(|from| from.resource());
        let user = stanza.get::<User>().ok().flatten();
        match (stanza.kind(), nick, user) {
            (Kind::Presence(Type::Error), ..) => self.error(stanza),
            (Kind::Presence(Type::Available), Some(nick), Some(user)) => self.available(nick, stanza, user),
            (Kind::Presence(Type::Unavailable), nick, user) => {
                self.gone(nick, stanza, user.unwrap_or_default())
            }
            // Without a word about roles it is none of a room (§7.2.2).
            _ => Vec::new(),
        }
    }

    fn occupant(&self, nick: &str, stanza: &Stanza, user: &User) -> Occupant {
        let item = user.item.clone().unwrap_or_default();
        // Where the room does not vouch for it anybody may have written it (XEP-0421 §4).
        let id = stanza.get::<OccupantId>().ok().flatten().filter(|_| self.vouches.occupants);
        Occupant {
            nick: nick.to_owned(),
            role: item.role.unwrap_or(Role::None),
            affiliation: item.affiliation.unwrap_or(Affiliation::None),
            jid: item.jid,
            id: id.map(|id| id.id),
            availability: Availability::of(stanza),
        }
    }

    fn available(&mut self, nick: &str, stanza: &Stanza, user: User) -> Vec<Step> {
        let own = user.codes.has(code::SELF);
        if own {
            self.given = stanza.get::<OccupantId>().ok().flatten().map(|id| id.id);
        }
        match self.phase {
            Phase::Entering => {
                self.put(self.occupant(nick, stanza, &user), own);
                if own { self.entered(nick, user) } else { Vec::new() }
            }
            Phase::In => {
                let mut steps = Vec::new();
                if own {
                    // Who is renamed without a word about the old nickname, as example 51 has it.
                    if self.nick != nick {
                        steps.extend(self.renamed(&self.nick.clone(), nick, true));
                    }
                    self.renaming = None;
                }
                let now = self.occupant(nick, stanza, &user);
                match self.put(now.clone(), own) {
                    Put::New => steps.push(Step::tell(News::Arrived(now))),
                    Put::Instead(before) if before != now => {
                        steps.push(Step::tell(News::Changed { before, now }));
                    }
                    Put::Instead(_) | Put::TooMany => {}
                }
                steps
            }
            Phase::Away | Phase::Leaving => Vec::new(),
        }
    }

    fn entered(&mut self, nick: &str, user: User) -> Vec<Step> {
        nick.clone_into(&mut self.nick);
        self.phase = Phase::In;
        self.entering = None;
        let again = std::mem::replace(&mut self.again, true);
        let entered = Entered { nick: self.nick.clone(), codes: user.codes, again };
        // Before it was made it could not be asked what it can do.
        let inform = entered.created().then_some(Step::Inform);
        std::iter::once(Step::tell(News::Entered(entered))).chain(inform).collect()
    }

    fn renamed(&mut self, from: &str, to: &str, own: bool) -> Option<Step> {
        if own {
            to.clone_into(&mut self.nick);
            self.renaming = None;
        }
        let mut occupant = self.occupants.remove(from)?;
        to.clone_into(&mut occupant.nick);
        self.occupants.insert(to.to_owned(), occupant);
        let (from, to) = (from.to_owned(), to.to_owned());
        (self.phase == Phase::In).then_some(Step::tell(News::Renamed { from, to, own }))
    }

    fn gone(&mut self, nick: Option<&str>, stanza: &Stanza, user: User) -> Vec<Step> {
        let own = user.codes.has(code::SELF) || nick == Some(self.nick.as_str());
        let item = user.item.unwrap_or_default();
        if let (true, Some(from), Some(to)) = (user.codes.has(code::RENAMED), nick, &item.nick) {
            return self.renamed(from, to, own).into_iter().collect();
        }
        let destroyed = user.destroy.is_some();
        let exit = Exit {
            why: why(&user.codes, user.destroy).unwrap_or(Why::Left),
            actor: item.actor,
            reason: item.reason,
            status: Availability::of(stanza).status,
        };
        if own || (nick.is_none() && destroyed) {
            return self.out(exit, destroyed);
        }
        let departed = nick.and_then(|nick| self.occupants.remove(nick));
        let told = departed.filter(|_| self.phase == Phase::In);
        told.map(|occupant| Step::tell(News::Departed { occupant, exit })).into_iter().collect()
    }

    /// The room says that we are out.
    fn out(&mut self, mut exit: Exit, destroyed: bool) -> Vec<Step> {
        match self.phase {
            Phase::Away => return Vec::new(),
            // What the room says to somebody whom it does not know (§7.2.18) is about what we sent before we asked to be let in.
            Phase::Entering if !destroyed => return Vec::new(),
            Phase::In if exit.why == Why::Left => exit.why = Why::Removed,
            Phase::Leaving => exit.why = Why::Left,
            Phase::Entering | Phase::In => {}
        }
        self.occupants.clear();
        self.turn += 1;
        self.phase = Phase::Away;
        let returns = exit.returns();
        let told = Step::tell(News::Exited(exit));
        if returns { vec![told] } else { vec![told, Step::Forget] }
    }

    fn error(&mut self, stanza: &Stanza) -> Vec<Step> {
        let error = stanza.error().unwrap_or_else(StanzaError::undefined_condition);
        let answers = |asked: &Option<String>| asked.is_some() && stanza.id() == asked.as_deref();
        match self.phase {
            Phase::Entering if answers(&self.entering) || stanza.id().is_none() => self.refused(error),
            Phase::In if answers(&self.renaming) => {
                self.renaming = None;
                vec![Step::tell(News::NickRefused(error))]
            }
            // The room does not like something that we said about ourselves: perhaps because it does not know us.
            Phase::In => vec![Step::Check],
            // There is nothing to leave.
            Phase::Leaving => vec![Step::tell(News::Exited(Exit::because(Why::Left))), Step::Forget],
            Phase::Entering | Phase::Away => Vec::new(),
        }
    }

    /// We are not let in.
    fn refused(&mut self, error: StanzaError) -> Vec<Step> {
        self.entering = None;
        if error.condition == Condition::Conflict && self.other_nicks > 0 {
            self.other_nicks -= 1;
            self.nick.push('_');
            return vec![Step::Enter];
        }
        if self.again && passes(&error) {
            self.phase = Phase::Away;
            return Vec::new();
        }
        vec![Step::tell(News::Refused(error)), Step::Forget]
    }

    /// There is always room for ourselves.
    fn put(&mut self, occupant: Occupant, own: bool) -> Put {
        let full = !own && self.occupants.len() >= self.most_occupants;
        match self.occupants.entry(occupant.nick.clone()) {
            Entry::Occupied(mut there) => Put::Instead(there.insert(occupant)),
            Entry::Vacant(_) if full => Put::TooMany,
            Entry::Vacant(free) => {
                free.insert(occupant);
                Put::New
            }
        }
    }
}

/// What became of an occupant.
enum Put {
    New,
    Instead(Occupant),
    TooMany,
}

/// Whether it may be another time.
fn passes(error: &StanzaError) -> bool {
    let condition = matches!(
        error.condition,
        Condition::RemoteServerNotFound
            | Condition::RemoteServerTimeout
            | Condition::ServiceUnavailable
            | Condition::InternalServerError
            | Condition::ResourceConstraint
    );
    condition || error.kind == ErrorKind::Wait
}
