//! Stanzas of this side on the peer's stream (XEP-0288).

use super::*;

impl Incoming {
    /// Whether stanzas of this side may be sent on the stream.
    #[must_use]
    pub fn is_bidi(&self) -> bool {
        self.reverse == Reverse::On
    }

    /// The peer asks for it: before it is authenticated, or later (§2.2 only recommends the former).
    pub(super) fn bidi_asked(&mut self) {
        if self.needs_tls() {
            return self.error(StreamError::policy_violation().with_text("TLS is required"));
        }
        if self.reverse == Reverse::Off {
            self.reverse = Reverse::Asked;
        }
        self.turn_around();
    }

    /// Lets this side send, if the peer has asked for that and was authenticated, and the stream is not about to begin anew.
    pub(super) fn turn_around(&mut self) {
        if self.state != State::Open || self.reverse != Reverse::Asked {
            return;
        }
        let Some(first) = &self.first else { return };
        self.reverse = Reverse::On;
        self.queue.push(Action::Bidirectional(first.inverse()));
    }
}
