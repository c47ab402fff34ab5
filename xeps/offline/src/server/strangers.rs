//! Who is told that a message was not delivered: an answer that differs tells strangers who has an account, and who is there.

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::point::{NoAccount, NoSession};
use stonechat_extension::{Claim, Cx};
use stonechat_stanza::{Kind, StanzaError, message};
use stonechat_xep_roster::Roster;

use super::Extension;

impl Extension {
    /// A message that is neither delivered nor stored: handed back, so that its sender gets an error, or dropped when the sender is not to
    /// be told.
    pub(super) async fn refused(&self, cx: &Cx<'_>, event: NoSession) -> Option<NoSession> {
        let told = self.tell_strangers || is_known(cx, &event).await;
        told.then_some(event)
    }
}

/// Whether the sender may see the presence of the account. Who cannot be looked up may not.
async fn is_known(cx: &Cx<'_>, event: &NoSession) -> bool {
    let Some(sender) = event.stanza.from().map(|from| from.to_bare()) else { return false };
    if sender == event.account {
        return true;
    }
    let Some(roster): Option<Arc<dyn Roster>> = cx.service() else { return false };
    match roster.contact(cx.host(), &event.account, &sender).await {
        Ok(contact) => contact.subscription.is_from(),
        Err(error) => {
            tracing::error!(host = cx.domain(), account = %event.account, %error, "cannot tell who may see an account");
            false
        }
    }
}

/// To an account that does not exist everybody is a stranger. What would get an error from one that exists gets it here too
/// (RFC 6121 §8.5.2.1.1, §8.5.3.2.1).
#[async_trait]
impl Claim<NoAccount> for Extension {
    async fn claim(&self, _: &mut Cx<'_>, event: NoAccount) -> Result<Option<NoAccount>, StanzaError> {
        let full = event.stanza.to().is_some_and(|to| to.is_full());
        let silent = match event.stanza.kind() {
            Kind::Message(message::Type::Chat) => true,
            Kind::Message(message::Type::Normal) => !full,
            _ => false,
        };
        Ok((!silent).then_some(event))
    }
}
