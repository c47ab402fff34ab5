//! What a session was sent since its client last said what it has got (XEP-0198 §4): kept until it says so, so that it can be sent
//! again on another connection (§5), or see to it that it is not lost.
//!
//! Each letter goes through three states: it is *waiting* until the [journal](crate::journal) has gathered and written it, then it is
//! *released* to the connection, then the client has *acknowledged* it, and it is forgotten.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Weak;

use jiff::Timestamp;

use super::letters::Letters;
use super::shelved::Shelved;
use crate::journal::Unit;
use crate::session::Session;

/// What a buffer begins with, in bytes: most stanzas fit.
const FIRST: usize = 512;

/// The client has acknowledged more stanzas than it was sent (XEP-0198 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{handled} stanzas were acknowledged, and {sent} were sent")]
pub struct TooHigh {
    /// The count of the client.
    pub handled: u32,
    /// How many were sent.
    pub sent: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// A stanza.
    Counted,
    /// An element that is not a stanza, thus not counted.
    Aside,
    /// Such an element on a connection that is no more.
    Void,
}

#[derive(Debug)]
struct Mark {
    length: u32,
    sort: Sort,
    /// No connection was there when it came.
    late: bool,
    /// When it came, in milliseconds.
    at: i64,
    /// What it is an effect of.
    unit: Option<Unit>,
}

/// A stanza that the client has not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unacknowledged {
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
    pub(crate) bytes: Vec<u8>,
}

/// What the journal has to write of a mailbox.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    /// The stanzas, in order.
    pub(crate) stanzas: Vec<Unacknowledged>,
    /// Where some of them are stored until then.
    pub(crate) stored: Vec<Shelved>,
    /// What is released when they are written.
    pub(crate) upto: u64,
    /// Something has to wait for the unit that it belongs to.
    pub(crate) held_back: bool,
    /// Something is released.
    pub(crate) anything: bool,
}

#[derive(Debug)]
pub(super) struct Numbered {
    pub(super) session: Weak<Session>,
    /// The bytes of all marks, behind `head`.
    bytes: Vec<u8>,
    head: usize,
    marks: VecDeque<Mark>,
    /// The position of the first mark among all that there ever were.
    front: u64,
    /// Positions up to which the marks were gathered and released.
    gathered: u64,
    released: u64,
    /// Where the bytes that are not released begin, behind `head`.
    released_bytes: usize,
    /// How many stanzas the client has acknowledged.
    acked: u64,
    limit: usize,
    /// Where stanzas that were not gathered yet are stored, with their positions.
    stored: Vec<(u64, Shelved)>,
    /// Whether what is sent waits for the journal.
    journalled: bool,
    /// Asks the client what it has got.
    pub(super) request: &'static [u8],
    /// Such a request was written, and not answered.
    pub(super) asked: bool,
    pub(super) attached: bool,
}

impl Numbered {
    pub(super) fn new(
        session: Weak<Session>,
        limit: usize,
        journalled: bool,
        request: &'static [u8],
        acked: u64,
    ) -> Self {
        Self {
            session,
            bytes: Vec::new(),
            head: 0,
            marks: VecDeque::new(),
            front: 0,
            gathered: 0,
            released: 0,
            released_bytes: 0,
            acked,
            limit,
            stored: Vec::new(),
            journalled,
            request,
            asked: false,
            attached: true,
        }
    }

    fn end(&self) -> u64 {
        self.front + self.marks.len() as u64
    }

    #[allow(clippy::cast_possible_truncation, reason = "positions of marks that are in memory")]
    fn index(&self, position: u64) -> usize {
        position.saturating_sub(self.front) as usize
    }

    fn len(&self) -> usize {
        self.bytes.len() - self.head
    }

    /// How many stanzas the client has acknowledged.
    pub(super) const fn acked(&self) -> u64 {
        self.acked
    }

