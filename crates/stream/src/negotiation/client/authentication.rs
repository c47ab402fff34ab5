//! SASL.

use super::*;
use crate::sasl;

impl Negotiation {
    /// Begins with one of the mechanisms that the server offered. One that it did not offer ends the stream with
    /// [`Error::OutOfTurn`].
    pub fn authenticate(&mut self, mechanism: &str, initial: Option<&[u8]>) {
        if self.state != State::Choosing || !self.offered.iter().any(|offered| offered == mechanism) {
            return self.out_of_turn();
        }
        let auth = sasl::Auth { mechanism: mechanism.to_owned(), initial: initial.map(Into::into) };
        self.queue.element(&sasl::Nonza::Auth(auth).to_element());
        self.state = State::Authenticating;
    }

    /// The mechanism's answer to a challenge.
    pub fn respond(&mut self, data: &[u8]) {
        if self.state != State::Challenged {
            return self.out_of_turn();
        }
        self.queue.element(&sasl::Nonza::Response(data.into()).to_element());
        self.state = State::Authenticating;
    }

    /// Gives the mechanism up; the server acknowledges it with a failure (RFC 6120 §6.4.4), after which another
    /// one may be chosen.
    pub fn abort(&mut self) {
        if self.state != State::Challenged {
            return self.out_of_turn();
        }
        self.queue.element(&sasl::Nonza::Abort.to_element());
        self.state = State::Aborting;
    }

    /// The mechanism is done and the server's proof, if the mechanism has one, is right: the stream is opened anew.
    pub fn accept(&mut self) {
        if self.state != State::Proving {
            return self.out_of_turn();
        }
        self.authenticated = true;
        self.queue.push(Action::Restart);
        self.open();
    }

    /// An extension has authenticated the client without a restart (SASL2): features have to come.
    pub fn authenticated(&mut self) {
        if self.state != State::Choosing || self.authenticated {
            return self.out_of_turn();
        }
        self.authenticated = true;
        self.state = State::Features;
    }

    pub(super) fn sasl_answer(&mut self, element: &Element) {
        match (self.state, sasl::Nonza::from_element(element)) {
            (State::Authenticating, Some(Ok(sasl::Nonza::Challenge(data)))) => {
                self.state = State::Challenged;
                self.queue.push(Action::Challenge(data));
            }
            (State::Authenticating, Some(Ok(sasl::Nonza::Success(data)))) => {
                self.state = State::Proving;
                self.queue.push(Action::Success(data));
            }
            (_, Some(Ok(sasl::Nonza::Failure(failure)))) => {
                self.state = State::Choosing;
                self.queue.push(Action::Failure(failure));
            }
            (_, Some(Err(_))) => {
                self.broken(StreamError::bad_format().with_text("SASL data that cannot be read"))
            }
            _ => self.broken(StreamError::unsupported_stanza_type()),
        }
    }
}
