//! Who is available, within limits.

use std::collections::{BTreeMap, HashMap};

use stonechat_stanza::jid::BareJid;

use crate::Availability;

/// The presence of others, by address and session.
#[derive(Debug)]
pub(super) struct Contacts {
    known: HashMap<BareJid, BTreeMap<String, Availability>>,
    most: usize,
    most_resources: usize,
}

impl Contacts {
    pub(super) fn new(most: usize, most_resources: usize) -> Self {
        Self { known: HashMap::new(), most, most_resources }
    }

    pub(super) fn clear(&mut self) {
        self.known.clear();
    }

    /// Presence without a resource is kept under the empty one.
    pub(super) fn available(&mut self, who: BareJid, resource: Option<&str>, how: Availability) {
        if self.known.len() >= self.most && !self.known.contains_key(&who) {
            return;
        }
        let sessions = self.known.entry(who).or_default();
        let resource = resource.unwrap_or_default();
        if sessions.len() < self.most_resources || sessions.contains_key(resource) {
            sessions.insert(resource.to_owned(), how);
        }
    }

    pub(super) fn unavailable(&mut self, who: &BareJid, resource: Option<&str>) {
        let Some(sessions) = self.known.get_mut(who) else { return };
        match resource {
            Some(resource) => drop(sessions.remove(resource)),
            // It is the account that is gone.
            None => sessions.clear(),
        }
        if sessions.is_empty() {
            self.known.remove(who);
        }
    }

    /// The sessions of an address, the one that wants messages most first.
    pub(super) fn sessions(&self, who: &BareJid) -> Vec<(String, Availability)> {
        let mut all: Vec<_> = self
            .known
            .get(who)
            .into_iter()
            .flatten()
            .map(|(resource, how)| (resource.clone(), how.clone()))
            .collect();
        all.sort_by_key(|(_, how)| std::cmp::Reverse(how.priority));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jid(text: &str) -> BareJid {
        text.parse().expect(text)
    }

    fn priority(priority: i8) -> Availability {
        Availability { priority, ..Availability::default() }
    }

    #[test]
    fn no_more_is_kept_than_may_be() {
        let mut contacts = Contacts::new(2, 2);
        for who in ["a@b", "c@b", "d@b"] {
            for resource in ["1", "2", "3"] {
                contacts.available(jid(who), Some(resource), priority(0));
            }
        }
        assert_eq!(contacts.sessions(&jid("a@b")).len(), 2);
        assert_eq!(contacts.sessions(&jid("d@b")).len(), 0);
        contacts.unavailable(&jid("a@b"), None);
        contacts.available(jid("d@b"), Some("1"), priority(0));
        assert_eq!(contacts.sessions(&jid("d@b")).len(), 1);
    }

    #[test]
    fn the_session_that_wants_messages_most_is_first() {
        let mut contacts = Contacts::new(9, 9);
        for (resource, wants) in [("a", -1), ("b", 5), ("c", 0)] {
            contacts.available(jid("a@b"), Some(resource), priority(wants));
        }
        let order: Vec<_> = contacts.sessions(&jid("a@b")).into_iter().map(|(name, _)| name).collect();
        assert_eq!(order, ["b", "c", "a"]);
    }
}
