//! The stored messages of accounts.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use stonechat_extension::{Cx, InstallError, Installer, Keep, Shelved};
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{Stanza, ns};
use stonechat_store::{Entry, Error, Log, Owner, Query, Store, Trim};

use super::Config;
use super::keeper::Kept;
use crate::{stamp, take_stamp};

/// How many messages are in memory at a time. A page also ends early at [`stonechat_store::MAX_PAGE_BYTES`].
const PAGE: u32 = 50;
/// How many messages that are too old go with each that is stored.
const TRIM: u32 = 100;

/// Where a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Behind all others.
    Last,
    /// It was in a mailbox already: in front of what has never been in one, behind what came back before it.
    Returned,
}

/// The stored messages.
///
/// Two logs: what has come back from broken connections is older than what was not delivered yet, and a log only grows at its end.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    store: Store,
    returned: Log,
    last: Log,
    config: Config,
}

/// Some stored messages, the oldest first.
pub(super) struct Page {
    log: Log,
    owner: Owner,
    pub(super) entries: Vec<Entry>,
    /// Those of them that somebody else keeps.
    kept: HashMap<String, Stanza>,
}

/// Where the messages for a session come from.
#[derive(Clone)]
pub(super) struct Source {
    pub(super) waiting: Waiting,
    pub(super) keeper: Kept,
    /// What the session has read where it is kept.
    pub(super) read: HashSet<String>,
}

/// What an entry holds.
enum Held<'a> {
    Message(&'a [u8]),
    /// The id under which somebody else keeps the message.
    Reference(&'a str),
}

fn held(entry: &Entry) -> Held<'_> {
    match std::str::from_utf8(&entry.value) {
        Ok(id) if !id.starts_with('<') => Held::Reference(id),
        _ => Held::Message(&entry.value),
    }
}

impl Waiting {
    pub(super) fn open(config: Config, host: &mut Installer<'_>) -> Result<Self, InstallError> {
        let last =
            host.log("offline", "messages that wait for the account to come online", Keep::WithAccount)?;
        let about = "messages that were sent to a connection of the account which broke before it took them";
        let returned = host.log("offline-returned", about, Keep::WithAccount)?;
        Ok(Self { store: host.store(), returned, last, config })
    }

    /// Stores a message for `account`, or a reference to where it is `kept`; it is durable when this returns. Its own `<delay/>`, which
    /// a message has that was stored before, becomes the time of the entry again; that of one which a client has not acknowledged is when it
    /// first came (XEP-0198 §4).
    pub(super) async fn keep(
        &self,
        cx: &Cx<'_>,
        account: &BareJid,
        mut message: Stanza,
        kept: Option<String>,
        place: Place,
    ) -> Result<(), Error> {
        let (domain, now) = (cx.domain(), cx.now());
        let id = cx.entry_id(account.as_str(), &message);
        let owner = Owner::account(account.as_str());
        let log = if place == Place::Returned { &self.returned } else { &self.last };
        let at = take_stamp(&mut message, domain).or(cx.since()).unwrap_or(now);
        let bytes = match kept {
            Some(id) => id.into_bytes(),
            None => {
                let mut bytes = Vec::new();
                message.write_in(&mut bytes, ns::CLIENT);
                bytes
            }
        };
        let mut batch = self.store.batch();
        if let Some(cutoff) = self.config.cutoff(now) {
            batch = batch.trim(log, &owner, Trim::OlderThan(cutoff), TRIM);
        }
        // Clients are told milliseconds.
        let at = Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at);
        let entry = Entry::new(id, at, bytes);
        batch.append_if_below(log, &owner, entry, self.config.limit()).commit().await.map(drop)
    }

    /// Forgets those of the messages that wait now which somebody else keeps.
    pub(super) async fn forget_kept(&self, account: &BareJid) -> Result<(), Error> {
        let owner = Owner::account(account.as_str());
        for log in [&self.returned, &self.last] {
            let mut references = Vec::new();
            let mut query = Query::default().limit(PAGE);
            loop {
                let page = log.range(&owner, &query).await?;
                query.after = page.entries.last().map(|entry| entry.id.clone()).into_iter().collect();
                let kept = page.entries.into_iter().filter(|entry| matches!(held(entry), Held::Reference(_)));
                references.extend(kept.map(|entry| entry.id));
                if page.complete {
                    break;
                }
            }
            if !references.is_empty() {
                log.delete(&owner, references).await?;
            }
        }
        Ok(())
    }

    /// Whether nothing is stored for the account.
    pub(super) async fn is_empty(&self, account: &BareJid) -> Result<bool, Error> {
        let owner = Owner::account(account.as_str());
        let reads = self.store.reads().usage(&self.returned, &owner).usage(&self.last, &owner);
        let mut found = reads.run().await?;
        Ok(found.usage().entries == 0 && found.usage().entries == 0)
    }
}

