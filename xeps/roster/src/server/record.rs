//! How a roster is stored: a JSON object for each contact, and one for its version.

use serde::{Deserialize, Serialize};
use stonechat_stanza::{Stanza, ns};

use super::Contact;
use crate::Subscription;

/// A contact, or the memory of a removed one, and the version in which clients last saw it change.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) number: u64,
    /// `None` when it was removed.
    pub(super) kept: Option<Contact>,
}

impl Entry {
    pub(super) const fn contact(&self) -> Option<&Contact> {
        self.kept.as_ref()
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        let kept = self.kept.as_ref();
        let record = Record {
            number: self.number,
            removed: kept.is_none(),
            listed: kept.is_some_and(|contact| contact.listed),
            name: kept.map(|contact| contact.name.clone()).unwrap_or_default(),
            groups: kept.map(|contact| contact.groups.clone()).unwrap_or_default(),
            subscription: kept.map_or(Subscription::None, |contact| contact.subscription).as_str().to_owned(),
            ask: kept.is_some_and(|contact| contact.ask),
            approved: kept.is_some_and(|contact| contact.approved),
            request: kept.and_then(|contact| contact.request.as_ref()).map(xml),
        };
        serde_json::to_vec(&record).expect("strings, numbers and booleans are JSON")
    }

    pub(super) fn from_json(bytes: &[u8]) -> Result<Self, String> {
        let record: Record = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        if record.removed {
            return Ok(Self { number: record.number, kept: None });
        }
        let request =
            record.request.map(|xml| Stanza::parse(xml.as_bytes()).map_err(|error| error.to_string()));
        let contact = Contact {
            listed: record.listed,
            name: record.name,
            groups: record.groups,
            subscription: record.subscription.parse().map_err(|_| "no such subscription".to_owned())?,
            ask: record.ask,
            approved: record.approved,
            request: request.transpose()?,
        };
        Ok(Self { number: record.number, kept: Some(contact) })
    }
}

fn xml(stanza: &Stanza) -> String {
    let mut out = Vec::with_capacity(stanza.wire_len());
    stanza.write_in(&mut out, ns::CLIENT);
    String::from_utf8(out).expect("a stanza is text")
}

#[derive(Debug, Serialize, Deserialize)]
struct Record {
    number: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    removed: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    listed: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    name: String,
    #[serde(default, skip_serializing_if = "is_default")]
    groups: Vec<String>,
    subscription: String,
    #[serde(default, skip_serializing_if = "is_default")]
    ask: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    approved: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The version of a roster (RFC 6121 §2.6).
///
/// The epoch is drawn once for each roster, so that versions of an account that was created anew are not taken for its own. The number
/// grows with each change that clients see, at least to the time in milliseconds: so numbers that were given out before a
/// database was restored from a backup are not given out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Version {
    epoch: u64,
    pub(super) number: u64,
    /// What has changed since an earlier number is not known.
    floor: u64,
    /// Counts the writes, so that each has another record: the precondition of the next.
    writes: u64,
}

impl Version {
    /// That of a roster which was never written.
    pub(super) const fn none() -> Self {
        Self { epoch: 0, number: 0, floor: 0, writes: 0 }
    }

    pub(super) const fn is_none(&self) -> bool {
        self.writes == 0
    }

    /// What clients are told.
    pub(super) fn tag(&self) -> String {
        self.tag_of(self.number)
    }

    /// What clients are told of an earlier number.
    pub(super) fn tag_of(&self, number: u64) -> String {
        format!("{:016x}-{number}", self.epoch)
    }

    /// The number in what a client says that it knows, if all changes since are known here.
    pub(super) fn known(&self, tag: &str) -> Option<u64> {
        let (epoch, number) = tag.split_once('-')?;
        let number: u64 = number.parse().ok()?;
        let known =
            self.tag_of(number) == tag && epoch.len() == 16 && number >= self.floor && number <= self.number;
        known.then_some(number)
    }

