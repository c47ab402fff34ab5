//! A block list, and what it covers (XEP-0191 §6): pure functions of values.

use std::collections::BTreeSet;

use stonechat_stanza::jid::{Jid, JidRef};

/// The addresses that an account has blocked; it never changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct List(BTreeSet<Jid>);

impl List {
    /// Whether an address is blocked, by the rules of §6: itself; by its bare JID; by its domain, which stands for all addresses of that
    /// domain and for no subdomain. `domain/resource` stands for that address only.
    #[must_use]
    pub fn covers(&self, jid: JidRef<'_>) -> bool {
        !self.0.is_empty()
            && (self.0.contains(jid.as_str())
                || self.0.contains(jid.bare_str())
                || self.0.contains(jid.domain()))
    }

    /// Whether exactly this address is in the list.
    #[must_use]
    pub fn contains(&self, jid: &Jid) -> bool {
        self.0.contains(jid)
    }

    /// The addresses, sorted.
    pub fn iter(&self) -> impl Iterator<Item = &Jid> {
        self.0.iter()
    }

    /// How many addresses there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nobody is blocked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The list with these addresses as well.
    #[must_use]
    pub fn with(&self, jids: &[Jid]) -> Self {
        self.iter().chain(jids).cloned().collect()
    }

    /// The list without these addresses.
    #[must_use]
    pub fn without(&self, jids: &[Jid]) -> Self {
        self.iter().filter(|jid| !jids.contains(jid)).cloned().collect()
    }
}

impl FromIterator<Jid> for List {
    fn from_iter<T: IntoIterator<Item = Jid>>(jids: T) -> Self {
        Self(jids.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::sample::{select, subsequence};

    fn list(items: &[&str]) -> List {
        items.iter().map(|jid| jid.parse().unwrap()).collect()
    }

    /// §6, line by line.
    #[test]
    fn an_item_covers_what_section_6_says() {
        let user_resource = "user@domain/resource";
        for (item, covered, not) in [
            (user_resource, &[user_resource][..], &["user@domain", "user@domain/other", "domain"][..]),
            ("user@domain", &["user@domain", user_resource], &["other@domain", "domain", "domain/resource"]),
            ("domain/resource", &["domain/resource"], &["domain", "domain/other", user_resource]),
            (
                "domain",
                &["domain", "domain/resource", "user@domain", user_resource],
                &["sub.domain", "user@sub.domain", "main"],
            ),
        ] {
            let list = list(&[item]);
            let covers = |jid: &&str| list.covers(jid.parse::<Jid>().unwrap().as_jid_ref());
            assert!(covered.iter().all(covers), "{item}");
            assert!(!not.iter().any(covers), "{item}");
        }
    }

    #[test]
    fn addresses_in_another_form_are_the_same() {
        let list = list(&["Romeo@MONTAGUE.net."]);
        assert!(list.covers("romeo@montague.net/Orchard".parse::<Jid>().unwrap().as_jid_ref()));
    }

    const POOL: &[&str] = &["a", "a/1", "x@a", "x@a/1", "x@a/2", "y@a", "b", "x@b", "x@b/1"];

    proptest! {
        #[test]
        fn a_list_covers_what_one_of_its_items_covers(
            items in subsequence(POOL, 0..POOL.len()), jid in select(POOL),
        ) {
            let jid: Jid = jid.parse().unwrap();
            let one = |item: &&str| list(&[item]).covers(jid.as_jid_ref());
            prop_assert_eq!(list(&items).covers(jid.as_jid_ref()), items.iter().any(one));
        }

        #[test]
        fn what_was_added_can_be_taken_out(
            items in subsequence(POOL, 0..POOL.len()), more in subsequence(POOL, 0..POOL.len()),
        ) {
            let more: Vec<Jid> = more.iter().map(|jid| jid.parse().unwrap()).collect();
            let before = list(&items);
            let after = before.with(&more);
            prop_assert!(more.iter().all(|jid| after.contains(jid)) && after.iter().count() == after.len());
            let without = after.without(&more);
            prop_assert!(!more.iter().any(|jid| without.contains(jid)));
            prop_assert_eq!(without, before.without(&more));
        }
    }
}
