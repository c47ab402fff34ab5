//! STARTTLS and SASL.

use super::*;
use crate::sasl;
use crate::tls;

impl Negotiation {
    /// The mechanism's next message to the client.
    pub fn challenge(&mut self, data: &[u8]) {
        let State::Authenticating { mechanism } = &mut self.state else { return self.out_of_turn() };
        let mechanism = std::mem::take(mechanism);
        self.queue.element(&sasl::Nonza::Challenge(data.into()).to_element());
        self.state = State::Challenged { mechanism };
    }

    /// The client is authenticated as `account`; `data` is the mechanism's last message, where it has one.
    ///
    /// The account has to be of the stream's host (anything else is `internal-server-error`). If the client
    /// named an account in its header under TLS and it is another one, the stream ends with
    /// `invalid-from` (RFC 6120 §6.4.6); with ANONYMOUS, whose accounts are the server's choice, it may be.
    pub fn success(&mut self, account: BareJid, data: Option<&[u8]>) {
        let State::Authenticating { mechanism } = &self.state else { return self.out_of_turn() };
        let claimed = if mechanism == "ANONYMOUS" { None } else { self.from.as_ref() };
        let refused = claimed.is_some_and(|from| from.local().is_some() && *from != account);
        if !self.is_of_host(&account) {
            return self.out_of_turn();
        }
        if self.secure && refused {
            return self.error(StreamError::invalid_from());
        }
        self.queue.element(&sasl::Nonza::Success(data.map(Into::into)).to_element());
        self.queue.push(Action::Restart);
        self.restart();
        self.account = Some(account);
    }

    /// The mechanism failed; the client may try again, unless it did too often.
    pub fn failure(&mut self, failure: sasl::Failure) {
        let State::Authenticating { .. } = self.state else { return self.out_of_turn() };
        self.fail(failure);
    }

    pub(super) fn is_of_host(&self, account: &BareJid) -> bool {
        self.host.as_ref().is_some_and(|host| host.as_str() == account.domain())
    }

    /// `<starttls/>`: only where it was offered, and only with nothing behind it.
    pub(super) fn starttls(&mut self, pending: usize) {
        let in_place = matches!(self.state, State::Open) && self.offers_tls();
        if !in_place || pending > 0 {
            self.queue.element(&tls::Nonza::Failure.to_element());
            self.queue.close();
            return self.close(Close::TlsRefused);
        }
        self.queue.element(&tls::Nonza::Proceed.to_element());
        self.queue.push(Action::StartTls);
        self.state = State::Tls;
    }

    pub(super) fn sasl(&mut self, nonza: Result<sasl::Nonza, sasl::Failure>) {
        if self.account.is_some() {
            return self.error(StreamError::unsupported_stanza_type().with_text("authenticated already"));
        }
        let challenged = matches!(self.state, State::Challenged { .. });
        match nonza {
            Ok(sasl::Nonza::Auth(auth)) => self.auth(auth),
            Ok(sasl::Nonza::Response(data)) if challenged => {
                if let State::Challenged { mechanism } = &mut self.state {
                    self.state = State::Authenticating { mechanism: std::mem::take(mechanism) };
                }
                self.queue.push(Action::Respond(data));
            }
            Ok(sasl::Nonza::Abort) => self.give_up(sasl::Condition::Aborted.into()),
            Err(failure) => self.give_up(failure),
            // A response out of turn, or what only a server sends.
            Ok(_) => self.give_up(sasl::Condition::MalformedRequest.into()),
        }
    }

    /// `<auth/>` begins, and begins anew if a mechanism is under way (RFC 6120 §6.4.2).
    fn auth(&mut self, auth: sasl::Auth) {
        if self.needs_tls() {
            return self.give_up(sasl::Condition::EncryptionRequired.into());
        }
        if !self.offered.has_mechanism(&auth.mechanism) {
            return self.give_up(sasl::Condition::InvalidMechanism.into());
        }
        if let State::Challenged { .. } = self.state {
            self.queue.push(Action::Abort);
            self.failures = self.failures.saturating_add(1);
            if self.failed_too_often() {
                return;
            }
        }
        let sasl::Auth { mechanism, initial } = auth;
        self.state = State::Authenticating { mechanism: mechanism.clone() };
        self.queue.push(Action::Authenticate { mechanism, initial });
    }

    /// A failure that the driver did not decide: it has to forget a mechanism that is under way.
    fn give_up(&mut self, failure: sasl::Failure) {
        if let State::Challenged { .. } = self.state {
            self.queue.push(Action::Abort);
        }
        self.fail(failure);
    }

    fn fail(&mut self, failure: sasl::Failure) {
        self.queue.element(&sasl::Nonza::Failure(failure).to_element());
        self.count_failure();
    }

    /// Back to the features, unless this was the last failure that is borne.
    pub(super) fn count_failure(&mut self) {
        self.state = State::Open;
        self.failures = self.failures.saturating_add(1);
        self.failed_too_often();
    }

    fn failed_too_often(&mut self) -> bool {
        let too_often = self.failures >= self.config.max_failures.max(1);
        if too_often {
            self.error(StreamError::policy_violation().with_text("too many failed authentications"));
        }
        too_often
    }
}
