//! The rosters: reading, caching and changing them.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use async_trait::async_trait;
use stonechat_extension::{Account, Cx, Host};
use stonechat_stanza::jid::BareJid;
use stonechat_store::{Batch, Document, Map, Owner, Store};
use tokio::sync::Mutex;

use super::live::{Live, News};
use super::record::{Entry, Version};
use super::service::{Change, Changed, Error, Outcome, Roster, Updated};
use super::{Config, Contact, Snapshot};
use crate::Item;

/// One account in so many waits for another's change.
const STRIPES: usize = 64;

/// How many items a small roster has at the most, and one more.
const FEW: u32 = 64;

/// How often a change is tried when somebody outside this process, or of before a reload, has changed the roster meanwhile.
const TRIES: usize = 5;

/// The rosters of all accounts.
#[derive(Debug)]
pub(super) struct Book {
    shelf: Arc<Shelf>,
}

#[derive(Debug)]
struct Shelf {
    config: Config,
    store: Store,
    items: Map,
    versions: Document,
    /// One writer at a time for each account, so that changes seldom meet in the store.
    locks: Box<[Mutex<()>]>,
    hasher: RandomState,
}

impl Book {
    pub(super) fn new(config: Config, store: Store, items: Map, versions: Document) -> Self {
        let locks = (0..STRIPES).map(|_| Mutex::default()).collect();
        Self { shelf: Arc::new(Shelf { config, store, items, versions, locks, hasher: RandomState::new() }) }
    }

    pub(super) fn config(&self) -> &Config {
        &self.shelf.config
    }
}

#[async_trait]
impl Roster for Book {
    async fn load(&self, host: &Arc<Host>, owner: &BareJid) -> Result<Arc<Snapshot>, Error> {
        let Some(account) = host.account(owner.as_str()) else {
            return self.shelf.read(owner).await.map(Arc::new);
        };
        let live = account.state::<Live>();
        if let Some(snapshot) = live.get() {
            return Ok(snapshot);
        }
        // Under the lock, so that what was read is not put over what was written meanwhile.
        let _writer = self.shelf.lock(owner).lock().await;
        self.shelf.current(live, owner).await
    }

    fn cached(&self, account: &Account) -> Option<Arc<Snapshot>> {
        account.state_if_any::<Live>()?.get()
    }

    async fn contact(&self, host: &Arc<Host>, owner: &BareJid, contact: &BareJid) -> Result<Contact, Error> {
        if host.account(owner.as_str()).is_some() {
            let snapshot = self.load(host, owner).await?;
            return Ok(snapshot.get(contact.as_str()).cloned().unwrap_or_default());
        }
        let stored = self.shelf.items.get(&Owner::account(owner.as_str()), contact.as_str()).await?;
        let Some(stored) = stored else { return Ok(Contact::default()) };
        let entry = Entry::from_json(&stored).map_err(|why| damaged(owner, contact.as_str(), why))?;
        Ok(entry.kept.unwrap_or_default())
    }

    async fn update(
        &self,
        cx: &mut Cx<'_>,
        owner: &BareJid,
        contact: &BareJid,
        change: Change,
    ) -> Result<Updated, Error> {
        let (shelf, host) = (Arc::clone(&self.shelf), Arc::clone(cx.host()));
        let (whose, whom) = (owner.clone(), contact.clone());
        // In a task of its own: memory and store agree even when nobody waits for this any more.
        let task = tokio::spawn(async move { shelf.change(&host, &whose, &whom, &change).await });
        let (updated, is_visible) = task.await.map_err(|_| Error::Failed)??;
        if let Some(account) = cx.host().account(owner.as_str()) {
            account.state::<Live>().tell(cx, &account).await;
        }
        if is_visible {
            cx.react_at(&Changed { owner: owner.clone(), contact: contact.clone() }).await;
        }
        Ok(updated)
    }
}

impl Shelf {
    #[allow(clippy::cast_possible_truncation, reason = "any bits of the hash will do")]
    fn lock(&self, owner: &BareJid) -> &Mutex<()> {
        &self.locks[self.hasher.hash_one(owner.as_str()) as usize % STRIPES]
    }

