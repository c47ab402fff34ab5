//! Before the session: a client that wants to go on with one (§5).

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::login::{self, InlineFeature, Login, Offer, Resumption};
use stonechat_extension::{BeforeSession, Begun, Cx, HandlerError, ResumeError, Session};
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Element, Payload as _, StanzaError};

use super::Extension;
use crate::{NS, REQUEST, Resume, Resumed, failed, timed_out};

#[async_trait]
impl BeforeSession for Extension {
    async fn before_session(
        &self,
        cx: &mut Cx<'_>,
        account: &BareJid,
        element: &Element,
    ) -> Result<Begun, HandlerError> {
        if element.name() == "enable" {
            // §3: not before a resource is bound.
            return Ok(Begun::Replied(failed(&StanzaError::unexpected_request())));
        }
        Ok(match self.resume(cx, account, element).await {
            (Some(session), reply) => Begun::Session(session, reply),
            (None, reply) => Begun::Replied(reply),
        })
    }
}

/// Together with the login (XEP-0388 §2.6.2, XEP-0198 §5).
#[async_trait]
impl login::Resume for Extension {
    async fn resume(
        &self,
        cx: &mut Cx<'_>,
        login: &Login,
        request: &Element,
    ) -> Result<Resumption, HandlerError> {
        let (session, reply) = self.resume(cx, &login.account, request).await;
        Ok(Resumption { session, answer: Some(reply) })
    }
}

impl InlineFeature for Extension {
    fn inline_feature(&self, _: &Offer<'_>) -> Option<Element> {
        Some(Element::bare("sm", NS))
    }
}

impl Extension {
    async fn resume(
        &self,
        cx: &Cx<'_>,
        account: &BareJid,
        element: &Element,
    ) -> (Option<Arc<Session>>, Element) {
        let Ok(Resume { h, previd }) = Resume::parse(element) else {
            return (None, failed(&StanzaError::bad_request()));
        };
        match cx.host().resume(account, &previd, h, REQUEST).await {
            Ok(session) => {
                let resumed = Resumed { h: session.handled(), previd }.to_element();
                (Some(session), resumed)
            }
            Err(ResumeError::NotFound) => (None, self.not_found(cx, account, &previd).await),
            Err(error) => (None, failed(&refusal(error))),
        }
    }

    async fn not_found(&self, cx: &Cx<'_>, account: &BareJid, previd: &str) -> Element {
        match self.ended.handled(account, previd, cx.now()).await {
            Ok(Some(handled)) => timed_out(handled),
            Ok(None) => failed(&StanzaError::item_not_found()),
            Err(error) => {
                tracing::error!(host = cx.domain(), %account, %error, "cannot tell how far a session was");
                failed(&StanzaError::item_not_found())
            }
        }
    }
}

/// What a client is told. It may bind a resource then (§5).
fn refusal(error: ResumeError) -> StanzaError {
    match error {
        ResumeError::NotFound => StanzaError::item_not_found(),
        ResumeError::Busy => StanzaError::resource_constraint(),
        // The client counts something else than the server: it cannot go on with this session.
        ResumeError::TooHigh(_) => StanzaError::undefined_condition(),
        _ => StanzaError::internal_server_error(),
    }
}
