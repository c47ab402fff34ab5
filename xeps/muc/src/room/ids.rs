//! The last so many ids.

use std::collections::VecDeque;

#[derive(Debug)]
pub(super) struct Ids {
    most: usize,
    ids: VecDeque<String>,
}

impl Ids {
    pub(super) fn new(most: usize) -> Self {
        Self { most, ids: VecDeque::new() }
    }

    /// Remembers one; false where it is known.
    pub(super) fn put(&mut self, id: String) -> bool {
        if self.ids.contains(&id) {
            return false;
        }
        self.ids.push_back(id);
        if self.ids.len() > self.most {
            self.ids.pop_front();
        }
        true
    }

    /// Forgets one; false where it is not known.
    pub(super) fn take(&mut self, id: &str) -> bool {
        let at = self.ids.iter().position(|known| known == id);
        at.and_then(|at| self.ids.remove(at)).is_some()
    }
}