    async fn read(&self, owner: &BareJid) -> Result<Snapshot, Error> {
        let key = Owner::account(owner.as_str());
        let mut snapshot = Snapshot::empty(owner.clone());
        let mut found =
            self.store.reads().document(&self.versions, &key).page(&self.items, &key, FEW).run().await?;
        // The version first: items that are newer than it do no harm.
        if let Some(stored) = found.document() {
            snapshot.version =
                Version::from_json(&stored).map_err(|why| damaged(owner, "the version", why))?;
        }
        // Most rosters are small, and a few items are read in no time.
        let mut items = found.page();
        if items.len() == FEW as usize {
            items = self.items.all(&key).await?;
        }
        for (jid, stored) in items {
            let entry = Entry::from_json(&stored).map_err(|why| damaged(owner, &jid, why))?;
            let contact =
                BareJid::parse_received(&jid).map_err(|why| damaged(owner, &jid, why.to_string()))?;
            snapshot.entries.insert(contact, Arc::new(entry));
        }
        Ok(snapshot)
    }

    /// The roster of a connected account. The caller has the lock.
    async fn current(&self, live: &Live, owner: &BareJid) -> Result<Arc<Snapshot>, Error> {
        if let Some(snapshot) = live.get() {
            return Ok(snapshot);
        }
        let snapshot = Arc::new(self.read(owner).await?);
        live.set(Some(Arc::clone(&snapshot)));
        Ok(snapshot)
    }

    /// Changes a contact, durably, in memory too, and puts the news of it into the account's queue. Says as well whether it is one for clients.
    async fn change(
        &self,
        host: &Arc<Host>,
        owner: &BareJid,
        contact: &BareJid,
        change: &Change,
    ) -> Result<(Updated, bool), Error> {
        let _writer = self.lock(owner).lock().await;
        let mut tries = 0;
        loop {
            tries += 1;
            let account = host.account(owner.as_str());
            let live = account.as_ref().map(|account| account.state::<Live>());
            let snapshot = match &live {
                Some(live) => self.current(live, owner).await?,
                None => Arc::new(self.read(owner).await?),
            };
            let before = snapshot.get(contact.as_str()).cloned().unwrap_or_default();
            let outcome = change(&before);
            let after = outcome.contact.clone();
            self.within_limits(&snapshot, contact, &before, &after)?;
            let now = u64::try_from(host.now().as_millisecond()).unwrap_or_default();
            let plan = plan(&snapshot, contact, &before, &outcome, now, self.config.removed);
            match self.commit(owner, &snapshot, &plan).await {
                Ok(()) => {}
                Err(Error::Store(error)) if error.is_conflict() && tries < TRIES => {
                    live.inspect(|live| live.set(None));
                    continue;
                }
                Err(error) => {
                    // It may have been written for all that is known.
                    live.inspect(|live| live.set(None));
                    return Err(error);
                }
            }
            let is_visible = plan.push.is_some();
            // A session that came meanwhile waits for the lock to load the roster; one that was there has this state.
            if let (Some(account), Some(live)) = (&account, live) {
                live.set(Some(Arc::new(plan.snapshot)));
                let news = News { announce: outcome.announce, push: plan.push };
                if news.announce.is_some() || news.push.is_some() {
                    live.announce(account, news);
                }
            }
            return Ok((Updated { before, after }, is_visible));
        }
    }

    /// Whether a change stays within the limits. What is there stays there when a limit is lowered.
    fn within_limits(
        &self,
        roster: &Snapshot,
        contact: &BareJid,
        before: &Contact,
        after: &Contact,
    ) -> Result<(), Error> {
        if after.listed && !before.listed && roster.items().count() >= self.config.items {
            return Err(Error::Full);
        }
        if after.request.is_some() && before.request.is_none() {
            let of_domain = |(jid, other): (&BareJid, &Contact)| {
                other.request.is_some().then(|| jid.domain() == contact.domain())
            };
            let (same, all) = roster
                .contacts()
                .filter_map(of_domain)
                .fold((0, 0), |(same, all), is_same| (same + usize::from(is_same), all + 1));
            if all >= self.config.requests || same >= self.config.requests_per_domain {
                return Err(Error::TooManyRequests);
            }
        }
        Ok(())
    }

