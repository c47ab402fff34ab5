//! What is sent in the name of an account, by others than its clients.

use std::sync::Arc;

use stonechat_stanza::Stanza;

use super::Host;
use super::receive::refuse;
use crate::cx::{Cx, Outbox};
use crate::point::FromAccount;

impl Host {
    /// Has the guards of the sender's account judge a stanza, where that is an account of this server; `None` when it does not pass.
    pub(super) async fn leave(self: &Arc<Self>, stanza: Stanza, out: &mut Outbox) -> Option<Stanza> {
        let from = stanza.from().filter(|from| from.local().is_some());
        let Some(from) = from else { return Some(stanza) };
        let other;
        let host = if from.domain() == self.domain() {
            self
        } else {
            match self.hosts.upgrade().and_then(|hosts| hosts.get(from.domain())) {
                Some(found) => {
                    other = found;
                    &other
                }
                None => return Some(stanza),
            }
        };
        if !host.tables.load().from_account.has_guards() {
            return Some(stanza);
        }
        let tables = host.tables();
        let session = out.origin_of(from.bare_str()).cloned();
        let event = FromAccount { stanza };
        let mut cx = Cx::new(host, &tables, session.as_ref(), out);
        match tables.from_account.judge(&cx, &event).await {
            Ok(()) => Some(event.stanza),
            Err(refusal) => {
                refuse(&mut cx, &event.stanza, refusal);
                None
            }
        }
    }
}
