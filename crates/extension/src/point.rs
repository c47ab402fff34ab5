//! The hook points. A point is the type of its event, so a handler for a point that does not exist does not compile,
//! and any crate may add points of its own.
//!
//! ```text
//!  component ▶ FromComponent ─▶┐
//!  client ──▶ FromClient ─────▶┤
//!  extension ▶ FromAccount ────┴▶ (address) ─┬─▶ iq to the host or an account ──▶ Request ──▶ Answer
//!                                            ├─▶ ToAccount ──┬─▶ ToSession ──▶ mailbox of each session chosen ──▶ client
//!                                            │               └─▶ NoSession ──▶ claim (offline store) or error
//!                                            ├─▶ full JID of a session ──▶ ToAccount ──▶ ToSession ──▶ …
//!                                            ├─▶ a domain that an extension serves ──▶ Serve
//!                                            └─▶ a component, another server
//!
//!  when it is where it goes, and before its sender may take it for received: Routed
//!
//!  life of a session:  SessionBound ─▶ SessionAvailable ⇄ SessionUnavailable ─▶ SessionClosed
//!  without connection:  SessionResumed when it has one again
//!  after a restart:     SessionBound ─▶ SessionRestored ─▶ …
//!  life of an account: AccountCreated … AccountRemoved
//!  components:         ComponentConnected
//! ```
//!
//! | point | guard | map | record | copy | claim | observe | react |
//! |---|---|---|---|---|---|---|---|
//! | [`FromClient`] | ✓ | ✓ | ✓ | ✓ | ✓ | ✓ | |
//! | [`FromAccount`] | ✓ | | | | | | |
//! | [`Request`] | ✓ | | | | ✓ | | |
//! | [`ToAccount`] | ✓ | ✓ | ✓ | ✓ | ✓ | ✓ | |
//! | [`ToSession`] | ✓ | ✓ | | | | ✓ | |
//! | [`Routed`] | | | ✓ | | | | |
//! | [`FromComponent`], [`NoSession`], [`NoAccount`] | | | | | ✓ | | |
//! | [`SessionBound`], [`SessionRestored`], [`SessionDetached`], [`SessionResumed`], [`SessionAvailable`], [`SessionUnavailable`], [`SessionClosed`], [`AccountCreated`], [`AccountRemoved`], [`ComponentConnected`] | | | | | | | ✓ |
//! | points of other crates | | as [`Cx::map_at`](crate::Cx::map_at) runs them | | | | | as [`Cx::react_at`](crate::Cx::react_at) runs them |
//!
//! At [`FromClient`], [`FromAccount`], [`Request`] and [`ToAccount`] guards may also wait ([`AsyncGuard`](crate::AsyncGuard)).

use smallvec::SmallVec;
use std::sync::Arc;
use stonechat_jid::BareJid;
use stonechat_stanza::{Kind, Stanza, iq, message, presence};

use crate::{Request, Session};

/// An event that handlers may be registered for.
pub trait Point: Send + Sync + 'static {
    /// The point's name, for logs.
    const NAME: &'static str;
}

/// A point whose event is a stanza, so that claims can [select](Select) by kind and type.
pub trait StanzaPoint: Point {
    /// The event's stanza.
    fn stanza(&self) -> &Stanza;
}

/// A stanza came from a session of this host: `from` is stamped, its header is sound. [`Cx::session`](crate::Cx::session) is the sender.
#[derive(Debug)]
pub struct FromClient {
    /// The stanza.
    pub stanza: Stanza,
}

/// An extension, or the core, sends a stanza in the name of an account of this host or of one of its sessions, be it presence that is
/// broadcast or an answer. What clients send themselves comes by [`FromClient`]. [`Cx::session`](crate::Cx::session) is the session
/// from whose stanza this one follows, where it is one of the account's.
#[derive(Debug)]
pub struct FromAccount {
    /// The stanza.
    pub stanza: Stanza,
}

