//! What is on its way to another domain: taken from the queue, and not known to have arrived.

use std::collections::VecDeque;

use stonechat_stanza::Stanza;
use stonechat_stream::negotiation::peer::{Counting, Established, Management};
use tokio::time::Instant;

use super::link::Parcel;
use super::reverse;

/// What is on its way to another domain, from one stream to the next.
///
/// Where the other server acknowledges stanzas (XEP-0198), that is all that it has not acknowledged. After a cut the same stream goes on, or
/// the other server tells how far it was; then each stanza arrives once. Where it can do neither, all that it has not acknowledged is sent
/// again, so that each stanza arrives, perhaps twice. Where it acknowledges nothing, what was written has arrived.
#[derive(Debug, Default)]
pub(super) struct Flight {
    parcels: VecDeque<One>,
    /// So many of them are written on the stream that there is.
    written: usize,
    /// So many of them were written since the count began.
    counted: usize,
    /// What those take that are written, where nothing is counted.
    bytes: usize,
    count: Option<Count>,
}

#[derive(Debug)]
struct One {
    parcel: Parcel,
    /// The bytes that it took on the stream.
    length: usize,
}

/// The other server counts.
#[derive(Debug)]
struct Count {
    /// What the stream is resumed by, if it can be.
    id: Option<String>,
    /// How many it has acknowledged.
    acked: u32,
    /// When it was asked, if it has not answered.
    asked: Option<Instant>,
}

/// More was acknowledged than was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooHigh {
    pub(super) handled: u32,
    pub(super) sent: u32,
}

/// What the next stream has to be for nothing to arrive twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Needs<'a> {
    /// Any will do: nothing is under way, or nobody knows how far that came.
    Any,
    /// One that goes on with the stream of this id, or one of our own, on which the other server is asked about that.
    Stream(&'a str),
}

impl Needs<'_> {
    /// Whether a stream will do that goes on with that of this id, if with any.
    pub(super) fn are_met_by(&self, id: Option<&str>) -> bool {
        match self {
            Self::Any => true,
            Self::Stream(needed) => id == Some(needed),
        }
    }
}

impl Flight {
    /// What the last stream is resumed by, if it can be.
    pub(super) fn id(&self) -> Option<&str> {
        self.count.as_ref()?.id.as_deref()
    }

