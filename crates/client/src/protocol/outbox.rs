//! What is to be sent, and what was sent and is not acknowledged yet (XEP-0198 §4).

use std::collections::VecDeque;

use stonechat_stanza::{Kind, Stanza};
use stonechat_stream::codec::Framing;

/// Names a stanza that was given to be sent, for one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub(super) u64);

/// How much waits to be sent or acknowledged at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLimits {
    /// So many stanzas.
    pub stanzas: usize,
    /// So many bytes of XML. A stanza that is larger cannot be sent at all.
    pub bytes: usize,
}

impl Default for QueueLimits {
    /// 1000 stanzas, 4 MiB.
    fn default() -> Self {
        Self { stanzas: 1000, bytes: 4 << 20 }
    }
}

/// What becomes of stanzas that were sent and not acknowledged when their session cannot be resumed: whether they arrived is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unacknowledged {
    /// They fail, and the application decides. Nothing arrives twice.
    #[default]
    Report,
    /// Messages are sent again, with the same id, and may arrive twice; everything else fails.
    ResendMessages,
}

/// Why a stanza is not queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QueueError {
    /// Too much waits already; try again when something has been acknowledged.
    #[error("too much waits to be sent")]
    Full,
    /// It is larger than all that may wait together.
    #[error("the stanza is too large")]
    TooLarge,
    /// The client is closed.
    #[error("the client is closed")]
    Closed,
}

#[derive(Debug)]
struct Entry {
    ticket: Ticket,
    bytes: Vec<u8>,
    is_message: bool,
}

/// Stanzas in their order: first those that were sent on this session and wait to be acknowledged, then those that were not sent.
#[derive(Debug)]
pub(super) struct Outbox {
    entries: VecDeque<Entry>,
    /// How many of the first were sent.
    sent: usize,
    /// How many were acknowledged since counting began, modulo 2^32.
    acknowledged: u32,
    bytes: usize,
    limits: QueueLimits,
    next: u64,
}

impl Outbox {
    pub(super) fn new(limits: QueueLimits) -> Self {
        Self { entries: VecDeque::new(), sent: 0, acknowledged: 0, bytes: 0, limits, next: 0 }
    }

    /// Whether anything more may wait.
    pub(super) fn has_room(&self) -> bool {
        self.entries.len() < self.limits.stanzas && self.bytes < self.limits.bytes
    }

    /// Queues a stanza.
    pub(super) fn push(&mut self, stanza: &Stanza) -> Result<Ticket, QueueError> {
        let mut bytes = Vec::new();
        Framing::Tcp.write_stanza(stanza, &mut bytes);
        if bytes.len() > self.limits.bytes {
            return Err(QueueError::TooLarge);
        }
        if self.entries.len() >= self.limits.stanzas || self.bytes + bytes.len() > self.limits.bytes {
            return Err(QueueError::Full);
        }
        let ticket = Ticket(self.next);
        self.next += 1;
        self.bytes += bytes.len();
        self.entries.push_back(Entry {
            ticket,
            bytes,
            is_message: matches!(stanza.kind(), Kind::Message(_)),
        });
        Ok(ticket)
    }

    /// The next stanza that was not sent is sent now. Where they are counted it waits for its acknowledgement, else it is done with.
    pub(super) fn send(&mut self, counted: bool, out: &mut Vec<u8>) -> Option<Ticket> {
        let entry = self.entries.get(self.sent)?;
        out.extend_from_slice(&entry.bytes);
        let ticket = entry.ticket;
        if counted {
            self.sent += 1;
        } else if let Some(entry) = self.entries.remove(self.sent) {
            self.bytes -= entry.bytes.len();
        }
        Some(ticket)
    }

    /// Whether this one waits to be sent or acknowledged. Tickets are in order, though some may be missing.
    pub(super) fn has(&self, ticket: Ticket) -> bool {
        self.entries.binary_search_by_key(&ticket, |entry| entry.ticket).is_ok()
    }

    /// Whether something was not sent yet.
    pub(super) fn has_unsent(&self) -> bool {
        self.sent < self.entries.len()
    }

    /// Whether something waits for its acknowledgement.
    pub(super) fn has_unacknowledged(&self) -> bool {
        self.sent > 0
    }

    /// The server has handled so many stanzas since counting began. `Err` with what was sent if that is more.
    pub(super) fn acknowledge(&mut self, handled: u32) -> Result<Vec<Ticket>, u32> {
        let more = handled.wrapping_sub(self.acknowledged) as usize;
        if more > self.sent {
            return Err(self.acknowledged.wrapping_add(self.sent as u32));
        }
        self.acknowledged = handled;
        self.sent -= more;
        let done: Vec<Entry> = self.entries.drain(..more).collect();
        self.bytes -= done.iter().map(|entry| entry.bytes.len()).sum::<usize>();
        Ok(done.into_iter().map(|entry| entry.ticket).collect())
    }

    /// The session goes on: what was not acknowledged is sent again, before all else.
    pub(super) fn resend(&mut self) {
        self.sent = 0;
    }

    /// Another session begins. Gives those that fail because nobody knows whether they arrived.
    pub(super) fn begin(&mut self, policy: Unacknowledged) -> Vec<Ticket> {
        let sent: Vec<Entry> = self.entries.drain(..self.sent).collect();
        self.sent = 0;
        self.acknowledged = 0;
        let again = |entry: &Entry| policy == Unacknowledged::ResendMessages && entry.is_message;
        let (again, lost): (Vec<Entry>, Vec<Entry>) = sent.into_iter().partition(again);
        self.bytes -= lost.iter().map(|entry| entry.bytes.len()).sum::<usize>();
        for entry in again.into_iter().rev() {
            self.entries.push_front(entry);
        }
        lost.into_iter().map(|entry| entry.ticket).collect()
    }

