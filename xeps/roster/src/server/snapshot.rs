//! A roster as it is at one moment.

use std::collections::BTreeMap;
use std::sync::Arc;

use stonechat_stanza::jid::{BareJid, JidRef};

use super::Contact;
use super::record::{Entry, Version};
use crate::Subscription;

/// A roster as it is at one moment; it never changes.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub(super) owner: BareJid,
    pub(super) entries: BTreeMap<BareJid, Arc<Entry>>,
    pub(super) version: Version,
}

impl Snapshot {
    pub(super) const fn empty(owner: BareJid) -> Self {
        Self { owner, entries: BTreeMap::new(), version: Version::none() }
    }

    /// Whose roster it is.
    #[must_use]
    pub const fn owner(&self) -> &BareJid {
        &self.owner
    }

    /// What is kept of the contact with this bare JID: `None` when nothing is.
    #[must_use]
    pub fn get(&self, bare: &str) -> Option<&Contact> {
        self.entries.get(bare).and_then(|entry| entry.contact())
    }

    /// The state of the subscriptions between the owner and the contact with this bare JID.
    #[must_use]
    pub fn subscription(&self, bare: &str) -> Subscription {
        self.get(bare).map(|contact| contact.subscription).unwrap_or_default()
    }

    /// All that is known of anybody, items of the roster or not, by address.
    pub fn contacts(&self) -> impl Iterator<Item = (&BareJid, &Contact)> {
        self.entries.iter().filter_map(|(jid, entry)| Some((jid, entry.contact()?)))
    }

    /// The items of the roster, by address.
    pub fn items(&self) -> impl Iterator<Item = (&BareJid, &Contact)> {
        self.contacts().filter(|(_, contact)| contact.listed)
    }

    /// Those who are subscribed to the owner's presence, without the owner.
    pub fn subscribers(&self) -> impl Iterator<Item = &BareJid> {
        let from = self.contacts().filter(|(_, contact)| contact.subscription.is_from());
        from.map(|(jid, _)| jid).filter(|jid| **jid != self.owner)
    }

    /// Those to whose presence the owner is subscribed, without the owner.
    pub fn subscriptions(&self) -> impl Iterator<Item = &BareJid> {
        let to = self.contacts().filter(|(_, contact)| contact.subscription.is_to());
        to.map(|(jid, _)| jid).filter(|jid| **jid != self.owner)
    }

    /// The subscription requests that wait for the owner's answer.
    pub fn requests(&self) -> impl Iterator<Item = &stonechat_stanza::Stanza> {
        self.contacts().filter_map(|(_, contact)| contact.request.as_ref())
    }
}

/// Whether `asker` may see the presence of the roster's owner, and what goes with it, such as when it was last active: it is the owner,
/// or is subscribed to the owner's presence.
#[must_use]
pub fn may_see_presence(roster: &Snapshot, asker: JidRef<'_>) -> bool {
    let bare = asker.bare_str();
    bare == roster.owner.as_str() || roster.subscription(bare).is_from()
}
