//! The direction back on a stream of another server, as the task of that stream sees it.

use stonechat_stanza::Stanza;
use stonechat_stream::negotiation::peer::too_high;

use super::super::flight::TooHigh;
use super::super::reverse::{End, SETTLE};
use super::*;

/// Why this side ends the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Nothing was said for long.
    Quiet,
    /// This server stops.
    Stopping,
}

impl Stream {
    /// The pair may be sent on the stream, as soon as it is known how its stanzas are counted.
    pub(super) fn turn_around(&mut self, pair: Pair) {
        tracing::debug!(%pair, peer = %self.peer, "another server can be sent to on its own stream");
        let is_certified = self.has_certified(pair.target.as_str());
        self.reversing = Some(Reversing::new(&self.federation, pair, is_certified));
        // Who has asked before it was to be sent to has asked for its own stanzas alone.
        match self.machine.offers_management() && !self.machine.counts() {
            true => self.settles = Some(Instant::now() + SETTLE),
            false => self.settle_reverse(Counting::Off),
        }
    }

    pub(super) fn settle_reverse(&mut self, counting: Counting) {
        self.settles = None;
        if let Some(reversing) = &self.reversing {
            reversing.settle(counting);
        }
    }

    pub(super) fn reverse_over(&mut self, failure: Failure) {
        if let Some(reversing) = &self.reversing {
            reversing.over(failure);
        }
    }

    /// What is sent back and not counted is written, or goes another way, and not both: to be called before the link hears that the stream is
    /// over. False if not all could be written in time; then nothing more is.
    pub(super) async fn write_uncounted(&mut self) -> bool {
        if !self.reversing.as_ref().is_some_and(Reversing::is_uncounted) {
            return true;
        }
        let writing = self.outgoing.write(&mut self.link.transport, None);
        let is_written = matches!(timeout(LAST_WORDS, writing).await, Ok(Ok(())));
        self.drop_uncounted();
        is_written
    }

    /// What is sent back, not counted and not written goes another way.
    pub(super) fn drop_uncounted(&mut self) {
        if let Some(reversing) = self.reversing.as_ref().filter(|reversing| reversing.is_uncounted()) {
            reversing.note_unwritten(self.outgoing.unwritten_own());
            self.outgoing = Outgoing::default();
        }
    }

    pub(super) fn acknowledged(&mut self, handled: u32) {
        let acknowledged = self.reversing.as_ref().map(|reversing| reversing.acknowledged(handled));
        if let Some(Err(TooHigh { handled, sent })) = acknowledged {
            self.machine.error(too_high(handled, sent));
        }
    }

    /// Whether who sends on it wants it to end, or has left it in the middle of something.
    pub(super) fn check_reverse(&mut self) -> Option<Over> {
        let reversing = self.reversing.as_ref()?;
        match reversing.to_end() {
            Some(End::Stuck) => {
                // What is not written goes another way.
                self.outgoing = Outgoing::default();
                Some(Over("nothing is taken, or acknowledged"))
            }
            Some(End::TooHigh(TooHigh { handled, sent })) => {
                self.machine.error(too_high(handled, sent));
                None
            }
            None if reversing.is_left_unwritten() => self.drop_unwritten(),
            None => None,
        }
    }

    /// What is sent back and not written goes another way; behind half a stanza nothing else can be said.
    fn drop_unwritten(&mut self) -> Option<Over> {
        let reversing = self.reversing.as_ref()?;
        reversing.note_unwritten(self.outgoing.unwritten_own());
        if !reversing.is_in_writing() {
            return None;
        }
        self.outgoing = Outgoing::default();
        Some(Over("it is left while something is written"))
    }

    /// This side ends the stream when what is sent on it has arrived, or will not.
    pub(super) fn begin_to_end(&mut self, why: Ending) {
        let waits = self.reversing.as_ref().is_some_and(Reversing::ask_to_leave);
        let patience = if waits { LAST_WORDS } else { std::time::Duration::ZERO };
        self.ending = Some((why, Instant::now() + patience));
    }

    /// Ends it when nobody sends on it any more, or has had long enough to.
    pub(super) async fn end_if_left(&mut self) -> Option<Over> {
        let (why, until) = self.ending?;
        let is_used = self.reversing.as_ref().is_some_and(Reversing::is_used);
        if is_used && Instant::now() < until {
            return None;
        }
        if let Some(over) = self.drop_unwritten() {
            return Some(over);
        }
        self.acknowledge_all().await;
        match why {
            Ending::Quiet => self.machine.finish(),
            Ending::Stopping => self.machine.error(StreamError::system_shutdown()),
        }
        None
    }

    /// The policy may have become another since the stream began.
    pub(super) fn still_speaks_with(&self, stanza: &Stanza) -> bool {
        let is_certified = stanza.from().is_some_and(|from| self.has_certified(from.domain()));
        self.federation.still_speaks_with(stanza, is_certified)
    }

    fn has_certified(&self, domain: &str) -> bool {
        self.certified.iter().any(|certified| certified == domain)
    }
}
