//! What an application is told.

use std::time::Duration;

use stonechat_extension::client as seam;
use stonechat_jid::FullJid;
use tokio::sync::mpsc;

use crate::protocol::{Error, FastToken};

/// What an application is told.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// There is a session, and stanzas may flow. One that was not resumed begins with nothing: presence, for one, is to be sent anew.
    Online {
        /// Its address.
        jid: FullJid,
        /// Whether it is the one of before (XEP-0198): presence, joined rooms and what was on its way are still there.
        resumed: bool,
    },
    /// The connection is gone, or did not come about. What is sent meanwhile waits.
    Offline {
        /// Why.
        error: Error,
        /// Whether the session may be resumed.
        resumable: bool,
        /// After which time it is tried again; `None` when it is not.
        retry: Option<Duration>,
    },
    /// A stanza has come that no extension owns: a message or presence.
    Stanza(seam::Inbound),
    /// An extension has something to tell.
    Extension(seam::Event),
    /// A token for later logins, to be kept in the place of an earlier one; `None` when that is worth nothing any more.
    Token(Option<FastToken>),
    /// All is over, and nothing more comes. `None` when it was wished for.
    Closed(Option<Error>),
}

/// The events of one client, in their order. While nobody takes them the client reads no more from the server; when this is dropped the
/// client closes.
#[derive(Debug)]
pub struct Events(pub(crate) mpsc::Receiver<Event>);

impl Events {
    /// The next event; `None` when the client is closed. Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        self.0.recv().await
    }
}