    /// What the next stream has to be.
    pub(super) fn needs(&self) -> Needs<'_> {
        self.id().filter(|_| !self.is_empty()).map_or(Needs::Any, Needs::Stream)
    }

    /// What the next stream of our own is to begin with, where so many stanzas of the other server were handled on the last.
    pub(super) fn management(&self, handled: u32) -> Management {
        match self.id() {
            Some(id) => Management::Resume { id: id.to_owned(), handled },
            None => Management::Enable,
        }
    }

    /// A stream is there. All is to be written again that may not have arrived. Gives what has arrived.
    ///
    /// # Errors
    /// [`TooHigh`]: the stream is not to be used.
    pub(super) fn begin(&mut self, established: &Established) -> Result<Vec<Parcel>, TooHigh> {
        let handled = match &established.counting {
            Counting::Resumed { handled } => Some(*handled),
            _ => established.handled_before,
        };
        self.written = self.counted;
        let arrived = handled.map(|handled| self.acknowledge(handled)).transpose()?.unwrap_or_default();
        self.written = 0;
        self.bytes = 0;
        match &established.counting {
            Counting::Resumed { .. } => {}
            Counting::Anew { id } => {
                self.count = Some(Count { id: id.clone(), acked: 0, asked: None });
                self.counted = 0;
            }
            _ => {
                self.count = None;
                self.counted = 0;
            }
        }
        Ok(arrived)
    }

    /// A stream of the other server's is there. All is to be written again that may not have arrived. Gives what has arrived.
    ///
    /// # Errors
    /// [`TooHigh`]: the stream is not to be used.
    pub(super) fn join(&mut self, counting: &reverse::Counting) -> Result<Vec<Parcel>, TooHigh> {
        let reverse::Counting::On { id, handled } = counting else {
            return self.begin(&Established::default());
        };
        let goes_on = id.is_some() && self.id() == id.as_deref();
        self.written = self.counted;
        let arrived = if goes_on { self.acknowledge(*handled)? } else { Vec::new() };
        self.written = 0;
        self.bytes = 0;
        if !goes_on {
            self.counted = 0;
            self.count = Some(Count { id: id.clone(), acked: *handled, asked: None });
        }
        Ok(arrived)
    }

    /// The next stanza to write: one that is under way and not written on this stream, or one that is taken now.
    pub(super) fn next(&mut self, take: impl FnOnce() -> Option<Parcel>) -> Option<&Stanza> {
        if self.written == self.parcels.len() {
            self.parcels.push_back(One { parcel: take()?, length: 0 });
        }
        self.parcels.get(self.written).map(|one| &one.parcel.stanza)
    }

    /// That one takes so many bytes.
    pub(super) fn note_written(&mut self, length: usize) {
        let Some(one) = self.parcels.get_mut(self.written) else { return };
        one.length = length;
        self.written += 1;
        match self.count {
            Some(_) => self.counted = self.counted.max(self.written),
            None => self.bytes += length,
        }
    }

    /// So many bytes are not written yet. What is, has arrived, where nothing says so. Gives what has arrived.
    pub(super) fn settle(&mut self, unwritten: usize) -> Vec<Parcel> {
        let mut arrived = Vec::new();
        while self.count.is_none()
            && self.written > 0
            && let Some(one) = self.parcels.front()
            && self.bytes - one.length >= unwritten
        {
            self.bytes -= one.length;
            arrived.extend(self.first());
        }
        arrived
    }

    /// The other server has handled so many stanzas, modulo 2^32. Gives what has arrived.
    #[allow(clippy::cast_possible_truncation, reason = "the count on the wire is modulo 2^32 (XEP-0198 §4)")]
    pub(super) fn acknowledge(&mut self, handled: u32) -> Result<Vec<Parcel>, TooHigh> {
        let Some(count) = &mut self.count else { return Ok(Vec::new()) };
        let news = handled.wrapping_sub(count.acked);
        if news as usize > self.written {
            return Err(TooHigh { handled, sent: count.acked.wrapping_add(self.written as u32) });
        }
        count.acked = handled;
        count.asked = None;
        Ok((0..news).filter_map(|_| self.first()).collect())
    }

    /// The first has arrived.
    fn first(&mut self) -> Option<Parcel> {
        self.written = self.written.saturating_sub(1);
        self.counted = self.counted.saturating_sub(1);
        self.parcels.pop_front().map(|one| one.parcel)
    }

    /// Whether the other server is to be asked now what it has got: something is written that it has not acknowledged, and it was not asked
    /// since it last answered.
    pub(super) fn ask(&mut self, now: Instant) -> bool {
        let Some(count) = self.count.as_mut().filter(|count| count.asked.is_none()) else { return false };
        count.asked = (self.written > 0).then_some(now);
        count.asked.is_some()
    }

    /// Since when the other server has not answered.
    pub(super) fn asked(&self) -> Option<Instant> {
        self.count.as_ref()?.asked
    }

    /// The other server has lost count: no stream that it knows can go on.
    pub(super) fn lose_count(&mut self) {
        self.count = None;
    }

    /// There is no stream any more.
    pub(super) fn interrupt(&mut self) {
        if let Some(count) = &mut self.count {
            count.asked = None;
        }
    }

    /// Whether the other server acknowledges what it gets.
    pub(super) const fn is_counted(&self) -> bool {
        self.count.is_some()
    }

    /// Whether all has arrived.
    pub(super) fn is_empty(&self) -> bool {
        self.parcels.is_empty()
    }

    /// What may not have arrived, in order.
    pub(super) fn into_parcels(self) -> impl Iterator<Item = Parcel> {
        self.parcels.into_iter().map(|one| one.parcel)
    }
}

#[cfg(test)]
mod tests;
