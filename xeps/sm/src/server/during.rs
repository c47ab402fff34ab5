//! During the session: counting is enabled, counts are asked for and told (§3, §4).

use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::login::{AtBind, Login, Proof};
use stonechat_extension::{Acks, Cx, Ending, HandlerError, Nonza, Session, TooHigh};
use stonechat_stanza::{Element, Payload as _, StanzaError};

use super::{Extension, config};
use crate::{Ack, Enable, Enabled, REQUEST, failed, too_high};

impl Nonza for Extension {
    fn nonza(&self, cx: &mut Cx<'_>, element: &Element) -> Result<(), HandlerError> {
        let Some(session) = cx.session().cloned() else { return Ok(()) };
        match element.name() {
            "enable" => self.enable(cx, element),
            "r" if session.is_numbered() => cx.send_nonza(&Ack { h: session.handled() }.to_element()),
            "a" if session.is_numbered() => acknowledge(&session, element),
            // §3: enabling comes first; §5: a session that has begun is not replaced by another.
            _ => cx.send_nonza(&failed(&StanzaError::unexpected_request())),
        }
        Ok(())
    }
}

impl Extension {
    fn enable(&self, cx: &mut Cx<'_>, element: &Element) {
        let Ok(enable) = Enable::parse(element) else {
            return cx.send_nonza(&failed(&StanzaError::bad_request()));
        };
        let (acks, answer) = self.terms(cx, enable);
        if !cx.number(acks, |id| Some(answer(id))) {
            // §3, example 6: once only.
            cx.send_nonza(&failed(&StanzaError::unexpected_request()));
        }
    }

    /// How the stanzas of the event's session are counted, and what its client is told, given the id if it gets one.
    fn terms(&self, cx: &Cx<'_>, enable: Enable) -> (Acks, impl FnOnce(Option<&str>) -> Element + use<>) {
        // Nobody can log in to an account again that was made up.
        let anonymous = cx
            .session()
            .and_then(|session| session.login())
            .is_some_and(|login| login.proof == Proof::Anonymous);
        let max = self.config.seconds(enable.resume && !anonymous, enable.max);
        let acks = Acks {
            request: REQUEST,
            resume_for: max.map(config::duration),
            kept_bytes: self.config.unacknowledged_bytes,
        };
        let location = self.config.location().filter(|_| max.is_some());
        let answer = move |id: Option<&str>| {
            Enabled { id: id.map(str::to_owned), resume: id.is_some(), max, location }.to_element()
        };
        (acks, answer)
    }
}

/// XEP-0386 §3.2.1: together with the bind.
#[async_trait]
impl AtBind for Extension {
    async fn at_bind(
        &self,
        cx: &mut Cx<'_>,
        _: &Login,
        request: Option<&Element>,
    ) -> Result<Option<Element>, HandlerError> {
        let Some(Ok(enable)) = request.map(Enable::parse) else {
            return Ok(Some(failed(&StanzaError::bad_request())));
        };
        let (acks, answer) = self.terms(cx, enable);
        let mut enabled = failed(&StanzaError::unexpected_request());
        cx.number(acks, |id| {
            enabled = answer(id);
            None
        });
        if let Some(session) = cx.session() {
            session.settled().await;
        }
        Ok(Some(enabled))
    }
}

fn acknowledge(session: &Arc<Session>, element: &Element) {
    let ending = match Ack::parse(element).map(|ack| session.acknowledge(ack.h)) {
        Ok(Ok(())) => return,
        // §6.
        Ok(Err(TooHigh { handled, sent })) => {
            let text = format!("You acknowledged {handled} stanzas, but I only sent you {sent} so far.");
            Ending::Broke(Box::new(too_high(handled, sent)), text)
        }
        Err(_) => Ending::Policy("an acknowledgement needs a count".to_owned()),
    };
    session.mailbox().end(ending);
}
