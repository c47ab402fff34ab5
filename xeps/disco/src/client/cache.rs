//! Maps that do not grow beyond a limit.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

/// The last so many entries that were put in.
#[derive(Debug)]
pub(super) struct Cache<K, V> {
    most: usize,
    order: VecDeque<K>,
    map: HashMap<K, V>,
}

impl<K: Eq + Hash + Clone, V> Cache<K, V> {
    pub(super) fn new(most: usize) -> Self {
        Self { most, order: VecDeque::new(), map: HashMap::new() }
    }

    pub(super) fn get(&self, key: &K) -> Option<&V> {
        self.map.get(key)
    }

    pub(super) fn put(&mut self, key: K, value: V) {
        if self.map.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > self.most {
            if let Some(oldest) = self.order.pop_front() {
                self.map.remove(&oldest);
            }
        }
    }

    pub(super) fn remove(&mut self, key: &K) {
        if self.map.remove(key).is_some() {
            self.order.retain(|other| other != key);
        }
    }

    pub(super) fn clear(&mut self) {
        self.order.clear();
        self.map.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_make_room() {
        let mut cache = Cache::new(2);
        for key in [1, 2, 1, 3] {
            cache.put(key, key * 10);
        }
        assert_eq!([cache.get(&1), cache.get(&2), cache.get(&3)], [None, Some(&20), Some(&30)]);
        cache.remove(&2);
        cache.put(4, 40);
        assert_eq!([cache.get(&3), cache.get(&4)], [Some(&30), Some(&40)]);
    }
}
