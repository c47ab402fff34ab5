//! Presence that a session broadcasts (RFC 6121 §4.2, §4.4, §4.5).

use std::sync::Arc;

use stonechat_extension::{Cx, HandlerError, Session};
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Stanza, StanzaError, presence};
use stonechat_store::Owner;
use stonechat_xep_roster::{Error, Roster, Snapshot, may_see_presence};

use super::Extension;
use super::directed::Directed;
use super::show::{Way, show, unavailable};
use crate::Priority;

impl Extension {
    /// The roster of a session's account; also when the session is the last one and has just ended.
    async fn roster_of(&self, cx: &Cx<'_>, session: &Session) -> Result<Arc<Snapshot>, Error> {
        match self.roster.cached(session.account()) {
            Some(roster) => Ok(roster),
            None => self.roster.load(cx.host(), session.account().jid()).await,
        }
    }

    /// Initial presence (§4.2.2), and later presence (§4.4.2).
    pub(super) async fn available(
        &self,
        cx: &mut Cx<'_>,
        session: &Arc<Session>,
        stanza: Stanza,
    ) -> Result<(), StanzaError> {
        let Priority(priority) = Priority::of(&stanza)?;
        self.roster_of(cx, session).await?;
        let initial = !session.is_available();
        let first = !session.account().sessions().iter().any(|other| other.is_available());
        // Before looking at anybody: of two sessions that come online at the same time, one sees the other in any case.
        cx.set_available(stanza.clone(), priority).await;
        let roster = self.roster_of(cx, session).await?;
        to_subscribers(cx, &roster, &stanza);
        to_own(cx, session, &stanza, true);
        if initial {
            self.welcome(cx, session, &roster);
            if first && self.config.repeat_requests {
                repeat_requests(cx, &roster);
            }
        }
        Ok(())
    }

    /// Unavailable presence of the client's own (§4.5.2); what follows is in [`Extension::leave`].
    pub(super) async fn unavailable(
        &self,
        cx: &mut Cx<'_>,
        session: &Arc<Session>,
        stanza: Stanza,
    ) -> Result<(), StanzaError> {
        if session.is_available() {
            cx.set_unavailable(Some(stanza)).await;
        } else {
            leave_directed(cx, session, &stanza, None);
        }
        Ok(())
    }

    /// What a session is told when it becomes available: its account's other sessions, the contacts (§4.2.2, §4.3.1), and the
    /// requests that wait (§3.1.3).
    fn welcome(&self, cx: &mut Cx<'_>, session: &Arc<Session>, roster: &Snapshot) {
        let own = session.account().sessions();
        show(cx, own.iter().filter(|other| !Arc::ptr_eq(other, session)), Way::Own(Arc::clone(session)));
        for contact in roster.subscriptions() {
            if !is_absent(cx, contact) {
                ask(cx, self.roster.as_ref(), session, roster, contact);
            }
        }
        for request in roster.requests() {
            cx.send_to_session(session, request.clone());
        }
    }

    /// Tells a session which of its contacts are not there.
    pub(super) async fn tell_absent(&self, cx: &mut Cx<'_>, session: &Arc<Session>) -> Result<(), Error> {
        let roster = self.roster_of(cx, session).await?;
        for contact in roster.subscriptions() {
            if is_absent(cx, contact) {
                let absent = Stanza::presence(presence::Type::Unavailable).with_from(contact.clone());
                cx.send_to_session(session, absent.with_to(session.jid().clone()));
            }
        }
        Ok(())
    }

    /// Tells everybody who knows that a session was available that it is not any more.
    pub(super) async fn leave(
        &self,
        cx: &mut Cx<'_>,
        session: &Arc<Session>,
        presence: Option<&Stanza>,
    ) -> Result<(), HandlerError> {
        let stanza = presence.cloned().unwrap_or_else(|| unavailable(session));
        let roster = self.roster_of(cx, session).await;
        if let Ok(roster) = &roster {
            to_subscribers(cx, roster, &stanza);
        }
        to_own(cx, session, &stanza, presence.is_some());
        leave_directed(cx, session, &stanza, roster.as_deref().ok());
        if !session.account().sessions().iter().any(|other| other.is_available()) {
            let owner = Owner::account(session.account().jid().as_str());
            self.last.put(&owner, cx.now().to_string()).await?;
        }
        roster.map(drop).map_err(|error| HandlerError::new(error.to_string()))
    }
}

/// To those who are subscribed. Nobody is there to get it at an account of this host that is not connected.
fn to_subscribers(cx: &mut Cx<'_>, roster: &Snapshot, stanza: &Stanza) {
    for contact in roster.subscribers() {
        let told = || stanza.clone().with_to(contact.clone());
        if !is_account_here(cx, contact) {
            cx.send(told());
        } else if let Some(account) = cx.account(contact) {
            cx.send_to_account(&account, told());
        }
    }
}

fn is_account_here(cx: &Cx<'_>, contact: &BareJid) -> bool {
    contact.domain() == cx.domain() && contact.local().is_some()
}

fn is_absent(cx: &Cx<'_>, contact: &BareJid) -> bool {
    is_account_here(cx, contact) && cx.account(contact).is_none()
}

/// To the account's available sessions (§4.2.2, §4.5.2), and to the one that it is about, if that `is_there`.
fn to_own(cx: &mut Cx<'_>, session: &Arc<Session>, stanza: &Stanza, is_there: bool) {
    for other in session.account().sessions() {
        if other.is_available() && !Arc::ptr_eq(&other, session) {
            cx.send_to_session(&other, stanza.clone().with_to(other.jid().clone()));
        }
    }
    if is_there {
        cx.send_to_session(session, stanza.clone().with_to(session.jid().clone()));
    }
}

/// To those who got directed presence and not the broadcast (§4.6.3).
pub(super) fn leave_directed(
    cx: &mut Cx<'_>,
    session: &Arc<Session>,
    stanza: &Stanza,
    roster: Option<&Snapshot>,
) {
    let Some(directed) = session.state_if_any::<Directed>() else { return };
    for entity in directed.take() {
        if !roster.is_some_and(|roster| roster.subscription(entity.bare_str()).is_from()) {
            cx.send(stanza.clone().with_to(entity));
        }
    }
}

/// Asks for the presence of a contact.
fn ask(cx: &mut Cx<'_>, rosters: &dyn Roster, session: &Arc<Session>, roster: &Snapshot, contact: &BareJid) {
    let owner = roster.owner();
    if contact.domain() == cx.domain()
        && let Some(account) = cx.account(contact)
        && let Some(theirs) = rosters.cached(&account)
        && may_see_presence(&theirs, owner.as_jid_ref())
    {
        // The server knows; and with an answer for this session alone the others are not told again.
        show(cx, account.sessions().iter(), Way::Route(session.jid().clone().into()));
        return;
    }
    let probe = Stanza::presence(presence::Type::Probe);
    cx.send(probe.with_from(owner.clone()).with_to(contact.clone()));
}

/// §3.1.2: a request may have been lost on its way to another server, so it is sent again.
fn repeat_requests(cx: &mut Cx<'_>, roster: &Snapshot) {
    let domain = cx.domain();
    for (contact, _) in roster.items().filter(|(jid, contact)| contact.ask && jid.domain() != domain) {
        let request = Stanza::presence(presence::Type::Subscribe).with_id("repeated");
        cx.send(request.with_from(roster.owner().clone()).with_to(contact.clone()));
    }
}
