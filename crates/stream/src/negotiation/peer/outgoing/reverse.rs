//! Stanzas of the other server on a stream that this side has opened (XEP-0288).

use stonechat_stanza::payload::Payload as _;
use stonechat_stanza::{Defect, Stanza, StanzaError};

use super::{Action, Outgoing, Purpose};
use crate::dialback::{self, Answer, Kind, Pair};
use crate::{Features, StreamError, bidi};

impl Outgoing {
    /// Whether stanzas of the other server may come: it offers that, was asked for it, and knows who this side is.
    #[must_use]
    pub fn is_bidi(&self) -> bool {
        self.bidi && self.authorized
    }

    /// Closes the stream, and goes on taking what the other server sends until it closes it as well (RFC 6120 §4.4).
    pub fn finish(&mut self) {
        self.stream.finish();
    }

    /// The driver's answer to [`Action::Judge`].
    pub fn judged(&mut self, pair: &Pair, stream: &str, answer: Answer) {
        if self.is_bidi() {
            let question = dialback::Nonza::verify(pair, stream, String::new());
            self.stream.send_element(&question.answer(answer).to_element());
        }
    }

    /// §2.2: before authentication, and never without TLS.
    pub(super) fn ask_for_bidi(&mut self, features: &Features) {
        let wanted = matches!(self.purpose, Purpose::Send { bidi: true, .. }) && self.stream.is_secure();
        if wanted && !self.bidi && features.iter().any(bidi::Feature::matches) {
            self.bidi = true;
            self.stream.send_element(&bidi::Request.to_element());
        }
    }

    /// Lets a stanza through that is of the inverse of the pair.
    pub(super) fn stanza(&mut self, stanza: Stanza) -> Option<Action> {
        if !self.is_bidi() {
            return self.unsolicited();
        }
        let Some(from) = stanza.from() else {
            // RFC 6120 §8.1.2.2.
            return self.refuse(StreamError::improper_addressing());
        };
        if from.domain() != self.pair.target.as_str() {
            return self.refuse(StreamError::invalid_from());
        }
        match stanza.to() {
            Some(to) if to.domain() == self.pair.sender.as_str() => Some(Action::Stanza(stanza)),
            Some(_) => {
                self.refuse(StreamError::host_unknown().with_text("the stream is not for that domain"))
            }
            None if stanza.defect() == Some(Defect::MalformedTo) => Some(Action::Misaddressed(stanza)),
            // RFC 6120 §8.1.1.2.
            None => self.refuse(StreamError::improper_addressing()),
        }
    }

    /// What the other server asks about keys: its own, for which it could as well open a stream.
    pub(super) fn question(&mut self, question: &dialback::Nonza, key: &str) -> Option<Action> {
        let pair = Pair { sender: question.from.clone(), target: question.to.clone() };
        match question.kind.clone() {
            Kind::Verify { stream } => {
                Some(Action::Judge { pair: pair.inverse(), stream, key: key.to_owned() })
            }
            Kind::Result => {
                // The one pair needs no key, and others open a stream of their own (XEP-0220 §2.5).
                let is_open = pair == self.pair.inverse();
                let refusal = || Answer::Error(Box::new(StanzaError::resource_constraint()));
                let answer = if is_open { Answer::Valid } else { refusal() };
                self.stream.send_element(&question.answer(answer).to_element());
                None
            }
        }
    }

    fn refuse(&mut self, error: StreamError) -> Option<Action> {
        self.error = Some(super::Error::Unsolicited);
        self.stream.give_up(Some(error));
        None
    }
}
