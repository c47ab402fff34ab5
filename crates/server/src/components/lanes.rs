//! What waits for a component, and which of its connections takes it.
//!
//! Senders, by their full address, fall into [`SLOTS`] groups. A group belongs to one connection and what it sends stays in order there. A
//! group changes to a connection with fewer only when all of it was written, and that not just now, so that order is kept; when a connection
//! ends, what it has not written goes to the others, before what comes later.

use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::time::Duration;

use stonechat_stanza::error::Kind;
use stonechat_stanza::{Stanza, StanzaError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// What a stanza takes beside its payload.
const OVERHEAD: usize = 256;
/// So many groups of senders.
const SLOTS: usize = 256;
/// What was sent so long ago has arrived.
const QUIET: Duration = Duration::from_secs(5);

/// A connection among those of its component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Lane(u64);

/// What waits for a component.
#[derive(Debug)]
pub(super) struct Lanes {
    open: Vec<Open>,
    slots: Vec<Slot>,
    /// While there is no connection.
    waiting: VecDeque<Stanza>,
    /// In all.
    bytes: usize,
    /// Since when there is no connection.
    away_since: Instant,
    hasher: RandomState,
    next: u64,
    retired: bool,
}

#[derive(Debug)]
struct Open {
    lane: Lane,
    queue: VecDeque<Stanza>,
    arrived: Arc<Notify>,
    slots: usize,
    /// When nothing of it was under way.
    clean: Instant,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    lane: Option<Lane>,
    used: Instant,
}

impl Lanes {
    /// For a component that has not connected yet.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            open: Vec::new(),
            slots: vec![Slot { lane: None, used: now }; SLOTS],
            waiting: VecDeque::new(),
            bytes: 0,
            away_since: now,
            hasher: RandomState::new(),
            next: 0,
            retired: false,
        }
    }

    /// How many connections there are.
    pub(super) fn count(&self) -> usize {
        self.open.len()
    }

    /// Adds a connection, which takes what waits if it is the first; its `Notify` tells when something has come for it. `None` when there are
    /// `most`, or the component is gone.
    pub(super) fn join(&mut self, most: usize, now: Instant) -> Option<(Lane, Arc<Notify>)> {
        if self.open.len() >= most || self.retired {
            return None;
        }
        self.next += 1;
        let (lane, arrived) = (Lane(self.next), Arc::new(Notify::new()));
        let open = Open { lane, queue: VecDeque::new(), arrived: Arc::clone(&arrived), slots: 0, clean: now };
        self.open.push(open);
        for stanza in std::mem::take(&mut self.waiting) {
            self.place(stanza, now);
        }
        Some((lane, arrived))
    }

    /// Adds a stanza, if no more than `limit` bytes wait then; where there is no connection, if there was one less than `wait` ago.
    ///
    /// # Errors
    /// What its sender is told.
    pub(super) fn push(
        &mut self,
        stanza: Stanza,
        limit: usize,
        wait: Duration,
        now: Instant,
    ) -> Result<(), StanzaError> {
        if self.retired || (self.open.is_empty() && now >= self.away_since + wait) {
            return Err(away());
        }
        let size = size(&stanza);
        if self.bytes + size > limit {
            return Err(StanzaError::resource_constraint().with_text("too much waits for that component"));
        }
        self.bytes += size;
        self.place(stanza, now);
        Ok(())
    }

    /// Takes what is next for a connection: stanzas until there are `bytes` of them, or no more. `is_busy` says whether something that was taken
    /// before is not written yet.
    pub(super) fn take(&mut self, lane: Lane, bytes: usize, is_busy: bool, now: Instant) -> Vec<Stanza> {
        let Some(open) = self.open.iter_mut().find(|open| open.lane == lane) else { return Vec::new() };
        let mut taken = Vec::new();
        let mut sum = 0;
        while sum < bytes
            && let Some(stanza) = open.queue.pop_front()
        {
            sum += size(&stanza);
            taken.push(stanza);
        }
        if taken.is_empty() && open.queue.is_empty() && !is_busy {
            open.clean = now;
        }
        self.bytes -= sum;
        taken
    }

    /// Removes a connection. What it has taken and not written, and what waits for it, goes to the others, or waits for one. True when it was
    /// the last.
    pub(super) fn leave(&mut self, lane: Lane, unwritten: Vec<Stanza>, now: Instant) -> bool {
        let Some(at) = self.open.iter().position(|open| open.lane == lane) else { return false };
        let Open { queue, .. } = self.open.swap_remove(at);
        for slot in self.slots.iter_mut().filter(|slot| slot.lane == Some(lane)) {
            slot.lane = None;
        }
        if self.open.is_empty() {
            self.away_since = now;
        }
        self.bytes += unwritten.iter().map(size).sum::<usize>();
        unwritten.into_iter().chain(queue).for_each(|stanza| self.place(stanza, now));
        self.open.is_empty()
    }

    /// Gives what waits, when there has been no connection for `wait`.
    pub(super) fn give_up(&mut self, wait: Duration, now: Instant) -> VecDeque<Stanza> {
        if !self.open.is_empty() || now < self.away_since + wait {
            return VecDeque::new();
        }
        self.bytes = 0;
        std::mem::take(&mut self.waiting)
    }

    /// Gives everything, and takes no more.
    pub(super) fn retire(&mut self) -> VecDeque<Stanza> {
        self.retired = true;
        let mut all = std::mem::take(&mut self.waiting);
        self.open.iter_mut().for_each(|open| all.append(&mut open.queue));
        self.bytes = 0;
        all
    }

    fn place(&mut self, stanza: Stanza, now: Instant) {
        match self.lane_for(&stanza, now) {
            None => self.waiting.push_back(stanza),
            Some(at) => {
                self.open[at].queue.push_back(stanza);
                self.open[at].arrived.notify_one();
            }
        }
    }

    /// Where a stanza goes, by its sender.
    fn lane_for(&mut self, stanza: &Stanza, now: Instant) -> Option<usize> {
        let least = (0..self.open.len()).min_by_key(|at| self.open[*at].slots)?;
        let from = stanza.from();
        let key = self.hasher.hash_one(from.as_ref().map(|from| from.as_str()));
        let slot = &mut self.slots[usize::try_from(key % SLOTS as u64).unwrap_or(0)];
        let used = std::mem::replace(&mut slot.used, now);
        let owner = self.open.iter().position(|open| Some(open.lane) == slot.lane);
        if let Some(at) = owner {
            let open = &self.open[at];
            // What was sent in the moment when it was clean may have come after.
            let may_move = open.clean > used && now >= used + QUIET;
            if !may_move || open.slots <= self.open[least].slots + 1 {
                return owner;
            }
            self.open[at].slots -= 1;
        }
        slot.lane = Some(self.open[least].lane);
        self.open[least].slots += 1;
        Some(least)
    }
}

/// The component is not connected, which may change (RFC 6120 §8.3.3.19).
pub(super) fn away() -> StanzaError {
    StanzaError::service_unavailable().with_kind(Kind::Wait).with_text("the component is not connected")
}

fn size(stanza: &Stanza) -> usize {
    stanza.payload_bytes().len() + OVERHEAD
}

#[cfg(test)]
mod tests;
