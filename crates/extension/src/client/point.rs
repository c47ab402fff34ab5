//! The points of a client.

use stonechat_jid::{BareJid, FullJid, Jid};
use stonechat_stanza::{Element, Kind, Stanza, message};

use super::Sender;
use crate::point::{Point, StanzaPoint};

/// There is a session, and stanzas may flow.
#[derive(Debug, Clone)]
pub struct Connected {
    /// The session's address.
    pub jid: FullJid,
    /// Whether it is the session of before (XEP-0198 §5): what the server knew of it, it still knows.
    pub resumed: bool,
    /// The stream features that the server has shown for the session; none where it was resumed together with the login.
    pub features: Vec<Element>,
}

/// The connection is gone. Where the session can be resumed, that is tried, and its next [`Connected`] says whether it was.
#[derive(Debug, Clone)]
pub struct Disconnected {
    /// Whether the session may still go on.
    pub resumable: bool,
}

/// A stanza has come. Answers to requests do not come by here.
#[derive(Debug, Clone)]
pub struct Inbound {
    /// The stanza.
    pub stanza: Stanza,
    /// Who sent it.
    pub sender: Sender,
}

/// A stanza is about to be queued for the server.
#[derive(Debug, Clone)]
pub struct Outbound {
    /// The stanza.
    pub stanza: Stanza,
}

/// How a client came to know of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// It was sent to this session, perhaps a while ago.
    Live,
    /// Another session of the account received or sent it just now.
    Copy,
    /// It was fetched from where old messages are kept.
    Past,
}

/// A message of a conversation has become known, on whatever way, and only from where it may come. The core fires it for those that it
/// gives the application, before it does; extensions that unwrap messages fire it for what they unwrap. Errors are no part of it.
/// A guard keeps out what is known already; it is not told.
#[derive(Debug, Clone)]
pub struct Learned {
    /// The message as its recipient got it.
    pub message: Stanza,
    /// How it came.
    pub way: Way,
}

impl Learned {
    /// Whether the own account has sent it. Of what is said in a room, that is not known.
    #[must_use]
    pub fn is_own(&self, account: &BareJid) -> bool {
        self.message.from().is_none_or(|from| from.bare_str() == account.as_str())
    }

    /// With whom the conversation is: the other account, or the room.
    #[must_use]
    pub fn peer(&self, account: &BareJid) -> Option<BareJid> {
        let other = if self.is_own(account) { self.message.to() } else { self.message.from() };
        other.map(|other| other.to_bare())
    }

    /// Who has written it, by the address that has to be the same where an author changes what they said: in a room the occupant's,
    /// otherwise the account's.
    #[must_use]
    pub fn author(&self, account: &BareJid) -> Jid {
        let Some(from) = self.message.from() else { return account.clone().into() };
        match self.message.kind() {
            Kind::Message(message::Type::Groupchat) => from.to_jid(),
            _ => from.to_bare().into(),
        }
    }
}

macro_rules! points {
    ($($point:ident),*) => { $(impl Point for $point { const NAME: &'static str = stringify!($point); })* };
}
points!(Connected, Disconnected, Inbound, Outbound, Learned);

impl StanzaPoint for Inbound {
    fn stanza(&self) -> &Stanza {
        &self.stanza
    }
}

impl StanzaPoint for Learned {
    fn stanza(&self) -> &Stanza {
        &self.message
    }
}

impl StanzaPoint for Outbound {
    fn stanza(&self) -> &Stanza {
        &self.stanza
    }
}
