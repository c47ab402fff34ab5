//! Many clients log in.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

use super::outcome;
use crate::client::{Connection, Target};
use crate::{Error, Result};

/// Who logs in, and how.
#[derive(Debug, Clone)]
pub struct Storm {
    /// The accounts.
    pub accounts: Range<usize>,
    /// The resource of all of them.
    pub resource: &'static str,
    /// Over TLS.
    pub secure: bool,
    /// How many at the same time.
    pub at_once: usize,
}

/// Logs accounts in; the sessions last until the connections are dropped.
///
/// # Errors
/// When one of them cannot log in.
pub async fn log_in(target: &Target, storm: &Storm) -> Result<Vec<Connection>> {
    let next = Arc::new(AtomicUsize::new(storm.accounts.start));
    let mut workers = JoinSet::new();
    for _ in 0..storm.at_once.max(1) {
        let (target, storm, next) = (target.clone(), storm.clone(), Arc::clone(&next));
        workers.spawn(async move {
            let mut connections = Vec::new();
            loop {
                let account = next.fetch_add(1, Ordering::Relaxed);
                if account >= storm.accounts.end {
                    return Ok::<_, Error>(connections);
                }
                let session =
                    target.log_in(account, storm.resource, storm.secure, "message", &[account]).await?;
                connections.push(session);
            }
        });
    }
    let mut all = Vec::with_capacity(storm.accounts.len());
    while let Some(ended) = workers.join_next().await {
        all.extend(outcome(ended)?);
    }
    Ok(all)
}

/// Ends sessions: those that could be resumed, and would wait for that, by closing their streams, others by disconnecting.
///
/// # Errors
/// When a connection breaks before its stream is closed.
pub async fn leave(sessions: Vec<Connection>) -> Result<()> {
    for session in sessions {
        if session.handled().is_some() {
            session.close().await?;
        }
    }
    Ok(())
}
