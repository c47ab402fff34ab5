//! The memory driver: everything in one process's memory, for tests and for what need not survive.

mod apply;
mod read;
mod state;

use crate::Error;
use crate::driver::{Driver, Found, Kind, Outcome, Read, Write};
use crate::owner::Owner;
use async_trait::async_trait;
use parking_lot::Mutex;
use state::State;
use std::sync::Arc;

/// How many bytes a memory store holds unless told otherwise: 256 MiB.
pub const DEFAULT_LIMIT: u64 = 256 << 20;

/// Keeps records in memory, with the same semantics as a driver that keeps them on disk, except that they are gone with
/// the last handle.
///
/// Keys, values and chunks count towards its limit; a batch that would exceed it fails with [`Error::Full`].
#[derive(Debug)]
pub struct Memory {
    state: Mutex<State>,
}

impl Memory {
    /// An empty driver for up to [`DEFAULT_LIMIT`] bytes.
    pub fn new() -> Self {
        Self::with_limit(DEFAULT_LIMIT)
    }

    /// An empty driver for up to so many bytes.
    pub fn with_limit(bytes: u64) -> Self {
        Self { state: Mutex::new(State::new(bytes)) }
    }

    /// Runs a read or a write on the state, unless the driver is closed.
    fn with<T>(&self, work: impl FnOnce(&mut State) -> Result<T, Error>) -> Result<T, Error> {
        let mut state = self.state.lock();
        if state.closed { Err(Error::Closed { place: state::place() }) } else { work(&mut state) }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Driver for Memory {
    fn place(&self) -> Arc<str> {
        state::place()
    }

    async fn commit(&self, writes: Arc<Vec<Write>>) -> Result<Vec<Outcome>, Error> {
        self.with(|state| apply::batch(state, Arc::unwrap_or_clone(writes)))
    }

    async fn read(&self, reads: Vec<Read>) -> Result<Vec<Found>, Error> {
        self.with(|state| Ok(reads.iter().map(|read| read::one(state, read)).collect()))
    }

    async fn owners(
        &self,
        kind: Kind,
        store: &str,
        after: Option<&Owner>,
        limit: u32,
    ) -> Result<Vec<Owner>, Error> {
        self.with(|state| Ok(state.owners(kind, store, after, limit)))
    }

    async fn stores_of(&self, owner: &Owner) -> Result<Vec<(Kind, Arc<str>)>, Error> {
        self.with(|state| Ok(state.stores_of(owner)))
    }

    async fn close(&self) -> Result<(), Error> {
        let mut state = self.state.lock();
        let limit = state.limit;
        *state = State { closed: true, ..State::new(limit) };
        Ok(())
    }
}
