//! How pairs of domains come to be authorised: EXTERNAL and dialback.

use stonechat_stanza::StanzaError;
use stonechat_stanza::jid::BareJid;

use super::*;

/// So many times EXTERNAL may fail.
const MAX_FAILURES: u8 = 3;
/// So many times as many questions as pairs are borne: each has another server be asked.
const QUESTIONS_PER_PAIR: usize = 4;

impl Incoming {
    /// The driver's answer to [`Action::Verify`]. Of a pair that did not ask, or was answered, it is ignored.
    pub fn verified(&mut self, pair: &Pair, answer: Answer) {
        if !self.speaks() {
            return;
        }
        let Some(at) = self.pairs.iter().position(|entry| entry.pair == *pair && !entry.authorized) else {
            return;
        };
        let question = dialback::Nonza::ask(pair, String::new());
        if answer == Answer::Valid {
            self.pairs[at].authorized = true;
            self.queue.element(&question.answer(Answer::Valid).to_element());
            self.first.get_or_insert_with(|| pair.clone());
            self.queue.push(Action::Authorized(pair.clone()));
            return self.turn_around();
        }
        self.pairs.swap_remove(at);
        // XEP-0220 §2.2.1: others may be on the stream by right.
        if answer == Answer::Invalid && self.is_authorized() {
            let error = Box::new(StanzaError::forbidden());
            return self.queue.element(&question.answer(Answer::Error(error)).to_element());
        }
        let is_invalid = answer == Answer::Invalid;
        self.queue.element(&question.answer(answer).to_element());
        if is_invalid {
            self.error(StreamError::not_authorized().with_text("dialback failed"));
        }
    }

    /// The driver's answer to [`Action::Judge`].
    pub fn judged(&mut self, pair: &Pair, stream: &str, answer: Answer) {
        if !self.speaks() {
            return;
        }
        let question = dialback::Nonza::verify(pair, stream, String::new());
        self.queue.element(&question.answer(answer).to_element());
    }

    pub(super) fn sasl(&mut self, nonza: Result<sasl::Nonza, sasl::Failure>) {
        let challenged = self.state == State::Challenged;
        self.state = State::Open;
        match nonza {
            Ok(sasl::Nonza::Auth(auth)) if !challenged => self.auth(auth),
            Ok(sasl::Nonza::Response(data)) if challenged => self.external(&data),
            Ok(sasl::Nonza::Abort) => self.fail(sasl::Condition::Aborted.into()),
            Ok(_) => self.fail(sasl::Condition::MalformedRequest.into()),
            Err(failure) => self.fail(failure),
        }
    }

    fn auth(&mut self, auth: sasl::Auth) {
        if self.needs_tls() {
            return self.fail(sasl::Condition::EncryptionRequired.into());
        }
        // The stream does not begin anew once it is used from this side.
        if !self.offer.external || self.external.is_some() || self.is_bidi() || auth.mechanism != EXTERNAL {
            return self.fail(sasl::Condition::InvalidMechanism.into());
        }
        match auth.initial {
            Some(data) => self.external(&data),
            None => {
                self.queue.element(&sasl::Nonza::Challenge(sasl::Data::default()).to_element());
                self.state = State::Challenged;
            }
        }
    }

    /// XEP-0178 §3, step 11: the domain of the header, for which the certificate is. Who names another wants to be somebody else.
    fn external(&mut self, authzid: &[u8]) {
        let (Some(from), Some(to)) = (self.from.clone(), self.to.clone()) else {
            return self.fail(sasl::Condition::NotAuthorized.into());
        };
        let named = std::str::from_utf8(authzid).ok().and_then(|name| BareJid::parse_received(name).ok());
        if !authzid.is_empty() && named.as_ref() != Some(&from) {
            return self.fail(sasl::Condition::InvalidAuthzid.into());
        }
        let pair = Pair { sender: from, target: to };
        self.pairs.retain(|entry| entry.pair != pair);
        if self.pairs.len() >= self.config.max_pairs {
            return self.error(StreamError::resource_constraint());
        }
        self.pairs.push(Entry { pair: pair.clone(), authorized: true });
        self.first.get_or_insert_with(|| pair.clone());
        self.external = Some(pair.clone());
        self.queue.element(&sasl::Nonza::Success(None).to_element());
        self.queue.push(Action::Restart);
        self.queue.push(Action::Authorized(pair));
        self.restart();
    }

    fn fail(&mut self, failure: sasl::Failure) {
        self.queue.element(&sasl::Nonza::Failure(failure).to_element());
        self.failures += 1;
        if self.failures >= MAX_FAILURES {
            self.error(StreamError::policy_violation().with_text("too many failed authentications"));
        }
    }

    pub(super) fn dialback(&mut self, dialback: dialback::Nonza) {
        let key = match &dialback.content {
            dialback::Content::Key(key) => key.clone(),
            // XEP-0220 §3.1: nothing is ever asked on this stream, so this is an answer to nothing.
            dialback::Content::Answer(_) => return self.error(StreamError::not_authorized()),
        };
        if self.needs_tls() {
            let error = StanzaError::policy_violation().with_text("TLS is required");
            return self.refuse(&dialback, error);
        }
        match dialback.kind.clone() {
            Kind::Verify { stream } => {
                let pair = Pair { sender: dialback.to, target: dialback.from };
                self.queue.push(Action::Judge { pair, stream, key });
            }
            Kind::Result => self.ask(&dialback, key),
        }
    }

    fn ask(&mut self, question: &dialback::Nonza, key: String) {
        if !self.offer.dialback {
            return self
                .refuse(question, StanzaError::not_authorized().with_text("a certificate is required"));
        }
        let pair = Pair { sender: question.from.clone(), target: question.to.clone() };
        match self.pairs.iter().find(|entry| entry.pair == pair) {
            Some(entry) if entry.authorized => {
                self.queue.element(&question.answer(Answer::Valid).to_element());
            }
            Some(_) => self.error(StreamError::policy_violation().with_text("the same was asked before")),
            None if self.pairs.len() >= self.config.max_pairs => {
                self.refuse(question, StanzaError::resource_constraint());
            }
            None if self.asked >= self.config.max_pairs.saturating_mul(QUESTIONS_PER_PAIR) => {
                self.error(StreamError::policy_violation().with_text("too many questions"));
            }
            None => {
                self.asked += 1;
                self.pairs.push(Entry { pair: pair.clone(), authorized: false });
                self.queue.push(Action::Verify { pair, stream: self.id.clone(), key });
            }
        }
    }

    fn refuse(&mut self, question: &dialback::Nonza, error: StanzaError) {
        self.queue.element(&question.answer(Answer::Error(Box::new(error))).to_element());
    }
}
