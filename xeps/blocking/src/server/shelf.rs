//! The block lists that are in memory: those of connected accounts, and of others that were needed lately.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, OnceLock};

use parking_lot::RwLock;
use stonechat_extension::{Account, Host, Session, SessionState};
use stonechat_stanza::jid::BareJid;
use tokio::sync::Mutex;

use crate::List;

/// One account in so many waits for another's list to be read or changed.
const STRIPES: usize = 64;

/// How many addresses the lists of accounts that are not connected have together before they are forgotten. An empty list counts
/// as one.
const MOST: usize = 200_000;

/// The list of an account, the same for all who hold it; nothing while it is not known.
#[derive(Debug, Default)]
pub(super) struct Cell(RwLock<Option<Arc<List>>>);

impl Cell {
    pub(super) fn get(&self) -> Option<Arc<List>> {
        self.0.read().clone()
    }

    /// What `look` says of the list.
    fn look<T>(&self, look: impl FnOnce(&List) -> T) -> Option<T> {
        self.0.read().as_deref().map(look)
    }

    pub(super) fn set(&self, list: Option<Arc<List>>) {
        *self.0.write() = list;
    }
}

/// What is held for a connected account.
#[derive(Debug, Default)]
pub(super) struct Live {
    cell: OnceLock<Arc<Cell>>,
    /// Held by whoever changes the list or tells it, so that sessions hear of the changes in their order.
    pub(super) telling: Mutex<()>,
}

fn cell(account: &Account) -> Option<&Cell> {
    account.state_if_any::<Live>()?.cell.get().map(Arc::as_ref)
}

/// The list of a connected account, if it is known.
pub(super) fn of(account: &Account) -> Option<Arc<List>> {
    cell(account)?.get()
}

/// What `look` says of the list of a connected account, if that is known.
pub(super) fn look_at<T>(account: &Account, look: impl FnOnce(&List) -> T) -> Option<T> {
    cell(account)?.look(look)
}

/// Whether a session has asked for the list, and is told of its changes (XEP-0191 §3.3).
#[derive(Debug, Default)]
pub(super) struct Interest(OnceLock<()>);

impl SessionState for Interest {
    const NAME: &'static str = "blocking-interest";

    fn save(&self) -> Option<String> {
        self.0.get().map(|()| "noted".to_owned())
    }

    fn restore(session: &Session, _: &str) {
        Self::note(session);
    }
}

impl Interest {
    pub(super) fn note(session: &Session) {
        let _ = session.state::<Self>().0.set(());
    }

    pub(super) fn of(session: &Session) -> bool {
        session.state_if_any::<Self>().is_some_and(|interest| interest.0.get().is_some())
    }
}

/// Held by the host, so that it outlives the extension's own instances.
#[derive(Debug)]
pub(super) struct Shelf {
    /// One reader or writer of the store at a time for each account, so that memory has what the store has.
    locks: Box<[Mutex<()>]>,
    /// Addresses are chosen by people, so the hasher is keyed.
    hasher: RandomState,
    cells: parking_lot::Mutex<Cells>,
}

#[derive(Debug, Default)]
struct Cells {
    by_account: HashMap<BareJid, Arc<Cell>>,
    /// About how much has come in since the last sweep, and how much may before the next.
    weight: usize,
    sweep_at: usize,
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            locks: (0..STRIPES).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            cells: parking_lot::Mutex::default(),
        }
    }
}

impl Shelf {
    #[allow(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
    pub(super) fn lock(&self, owner: &BareJid) -> &Mutex<()> {
        &self.locks[self.hasher.hash_one(owner.as_str()) as usize % STRIPES]
    }

    /// The list of an account, if it is in memory.
    pub(super) fn known(&self, owner: &str) -> Option<Arc<List>> {
        self.cells.lock().by_account.get(owner)?.get()
    }

    /// Puts a list where all find it; the caller has the lock. `None` when what is stored is not known.
    pub(super) fn put(&self, host: &Host, owner: &BareJid, list: Option<Arc<List>>) {
        let cell = self.cells.lock().cell(owner, list.as_deref().map_or(0, List::len));
        cell.set(list);
        if let Some(account) = host.account(owner.as_str()) {
            // One account object has one cell; an account that was connected before has left its cell here.
            let _ = account.state::<Live>().cell.set(cell);
        }
    }

    /// Forgets an account, which is no more or not the same any more.
    pub(super) fn forget(&self, owner: &BareJid) {
        self.cells.lock().by_account.remove(owner);
    }
}

impl Cells {
    fn cell(&mut self, owner: &BareJid, length: usize) -> Arc<Cell> {
        if let Some(cell) = self.by_account.get(owner) {
            return Arc::clone(cell);
        }
        self.weight += length + 1;
        if self.weight > self.sweep_at.max(MOST) {
            self.sweep();
        }
        let cell = Arc::default();
        self.by_account.insert(owner.clone(), Arc::clone(&cell));
        cell
    }

    /// Forgets all lists that no connected account holds.
    fn sweep(&mut self) {
        self.by_account.retain(|_, cell| Arc::strong_count(cell) > 1);
        let length = |cell: &Arc<Cell>| cell.get().map_or(0, |list| list.len());
        self.weight = self.by_account.values().map(|cell| length(cell) + 1).sum();
        // Where the connected accounts alone have that many, not every list that is read is to look at them all.
        self.sweep_at = self.weight * 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jid(number: usize) -> BareJid {
        format!("{number}@example.org").parse().unwrap()
    }

    #[test]
    fn lists_that_nobody_holds_are_forgotten_when_there_are_too_many() {
        let mut cells = Cells::default();
        let held = cells.cell(&jid(0), 10);
        for number in 1..=10 {
            cells.cell(&jid(number), MOST / 10);
        }
        assert!(cells.by_account.len() < 11);
        assert!(Arc::ptr_eq(&cells.cell(&jid(0), 10), &held));
    }

    #[test]
    fn who_holds_a_list_sees_it_change() {
        let mut cells = Cells::default();
        let held = cells.cell(&jid(0), 0);
        let list: List = ["a@b".parse().unwrap()].into_iter().collect();
        cells.cell(&jid(0), 0).set(Some(Arc::new(list)));
        assert_eq!(held.get().map(|list| list.len()), Some(1));
    }
}
