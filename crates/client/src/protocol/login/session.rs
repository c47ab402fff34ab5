//! The session: the old one goes on, or a new one is bound.

use stonechat_jid::FullJid;
use stonechat_stanza::error::Condition;
use stonechat_stanza::{Element, Payload as _, StanzaError, ns};

use super::super::wire::{Resume, Resumed, failed};
use super::{Attempt, Counted, Error, Outcome, Session, Step};

impl Attempt {
    /// The server has let us in, and these are the features of the session.
    pub(super) fn begin_session(&mut self) {
        self.at_session = true;
        if let Some(success) = self.success.take() {
            if let Some(handled) = success.resume_failed {
                self.handled = handled;
                self.resumable = None;
            }
            if success.bound {
                let jid = FullJid::parse_received(&success.identity);
                self.success = Some(success);
                return match jid {
                    Ok(jid) => self.negotiation.established(jid),
                    Err(_) => self.fail(Error::Protocol("a session was bound without an address")),
                };
            }
        }
        let offered = self.features.find(ns::SM, "sm").is_some();
        match self.resumable.as_ref().filter(|_| offered && self.config.resume) {
            Some(session) => {
                let resume = Resume { h: session.handled, previd: session.id.clone() };
                self.resuming = true;
                self.negotiation.send_element(&resume.to_element());
            }
            None => self.bind(),
        }
    }

    fn bind(&mut self) {
        let wish = self.config.resource.as_deref().filter(|_| !self.any_resource);
        self.negotiation.bind(wish);
    }

    pub(super) fn bind_failed(&mut self, error: StanzaError) {
        let again =
            matches!(error.condition, Condition::Conflict | Condition::BadRequest | Condition::NotAcceptable);
        if again && !self.any_resource && self.config.resource.is_some() {
            // Ours is taken or not liked; the server makes one (RFC 6120 §7.7.2).
            self.any_resource = true;
            return self.bind();
        }
        self.fail(Error::Bind(error));
    }

    /// The answer to `<resume/>`.
    pub(super) fn resumption(&mut self, element: &Element) {
        if !std::mem::take(&mut self.resuming) {
            return self.strange();
        }
        if let Ok(resumed) = Resumed::parse(element) {
            return self.resumed(&resumed);
        }
        let Some(handled) = failed(element) else {
            return self.fail(Error::Protocol("an answer to resumption that cannot be read"));
        };
        self.handled = handled;
        self.resumable = None;
        self.bind();
    }

    pub(super) fn resumed(&mut self, resumed: &Resumed) {
        let Some(session) = self.resumable.as_ref().filter(|session| session.id == resumed.previd) else {
            return self.fail(Error::Protocol("another session was resumed than was asked for"));
        };
        let jid = session.jid.clone();
        self.over = true;
        self.steps.push_back(Step::Done(Outcome {
            jid,
            features: self.session_features(),
            session: Session::Resumed(resumed.h),
        }));
    }

    /// The features of the session, if it has come to those.
    fn session_features(&self) -> Vec<Element> {
        if self.at_session { self.features.iter().cloned().collect() } else { Vec::new() }
    }

    pub(super) fn established(&mut self, jid: FullJid) {
        let offered = self.features.find(ns::SM, "sm").is_some();
        let enabled = self.success.take().and_then(|success| success.enabled);
        let counted = match enabled {
            Some(enabled) => Counted::Enabled(enabled),
            None if offered && self.config.resume => Counted::Offered,
            None => Counted::No,
        };
        self.over = true;
        let session = Session::New { counted, handled: self.handled };
        self.steps.push_back(Step::Done(Outcome { jid, features: self.session_features(), session }));
    }
}
