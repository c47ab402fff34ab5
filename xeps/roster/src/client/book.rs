//! The roster as the client knows it: from what comes to what is told.

use std::collections::BTreeMap;

use stonechat_stanza::jid::Jid;

use super::Event;
use crate::{Item, Query};

/// What is known of the roster.
#[derive(Debug, Default)]
pub(super) struct Book {
    items: BTreeMap<Jid, Item>,
    ver: Option<String>,
    most: usize,
    /// Pushes that came while the roster was on its way: they are newer than it.
    waiting: Option<Vec<(Option<String>, Item)>>,
}

impl Book {
    pub(super) fn new(most: usize) -> Self {
        Self { most, ..Self::default() }
    }

    pub(super) fn get(&self, jid: &Jid) -> Option<&Item> {
        self.items.get(jid)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    pub(super) fn is_loading(&self) -> bool {
        self.waiting.is_some()
    }

    /// What is to be kept for the next start.
    pub(super) fn cached(&self) -> Query {
        Query { ver: self.ver.clone(), items: self.items.values().cloned().collect() }
    }

    pub(super) fn restore(&mut self, cached: Query) {
        self.ver = cached.ver;
        self.items = self.bounded(cached.items);
    }

    /// The roster is asked for: from here on pushes wait for it. The request (§2.6.2): the version that is known, and an empty one for none.
    pub(super) fn begin(&mut self) -> Query {
        self.waiting = Some(Vec::new());
        Query { ver: Some(self.ver.clone().unwrap_or_default()), items: Vec::new() }
    }

    /// The answer has come: a roster, or `None` where the cached one is right (§2.6.3). Tells what is not as it was.
    pub(super) fn loaded(&mut self, roster: Option<Query>) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(roster) = roster {
            let items = self.bounded(roster.items);
            for (jid, item) in &self.items {
                if !items.contains_key(jid) {
                    events.push(Event::Removed(item.clone()));
                }
            }
            for (jid, item) in &items {
                let before = self.items.get(jid);
                if before != Some(item) {
                    events.push(Event::Changed { item: item.clone(), before: before.cloned() });
                }
            }
            self.items = items;
            self.ver = roster.ver;
        }
        for (ver, item) in self.waiting.take().unwrap_or_default() {
            events.extend(self.apply(ver, item));
        }
        events
    }

    /// There will be no answer.
    pub(super) fn failed(&mut self) -> Vec<Event> {
        self.loaded(None)
    }

    /// A push: it counts at once, or when the roster that it changes is there.
    pub(super) fn push(&mut self, ver: Option<String>, item: Item) -> Option<Event> {
        match &mut self.waiting {
            Some(waiting) if waiting.len() < self.most => {
                waiting.push((ver, item));
                None
            }
            _ => self.apply(ver, item),
        }
    }

    fn apply(&mut self, ver: Option<String>, item: Item) -> Option<Event> {
        if ver.is_some() {
            self.ver = ver;
        }
        if item.removed {
            return self.items.remove(&item.jid).map(Event::Removed);
        }
        if self.items.len() >= self.most && !self.items.contains_key(&item.jid) {
            tracing::warn!("the roster has more contacts than are kept");
            // With the version of now, it would never be learned.
            self.ver = None;
            return None;
        }
        let before = self.items.insert(item.jid.clone(), item.clone());
        (before.as_ref() != Some(&item)).then_some(Event::Changed { item, before })
    }

    fn bounded(&self, items: Vec<Item>) -> BTreeMap<Jid, Item> {
        if items.len() > self.most {
            tracing::warn!("the roster has more contacts than are kept");
        }
        let kept = items.into_iter().filter(|item| !item.removed).take(self.most);
        kept.map(|item| (item.jid.clone(), item)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(jid: &str, name: &str) -> Item {
        Item { name: name.to_owned(), ..Item::new(jid.parse().expect("an address")) }
    }

    fn names(book: &Book) -> Vec<&str> {
        book.all().map(|item| item.name.as_str()).collect()
    }

    fn loaded(items: Vec<Item>) -> Book {
        let mut book = Book::new(3);
        book.begin();
        book.loaded(Some(Query { ver: Some("1".into()), items }));
        book
    }

    #[test]
    fn a_push_that_overtakes_the_roster_counts_after_it() {
        let mut book = Book::new(3);
        book.begin();
        assert_eq!(book.push(Some("2".into()), item("a@b", "new")), None);
        let events = book.loaded(Some(Query { ver: Some("1".into()), items: vec![item("a@b", "old")] }));
        assert_eq!(events.len(), 2);
        assert_eq!((names(&book), book.cached().ver.as_deref()), (vec!["new"], Some("2")));
    }

    #[test]
    fn what_is_gone_when_the_roster_is_loaded_anew_is_told() {
        let mut book = loaded(vec![item("a@b", "a"), item("b@b", "b")]);
        book.begin();
        let events = book.loaded(Some(Query { ver: None, items: vec![item("b@b", "b"), item("c@b", "c")] }));
        let expected =
            [Event::Removed(item("a@b", "a")), Event::Changed { item: item("c@b", "c"), before: None }];
        assert_eq!(events, expected);
    }

    #[test]
    fn an_empty_answer_leaves_the_cache_as_it_is() {
        let mut book = loaded(vec![item("a@b", "a")]);
        assert_eq!(book.begin().ver.as_deref(), Some("1"));
        assert_eq!(book.loaded(None), []);
        assert_eq!(names(&book), ["a"]);
    }

    #[test]
    fn no_more_contacts_are_kept_than_there_may_be() {
        let mut book = loaded((0..9).map(|n| item(&format!("a{n}@b"), "x")).collect());
        assert_eq!(names(&book).len(), 3);
        assert_eq!(book.push(Some("2".into()), item("z@b", "z")), None);
        assert_eq!((names(&book).len(), book.cached().ver), (3, None));
    }
}
