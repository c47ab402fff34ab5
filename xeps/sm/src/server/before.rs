//! Before the session: a client that wants to go on with one (§5).

use async_trait::async_trait;
use stonechat_extension::{BeforeSession, Begun, Cx, HandlerError, ResumeError, Session};
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Element, Payload as _, StanzaError};

use super::Extension;
use crate::{REQUEST, Resume, Resumed, failed};

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
        let Ok(resume) = Resume::parse(element) else {
            return Ok(Begun::Replied(failed(&StanzaError::bad_request())));
        };
        match cx.host().resume(account, &resume.previd, resume.h, REQUEST).await {
            Ok(session) => {
                let reply = resumed(&session, resume.previd);
                Ok(Begun::Session(session, reply))
            }
            Err(error) => Ok(Begun::Replied(failed(&refusal(error)))),
        }
    }
}

fn resumed(session: &Session, previd: String) -> Element {
    Resumed { h: session.handled(), previd }.to_element()
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
