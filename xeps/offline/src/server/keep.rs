//! A message that reached no session (XEP-0160 §2, steps 2 to 4).

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::point::{NoSession, Targets};
use stonechat_extension::{Claim, Cx};
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Stanza, StanzaError};
use stonechat_store::Error;

use super::Extension;
use super::flush;
use super::gates::Gates;
use super::keeper::Keeper;
use super::waiting::{Place, Source};
use crate::{Verdict, decide, take_stamp};

#[async_trait]
impl Claim<NoSession> for Extension {
    async fn claim(&self, cx: &mut Cx<'_>, event: NoSession) -> Result<Option<NoSession>, StanzaError> {
        let mut event = event;
        let verdict = decide(&event.stanza, &event.account);
        if verdict == Verdict::OwnAccount {
            return Ok(None);
        }
        let kept = kept(cx, &mut event).await?;
        let gates = cx.host().state::<Arc<Gates>>();
        let _passing = gates.pass(&event.account).await;
        let in_time = !gates.is_delivering(&event.account) && is_for_whoever_is_there(cx, &event.stanza);
        if in_time && self.deliver(cx, &event).await {
            return Ok(None);
        }
        if verdict != Verdict::Store {
            return Ok(self.refused(cx, event).await);
        }
        let place = if cx.session().is_some() { Place::Returned } else { Place::Last };
        match self.waiting.keep(cx, &event.account, event.stanza.clone(), kept, place).await {
            // It is there already, from before a crash.
            Ok(()) | Err(Error::Conflict { .. }) => {}
            Err(Error::Quota { .. } | Error::TooLarge { .. }) => return Ok(self.refused(cx, event).await),
            Err(error) => return Err(failed(cx, &event, &error)),
        }
        if in_time {
            self.see_to_it(cx, gates, &event.account);
        }
        Ok(None)
    }
}

/// Under which id somebody else keeps the message; that is noted in it then.
async fn kept(cx: &Cx<'_>, event: &mut NoSession) -> Result<Option<String>, StanzaError> {
    let Some(keeper) = cx.service::<dyn Keeper>() else { return Ok(None) };
    match keeper.kept(cx, &event.account, &event.stanza).await {
        Ok(Some(id)) => {
            keeper.stamp(&event.account, &id, &mut event.stanza);
            Ok(Some(id))
        }
        Ok(None) => Ok(None),
        Err(error) => Err(failed(cx, event, &error)),
    }
}

fn failed(cx: &Cx<'_>, event: &NoSession, error: &Error) -> StanzaError {
    tracing::error!(host = cx.domain(), account = %event.account, %error, "a message cannot be stored");
    StanzaError::internal_server_error()
}

impl Extension {
    /// Somebody has become available since the core looked, or is and has a full mailbox. Does the message fit in now, and is nothing
    /// stored that has to come first?
    async fn deliver(&self, cx: &mut Cx<'_>, event: &NoSession) -> bool {
        let sessions = most_available(&cx.sessions(&event.account));
        if sessions.is_empty() || !self.waiting.is_empty(&event.account).await.unwrap_or(false) {
            return false;
        }
        let mut delivered = false;
        for session in sessions {
            delivered |= cx.try_deliver(&session, event.stanza.clone());
        }
        delivered
    }

    /// The message was stored although somebody is there: the mailbox is full, or older messages are stored. It is delivered behind
    /// those, as soon as there is room.
    fn see_to_it(&self, cx: &Cx<'_>, gates: &Arc<Gates>, account: &BareJid) {
        if let Some(session) = most_available(&cx.sessions(account)).first()
            && let Some(delivering) = gates.begin(account)
        {
            let source = Source { waiting: self.waiting.clone(), keeper: cx.service(), read: HashSet::new() };
            tokio::spawn(flush::rest(source, Arc::clone(cx.host()), delivering, session.hold()));
        }
    }
}

/// Whether a session that is available now may have the message. A live one that was unread when its session ended may not: the others
/// have got it, or were not to get it. One that was delivered from the store was delivered to nobody else.
fn is_for_whoever_is_there(cx: &Cx<'_>, message: &Stanza) -> bool {
    cx.session().is_none() || take_stamp(&mut message.clone(), cx.domain()).is_some()
}

/// The sessions of the highest priority, which is not negative (RFC 6121 §8.5.2.1.1).
pub(super) fn most_available(sessions: &Targets) -> Targets {
    let best = sessions.iter().filter_map(|session| session.priority()).filter(|p| *p >= 0).max();
    let is_best =
        |session: &&Arc<_>| best.is_some() && stonechat_extension::Session::priority(session) == best;
    sessions.iter().filter(is_best).cloned().collect()
}
