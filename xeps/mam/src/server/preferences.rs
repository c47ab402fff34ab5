//! Requests for preferences, and to change them (XEP-0441 §2.1).

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::{AsyncAnswer, Cx, HandlerError, On, Reply, Request};
use stonechat_stanza::StanzaError;

use super::Extension;
use crate::Preferences;

/// How many addresses each list may have.
const MOST: usize = 1000;

pub(super) struct Get(pub(super) Arc<Extension>);
pub(super) struct Set(pub(super) Arc<Extension>);

#[async_trait]
impl AsyncAnswer<Preferences> for Get {
    async fn answer(&self, cx: &mut Cx<'_>, request: &Request, _: Preferences) -> Result<Reply, StanzaError> {
        let account = own(request)?;
        let preferences = self.0.book.load(cx, account).await.map_err(|error| failed(cx, &error))?;
        Ok(Reply::with(&*preferences))
    }
}

#[async_trait]
impl AsyncAnswer<Preferences> for Set {
    async fn answer(
        &self,
        cx: &mut Cx<'_>,
        request: &Request,
        wanted: Preferences,
    ) -> Result<Reply, StanzaError> {
        own(request)?;
        let session = cx.session().ok_or_else(StanzaError::forbidden)?;
        if wanted.default.is_none() {
            return Err(StanzaError::bad_request().with_text("the attribute 'default' is missing"));
        }
        if wanted.always.len() > MOST || wanted.never.len() > MOST {
            return Err(StanzaError::resource_constraint().with_text("too many addresses"));
        }
        let stored = self.0.book.store(session.account(), wanted.clone()).await;
        stored.map_err(|error| failed(cx, &error))?;
        Ok(Reply::with(&wanted))
    }
}

/// The account that a request is for, if one of its own sessions asks. Others get the same answer whether or not there is such an
/// account (XEP-0313 §8.1).
pub(super) fn own(request: &Request) -> Result<&stonechat_stanza::jid::BareJid, StanzaError> {
    let account = request.account.as_ref().filter(|_| request.on == On::OWN_ACCOUNT);
    account.ok_or_else(StanzaError::forbidden)
}

pub(super) fn failed(cx: &Cx<'_>, error: &HandlerError) -> StanzaError {
    tracing::error!(host = cx.domain(), %error, "an archive cannot be used");
    StanzaError::internal_server_error()
}
