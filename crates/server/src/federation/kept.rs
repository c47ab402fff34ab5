//! What is on its way to other domains, in the store: it survives this server.
//!
//! A stanza is in the store before its sender may take it for received: it is written with what the [journal](Journal) writes, so that its
//! acknowledgement waits for that. It is deleted when it has arrived, or has gone back to its sender and that is durable. So after a crash it
//! is sent; whether it had arrived just before, and is not deleted, nobody knows, and it arrives twice then.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use parking_lot::Mutex;
use stonechat_extension::Journal;
use stonechat_stanza::Stanza;
use stonechat_store::{Entry, Error, Log, Owner, Query, Store};
use stonechat_stream::negotiation::stream_id;
use tokio::sync::Notify;
use tokio::time::sleep;

use super::Federation;
use super::link::Parcel;

/// So many entries are read at once.
const PAGE: u32 = 500;
/// So long what has arrived waits for others that are deleted with it.
const GATHER: Duration = Duration::from_millis(100);
/// After so long it is tried again to delete what could not be.
const AGAIN: Duration = Duration::from_secs(1);

/// The part of the store for what is on its way.
#[derive(Debug)]
pub(super) struct Kept {
    store: Store,
    log: Log,
    journal: Journal,
    /// Distinguishes the names of this run from those of others.
    run: String,
    next: AtomicU64,
    /// What is not on its way any more, by our domain. Bounded by the queues that it comes from.
    arrived: Mutex<HashMap<Owner, Vec<String>>>,
    some_arrived: Notify,
}

/// A stanza that was on its way when the server ended.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) parcel: Parcel,
    pub(super) since: Timestamp,
}

impl Kept {
    /// `None` if the system has no random numbers.
    pub(super) fn new(store: &Store, journal: &Journal) -> Option<Self> {
        Some(Self {
            store: store.clone(),
            log: store.log("federation"),
            journal: journal.clone(),
            run: stream_id()?,
            next: AtomicU64::new(0),
            arrived: Mutex::default(),
            some_arrived: Notify::new(),
        })
    }

    /// What is written with it.
    pub(super) const fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Keeps a stanza that one of our domains sends, from before its acknowledgement on. Waits while the store is behind.
    pub(super) async fn keep(&self, from: &str, stanza: Stanza) -> Parcel {
        let entry = format!("{}-{}", self.run, self.next.fetch_add(1, Ordering::Relaxed));
        let mut bytes = Vec::with_capacity(stanza.payload_bytes().len() + 256);
        stanza.write(&mut bytes);
        let kept = Entry::new(entry.as_str(), Timestamp::now(), bytes);
        self.journal.append(&self.log, [(Owner::host(from), kept)]).await;
        Parcel { stanza, entry: entry.into() }
    }

    /// These are not on their way any more: they have arrived, or went back.
    pub(super) fn arrived(&self, from: &str, parcels: impl IntoIterator<Item = Parcel>) {
        let mut entries = parcels.into_iter().map(|parcel| parcel.entry.into_string()).peekable();
        if entries.peek().is_none() {
            return;
        }
        self.arrived.lock().entry(Owner::host(from)).or_default().extend(entries);
        self.some_arrived.notify_one();
    }

    /// What was on its way from one of our domains when the server ended, in order.
    pub(super) async fn found(&self, from: &str) -> Result<Vec<Found>, Error> {
        let owner = Owner::host(from);
        let mut query = Query { limit: PAGE, ..Query::default() };
        let mut found = Vec::new();
        loop {
            let page = self.log.range(&owner, &query).await?;
            let Some(last) = page.entries.last() else { return Ok(found) };
            query.after = vec![last.id.clone()];
            for entry in page.entries {
                match Stanza::parse(&entry.value) {
                    Ok(stanza) => {
                        let parcel = Parcel { stanza, entry: entry.id.into() };
                        found.push(Found { parcel, since: entry.at });
                    }
                    Err(error) => {
                        tracing::error!(id = entry.id, %error, "a stanza that was on its way cannot be read");
                    }
                }
            }
        }
    }

    /// Deletes what is not on its way any more. What followed from that, as the return to a sender, is durable before.
    pub(super) async fn delete(&self) -> Result<(), Error> {
        let arrived = std::mem::take(&mut *self.arrived.lock());
        if arrived.is_empty() {
            return Ok(());
        }
        self.journal.settled().await;
        let batch = arrived.iter().fold(self.store.batch(), |batch, (owner, entries)| {
            batch.delete_entries(&self.log, owner, entries.clone())
        });
        let deleted = batch.commit().await;
        if deleted.is_err() {
            let mut again = self.arrived.lock();
            arrived.into_iter().for_each(|(owner, entries)| again.entry(owner).or_default().extend(entries));
        }
        deleted.map(drop)
    }
}

/// Deletes what is not on its way any more, until the server stops.
pub(super) async fn tidy(federation: Arc<Federation>) {
    loop {
        tokio::select! {
            () = federation.kept.some_arrived.notified() => sleep(GATHER).await,
            () = federation.stopping.cancelled() => return,
        }
        if let Err(error) = federation.kept.delete().await {
            tracing::error!(%error, "what has arrived elsewhere cannot be deleted");
            federation.kept.some_arrived.notify_one();
            sleep(AGAIN).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use stonechat_stanza::jid::Jid;
    use stonechat_stanza::message;

    use super::*;

    fn message(id: &str) -> Stanza {
        Stanza::message(message::Type::Chat)
            .with_from("x@a.example".parse::<Jid>().unwrap())
            .with_to("y@b.example".parse::<Jid>().unwrap())
            .with_id(id)
    }

    async fn ids(store: &Store, from: &str) -> Vec<String> {
        let kept = Kept::new(store, &Journal::new(store)).unwrap();
        let found = kept.found(from).await.unwrap();
        found.iter().map(|found| found.parcel.stanza.id().unwrap().to_owned()).collect()
    }

    #[tokio::test]
    async fn what_has_not_arrived_is_found_in_order_and_what_has_is_not() {
        let store = Store::memory();
        let journal = Journal::new(&store);
        let kept = Kept::new(&store, &journal).unwrap();
        let mut parcels = Vec::new();
        // More than what is read at once.
        for number in 0..1200 {
            parcels.push(kept.keep("a.example", message(&number.to_string())).await);
        }
        kept.keep("c.example", message("another")).await;
        journal.settled().await;
        let all: Vec<String> = (0..1200).map(|number| number.to_string()).collect();
        assert_eq!(ids(&store, "a.example").await, all);
        kept.arrived("a.example", parcels.drain(..700));
        kept.delete().await.unwrap();
        assert_eq!(ids(&store, "a.example").await, all[700..]);
        assert_eq!(ids(&store, "c.example").await, ["another"]);
    }

    /// It may arrive before it is written.
    #[tokio::test]
    async fn what_has_arrived_at_once_does_not_stay() {
        let store = Store::memory();
        let kept = Kept::new(&store, &Journal::new(&store)).unwrap();
        let parcel = kept.keep("a.example", message("1")).await;
        kept.arrived("a.example", [parcel]);
        kept.delete().await.unwrap();
        assert!(ids(&store, "a.example").await.is_empty());
    }
}