    /// Adds a stanza, if there is room; it is released at once where nothing has to be written before.
    pub(super) fn add(
        &mut self,
        counted: bool,
        unit: Option<Unit>,
        now: Timestamp,
        letters: &mut Letters,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> bool {
        if !counted && !self.attached {
            return true;
        }
        let (before, held) = (self.bytes.len(), self.len());
        // What is not counted is little, and the answer to who may be slow; but it has an end.
        let limit = if counted { self.limit } else { self.limit.saturating_mul(2) };
        if held > 0 && held >= limit {
            return false;
        }
        if self.bytes.capacity() == 0 {
            self.bytes.reserve(FIRST);
        }
        write(&mut self.bytes);
        if held > 0 && self.len() > limit {
            self.bytes.truncate(before);
            return false;
        }
        let length = u32::try_from(self.bytes.len() - before).unwrap_or(u32::MAX);
        let sort = if counted { Sort::Counted } else { Sort::Aside };
        let at_once = counted && !self.journalled && self.released == self.end();
        let unit = unit.filter(|_| self.journalled);
        let mark = Mark { length, sort, late: !self.attached, at: now.as_millisecond(), unit };
        self.marks.push_back(mark);
        if at_once {
            self.gathered = self.end();
            self.release(self.end(), letters);
        }
        true
    }

    /// The last stanza is stored there until the journal has written it.
    pub(super) fn note_stored(&mut self, stored: Shelved) {
        if self.journalled && self.is_waiting() {
            self.stored.push((self.end() - 1, stored));
        }
    }

    /// Adds a stanza whatever room there is.
    pub(super) fn add_anyway(&mut self, at: Timestamp, letters: &mut Letters, bytes: &[u8]) {
        let limit = std::mem::replace(&mut self.limit, usize::MAX);
        self.add(true, None, at, letters, |out| out.extend_from_slice(bytes));
        self.limit = limit;
    }

    /// Whether something waits for the journal.
    pub(super) fn is_waiting(&self) -> bool {
        self.gathered < self.end()
    }

    /// Whether the journal has written all.
    pub(super) fn is_settled(&self) -> bool {
        self.released == self.end()
    }

    /// What the journal may write now: all whose unit has come to its end, up to the first whose unit has not.
    pub(super) fn gather(&mut self, has_ended: impl Fn(&Unit) -> bool) -> Gathered {
        let mut gathered = Gathered { upto: self.gathered, ..Gathered::default() };
        let mut at = self.head + self.marks.range(..self.index(self.gathered)).map(len).sum::<usize>();
        let before = self.counted(..self.index(self.gathered));
        let mut number = self.acked + before;
        for position in self.index(self.gathered)..self.marks.len() {
            let mark = &mut self.marks[position];
            if mark.unit.as_ref().is_some_and(|unit| !has_ended(unit)) {
                gathered.held_back = true;
                break;
            }
            mark.unit = None;
            let end = at + mark.length as usize;
            if mark.sort == Sort::Counted {
                number += 1;
                if self.journalled {
                    gathered.stanzas.push(Unacknowledged {
                        number,
                        at: Timestamp::from_millisecond(mark.at).unwrap_or_default(),
                        bytes: self.bytes[at..end].to_vec(),
                    });
                }
            }
            at = end;
            gathered.upto += 1;
            gathered.anything = true;
        }
        let safe = self.stored.iter().take_while(|(position, _)| *position < gathered.upto).count();
        gathered.stored = self.stored.drain(..safe).map(|(_, stored)| stored).collect();
        self.gathered = gathered.upto;
        gathered
    }

    fn counted(&self, range: impl std::ops::RangeBounds<usize>) -> u64 {
        self.marks.range(range).filter(|mark| mark.sort == Sort::Counted).count() as u64
    }

    /// Hands what was written to the connection, if there is one.
    pub(super) fn release(&mut self, upto: u64, letters: &mut Letters) {
        // More may have been released meanwhile, where nothing has to be written.
        if upto <= self.released {
            return;
        }
        let range = self.index(self.released)..self.index(upto);
        self.released = upto;
        let mut at = self.head + self.released_bytes;
        for mark in self.marks.range(range) {
            let end = at + mark.length as usize;
            if self.attached && mark.sort != Sort::Void {
                letters.push(&self.bytes[at..end]);
            }
            at = end;
        }
        self.released_bytes = at - self.head;
    }

    /// What asks the client for its count, if it has to be asked: something was written that it has not acknowledged, and it was not
    /// asked since.
    pub(super) fn request(&mut self) -> Option<&'static [u8]> {
        let owes = self.marks.range(..self.index(self.released)).any(|mark| mark.sort == Sort::Counted);
        (owes && !self.request.is_empty() && !std::mem::replace(&mut self.asked, true))
            .then_some(self.request)
    }

