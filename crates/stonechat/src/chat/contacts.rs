//! The contacts, and who of them is there.

use std::collections::BTreeMap;

use stonechat_jid::{BareJid, JidRef};
use stonechat_xep_presence::client::Event as Presence;
use stonechat_xep_presence::{Availability, Show as Told};
use stonechat_xep_roster::Item;
use stonechat_xep_roster::client::Event as Change;

use super::model::Model;

/// So many contacts, others whose presence is known, sessions of each of them, and requests for presence are kept.
const MOST_CONTACTS: usize = 20_000;
const MOST_RESOURCES: usize = 50;

/// What somebody's presence shows (RFC 6121 §4.7.2.1), the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Show {
    Here,
    Away,
    Busy,
    Absent,
}

impl Show {
    fn of(availability: &Availability) -> Self {
        match availability.show {
            Some(Told::Away | Told::Xa) => Self::Away,
            Some(Told::Dnd) => Self::Busy,
            Some(Told::Chat) | None => Self::Here,
        }
    }
}

impl Model {
    /// The roster has changed, or cannot be had.
    pub(super) fn roster(&mut self, change: Change) {
        match change {
            Change::Changed { item, .. } => self.contact(item),
            Change::Removed(item) => drop(self.contacts.remove(&item.jid.to_bare())),
            Change::Failed(error) => self.notice = Some(format!("the contacts cannot be read: {error}")),
            _ => {}
        }
    }

    fn contact(&mut self, item: Item) {
        let jid = item.jid.to_bare();
        if self.contacts.len() < MOST_CONTACTS || self.contacts.contains_key(&jid) {
            self.contacts.insert(jid, item.name);
        }
    }

    pub(super) fn presence(&mut self, event: Presence) {
        match event {
            Presence::Available { from, availability } => {
                self.appears(from.as_jid_ref(), Show::of(&availability));
            }
            Presence::Unavailable { from, .. } | Presence::Error { from, .. } => {
                self.disappears(from.as_jid_ref());
            }
            Presence::Request { from, .. } if self.requests.len() < MOST_CONTACTS => {
                self.notice =
                    Some(format!("{from} asks to see your presence: /accept {from} or /refuse {from}"));
                self.requests.insert(from);
            }
            _ => {}
        }
    }

    fn appears(&mut self, who: JidRef<'_>, show: Show) {
        let (jid, Some(resource)) = (who.to_bare(), who.resource()) else { return };
        if self.present.len() >= MOST_CONTACTS && !self.present.contains_key(&jid) {
            return;
        }
        let sessions = self.present.entry(jid).or_default();
        if sessions.len() < MOST_RESOURCES || sessions.contains_key(resource) {
            sessions.insert(resource.to_owned(), show);
        }
    }

    fn disappears(&mut self, who: JidRef<'_>) {
        let jid = who.to_bare();
        if let Some(sessions) = self.present.get_mut(&jid) {
            match who.resource() {
                Some(resource) => drop(sessions.remove(resource)),
                None => sessions.clear(),
            }
            if !sessions.is_empty() {
                return;
            }
            self.present.remove(&jid);
        }
        if let Some(conversation) = self.conversations.iter_mut().find(|one| one.with == jid) {
            conversation.composing = false;
        }
    }

    /// The best that any of somebody's sessions shows; `None` where that is nobody's business.
    pub(crate) fn show_of(&self, jid: &BareJid) -> Option<Show> {
        let present = self.present.get(jid).and_then(|sessions: &BTreeMap<_, _>| sessions.values().min());
        let known = present.copied().or_else(|| self.contacts.contains_key(jid).then_some(Show::Absent));
        known.filter(|_| self.is_online())
    }

    /// What somebody or a room is called.
    pub(crate) fn name<'a>(&'a self, jid: &'a BareJid) -> &'a str {
        let contact = self.contacts.get(jid).map(String::as_str);
        let name = contact.or_else(|| self.bookmarks.get(jid)?.name.as_deref());
        name.filter(|name| !name.is_empty()).unwrap_or(jid.as_str())
    }
}
