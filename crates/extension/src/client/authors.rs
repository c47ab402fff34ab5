//! Who has written which message.

use std::collections::{HashMap, VecDeque};

use stonechat_jid::{BareJid, Jid};

/// Remembers who has written the last so many messages, so that nobody else changes them afterwards.
///
/// ```
/// use stonechat_extension::client::Authors;
///
/// let mut authors = Authors::new(100);
/// let romeo = "romeo@example.net".parse()?;
/// authors.learn(&romeo, "m1", romeo.clone().into());
/// assert_eq!(authors.is_by(&romeo, "m1", &romeo.clone().into()), Some(true));
/// assert_eq!(authors.is_by(&romeo, "m1", &"juliet@example.com".parse()?), Some(false));
/// assert_eq!(authors.is_by(&romeo, "m2", &romeo.clone().into()), None);
/// # Ok::<(), stonechat_jid::Error>(())
/// ```
#[derive(Debug)]
pub struct Authors {
    most: usize,
    order: VecDeque<(BareJid, String)>,
    known: HashMap<(BareJid, String), Jid>,
}

impl Authors {
    /// Remembers `most` messages.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { most, order: VecDeque::new(), known: HashMap::new() }
    }

    /// Remembers a message of the conversation with `peer`. Who was first to use an id has it.
    pub fn learn(&mut self, peer: &BareJid, id: &str, author: Jid) {
        let key = (peer.clone(), id.to_owned());
        if self.known.contains_key(&key) {
            return;
        }
        self.order.push_back(key.clone());
        self.known.insert(key, author);
        while self.order.len() > self.most {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }

    /// Whether a message of the conversation with `peer` is by this author; `None` when it is not remembered.
    #[must_use]
    pub fn is_by(&self, peer: &BareJid, id: &str, author: &Jid) -> Option<bool> {
        self.known.get(&(peer.clone(), id.to_owned())).map(|known| known == author)
    }
}
