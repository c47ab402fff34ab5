//! After authentication: what the owner of an account can do with it (§3.2, §3.3).

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::{AsyncAnswer, Cx, Reply, Request};
use stonechat_stanza::StanzaError;
use stonechat_stanza::jid::BareJid;

use super::names::means;
use super::submission::Submission;
use super::{Extension, refusal};
use crate::{Field, Query};

/// Tells an account what is known of it.
pub(super) struct Show;

#[async_trait]
impl AsyncAnswer<Query> for Show {
    async fn answer(&self, cx: &mut Cx<'_>, _: &Request, _: Query) -> Result<Reply, StanzaError> {
        let account = asker(cx).ok_or_else(StanzaError::service_unavailable)?;
        // Who logged in anonymously has no account.
        if !cx.host().accounts().exists(account).await.map_err(|error| refusal(cx, error))? {
            return Err(StanzaError::service_unavailable());
        }
        let username = account.local().unwrap_or_default();
        let known = Query::default().with(Field::Username, username).with(Field::Password, "");
        let instructions =
            Some("You are registered. To change your password, submit the new one.".to_owned());
        Ok(Reply::with(&Query { registered: true, instructions, ..known }))
    }
}

/// Changes passwords and cancels accounts.
pub(super) struct Change(pub(super) Arc<Extension>);

#[async_trait]
impl AsyncAnswer<Query> for Change {
    async fn answer(&self, cx: &mut Cx<'_>, _: &Request, query: Query) -> Result<Reply, StanzaError> {
        let account = asker(cx).ok_or_else(StanzaError::registration_required)?;
        if query.remove {
            self.0.cancel(cx, account).await?;
        } else {
            self.0.change_password(cx, account, Submission::read(&query)?).await?;
        }
        Ok(Reply::empty())
    }
}

/// The account that asks, if it is one of this host and one of its sessions asks.
fn asker<'a>(cx: &Cx<'a>) -> Option<&'a BareJid> {
    cx.session().map(|session| session.account().jid())
}

impl Extension {
    async fn cancel(&self, cx: &mut Cx<'_>, account: &BareJid) -> Result<(), StanzaError> {
        if !self.config.allow_cancellation {
            return Err(StanzaError::not_allowed());
        }
        match cx.remove_account(account).await {
            Ok(true) => {
                tracing::info!(%account, "an account was cancelled by its owner");
                Ok(())
            }
            Ok(false) => Err(StanzaError::registration_required()),
            Err(error) => Err(refusal(cx, error)),
        }
    }

    async fn change_password(
        &self,
        cx: &Cx<'_>,
        account: &BareJid,
        submission: Submission,
    ) -> Result<(), StanzaError> {
        // Table 2; and an empty password is none (§3.3).
        let (Some(username), Some(password)) = (submission.username, submission.password) else {
            return Err(StanzaError::bad_request().with_text("a username and a password are required"));
        };
        if !means(&username, account) {
            // In the same words whether there is an account of that name.
            return Err(StanzaError::forbidden());
        }
        if !self.config.allow_password_change {
            return Err(StanzaError::not_allowed());
        }
        let changed = cx.host().set_password(account, &password).await;
        changed.map_err(|error| refusal(cx, error))?;
        tracing::info!(%account, "a password was changed by its owner");
        Ok(())
    }
}
