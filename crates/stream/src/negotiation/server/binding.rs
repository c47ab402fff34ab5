//! Resource binding.

use super::*;
use crate::bind;
use stonechat_stanza::{Kind, StanzaError, iq, ns};

impl Negotiation {
    /// The resource is bound: the client is told its address, and the session begins.
    ///
    /// The address has to be of the account that authenticated; anything else is `internal-server-error`.
    pub fn bound(&mut self, jid: FullJid) {
        let State::Binding { request } = &self.state else { return self.out_of_turn() };
        if self.account.as_ref() != Some(&jid.to_bare()) {
            return self.out_of_turn();
        }
        let answer = request.reply().with(&bind::Bound { jid: jid.clone() });
        self.queue.stanza(&answer);
        self.establish(jid);
    }

    /// The resource could not be bound (RFC 6120 §7.6.2, §7.7.2); the client may try another one.
    pub fn bind_failed(&mut self, error: &StanzaError) {
        let State::Binding { request } = &self.state else { return self.out_of_turn() };
        let answer = request.error_reply(error);
        self.state = State::Open;
        if let Some(answer) = answer {
            self.queue.stanza(&answer);
        }
    }

    pub(super) fn establish(&mut self, jid: FullJid) {
        self.state = State::Established(jid.clone());
        self.queue.push(Action::Established(jid));
    }

    /// Between authentication and session a client may bind, and send no stanza but that.
    pub(super) fn stanza_before_session(&mut self, stanza: Stanza) {
        if stanza.kind() != Kind::Iq(iq::Type::Set) || !stanza.has(ns::BIND, "bind") {
            return self.error(StreamError::not_authorized().with_text("a resource has to be bound first"));
        }
        if !self.count_request() {
            return;
        }
        let request = match stanza.defect() {
            Some(defect) => Err(defect.into()),
            None => stanza.get::<bind::Request>().map_err(StanzaError::from),
        };
        match request {
            Ok(request) => {
                let resource = request.and_then(|request| request.resource);
                self.state = State::Binding { request: stanza };
                self.queue.push(Action::Bind { resource });
            }
            Err(error) => match stanza.error_reply(&error) {
                Some(answer) => self.queue.stanza(&answer),
                None => self.error(StreamError::not_authorized()),
            },
        }
    }
}
