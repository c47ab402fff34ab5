//! Presence probes (RFC 6121 §4.3.2, §4.6.6).

use stonechat_extension::Cx;
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Stanza, StanzaError, delay::Delay, presence};
use stonechat_store::Owner;

use super::Extension;
use super::directed::Directed;
use super::show::{Way, mere, show};

impl Extension {
    /// Answers a probe for an account that exists.
    pub(super) async fn probe(
        &self,
        cx: &mut Cx<'_>,
        owner: &BareJid,
        probe: &Stanza,
    ) -> Result<(), StanzaError> {
        let (Some(from), Some(to)) = (probe.from(), probe.to()) else { return Ok(()) };
        let asker = from.to_bare();
        let allowed =
            asker == *owner || self.roster.contact(cx.host(), owner, &asker).await?.subscription.is_from();
        match to.resource() {
            None if allowed => self.answer(cx, owner, probe).await,
            Some(_) => {
                answer_for_session(cx, owner, probe, allowed);
                Ok(())
            }
            None => {
                deny(cx, owner, probe);
                Ok(())
            }
        }
    }

    /// Rules 3 and 4.
    async fn answer(&self, cx: &mut Cx<'_>, owner: &BareJid, probe: &Stanza) -> Result<(), StanzaError> {
        let Some(to) = probe.from().map(|from| from.to_jid()) else { return Ok(()) };
        if show(cx, cx.sessions(owner).iter(), Way::Route(to)) > 0 {
            return Ok(());
        }
        let mut answer = reply(probe, presence::Type::Unavailable).with_from(owner.clone());
        let stored = self.last.get(&Owner::account(owner.as_str())).await.unwrap_or_else(|error| {
            tracing::error!(account = %owner, %error, "cannot read when the account was last online");
            None
        });
        let last = stored.as_deref().and_then(|text| std::str::from_utf8(text).ok());
        if let Some(stamp) = last.and_then(|text| text.parse::<jiff::Timestamp>().ok()) {
            answer.push(&Delay::new(stonechat_stanza::jid::Jid::from(owner.clone()), stamp));
        }
        cx.send(answer);
        Ok(())
    }
}

/// A probe for a full JID learns of that session and of no other, and nothing but whether it is there: by a subscription or
/// because the session has sent directed presence (§4.6.6).
fn answer_for_session(cx: &mut Cx<'_>, owner: &BareJid, probe: &Stanza, subscribed: bool) {
    let (Some(from), Some(to)) = (probe.from(), probe.to()) else { return };
    let session = cx.sessions(owner).into_iter().find(|session| to.as_str() == session.jid().as_str());
    let directed = session
        .as_ref()
        .and_then(|session| session.state_if_any::<Directed>())
        .is_some_and(|directed| directed.covers(from));
    match session {
        Some(session) if directed || (subscribed && session.is_available()) => {
            cx.send(mere(&session).with_to(from.to_jid()));
        }
        _ if subscribed => cx.send(reply(probe, presence::Type::Unavailable).with_from(to.to_jid())),
        _ => deny(cx, owner, probe),
    }
}

/// Rule 1: the asker is not subscribed, and should know it. There may not even be such an account.
pub(super) fn deny(cx: &mut Cx<'_>, owner: &BareJid, probe: &Stanza) {
    let Some(asker) = probe.from().map(|from| from.to_bare()) else { return };
    cx.send(reply(probe, presence::Type::Unsubscribed).with_from(owner.clone()).with_to(asker));
}

/// An answer that mirrors the id (§4.3.2.1).
fn reply(probe: &Stanza, kind: presence::Type) -> Stanza {
    let mut reply = Stanza::presence(kind);
    reply.set_id(probe.id());
    reply.set_to(probe.from().map(|from| from.to_jid()));
    reply
}
