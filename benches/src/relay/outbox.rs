//! What waits for a client.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use futures_util::task::AtomicWaker;

/// The most bytes that wait for a client; a client that reads more slowly is disconnected.
const LARGEST: usize = 4 << 20;

/// What waits for a client.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    bytes: Mutex<Vec<u8>>,
    waker: AtomicWaker,
}

impl Outbox {
    /// Adds stanzas.
    pub(super) fn push<'a>(&self, stanzas: impl Iterator<Item = &'a [u8]>) -> io::Result<()> {
        let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        for stanza in stanzas {
            if bytes.len() + stanza.len() > LARGEST {
                return Err(io::ErrorKind::StorageFull.into());
            }
            bytes.extend_from_slice(stanza);
        }
        drop(bytes);
        self.waker.wake();
        Ok(())
    }

    /// Gives all there is in exchange for an empty buffer.
    pub(super) fn take(&self, buffer: &mut Vec<u8>) {
        std::mem::swap(buffer, &mut *self.bytes.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Wakes this when there is something.
    pub(super) fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }
}

/// Who is whom.
#[derive(Debug, Default)]
pub(super) struct Names(Mutex<HashMap<String, Arc<Outbox>>>);

impl Names {
    /// The outbox of a client, whether it is there already or is still to come.
    pub(super) fn get(&self, name: &str) -> Arc<Outbox> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(names.entry(name.to_owned()).or_default())
    }

    /// Forgets a client.
    pub(super) fn remove(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}
