//! The archives in the store.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use smallvec::SmallVec;
use stonechat_extension::Cx;
use stonechat_stanza::{Stanza, ns};
use stonechat_store::{Batch, Entry, Error, Log, Owner, Store, Trim};

use super::Config;
use crate::Retraction;

/// Among so many messages that are archived one has its account's archive trimmed.
const TRIM_EVERY: u64 = 256;
/// How many messages go then; more than have come since, so that it does not grow.
const TRIM: u32 = 512;

/// A message for the archive of one account.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) owner: Owner,
    pub(super) entry: Entry,
    /// What the message wants to be retracted.
    pub(super) retraction: Option<Retraction>,
}

pub(super) type Rows = SmallVec<[Row; 2]>;

/// The archives of a host's accounts. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Archive {
    pub(super) store: Store,
    pub(super) log: Log,
    pub(super) config: Arc<Config>,
    appended: Arc<AtomicU64>,
}

impl Archive {
    pub(super) fn new(store: Store, log: Log, config: Config) -> Self {
        Self { store, log, config: Arc::new(config), appended: Arc::default() }
    }

    /// The row of a message with `peer`, as it is now.
    pub(super) fn row(&self, cx: &Cx<'_>, owner: &Owner, peer: &str, message: &Stanza) -> Row {
        let mut bytes = Vec::new();
        message.write_in(&mut bytes, ns::CLIENT);
        let id = cx.entry_id(owner.as_str(), message);
        let entry = Entry::new(id, cx.now(), bytes).peer(peer);
        let retraction = (self.config.retraction_depth > 0).then(|| Retraction::of(message)).flatten();
        Row { owner: owner.clone(), entry, retraction }
    }

    /// Writes the rows; they are durable when this returns. A row that is there already is not written again.
    pub(super) async fn keep(&self, rows: &[Row]) -> Result<(), Error> {
        let mut batch = self.store.batch();
        for row in rows {
            if let Some(retraction) = &row.retraction {
                // One that is there already has had its effect, and is not to have another.
                if self.log.get(&row.owner, &row.entry.id).await?.is_some() {
                    continue;
                }
                batch = self.bury(batch, row, retraction).await?;
            }
            batch = batch.append_if_new(&self.log, &row.owner, row.entry.clone());
        }
        batch.commit().await.map(drop)
    }

    /// Has archives trimmed, in a task of its own, when it is the turn of one of these rows.
    pub(super) fn trim_if_due(&self, cx: &Cx<'_>, rows: &[Row]) {
        for row in rows {
            if self.appended.fetch_add(1, Ordering::Relaxed) % TRIM_EVERY == TRIM_EVERY - 1 {
                let (archive, owner, now) = (self.clone(), row.owner.clone(), cx.now());
                tokio::spawn(async move {
                    let trimmed = archive.trim(archive.store.batch(), &owner, now, TRIM).commit().await;
                    if let Err(error) = trimmed {
                        tracing::error!(?owner, %error, "an archive cannot be trimmed");
                    }
                });
            }
        }
    }

    /// Removes the oldest messages of an archive that are too many or too old, at most `limit` of each.
    pub(super) fn trim(&self, mut batch: Batch, owner: &Owner, now: Timestamp, limit: u32) -> Batch {
        if let Some(cutoff) = self.config.cutoff(now) {
            batch = batch.trim(&self.log, owner, Trim::OlderThan(cutoff), limit);
        }
        if self.config.max_messages > 0 {
            batch = batch.trim(&self.log, owner, Trim::KeepNewest(self.config.max_messages), limit);
        }
        batch
    }
}
