//! Stanzas that come from a log, and leave it when they are safe in a mailbox.

use stonechat_stanza::{Stanza, ns};
use stonechat_store::{Log, Owner};

use super::{Full, Mailbox, Wire};

/// Where a stanza that is delivered is stored until then. Where the mailbox of its session survives the server, the entry is deleted in
/// the very write that makes the stanza durable there, so that after a crash it is in one place and not in two.
#[derive(Debug, Clone)]
pub struct Shelved {
    /// The log.
    pub log: Log,
    /// Whose.
    pub owner: Owner,
    /// The entry.
    pub id: String,
}

impl Mailbox {
    /// As [`Mailbox::push`], for a stanza that is stored. Where nothing is kept for the client to acknowledge the entry stays.
    pub(crate) fn push_stored(&self, stanza: &Stanza, stored: Option<Shelved>) -> Result<(), Full> {
        self.add(
            true,
            || None,
            stored,
            |out| match self.wire {
                Wire::InStream => stanza.write(out),
                Wire::Standalone => stanza.write_in(out, ns::CLIENT),
            },
        )
    }

    /// As [`Mailbox::push_when_room`], for a stanza that is stored.
    pub(crate) async fn push_stored_when_room(
        &self,
        stanza: &Stanza,
        stored: Option<Shelved>,
    ) -> Result<(), Full> {
        loop {
            let mut taken = std::pin::pin!(self.taken.notified());
            // Listen before trying, or an event in between is missed.
            taken.as_mut().enable();
            if self.push_stored(stanza, stored.clone()).is_ok() {
                return Ok(());
            }
            if self.inner.lock().gone {
                return Err(Full);
            }
            taken.await;
        }
    }
}
