//! Subscription stanzas for an account (RFC 6121 §3.1.3, §3.1.6, §3.2.3, §3.3.3), and errors that answer those of the account.

use std::sync::Arc;

use stonechat_extension::Cx;
use stonechat_extension::point::{Point, ToAccount};
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::{Stanza, StanzaError};
use stonechat_xep_roster::{Contact, Error, Outcome};

use super::cancel::hide;
use super::show::{Way, show};
use super::{Extension, standing};
use crate::subscription::{Direction, Kind};

/// Somebody asks to see the presence of an account, and waits for its answer (RFC 6121 §3.1.3). The request is kept, and was given to the
/// sessions that are available.
#[derive(Debug)]
pub struct Requested {
    /// The account.
    pub account: BareJid,
    /// The request, from the bare JID of who asks.
    pub request: Stanza,
}

impl Point for Requested {
    const NAME: &'static str = "presence::Requested";
}

impl Extension {
    pub(super) async fn inbound(
        &self,
        cx: &mut Cx<'_>,
        owner: &BareJid,
        kind: Kind,
        mut stanza: Stanza,
    ) -> Result<(), StanzaError> {
        let Some(contact) = stanza.from().map(|from| from.to_bare()) else { return Ok(()) };
        stanza.set_from(Jid::from(contact.clone()));
        stanza.set_to(Jid::from(owner.clone()));

        let change = self.change(kind, &stanza);
        let updated = match self.roster.update(cx, owner, &contact, change).await {
            Ok(updated) => updated,
            // An error would tell the sender that there is such an account.
            Err(error @ Error::TooManyRequests) => {
                tracing::warn!(account = %owner, %error, "a subscription request was dropped");
                return Ok(());
            }
            Err(error) => {
                tracing::error!(account = %owner, %error, "a subscription could not be changed");
                return Err(error.into());
            }
        };

        let step = standing::step(&updated.before, Direction::Inbound, kind);
        if step.pass && kind == Kind::Subscribe {
            for session in cx.sessions(owner).iter().filter(|session| session.is_available()) {
                cx.send_to_session(session, stanza.clone());
            }
            cx.react_at(&Requested { account: owner.clone(), request: stanza.clone() }).await;
        }
        if updated.before.subscription.is_from() && !updated.after.subscription.is_from() {
            hide(cx, owner, &contact);
        }
        if let Some(reply) = step.reply {
            let mut answer =
                Stanza::presence(reply.as_type()).with_from(owner.clone()).with_to(contact.clone());
            answer.set_id(stanza.id());
            cx.send(answer);
        }
        if kind == Kind::Subscribe && updated.after.subscription.is_from() && contact != *owner {
            show(cx, cx.sessions(owner).iter(), Way::Route(contact.into()));
        }
        Ok(())
    }

    /// What becomes of the contact. All but requests is announced to the sessions that are interested in the roster, before the push.
    fn change(&self, kind: Kind, stanza: &Stanza) -> stonechat_xep_roster::Change {
        let stanza = stanza.clone();
        let mut kept = stanza.clone();
        if kept.wire_len() > self.config.request_size {
            kept.clear();
        }
        Arc::new(move |before: &Contact| {
            let step = standing::step(before, Direction::Inbound, kind);
            let announce = (step.pass && kind != Kind::Subscribe).then(|| stanza.clone());
            Outcome { contact: standing::apply(before, step.standing, &kept), announce, push_anyway: false }
        })
    }

    /// §3.1.2: the user learns that a request could not be delivered. As requests come from the bare JID, so do the errors to it.
    pub(super) async fn failed(
        &self,
        cx: &mut Cx<'_>,
        event: ToAccount,
    ) -> Result<Option<ToAccount>, StanzaError> {
        let is_bare = event.stanza.to().is_some_and(|to| to.is_bare());
        let Some(contact) = event.stanza.from().filter(|_| is_bare).map(|from| from.to_bare()) else {
            return Ok(Some(event));
        };
        let asked = match self.roster.contact(cx.host(), &event.account, &contact).await {
            Ok(contact) => contact.ask,
            Err(error) => return Err(error.into()),
        };
        if !asked {
            return Ok(Some(event));
        }
        for session in cx.sessions(&event.account).iter().filter(|session| session.is_available()) {
            cx.send_to_session(session, event.stanza.clone());
        }
        Ok(None)
    }
}