    /// All ends. Gives those that were sent and not acknowledged, and those that were not sent.
    pub(super) fn end(&mut self) -> (Vec<Ticket>, Vec<Ticket>) {
        let mut tickets: Vec<Ticket> = self.entries.drain(..).map(|entry| entry.ticket).collect();
        let unsent = tickets.split_off(self.sent.min(tickets.len()));
        self.sent = 0;
        self.bytes = 0;
        (tickets, unsent)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;
    use stonechat_stanza::{message, presence};

    use super::*;

    fn message(id: u64) -> Stanza {
        Stanza::message(message::Type::Chat).with_id(&id.to_string())
    }

    fn drain(outbox: &mut Outbox, counted: bool) -> Vec<u64> {
        std::iter::from_fn(|| outbox.send(counted, &mut Vec::new())).map(|ticket| ticket.0).collect()
    }

    #[test]
    fn what_was_not_acknowledged_is_sent_again_before_all_else_and_in_order() {
        let mut outbox = Outbox::new(QueueLimits::default());
        for id in 0..5 {
            outbox.push(&message(id)).unwrap();
        }
        assert_eq!(drain(&mut outbox, true), [0, 1, 2, 3, 4]);
        assert_eq!(outbox.acknowledge(2).unwrap(), [Ticket(0), Ticket(1)]);
        outbox.push(&message(5)).unwrap();
        outbox.resend();
        assert_eq!(drain(&mut outbox, true), [2, 3, 4, 5]);
        assert_eq!(outbox.acknowledge(7), Err(6));
        assert_eq!(outbox.acknowledge(6).unwrap().len(), 4);
        assert!(!outbox.has_unacknowledged() && outbox.bytes == 0);
    }

    #[test]
    fn when_the_session_is_lost_the_policy_decides() {
        for (policy, lost, again) in [
            (Unacknowledged::Report, vec![Ticket(0), Ticket(1)], vec![2]),
            (Unacknowledged::ResendMessages, vec![Ticket(1)], vec![0, 2]),
        ] {
            let mut outbox = Outbox::new(QueueLimits::default());
            outbox.push(&message(0)).unwrap();
            outbox.push(&Stanza::presence(presence::Type::Available)).unwrap();
            drain(&mut outbox, true);
            outbox.push(&message(2)).unwrap();
            assert_eq!(outbox.begin(policy), lost);
            assert_eq!(drain(&mut outbox, true), again);
        }
    }

    #[test]
    fn no_more_waits_than_may() {
        let mut outbox = Outbox::new(QueueLimits { stanzas: 2, bytes: 200 });
        let long = message(0).with_lang(&"x".repeat(300));
        assert_eq!(outbox.push(&long), Err(QueueError::TooLarge));
        outbox.push(&message(0)).unwrap();
        outbox.push(&message(1)).unwrap();
        assert_eq!(outbox.push(&message(2)), Err(QueueError::Full));
        assert!(!outbox.has_room());
        assert_eq!(drain(&mut outbox, false), [0, 1]);
        assert!(outbox.has_room() && outbox.push(&message(2)).is_ok());
        let most = Outbox::new(QueueLimits { stanzas: 9, bytes: 60 });
        let mut outbox = most;
        outbox.push(&message(0).with_lang("12345678901")).unwrap();
        assert_eq!(outbox.push(&message(1)), Err(QueueError::Full));
    }

    #[derive(Debug, Clone)]
    enum Act {
        Push,
        Send,
        Acknowledge(usize),
        Resume(usize),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            Just(Act::Push),
            Just(Act::Send),
            (0..4_usize).prop_map(Act::Acknowledge),
            (0..4_usize).prop_map(Act::Resume),
        ]
    }

    proptest! {
        /// Against a server that handles some of what was sent when a connection breaks.
        #[test]
        fn whatever_happens_the_server_handles_each_stanza_once_and_in_order(acts in prop::collection::vec(act(), 0..200), start: u32) {
            let mut outbox = Outbox::new(QueueLimits { stanzas: 10, bytes: 10_000 });
            outbox.acknowledged = start;
            let (mut handled, mut wire) = (Vec::new(), VecDeque::new());
            let mut pushed = 0;
            for act in acts {
                match act {
                    Act::Push => pushed += u64::from(outbox.push(&message(0)).is_ok()),
                    Act::Send => wire.extend(outbox.send(true, &mut Vec::new())),
                    Act::Acknowledge(most) => {
                        handled.extend(wire.drain(..most.min(wire.len())));
                        outbox.acknowledge(start.wrapping_add(handled.len() as u32)).unwrap();
                    }
                    Act::Resume(most) => {
                        handled.extend(wire.drain(..most.min(wire.len())));
                        wire.clear();
                        outbox.acknowledge(start.wrapping_add(handled.len() as u32)).unwrap();
                        outbox.resend();
                    }
                }
            }
            while let Some(ticket) = outbox.send(true, &mut Vec::new()) {
                wire.push_back(ticket);
            }
            handled.extend(wire);
            prop_assert_eq!(handled.iter().map(|ticket| ticket.0).collect::<Vec<_>>(), (0..pushed).collect::<Vec<_>>());
        }
    }
}
