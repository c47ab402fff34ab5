//! Stream management (XEP-0198): the peer's stanzas are counted, and its stream may go on after the connection broke.

use stonechat_stanza::payload::{ParseError, Payload as _};
use stonechat_stanza::{Element, StanzaError, sm};

use super::*;
use crate::negotiation::peer::outgoing::too_high;

impl Incoming {
    /// The pairs that are authorised.
    pub fn authorized(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.iter().filter(|entry| entry.authorized).map(|entry| &entry.pair)
    }

    /// Whether the peer's stanzas are counted.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.counts
    }

    /// Whether the peer is offered that, or was.
    #[must_use]
    pub fn offers_management(&self) -> bool {
        self.offer.management
    }

    /// The driver's answer to [`Action::Enable`]: stanzas are counted from here on.
    pub fn enabled(&mut self, enabled: &sm::Enabled) {
        self.begin_to_count(&enabled.to_element());
    }

    /// The driver's answer to [`Action::Resume`]: so many stanzas were handled of that stream, modulo 2^32, and those that come from here
    /// on are counted behind them.
    pub fn resumed(&mut self, id: &str, handled: u32) {
        self.begin_to_count(&sm::Resumed { h: handled, previd: id.to_owned() }.to_element());
    }

    /// The driver's answer to [`Action::Resume`] when it is too late for that, or there is no such stream. So many stanzas were handled,
    /// modulo 2^32, if that is known. The peer may ask for a new count (§5).
    pub fn not_resumed(&mut self, handled: Option<u32>) {
        let failed = handled.map_or_else(|| sm::failed(&StanzaError::item_not_found()), sm::timed_out);
        if self.speaks() {
            self.queue.element(&failed);
        }
    }

    /// Tells how many stanzas were handled, modulo 2^32: the answer to [`Action::AckWanted`], or unasked. Nothing where none are counted.
    pub fn acknowledge(&mut self, handled: u32) {
        if self.speaks() && self.counts {
            self.queue.element(&sm::Ack { h: handled }.to_element());
        }
    }

    fn begin_to_count(&mut self, answer: &Element) {
        if self.speaks() {
            self.queue.element(answer);
            self.counts = true;
        }
    }

    pub(super) fn management(&mut self, nonza: Result<sm::Nonza, ParseError>) {
        let Ok(nonza) = nonza else { return self.queue.element(&sm::failed(&StanzaError::bad_request())) };
        match nonza {
            sm::Nonza::Enable(enable) if self.may_begin() => self.queue.push(Action::Enable(enable)),
            sm::Nonza::Resume(resume) if self.may_begin() => self.queue.push(Action::Resume(resume)),
            sm::Nonza::Request if self.counts => self.queue.push(Action::AckWanted),
            sm::Nonza::Ack(sm::Ack { h }) if self.counts && self.is_bidi() => {
                self.queue.push(Action::Acknowledged(h))
            }
            // Nothing was sent that could be acknowledged (§6).
            sm::Nonza::Ack(sm::Ack { h }) if self.counts && h > 0 => self.error(too_high(h, 0)),
            sm::Nonza::Ack(_) if self.counts => {}
            sm::Nonza::Enabled(_) | sm::Nonza::Resumed(_) | sm::Nonza::Failed(_) => {
                self.error(StreamError::not_authorized());
            }
            // §3: not before who sends is authenticated, and once; what is acknowledged has to be counted.
            _ => self.queue.element(&sm::failed(&StanzaError::unexpected_request())),
        }
    }

    fn may_begin(&self) -> bool {
        self.is_authorized() && !self.counts
    }
}
