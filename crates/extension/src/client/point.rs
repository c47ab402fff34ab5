//! The points of a client.

use stonechat_jid::FullJid;
use stonechat_stanza::{Element, Stanza};

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

macro_rules! points {
    ($($point:ident),*) => { $(impl Point for $point { const NAME: &'static str = stringify!($point); })* };
}
points!(Connected, Disconnected, Inbound, Outbound);

impl StanzaPoint for Inbound {
    fn stanza(&self) -> &Stanza {
        &self.stanza
    }
}

impl StanzaPoint for Outbound {
    fn stanza(&self) -> &Stanza {
        &self.stanza
    }
}