/// A stanza of a session of this host, of this kind, is where it goes: in mailboxes, stored, answered, refused or on its way elsewhere. What
/// followed from it has not left yet. For records that are made together with those at the points between, and are made alone when the
/// stanza did not get there. [`Cx::session`](crate::Cx::session) is the sender.
#[derive(Debug)]
pub struct Routed {
    /// What it was.
    pub kind: Kind,
}

/// A message or presence is for an account of this host, be it for the bare JID or for one session.
/// IQ requests to an account do not come by here; those to a session do.
#[derive(Debug)]
pub struct ToAccount {
    /// The stanza.
    pub stanza: Stanza,
    /// The account it is for.
    pub account: BareJid,
    /// The sessions that will get it, chosen by RFC 6121 §8; empty when nobody does.
    pub targets: Targets,
}

/// The sessions that a stanza goes to.
pub type Targets = SmallVec<[Arc<Session>; 4]>;

/// A message for an account of this host reached no session and is of a type that RFC 6121 §8.5 lets a server keep.
/// When nobody claims it, the sender gets `service-unavailable`. [`Cx::session`](crate::Cx::session) is the session whose mailbox it was
/// in when that ended; `None` for a message that was in no mailbox.
#[derive(Debug)]
pub struct NoSession {
    /// The message.
    pub stanza: Stanza,
    /// The account it is for.
    pub account: BareJid,
}

/// A stanza is for an account of this host that does not exist. When nobody claims it, the sender gets what RFC 6121 §8.5.1 says:
/// `service-unavailable`, or nothing for presence.
#[derive(Debug)]
pub struct NoAccount {
    /// The stanza.
    pub stanza: Stanza,
    /// The account that it is for.
    pub account: BareJid,
}

/// A stanza came from a component of this server, and is for an address of this host: `from` is of the component's domain, and the header is
/// sound. What others send in such a name does not come by here, nor anywhere else. When nobody claims it, it goes where those of other
/// servers go.
#[derive(Debug)]
pub struct FromComponent {
    /// The stanza.
    pub stanza: Stanza,
}

/// The last touch: a stanza is about to enter the mailbox of [`Cx::session`](crate::Cx::session).
#[derive(Debug)]
pub struct ToSession {
    /// The stanza.
    pub stanza: Stanza,
    /// How it waits in the mailbox for something that does not; `None` when it does not wait itself.
    pub hold_back: Option<HoldBack>,
}

impl From<Stanza> for ToSession {
    /// One that does not wait.
    fn from(stanza: Stanza) -> Self {
        Self { stanza, hold_back: None }
    }
}

/// How a stanza waits in a mailbox for another that leaves at once, for [`Mailbox::flush`](crate::Mailbox::flush), or until too many bytes
/// wait. Its place among all that the session is sent stays what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldBack {
    /// What waits and has the same name is dropped, as this says it anew.
    pub replaces: Option<String>,
    /// With more than so many bytes nothing waits any longer.
    pub bytes: usize,
}

/// A session has bound its resource (RFC 6120 §7).
#[derive(Debug)]
pub struct SessionBound;

/// A session of before a restart is there again, with its presence and all that extensions hold for it, and waits for its client. Comes when
/// all sessions of the host are.
#[derive(Debug)]
pub struct SessionRestored;

/// The connection of a session is gone, and the session waits to be continued. What its client has not
/// [acknowledged](crate::Mailbox::unacknowledged) may have been lost with the connection. Comes while others send to the session already.
#[derive(Debug)]
pub struct SessionDetached;

/// A session goes on over another connection ([`Host::resume`](crate::Host::resume)).
#[derive(Debug)]
pub struct SessionResumed;

/// A session became available, or changed its presence (RFC 6121 §4).
#[derive(Debug)]
pub struct SessionAvailable {
    /// Whether it was unavailable before.
    pub initial: bool,
    /// The presence that it sent.
    pub presence: Stanza,
}

