//! Subscription stanzas of a client (RFC 6121 §3.1.2, §3.1.5, §3.2.2, §3.3.2, §3.4.2).

use std::sync::Arc;

use stonechat_extension::{Cx, Session};
use stonechat_stanza::{Stanza, StanzaError};
use stonechat_xep_roster::{Contact, Outcome};

use super::cancel::hide;
use super::show::{Way, show};
use super::{Extension, standing};
use crate::subscription::{Direction, Kind};

impl Extension {
    pub(super) async fn outbound(
        &self,
        cx: &mut Cx<'_>,
        session: &Arc<Session>,
        kind: Kind,
        mut stanza: Stanza,
    ) -> Result<(), StanzaError> {
        let owner = session.account().jid();
        let Some(contact) = stanza.to().map(|to| to.to_bare()) else {
            return Err(StanzaError::bad_request().with_text("whom is it for?"));
        };
        stanza.set_from(stonechat_stanza::jid::Jid::from(owner.clone()));
        stanza.set_to(stonechat_stanza::jid::Jid::from(contact.clone()));

        let sent = stanza.clone();
        let change = move |before: &Contact| {
            let step = standing::step(before, Direction::Outbound, kind);
            Outcome { contact: standing::apply(before, step.standing, &sent), ..Outcome::default() }
        };
        let updated = self.roster.update(cx, owner, &contact, Arc::new(change)).await?;

        let step = standing::step(&updated.before, Direction::Outbound, kind);
        let (was_seen, is_seen) =
            (updated.before.subscription.is_from(), updated.after.subscription.is_from());
        if was_seen && !is_seen {
            // §3.2.2: while the contact is still subscribed from its point of view.
            hide(cx, owner, &contact);
        }
        if step.pass {
            cx.send(stanza);
        }
        if is_seen && !was_seen && contact != *owner {
            show(cx, session.account().sessions().iter(), Way::Route(contact.into()));
        }
        Ok(())
    }
}