    /// The client has handled so many stanzas, modulo 2^32.
    #[allow(clippy::cast_possible_truncation, reason = "the count on the wire is modulo 2^32 (XEP-0198 §4)")]
    pub(super) fn acknowledge(&mut self, handled: u32) -> Result<(), TooHigh> {
        let news = u64::from(handled.wrapping_sub(self.acked as u32));
        let sent = self.counted(..self.index(self.released));
        if news > sent {
            return Err(TooHigh { handled, sent: (self.acked + sent) as u32 });
        }
        self.asked = false;
        let target = self.acked + news;
        while self.front < self.released
            && let Some(mark) = self.marks.front()
            && (self.acked < target || mark.sort != Sort::Counted)
        {
            self.acked += u64::from(mark.sort == Sort::Counted);
            self.head += mark.length as usize;
            self.released_bytes -= mark.length as usize;
            self.front += 1;
            self.marks.pop_front();
        }
        self.compact();
        Ok(())
    }

    fn compact(&mut self) {
        if self.head == self.bytes.len() {
            // An idle session has no buffers.
            self.bytes = Vec::new();
            self.marks.shrink_to(0);
            self.head = 0;
        } else if self.head > self.bytes.len() / 2 {
            self.bytes.drain(..self.head);
            self.head = 0;
        }
    }

    /// The connection is gone.
    pub(super) fn detach(&mut self) {
        self.attached = false;
        self.asked = false;
        for mark in self.marks.iter_mut().filter(|mark| mark.sort == Sort::Aside) {
            mark.sort = Sort::Void;
        }
    }

    /// Another connection is there: it gets all that was released and not acknowledged. `late` makes the bytes of what came while there
    /// was none, from its bytes and the time when it came.
    pub(super) fn attach(&mut self, letters: &mut Letters, late: impl Fn(&[u8], Timestamp) -> Vec<u8>) {
        self.attached = true;
        let mut at = self.head;
        for mark in self.marks.range(..self.index(self.released)) {
            let letter: Range<usize> = at..at + mark.length as usize;
            at = letter.end;
            match (mark.sort, mark.late) {
                (Sort::Counted, false) => letters.push(&self.bytes[letter]),
                (Sort::Counted, true) => {
                    let since = Timestamp::from_millisecond(mark.at).unwrap_or_default();
                    letters.push(&late(&self.bytes[letter], since));
                }
                (Sort::Aside | Sort::Void, _) => {}
            }
        }
    }

    /// Puts back what the journal has kept of a session of before a restart.
    pub(super) fn restore(&mut self, kept: &[Unacknowledged]) {
        for stanza in kept {
            self.bytes.extend_from_slice(&stanza.bytes);
            self.marks.push_back(Mark {
                length: u32::try_from(stanza.bytes.len()).unwrap_or(u32::MAX),
                sort: Sort::Counted,
                late: true,
                at: stanza.at.as_millisecond(),
                unit: None,
            });
        }
        self.gathered = self.end();
        self.released = self.end();
        self.released_bytes = self.bytes.len();
    }

    /// All stanzas that are not acknowledged, the waiting ones included.
    pub(super) fn unacknowledged(&self) -> Vec<Unacknowledged> {
        let (mut at, mut number) = (self.head, self.acked);
        let mut all = Vec::new();
        for mark in &self.marks {
            let end = at + mark.length as usize;
            if mark.sort == Sort::Counted {
                number += 1;
                let since = Timestamp::from_millisecond(mark.at).unwrap_or_default();
                all.push(Unacknowledged { number, at: since, bytes: self.bytes[at..end].to_vec() });
            }
            at = end;
        }
        all
    }
}

const fn len(mark: &Mark) -> usize {
    mark.length as usize
}

#[cfg(test)]
mod tests;
