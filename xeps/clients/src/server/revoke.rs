//! Revoking (§3.2).

use async_trait::async_trait;
use stonechat_extension::{AsyncAnswer, Cx, Ending, HandlerError, Reply, Request};
use stonechat_stanza::StanzaError;
use stonechat_stanza::jid::BareJid;

use super::list::Entry;
use super::{Extension, broken};
use crate::record::{Verdict, verdict};
use crate::{Revoke, password_reset_required};

#[async_trait]
impl AsyncAnswer<Revoke> for Extension {
    async fn answer(&self, cx: &mut Cx<'_>, request: &Request, revoke: Revoke) -> Result<Reply, StanzaError> {
        let account = request.account.as_ref().ok_or_else(StanzaError::item_not_found)?;
        let entries = self.entries(cx, account).await.map_err(|error| broken(cx, &error))?;
        let found = entries.into_iter().find(|entry| entry.client.id == revoke.id);
        let knows_password = found.as_ref().is_some_and(|entry| entry.client.password);
        match (verdict(found.is_some(), knows_password), found) {
            (Verdict::Revoke, Some(entry)) => {
                self.end(cx, account, entry).await.map_err(|error| broken(cx, &error))?;
                Ok(Reply::empty())
            }
            (Verdict::PasswordReset, _) => Err(password_reset_required()),
            _ => Err(StanzaError::item_not_found()),
        }
    }
}

impl Extension {
    /// Ends the tokens first, so that a session that ends does not come back with one.
    async fn end(&self, cx: &mut Cx<'_>, account: &BareJid, entry: Entry) -> Result<(), HandlerError> {
        if let Some(installation) = &entry.installation {
            if let Some(fast) = cx.service::<dyn stonechat_xep_fast::Clients>() {
                fast.end_tokens(account, installation).await?;
            }
            self.known.forget(account, installation).await?;
        }
        tracing::info!(%account, "the access of a client was revoked by the account's owner");
        // When the answer has left: the asker may have revoked itself.
        cx.then(move |_| {
            for session in entry.sessions {
                session.mailbox().end(Ending::Policy("the access of this client was revoked".to_owned()));
            }
        });
        Ok(())
    }
}