impl Source {
    /// The oldest messages; none is left when there are none in the page.
    pub(super) async fn oldest(&self, account: &BareJid) -> Result<Page, Error> {
        let owner = Owner::account(account.as_str());
        let query = Query::default().limit(PAGE);
        for log in [&self.waiting.returned, &self.waiting.last] {
            let entries = log.range(&owner, &query).await?.entries;
            if !entries.is_empty() {
                let kept = self.kept(account, &entries).await?;
                return Ok(Page { log: log.clone(), owner, entries, kept });
            }
        }
        Ok(Page { log: self.waiting.last.clone(), owner, entries: Vec::new(), kept: HashMap::new() })
    }

    /// Those of the messages that somebody else keeps, and that have not been read there.
    async fn kept(&self, account: &BareJid, entries: &[Entry]) -> Result<HashMap<String, Stanza>, Error> {
        let references = entries.iter().filter_map(|entry| match held(entry) {
            Held::Reference(id) => Some(id.to_owned()),
            Held::Message(_) => None,
        });
        let unread: Vec<String> = references.filter(|id| !self.read.contains(id)).collect();
        match &self.keeper {
            _ if unread.is_empty() => Ok(HashMap::new()),
            Some(keeper) => keeper.fetch(account, unread).await,
            None => {
                let count = unread.len();
                tracing::error!(%account, count, "messages wait in an archive that is switched off; they are not delivered");
                Ok(HashMap::new())
            }
        }
    }

    /// The message of an entry, with the note of its delay; `None` for one that is not to be delivered any more.
    pub(super) fn message(&self, page: &Page, entry: &Entry, domain: &str, now: Timestamp) -> Option<Stanza> {
        if self.waiting.config.cutoff(now).is_some_and(|cutoff| entry.at < cutoff) {
            return None;
        }
        let mut message = match held(entry) {
            // What is not there has been read, or deleted where it was kept.
            Held::Reference(id) => page.kept.get(id)?.clone(),
            Held::Message(bytes) => match Stanza::parse(bytes) {
                Ok(message) => message,
                Err(error) => {
                    tracing::error!(id = entry.id, %error, "a stored message is damaged and cannot be delivered");
                    return None;
                }
            },
        };
        stamp(&mut message, domain, entry.at);
        Some(message)
    }
}

impl Page {
    /// Where an entry is, which leaves when its message is safe elsewhere.
    pub(super) fn stored(&self, entry: &Entry) -> Shelved {
        Shelved { log: self.log.clone(), owner: self.owner.clone(), id: entry.id.clone() }
    }

    /// Deletes the first `count` messages, which were delivered. The store has the order to do so when this is first polled, so
    /// that a future which is dropped then does not leave behind what was delivered.
    pub(super) async fn delete(&mut self, count: usize) -> Result<(), Error> {
        let ids: Vec<String> = self.entries.drain(..count).map(|entry| entry.id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        self.log.delete(&self.owner, ids).await.map(drop)
    }
}
