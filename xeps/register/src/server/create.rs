//! Before authentication: the creation of an account (§3.1).

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::{AsyncAnswer, Cx, Reply, Request};
use stonechat_stanza::{StanzaError, error};

use super::submission::{Submission, blank};
use super::{Extension, refusal};
use crate::Query;

/// Answers who asks what to fill out.
pub(super) struct Ask(pub(super) Arc<Extension>);

#[async_trait]
impl AsyncAnswer<Query> for Ask {
    async fn answer(&self, _: &mut Cx<'_>, _: &Request, _: Query) -> Result<Reply, StanzaError> {
        Ok(Reply::with(&blank(&self.0.config.instructions)))
    }
}

/// Creates accounts.
pub(super) struct Create(pub(super) Arc<Extension>);

#[async_trait]
impl AsyncAnswer<Query> for Create {
    async fn answer(&self, cx: &mut Cx<'_>, _: &Request, query: Query) -> Result<Reply, StanzaError> {
        if query.remove {
            // Table 1: who has not logged in is nobody whose registration could be cancelled.
            return Err(StanzaError::unexpected_request());
        }
        let submission = Submission::read(&query)?;
        let (Some(username), Some(password)) = (submission.username, submission.password) else {
            return Err(StanzaError::not_acceptable().with_text("a username and a password are required"));
        };
        self.0.create(cx, &username, &password).await.map(|()| Reply::empty())
    }
}

impl Extension {
    async fn create(&self, cx: &mut Cx<'_>, username: &str, password: &str) -> Result<(), StanzaError> {
        let account = self.names.choose(username, cx.domain());
        let account = account.map_err(|why| StanzaError::not_acceptable().with_text(why))?;
        // Before anything is looked up, so that names are not probed any faster.
        if !self.limits.take(cx.peer(), cx.domain(), cx.now()) {
            tracing::info!(host = cx.domain(), peer = ?cx.peer(), "too many registrations");
            let error = StanzaError::not_acceptable().with_kind(error::Kind::Wait);
            return Err(error.with_text("too many registrations; try again later"));
        }
        // One at a time, or two that look the same could be created at the same time.
        let _turn = self.turn.lock().await;
        let created = match self.taken.is_taken(&account, cx.now()).await {
            Ok(true) => Err(StanzaError::conflict()),
            Ok(false) => {
                cx.host().create_account(&account, password).await.map_err(|error| refusal(cx, error))
            }
            Err(error) => {
                tracing::error!(host = cx.domain(), %error, "cannot tell whether a name is taken");
                Err(StanzaError::internal_server_error())
            }
        };
        match created {
            Ok(()) => tracing::info!(%account, peer = ?cx.peer(), "an account was registered"),
            Err(_) => self.limits.no_account(cx.domain()),
        }
        created
    }
}
