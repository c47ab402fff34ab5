//! The end of all there was between an account and a contact, from the account's side (RFC 6121 §2.5.2).

use stonechat_extension::Cx;
use stonechat_stanza::Stanza;
use stonechat_stanza::jid::BareJid;
use stonechat_xep_roster::Contact;

use super::directed::Directed;
use super::show::unavailable;
use crate::subscription::Kind;

/// Cancels the subscriptions in both directions, and the requests for them, as far as there were any.
pub(super) fn cancel(cx: &mut Cx<'_>, owner: &BareJid, contact: &BareJid, was: &Contact) {
    if contact == owner {
        return;
    }
    let send = |cx: &mut Cx<'_>, kind: Kind| {
        let stanza = Stanza::presence(kind.as_type());
        cx.send(stanza.with_from(owner.clone()).with_to(contact.clone()));
    };
    if was.subscription.is_to() || was.ask {
        send(cx, Kind::Unsubscribe);
    }
    if was.subscription.is_from() {
        hide(cx, owner, contact);
    }
    if was.subscription.is_from() || was.request.is_some() {
        send(cx, Kind::Unsubscribed);
    }
}

/// Tells a contact that all sessions of the owner are unavailable, as it may not see them any more (§3.2.2, §3.3.3), even if it
/// got directed presence (§4.6.1).
pub(super) fn hide(cx: &mut Cx<'_>, owner: &BareJid, contact: &BareJid) {
    if contact == owner {
        return;
    }
    for session in cx.sessions(owner) {
        let directed = session.state_if_any::<Directed>();
        let was_directed = directed.is_some_and(|directed| {
            let covered = directed.covers(contact.as_jid_ref());
            directed.remove(contact.as_jid_ref());
            covered
        });
        if session.is_available() || was_directed {
            cx.send(unavailable(&session).with_to(contact.clone()));
        }
    }
}
