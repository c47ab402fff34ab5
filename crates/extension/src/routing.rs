//! The delivery rules of RFC 6121 §8 as one function from values to a value.

use smallvec::{SmallVec, smallvec};
use stonechat_stanza::{Kind, iq, message, presence};

/// What the rules look at in a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// The priority while it is available; `None` while it is not.
    pub priority: Option<i8>,
    /// Whether the stanza is addressed to this very session.
    pub addressed: bool,
}

/// Places in a list of sessions; few, so that they need no memory of their own.
pub type Indices = SmallVec<[usize; 4]>;

/// What becomes of a stanza for an account that exists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// It goes to the sessions with these indices; there is at least one.
    Deliver(Indices),
    /// Nobody gets it; the offline store may have it, else the sender gets `service-unavailable`.
    Undelivered,
    /// The sender gets `service-unavailable`.
    Unavailable,
    /// It is ignored.
    Ignore,
}

/// Who gets a stanza that is addressed to an account (`full` false) or to one of its resources (`full` true).
/// IQ requests to the bare JID are not asked about here: the host answers those itself (§8.5.1).
#[must_use]
pub fn choose(kind: Kind, full: bool, sessions: &[Candidate]) -> Choice {
    if full
        && is_direct(kind)
        && let Some(at) = sessions.iter().position(|session| session.addressed)
    {
        return Choice::Deliver(smallvec![at]);
    }
    match kind {
        Kind::Message(message) => choose_for_message(message, full, sessions),
        Kind::Presence(presence) => choose_for_presence(presence, full, sessions),
        // §8.5.3.2.3; and a result or error that answers nothing here.
        Kind::Iq(iq::Type::Get | iq::Type::Set) => Choice::Unavailable,
        Kind::Iq(iq::Type::Result | iq::Type::Error) => Choice::Ignore,
    }
}

/// §8.5.3.1: whether a connected resource of exactly the name in `to` gets it, whatever its priority.
#[must_use]
pub const fn is_direct(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Presence(
            presence::Type::Subscribe
                | presence::Type::Subscribed
                | presence::Type::Unsubscribe
                | presence::Type::Unsubscribed
                | presence::Type::Probe
        )
    )
}

fn choose_for_message(kind: message::Type, full: bool, sessions: &[Candidate]) -> Choice {
    match kind {
        // §8.5.2.1.1: the most available of the resources with non-negative priority; where several are equally so, all of them.
        // §8.5.3.2.1: a chat message to a resource that is not there is treated as one to the bare JID; no other is.
        message::Type::Normal if full => Choice::Unavailable,
        message::Type::Normal | message::Type::Chat => {
            let Some(best) = sessions.iter().filter_map(|s| s.priority).filter(|p| *p >= 0).max() else {
                return Choice::Undelivered;
            };
            Choice::Deliver(indices(sessions, |priority| priority == best))
        }
        // §8.5.2.1.1: all of them, and nobody in the other cases.
        message::Type::Headline if !full => some(indices(sessions, |priority| priority >= 0)),
        message::Type::Headline | message::Type::Error => Choice::Ignore,
        // §8.5.2.1.1 and §8.5.3.2.1.
        message::Type::Groupchat => Choice::Unavailable,
    }
}

fn choose_for_presence(kind: presence::Type, full: bool, sessions: &[Candidate]) -> Choice {
    match kind {
        // §8.5.2.1.2: all available resources. §8.5.3.2.2: nobody, when the one addressed is not there.
        presence::Type::Available | presence::Type::Unavailable if !full => some(indices(sessions, |_| true)),
        // What was not claimed by an extension that manages subscriptions goes to those who can see it (§3).
        presence::Type::Subscribe
        | presence::Type::Subscribed
        | presence::Type::Unsubscribe
        | presence::Type::Unsubscribed => some(indices(sessions, |_| true)),
        _ => Choice::Ignore,
    }
}

fn indices(sessions: &[Candidate], wanted: impl Fn(i8) -> bool) -> Indices {
    let chosen = sessions.iter().enumerate().filter(|(_, session)| session.priority.is_some_and(&wanted));
    chosen.map(|(at, _)| at).collect()
}

fn some(indices: Indices) -> Choice {
    if indices.is_empty() { Choice::Ignore } else { Choice::Deliver(indices) }
}
