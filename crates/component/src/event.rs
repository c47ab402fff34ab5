//! What an application is told.

use std::time::Duration;

use stonechat_extension::client as seam;
use tokio::sync::mpsc;

use crate::Error;

/// What an application is told.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// The server has accepted the component, and stanzas flow.
    Online,
    /// The connection is gone, or did not come about. What is sent meanwhile waits.
    Offline {
        /// Why.
        error: Error,
        /// After which time it is tried again.
        retry: Duration,
    },
    /// A stanza has come that no extension owns: a message or presence, for any address of the domain.
    Stanza(seam::Inbound),
    /// An extension has something to tell.
    Extension(seam::Event),
    /// All is over, and nothing more comes. `None` when it was wished for.
    Closed(Option<Error>),
}

/// The events of one component, in their order. While nobody takes them the component reads no more from the server; when this is dropped the
/// component closes.
#[derive(Debug)]
pub struct Events(pub(crate) mpsc::Receiver<Event>);

impl Events {
    /// The next event; `None` when the component is closed. Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        self.0.recv().await
    }
}
