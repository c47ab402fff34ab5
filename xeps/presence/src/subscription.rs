//! The states of presence subscriptions and what changes them (RFC 6121 appendix A), as a pure function.
//!
//! Everything is seen by one of the two sides, the *user*; the other side is the *contact*.

use stonechat_stanza::presence;

/// The nine states (A.1).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum State {
    /// Neither sees the other, and nobody has asked. Also the state of somebody unknown.
    #[default]
    None,
    /// The user has asked.
    NonePendingOut,
    /// The contact has asked.
    NonePendingIn,
    /// Both have asked.
    NonePendingOutIn,
    /// The user sees the contact.
    To,
    /// The user sees the contact, who has asked.
    ToPendingIn,
    /// The contact sees the user.
    From,
    /// The contact sees the user, who has asked.
    FromPendingOut,
    /// They see each other.
    Both,
}

impl State {
    /// All of them, in the RFC's order.
    pub const ALL: [Self; 9] = [
        Self::None,
        Self::NonePendingOut,
        Self::NonePendingIn,
        Self::NonePendingOutIn,
        Self::To,
        Self::ToPendingIn,
        Self::From,
        Self::FromPendingOut,
        Self::Both,
    ];

    /// The state of these parts. What is granted is no longer asked for.
    #[must_use]
    pub const fn new(to: bool, from: bool, pending_out: bool, pending_in: bool) -> Self {
        match (to, from, pending_out, pending_in) {
            (false, false, false, false) => Self::None,
            (false, false, true, false) => Self::NonePendingOut,
            (false, false, false, true) => Self::NonePendingIn,
            (false, false, true, true) => Self::NonePendingOutIn,
            (true, false, _, false) => Self::To,
            (true, false, _, true) => Self::ToPendingIn,
            (false, true, false, _) => Self::From,
            (false, true, true, _) => Self::FromPendingOut,
            (true, true, _, _) => Self::Both,
        }
    }

    /// Whether the user sees the contact's presence.
    #[must_use]
    pub const fn is_to(self) -> bool {
        matches!(self, Self::To | Self::ToPendingIn | Self::Both)
    }

    /// Whether the contact sees the user's presence.
    #[must_use]
    pub const fn is_from(self) -> bool {
        matches!(self, Self::From | Self::FromPendingOut | Self::Both)
    }

    /// Whether the user waits for the contact's answer.
    #[must_use]
    pub const fn is_pending_out(self) -> bool {
        matches!(self, Self::NonePendingOut | Self::NonePendingOutIn | Self::FromPendingOut)
    }

    /// Whether the contact waits for the user's answer.
    #[must_use]
    pub const fn is_pending_in(self) -> bool {
        matches!(self, Self::NonePendingIn | Self::NonePendingOutIn | Self::ToPendingIn)
    }

    const fn with_outgoing(self, to: bool, pending_out: bool) -> Self {
        Self::new(to, self.is_from(), pending_out, self.is_pending_in())
    }

    const fn with_incoming(self, from: bool, pending_in: bool) -> Self {
        Self::new(self.is_to(), from, self.is_pending_out(), pending_in)
    }
}

/// A state, and whether the user has approved a request that the contact has not made yet (§3.4).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Standing {
    /// The state.
    pub state: State,
    /// The pre-approval.
    pub approved: bool,
}

/// Who sent a stanza.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The user, to the contact (A.2).
    Outbound,
    /// The contact, to the user (A.3).
    Inbound,
}

/// The types of presence that change subscriptions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A request.
    Subscribe,
    /// An approval.
    Subscribed,
    /// The end of the sender's subscription.
    Unsubscribe,
    /// The end of the receiver's subscription, or the denial of its request.
    Unsubscribed,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Subscribe, Self::Subscribed, Self::Unsubscribe, Self::Unsubscribed];

    /// The kind of a presence stanza; `None` when it is not about a subscription.
    #[must_use]
    pub const fn of(kind: presence::Type) -> Option<Self> {
        match kind {
            presence::Type::Subscribe => Some(Self::Subscribe),
            presence::Type::Subscribed => Some(Self::Subscribed),
            presence::Type::Unsubscribe => Some(Self::Unsubscribe),
            presence::Type::Unsubscribed => Some(Self::Unsubscribed),
            _ => None,
        }
    }

    /// As a type of presence.
    #[must_use]
    pub const fn as_type(self) -> presence::Type {
        match self {
            Self::Subscribe => presence::Type::Subscribe,
            Self::Subscribed => presence::Type::Subscribed,
            Self::Unsubscribe => presence::Type::Unsubscribe,
            Self::Unsubscribed => presence::Type::Unsubscribed,
        }
    }
}

/// What follows from a stanza.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Step {
    /// The standing after it.
    pub standing: Standing,
    /// Whether an outbound stanza is routed to the contact, or an inbound one delivered to the user.
    pub pass: bool,
    /// What the server answers to an inbound stanza in the user's name.
    pub reply: Option<Kind>,
}

/// What follows from a stanza in a standing: the tables of appendix A with the pre-approvals of §3.4.
#[must_use]
pub const fn process(standing: Standing, direction: Direction, kind: Kind) -> Step {
    match direction {
        Direction::Outbound => outbound(standing, kind),
        Direction::Inbound => inbound(standing, kind),
    }
}

const fn outbound(before: Standing, kind: Kind) -> Step {
    let Standing { state, approved } = before;
    let (state, approved, pass) = match kind {
        // Table 2.
        Kind::Subscribe => (state.with_outgoing(state.is_to(), !state.is_to()), approved, true),
        // Table 3.
        Kind::Unsubscribe => (state.with_outgoing(false, false), approved, true),
        // Table 4: an approval where there was a request, a pre-approval (§3.4.2) where there was none.
        Kind::Subscribed if state.is_pending_in() => (state.with_incoming(true, false), approved, true),
        Kind::Subscribed => (state, approved || !state.is_from(), false),
        // Table 5, and §3.2.2: it cancels a pre-approval too.
        Kind::Unsubscribed => {
            (state.with_incoming(false, false), false, state.is_from() || state.is_pending_in())
        }
    };
    Step { standing: Standing { state, approved }, pass, reply: None }
}

const fn inbound(before: Standing, kind: Kind) -> Step {
    let Standing { state, approved } = before;
    match kind {
        // Table 6.
        Kind::Subscribe if state.is_from() => {
            Step { standing: before, pass: false, reply: Some(Kind::Subscribed) }
        }
        Kind::Subscribe if approved => {
            let standing = Standing { state: state.with_incoming(true, false), approved: false };
            Step { standing, pass: false, reply: Some(Kind::Subscribed) }
        }
        Kind::Subscribe => {
            let standing = Standing { state: state.with_incoming(false, true), approved };
            Step { standing, pass: !state.is_pending_in(), reply: None }
        }
        // Table 7.
        Kind::Unsubscribe if state.is_from() || state.is_pending_in() => {
            let standing = Standing { state: state.with_incoming(false, false), approved };
            Step { standing, pass: true, reply: Some(Kind::Unsubscribed) }
        }
        // Table 8.
        Kind::Subscribed if state.is_pending_out() => {
            let standing = Standing { state: state.with_outgoing(true, false), approved };
            Step { standing, pass: true, reply: None }
        }
        // Table 9.
        Kind::Unsubscribed if state.is_to() || state.is_pending_out() => {
            let standing = Standing { state: state.with_outgoing(false, false), approved };
            Step { standing, pass: true, reply: None }
        }
        Kind::Unsubscribe | Kind::Subscribed | Kind::Unsubscribed => {
            Step { standing: before, pass: false, reply: None }
        }
    }
}
