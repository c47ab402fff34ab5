//! Accounts of servers that have no quicker way than in-band registration.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::task::JoinSet;

use crate::client::Target;
use crate::{Error, Result};

/// How many accounts are created at the same time.
const AT_ONCE: usize = 8;

/// Creates the accounts 0 to `count`.
pub(super) async fn register(target: &Target, count: usize) -> Result<()> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (next, target) = (Arc::clone(&next), target.clone());
        workers.spawn(async move {
            loop {
                match next.fetch_add(1, Ordering::Relaxed) {
                    account if account < count => target.register(account).await?,
                    _ => return Ok::<_, Error>(()),
                }
            }
        });
    }
    while let Some(ended) = workers.join_next().await {
        ended.map_err(|error| Error::Server(format!("creating accounts: {error}")))??;
    }
    Ok(())
}
