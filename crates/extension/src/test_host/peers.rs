//! What is beyond the host: other servers, or a component.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use parking_lot::Mutex;
use stonechat_stanza::{Stanza, StanzaError};

use crate::Remote;

/// Keeps what leaves for there, once there is anybody.
#[derive(Debug, Default)]
pub(super) struct Peers {
    is_open: AtomicBool,
    left: Mutex<VecDeque<Stanza>>,
}

impl Peers {
    pub(super) fn open(&self) {
        self.is_open.store(true, Ordering::Relaxed);
    }

    pub(super) fn keep(&self, stanza: Stanza) {
        self.left.lock().push_back(stanza);
    }

    pub(super) fn next(&self) -> Option<Stanza> {
        self.left.lock().pop_front()
    }
}

#[async_trait]
impl Remote for Peers {
    async fn deliver(&self, stanza: Stanza) -> Result<(), StanzaError> {
        if !self.is_open.load(Ordering::Relaxed) {
            return Err(StanzaError::remote_server_not_found());
        }
        self.keep(stanza);
        Ok(())
    }
}