    async fn commit(&self, owner: &BareJid, old: &Snapshot, plan: &Plan) -> Result<(), Error> {
        if plan.writes.is_empty() {
            return Ok(());
        }
        let key = Owner::account(owner.as_str());
        let mut batch: Batch = match old.version.is_none() {
            true => self.store.batch().expect_document_absent(&self.versions, &key),
            false => self.store.batch().expect_document(&self.versions, &key, old.version.to_json()),
        };
        batch = batch.put_document(&self.versions, &key, plan.snapshot.version.to_json());
        for jid in &plan.writes {
            batch = match plan.snapshot.entries.get(jid) {
                Some(entry) => batch.put_map(&self.items, &key, jid.as_str(), entry.to_json()),
                None => batch.delete_map(&self.items, &key, jid.as_str()),
            };
        }
        batch.commit().await?;
        Ok(())
    }
}

fn damaged(owner: &BareJid, place: &str, why: String) -> Error {
    Error::Damaged { owner: owner.to_string(), place: place.to_owned(), why }
}

/// A change, worked out.
struct Plan {
    snapshot: Snapshot,
    /// The contacts whose records differ from the stored ones.
    writes: Vec<BareJid>,
    push: Option<(Item, String, u64)>,
}

/// Works a change out: the roster after it, what to write, and what to push.
fn plan(
    old: &Snapshot,
    jid: &BareJid,
    before: &Contact,
    outcome: &Outcome,
    now: u64,
    removed: usize,
) -> Plan {
    let after = &outcome.contact;
    let visible = !before.looks_like(after) || (outcome.push_anyway && after.listed);
    let hidden = before.request.is_some() != after.request.is_some();
    let mut snapshot = old.clone();
    if !visible && !hidden {
        return Plan { snapshot, writes: Vec::new(), push: None };
    }
    snapshot.version = old.version.next(epoch(), now, visible);
    let number = match (visible, old.entries.get(jid)) {
        (true, _) => snapshot.version.number,
        (false, before) => before.map_or(0, |entry| entry.number),
    };
    let was_removed = old.entries.get(jid).is_some_and(|entry| entry.kept.is_none());
    if !after.is_nobody() {
        snapshot.entries.insert(jid.clone(), Arc::new(Entry { number, kept: Some(after.clone()) }));
    } else if before.listed || was_removed || number > 0 {
        snapshot.entries.insert(jid.clone(), Arc::new(Entry { number, kept: None }));
    } else {
        snapshot.entries.remove(jid);
    }
    let mut writes = forget_removed(&mut snapshot, removed);
    if !writes.contains(jid) {
        writes.push(jid.clone());
    }
    let push = visible.then(|| {
        let item = if after.listed { after.item(jid) } else { gone(jid) };
        (item, snapshot.version.tag(), number)
    });
    Plan { snapshot, writes, push }
}

/// What a push or an answer says of an item that is no more.
pub(super) fn gone(jid: &BareJid) -> Item {
    Item { removed: true, ..Item::new(jid.clone().into()) }
}

/// Forgets the oldest of the removed contacts beyond `most`; gives their addresses.
fn forget_removed(snapshot: &mut Snapshot, most: usize) -> Vec<BareJid> {
    let removed = snapshot.entries.iter().filter(|(_, entry)| entry.kept.is_none());
    let mut removed: Vec<(u64, BareJid)> = removed.map(|(jid, entry)| (entry.number, jid.clone())).collect();
    let Some(beyond) = removed.len().checked_sub(most).filter(|beyond| *beyond > 0) else {
        return Vec::new();
    };
    removed.sort_unstable();
    removed.truncate(beyond);
    for (number, jid) in &removed {
        snapshot.version.forget(*number);
        snapshot.entries.remove(jid);
    }
    removed.into_iter().map(|(_, jid)| jid).collect()
}

/// 64 random bits, drawn for each write and used for the first of a roster.
fn epoch() -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    u64::from_le_bytes(bytes)
}
