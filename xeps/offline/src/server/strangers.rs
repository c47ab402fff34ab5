//! Who is told that a message was not delivered: an answer that differs tells strangers who has an account, and who is there.

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::point::{NoAccount, NoSession, ToAccount};
use stonechat_extension::{Claim, Cx};
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Kind, Stanza, StanzaError, message};
use stonechat_xep_roster::Roster;

use super::Extension;
use crate::{Verdict, decide};

/// Whether messages that are not delivered go back to those who have sent them. Get it with `cx.service::<dyn Bounces>()`; where nobody
/// provides it, all do.
#[async_trait]
pub trait Bounces: Send + Sync + 'static {
    /// Whether the sender of this message gets an error when the account does not.
    async fn bounces(&self, cx: &Cx<'_>, account: &BareJid, message: &Stanza) -> bool;
}

#[async_trait]
impl Bounces for Extension {
    async fn bounces(&self, cx: &Cx<'_>, account: &BareJid, message: &Stanza) -> bool {
        self.tell_strangers || is_known(cx, account, message).await
    }
}

impl Extension {
    /// A message that is neither delivered nor stored: handed back, so that its sender gets an error, or dropped when the sender is not to
    /// be told.
    pub(super) async fn refused(&self, cx: &Cx<'_>, event: NoSession) -> Option<NoSession> {
        if self.bounces(cx, &event.account, &event.stanza).await {
            return Some(event);
        }
        tracing::debug!(host = cx.domain(), account = %event.account, "a stranger's message is neither delivered nor stored here");
        None
    }
}

/// Whether the sender may see the presence of the account. Who cannot be looked up may not.
async fn is_known(cx: &Cx<'_>, account: &BareJid, message: &Stanza) -> bool {
    let Some(sender) = message.from().map(|from| from.to_bare()) else { return false };
    if sender == *account {
        return true;
    }
    let Some(roster): Option<Arc<dyn Roster>> = cx.service() else { return false };
    match roster.contact(cx.host(), account, &sender).await {
        Ok(contact) => contact.subscription.is_from(),
        Err(error) => {
            tracing::error!(host = cx.domain(), %account, %error, "cannot tell who may see an account");
            false
        }
    }
}

/// Whether a message of this type is one that is delivered without a word, stored, or ignored, wherever there is something to tell apart
/// (RFC 6121 §8.5.2.1.1, §8.5.3): all but group chat to a bare JID, which is an error even for who is there.
const fn is_silent(kind: Kind, full: bool) -> bool {
    match kind {
        Kind::Message(message::Type::Chat | message::Type::Normal) => true,
        Kind::Message(message::Type::Groupchat) => full,
        _ => false,
    }
}

fn is_full(message: &Stanza) -> bool {
    message.to().is_some_and(|to| to.is_full())
}

/// Whether a message waits for who is offline, without a word to its sender.
fn waits(message: &Stanza, account: &BareJid) -> bool {
    let astray = is_full(message) && message.kind() == Kind::Message(message::Type::Normal);
    decide(message, account) == Verdict::Store && !astray
}

/// To an account that does not exist everybody is a stranger. Who is none has been blocked by an account that does, and hears what who is
/// no stranger hears of an account that is offline (XEP-0191 §3.3).
#[async_trait]
impl Claim<NoAccount> for Extension {
    async fn claim(&self, cx: &mut Cx<'_>, event: NoAccount) -> Result<Option<NoAccount>, StanzaError> {
        let silent = match is_known(cx, &event.account, &event.stanza).await {
            true => waits(&event.stanza, &event.account),
            false => is_silent(event.stanza.kind(), is_full(&event.stanza)),
        };
        Ok((!silent).then_some(event))
    }
}

/// A message to a resource that is not there, of a type that would not go to another one, is ignored, as §8.5.3.2.1 allows: an error would
/// tell the resources that are there from the others.
#[async_trait]
impl Claim<ToAccount> for Extension {
    fn wants(&self, _: &Cx<'_>, event: &ToAccount) -> bool {
        let kind = event.stanza.kind();
        event.targets.is_empty()
            && is_full(&event.stanza)
            && matches!(kind, Kind::Message(message::Type::Normal | message::Type::Groupchat))
    }

    async fn claim(&self, cx: &mut Cx<'_>, event: ToAccount) -> Result<Option<ToAccount>, StanzaError> {
        Ok(is_known(cx, &event.account, &event.stanza).await.then_some(event))
    }
}