/// An available session became unavailable, by its own presence or because it ended.
#[derive(Debug)]
pub struct SessionUnavailable {
    /// The presence that it sent; `None` when the session ended without.
    pub presence: Option<Stanza>,
}

/// A session has ended; it is no longer in the session table. Comes after its [`SessionUnavailable`].
#[derive(Debug)]
pub struct SessionClosed;

/// An account was created.
#[derive(Debug)]
pub struct AccountCreated {
    /// The account.
    pub account: BareJid,
}

/// An account was removed: it cannot log in any more, its sessions are closed, its data is still there and is erased after this.
#[derive(Debug)]
pub struct AccountRemoved {
    /// The account.
    pub account: BareJid,
}

/// A component has connected, and takes stanzas from here on; it may have been connected before, also at the same time. Every host hears of
/// it.
#[derive(Debug)]
pub struct ComponentConnected {
    /// Its domain.
    pub component: BareJid,
}

macro_rules! points {
    ($($point:ident),* $(,)?) => { $(impl Point for $point { const NAME: &'static str = stringify!($point); })* };
}
points!(
    FromClient,
    FromAccount,
    Request,
    Routed,
    ToAccount,
    NoSession,
    NoAccount,
    ToSession,
    SessionBound,
    SessionRestored,
    SessionDetached,
    SessionResumed,
    SessionAvailable,
    SessionUnavailable,
    SessionClosed,
    AccountCreated,
    AccountRemoved,
    FromComponent,
    ComponentConnected,
);

macro_rules! stanza_points {
    ($($point:ident),* $(,)?) => { $(impl StanzaPoint for $point { fn stanza(&self) -> &Stanza { &self.stanza } })* };
}
stanza_points!(FromClient, FromAccount, Request, ToAccount, NoSession, NoAccount, FromComponent, ToSession);

/// A point at which guards may wait.
pub trait WaitingPoint: Point {}

impl WaitingPoint for FromClient {}
impl WaitingPoint for FromAccount {}
impl WaitingPoint for Request {}
impl WaitingPoint for ToAccount {}

/// A set of kinds and types of stanza, for what a claim owns.
///
/// ```
/// use stonechat_extension::Select;
/// use stonechat_stanza::{Kind, message, presence};
/// let probes = Select::of(Kind::Presence(presence::Type::Probe));
/// assert!((probes | Select::MESSAGES).contains(Kind::Message(message::Type::Chat)));
/// assert!(!probes.contains(Kind::Presence(presence::Type::Available)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Select(u32);

impl Select {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// Messages of every type.
    pub const MESSAGES: Self = Self(0x1f);
    /// Presence of every type.
    pub const PRESENCE: Self = Self(0xff << 5);
    /// IQs of every type.
    pub const IQS: Self = Self(0xf << 13);

    /// Stanzas of this kind and type.
    #[must_use]
    pub const fn of(kind: Kind) -> Self {
        let bit = match kind {
            Kind::Message(t) => match t {
                message::Type::Normal => 0,
                message::Type::Chat => 1,
                message::Type::Groupchat => 2,
                message::Type::Headline => 3,
                message::Type::Error => 4,
            },
            Kind::Presence(t) => match t {
                presence::Type::Available => 5,
                presence::Type::Unavailable => 6,
                presence::Type::Subscribe => 7,
                presence::Type::Subscribed => 8,
                presence::Type::Unsubscribe => 9,
                presence::Type::Unsubscribed => 10,
                presence::Type::Probe => 11,
                presence::Type::Error => 12,
            },
            Kind::Iq(t) => match t {
                iq::Type::Get => 13,
                iq::Type::Set => 14,
                iq::Type::Result => 15,
                iq::Type::Error => 16,
            },
        };
        Self(1 << bit)
    }

    /// Whether stanzas of this kind and type are in the set.
    #[must_use]
    pub const fn contains(self, kind: Kind) -> bool {
        self.0 & Self::of(kind).0 != 0
    }

    /// Whether the two sets share anything.
    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

impl std::ops::BitOr for Select {
    type Output = Self;
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}
