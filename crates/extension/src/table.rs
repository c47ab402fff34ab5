//! The session table: from an account's address to its live state.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::RwLock;
use stonechat_jid::{BareJid, FullJid};

use crate::mailbox::Mailbox;
use crate::session::{Account, Session};

/// Enough that two tasks seldom want the same lock; a power of two.
const SHARDS: usize = 64;
/// Leaves so many of 64 bits as a number below [`SHARDS`] has.
const SHARD_SHIFT: u32 = u64::BITS - SHARDS.ilog2();

type Shard = RwLock<HashMap<BareJid, Arc<Account>>>;

/// The connected accounts of a host. Addresses are chosen by peers, so the maps' hasher is keyed; that of the shards need
/// not be, as who crowds one makes others wait for a lock, and no longer than they do for each other anyway.
#[derive(Debug)]
pub(crate) struct Table {
    shards: Box<[Shard]>,
    next: AtomicU64,
    sessions: AtomicUsize,
}

impl Default for Table {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            next: AtomicU64::new(1),
            sessions: AtomicUsize::new(0),
        }
    }
}

/// Why a session was not added.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    TooMany,
}

impl Table {
    /// By the first bytes, where accounts of one domain differ.
    fn shard(&self, bare: &str) -> &Shard {
        let mut first = [0; 16];
        let len = bare.len().min(first.len());
        first[..len].copy_from_slice(&bare.as_bytes()[..len]);
        let [low, high] = [0, 8].map(|at| u64::from_le_bytes(std::array::from_fn(|byte| first[at + byte])));
        // The highest bits of a product with an odd number depend on every bit of what is multiplied.
        let mix = low.wrapping_add(high.rotate_left(29)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        &self.shards[(mix >> SHARD_SHIFT) as usize]
    }

    /// The account with this address, if it is connected.
    pub(crate) fn get(&self, bare: &str) -> Option<Arc<Account>> {
        self.shard(bare).read().get(bare).cloned()
    }

    /// How many sessions there are.
    pub(crate) fn len(&self) -> usize {
        self.sessions.load(Ordering::Relaxed)
    }

    /// All accounts, as they are at this moment.
    pub(crate) fn accounts(&self) -> Vec<Arc<Account>> {
        self.shards.iter().flat_map(|shard| shard.read().values().cloned().collect::<Vec<_>>()).collect()
    }

    /// Adds a session, and gives the one that had its resource before.
    pub(crate) fn add(
        &self,
        jid: FullJid,
        mailbox: Mailbox,
        peer: Option<IpAddr>,
        most: usize,
    ) -> Result<(Arc<Session>, Option<Arc<Session>>), Refused> {
        let bare = jid.to_bare();
        let mut shard = self.shard(bare.as_str()).write();
        if most == 0 {
            // An account without sessions must not get into the table.
            return Err(Refused::TooMany);
        }
        let account = Arc::clone(shard.entry(bare.clone()).or_insert_with(|| Arc::new(Account::new(bare))));
        let mut sessions = account.sessions.write();
        let old = sessions.iter().position(|session| *session.jid() == jid);
        if old.is_none() && sessions.len() >= most {
            return Err(Refused::TooMany);
        }
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let session = Arc::new(Session::new(id, jid, Arc::clone(&account), mailbox, peer));
        let replaced = match old {
            Some(at) => {
                // Before anybody finds the new one.
                sessions[at].replace_with(&session);
                Some(std::mem::replace(&mut sessions[at], Arc::clone(&session)))
            }
            None => {
                sessions.push(Arc::clone(&session));
                self.sessions.fetch_add(1, Ordering::Relaxed);
                None
            }
        };
        Ok((session, replaced))
    }

    /// Removes a session, unless another has taken its place.
    pub(crate) fn remove(&self, session: &Session) {
        let bare = session.account().jid();
        let mut shard = self.shard(bare.as_str()).write();
        let mut sessions = session.account().sessions.write();
        let Some(at) = sessions.iter().position(|other| other.id == session.id) else { return };
        sessions.remove(at);
        self.sessions.fetch_sub(1, Ordering::Relaxed);
        if sessions.is_empty() {
            shard.remove(bare.as_str());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Wire;

    #[test]
    fn accounts_are_spread_over_the_shards() {
        let table = Table::default();
        for name in ["user", "juliet.of.", "x"] {
            let mut counts = [0_u32; SHARDS];
            for number in 0..6_400 {
                let shard = table.shard(&format!("{name}{number}@example.org"));
                counts[table.shards.iter().position(|other| std::ptr::eq(other, shard)).unwrap()] += 1;
            }
            assert!(counts.iter().all(|count| (25..400).contains(count)), "{name}: {counts:?}");
        }
    }

    #[test]
    fn an_account_whose_only_session_was_refused_is_not_connected() {
        let table = Table::default();
        let jid: FullJid = "a@example.org/1".parse().unwrap();
        let refused = table.add(jid, Mailbox::new(Wire::InStream, 10), None, 0);
        assert_eq!(refused.err(), Some(Refused::TooMany));
        assert!(table.get("a@example.org").is_none() && table.accounts().is_empty());
    }
}