    /// The version after a write at `now`, in milliseconds. `epoch` is for the first one.
    pub(super) fn next(&self, epoch: u64, now: u64, visible: bool) -> Self {
        let mut next = *self;
        if self.is_none() {
            next.epoch = epoch;
            next.number = now;
            next.floor = now;
        }
        if visible {
            next.number = (next.number + 1).max(now);
        }
        next.writes += 1;
        next
    }

    /// Forgets what changed up to this number.
    pub(super) fn forget(&mut self, number: u64) {
        self.floor = self.floor.max(number);
    }

    pub(super) fn to_json(self) -> Vec<u8> {
        serde_json::to_vec(&self).expect("numbers are JSON")
    }

    pub(super) fn from_json(bytes: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(bytes).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use stonechat_stanza::presence;

    #[test]
    fn a_request_is_kept_whole() {
        let request = Stanza::parse(
            b"<presence type='subscribe' from='a@b' to='c@d' id='1'><status>hi &amp; bye</status><x xmlns='urn:x'/></presence>",
        )
        .unwrap();
        let contact = Contact { request: Some(request), ..Contact::default() };
        let entry = Entry { number: 7, kept: Some(contact) };
        let back = Entry::from_json(&entry.to_json()).unwrap();
        let request = back.contact().and_then(|contact| contact.request.clone()).unwrap();
        assert_eq!(request.kind(), stonechat_stanza::Kind::Presence(presence::Type::Subscribe));
        assert_eq!(request.id(), Some("1"));
        assert!(request.has("urn:x", "x") && request.has(ns::CLIENT, "status"));
        assert_eq!(back.number, 7);
    }

    #[test]
    fn only_versions_whose_changes_since_are_known_are_known() {
        let first = Version::none().next(0xabc, 1000, true);
        let second = first.next(1, 1000, true);
        assert_eq!((first.number, second.number), (1001, 1002), "two changes in a millisecond");
        assert_eq!(second.known(&first.tag()), Some(1001));
        assert_eq!(second.known(&second.tag()), Some(1002));
        assert_eq!(first.known(&second.tag()), None, "from the future, as after restoring a backup");
        assert_eq!(second.known(&Version::none().next(5, 1000, true).tag()), None, "of another roster");
        let mut third = second;
        third.forget(1002);
        assert_eq!(third.known(&first.tag()), None);
        for tag in
            ["", "-", "0000000000000abc", "0000000000000abc-", "0000000000000abc-01001", "abc-1001", "x-1001"]
        {
            assert_eq!(second.known(tag), None, "{tag}");
        }
    }

    #[test]
    fn a_write_that_clients_do_not_see_leaves_the_number() {
        let first = Version::none().next(1, 1000, true);
        let second = first.next(1, 5000, false);
        assert_eq!(first.tag(), second.tag());
        assert_ne!(first.to_json(), second.to_json());
    }

    proptest! {
        #[test]
        fn no_bytes_panic(bytes: Vec<u8>) {
            let _ = Entry::from_json(&bytes);
            let _ = Version::from_json(&bytes);
        }

        #[test]
        fn numbers_only_grow(steps in prop::collection::vec((0_u64..10_000, any::<bool>()), 1..50)) {
            let mut version = Version::none();
            for (now, visible) in steps {
                let next = version.next(1, now, visible);
                prop_assert!(next.number > version.number || (!visible && next.number >= version.number));
                version = Version::from_json(&next.to_json()).unwrap();
                prop_assert_eq!(version, next);
            }
        }

        #[test]
        fn a_contact_is_read_back(
            name: String, groups: Vec<String>, listed: bool, ask: bool, approved: bool, to: bool, from: bool,
        ) {
            let subscription = Subscription::new(to, from);
            let contact = Contact { listed, name, groups, subscription, ask, approved, request: None };
            let entry = Entry { number: 1, kept: Some(contact.clone()) };
            let back = Entry::from_json(&entry.to_json()).unwrap();
            let back = back.contact().unwrap();
            prop_assert!(back.looks_like(&contact) && back.listed == listed && back.name == contact.name);
        }
    }
}
