//! What waits in a mailbox for something that does not wait.

use std::collections::VecDeque;

use jiff::Timestamp;
use stonechat_stanza::{Stanza, ns};

use super::{Full, Inner, Mailbox, Wire, wake};
use crate::point::HoldBack;

/// Stanzas that wait, in order.
#[derive(Debug, Default)]
pub(super) struct Held {
    stanzas: VecDeque<One>,
    bytes: usize,
}

#[derive(Debug)]
struct One {
    name: Option<String>,
    bytes: Vec<u8>,
    at: Timestamp,
}

impl Held {
    /// Adds one; what has the same name is dropped.
    fn add(&mut self, name: Option<&String>, bytes: Vec<u8>) {
        if let Some(at) = self.stanzas.iter().position(|one| name.is_some() && one.name.as_ref() == name)
            && let Some(old) = self.stanzas.remove(at)
        {
            self.bytes -= old.bytes.len();
        }
        self.bytes += bytes.len();
        self.stanzas.push_back(One { name: name.cloned(), bytes, at: Timestamp::now() });
    }
}

impl Inner {
    /// Nothing waits any longer.
    pub(super) fn flush(&mut self) {
        let Self { letters, numbered, held, .. } = self;
        if held.stanzas.is_empty() {
            return;
        }
        // They were let in already, whatever room there is now.
        for one in std::mem::take(held).stanzas {
            match numbered {
                Some(numbered) => numbered.add_anyway(one.at, letters, &one.bytes),
                None => letters.push(&one.bytes),
            }
        }
    }
}

impl Mailbox {
    /// Adds a stanza that waits; it goes before whatever is added after it.
    ///
    /// # Errors
    /// [`Full`] when nobody will read it any more.
    pub(crate) fn hold_back(&self, stanza: &Stanza, how: &HoldBack) -> Result<(), Full> {
        let mut bytes = Vec::new();
        match self.wire {
            Wire::InStream => stanza.write(&mut bytes),
            Wire::Standalone => stanza.write_in(&mut bytes, ns::CLIENT),
        }
        let mut inner = self.inner.lock();
        if inner.gone {
            return Err(Full);
        }
        inner.held.add(how.replaces.as_ref(), bytes);
        let enough = inner.held.bytes > how.bytes;
        drop(inner);
        if enough {
            self.flush();
        }
        Ok(())
    }

    /// What waits for something that does not wait any longer, and leaves.
    pub fn flush(&self) {
        let mut inner = self.inner.lock();
        let was_empty = inner.letters.is_empty();
        inner.flush();
        let reader = inner.reader_if_new(was_empty);
        let waiting = inner.numbered.as_ref().filter(|numbered| numbered.is_waiting());
        let session = waiting.and_then(|numbered| numbered.session.upgrade());
        drop(inner);
        wake(reader);
        if let Some(session) = session {
            session.has_news(true);
        }
    }
}

#[cfg(test)]
mod tests {
    use stonechat_stanza::message;

    use super::super::Letters;
    use super::*;

    fn stanza(id: &str) -> Stanza {
        Stanza::message(message::Type::Chat).with_id(id)
    }

    fn how(replaces: Option<&str>) -> HoldBack {
        HoldBack { replaces: replaces.map(str::to_owned), bytes: 200 }
    }

    fn ids(mailbox: &Mailbox) -> Vec<String> {
        let mut letters = Letters::default();
        mailbox.take(&mut letters);
        let id = |bytes| Stanza::parse(bytes).unwrap().id().unwrap().to_owned();
        letters.iter().map(id).collect()
    }

    #[test]
    fn what_waits_goes_before_what_does_not() {
        let mailbox = Mailbox::new(Wire::InStream, 1000);
        mailbox.hold_back(&stanza("a"), &how(None)).unwrap();
        mailbox.hold_back(&stanza("b"), &how(None)).unwrap();
        assert_eq!(ids(&mailbox), [""; 0]);
        mailbox.push(&stanza("c")).unwrap();
        assert_eq!(ids(&mailbox), ["a", "b", "c"]);
    }

    #[test]
    fn what_is_said_anew_is_said_once() {
        let mailbox = Mailbox::new(Wire::InStream, 1000);
        for (id, name) in [("a", Some("x")), ("b", Some("y")), ("c", Some("x")), ("d", None), ("e", None)] {
            mailbox.hold_back(&stanza(id), &how(name)).unwrap();
        }
        mailbox.flush();
        assert_eq!(ids(&mailbox), ["b", "c", "d", "e"]);
    }

    #[test]
    fn so_many_bytes_wait_and_no_more() {
        let mailbox = Mailbox::new(Wire::InStream, 1000);
        let all: Vec<String> = (0..10).map(|n| n.to_string()).collect();
        let mut seen = Vec::new();
        for id in &all {
            mailbox.hold_back(&stanza(id), &how(None)).unwrap();
            seen.extend(ids(&mailbox));
        }
        assert!(seen.len() >= 6, "{seen:?}");
        mailbox.flush();
        seen.extend(ids(&mailbox));
        assert_eq!(seen, all);
    }
}
