//! Who delivers the stored messages of an account, and when it may be said that there are none.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use parking_lot::Mutex;
use stonechat_stanza::jid::BareJid;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Enough that accounts seldom share a gate, which costs them nothing but a short wait.
const GATES: usize = 256;

/// Held by the host, so that it outlives the extension's own instances.
///
/// Who stores a message goes through the gate of its account with many others; who says that nothing is stored any more closes it. So
/// nobody stores a message for somebody to deliver who has just left.
#[derive(Debug)]
pub(super) struct Gates {
    gates: Box<[RwLock<()>]>,
    /// Addresses are chosen by people, so the hasher is keyed.
    hasher: RandomState,
    delivering: Mutex<HashSet<BareJid>>,
}

impl Default for Gates {
    fn default() -> Self {
        Self {
            gates: (0..GATES).map(|_| RwLock::default()).collect(),
            hasher: RandomState::new(),
            delivering: Mutex::default(),
        }
    }
}

impl Gates {
    #[allow(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
    fn gate(&self, account: &BareJid) -> &RwLock<()> {
        &self.gates[self.hasher.hash_one(account.as_str()) as usize % GATES]
    }

    /// For who stores a message, until it is stored.
    pub(super) async fn pass(&self, account: &BareJid) -> RwLockReadGuard<'_, ()> {
        self.gate(account).read().await
    }

    /// For who finds out whether anything is stored. While this is held, nothing is being stored.
    pub(super) async fn close(&self, account: &BareJid) -> RwLockWriteGuard<'_, ()> {
        self.gate(account).write().await
    }

    /// Whether somebody delivers the messages of this account, and will deliver what is stored now.
    pub(super) fn is_delivering(&self, account: &BareJid) -> bool {
        self.delivering.lock().contains(account)
    }

    /// The right to deliver the messages of this account; `None` when somebody else has it.
    pub(super) fn begin(self: &Arc<Self>, account: &BareJid) -> Option<Delivering> {
        let first = self.delivering.lock().insert(account.clone());
        first.then(|| Delivering { gates: Arc::clone(self), account: account.clone() })
    }
}

/// The right to deliver the messages of an account, until it is dropped.
#[derive(Debug)]
pub(super) struct Delivering {
    gates: Arc<Gates>,
    account: BareJid,
}

impl Delivering {
    pub(super) fn account(&self) -> &BareJid {
        &self.account
    }

    pub(super) fn gates(&self) -> Arc<Gates> {
        Arc::clone(&self.gates)
    }
}

impl Drop for Delivering {
    fn drop(&mut self) {
        self.gates.delivering.lock().remove(&self.account);
    }
}
