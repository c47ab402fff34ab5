//! Resource binding.

use super::*;
use crate::bind;
use stonechat_stanza::{Kind, StanzaError, iq};

impl Negotiation {
    /// Binds a resource: this one, or one that the server makes.
    pub fn bind(&mut self, resource: Option<&str>) {
        if self.state != State::Ready {
            return self.out_of_turn();
        }
        self.binds = self.binds.wrapping_add(1);
        let request = bind::Request { resource: resource.map(str::to_owned) };
        let iq = Stanza::iq(iq::Type::Set).with_id(&self.bind_id()).with(&request);
        self.queue.stanza(&iq);
        self.state = State::Binding;
    }

    /// An extension has bound or resumed a session; stanzas may flow.
    pub fn established(&mut self, jid: FullJid) {
        match self.state {
            State::Ready if self.authenticated => self.establish(jid),
            _ => self.out_of_turn(),
        }
    }

    fn bind_id(&self) -> String {
        format!("bind-{}", self.binds)
    }

    pub(super) fn is_bind_answer(&self, stanza: &Stanza) -> bool {
        let answers = matches!(stanza.kind(), Kind::Iq(iq::Type::Result | iq::Type::Error));
        answers && stanza.id() == Some(self.bind_id().as_str())
    }

    pub(super) fn bind_answer(&mut self, answer: &Stanza) {
        if answer.kind() == Kind::Iq(iq::Type::Error) {
            let error = answer.error().unwrap_or_else(StanzaError::undefined_condition);
            self.state = State::Ready;
            return self.queue.push(Action::BindFailed(error));
        }
        match answer.get::<bind::Bound>() {
            Ok(Some(bound)) => self.establish(bound.jid),
            _ => self.broken(StreamError::invalid_xml().with_text("a result of binding without an address")),
        }
    }

    fn establish(&mut self, jid: FullJid) {
        self.state = State::Established;
        self.queue.push(Action::Established(jid));
    }
}
