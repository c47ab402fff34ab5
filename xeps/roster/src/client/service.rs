//! The service that an application has, and the loading of the roster.

use std::sync::Arc;

use parking_lot::Mutex;
use stonechat_extension::client::{Handle, Query as Request, RequestError};
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::{ParseError, Stanza, iq};
use tokio::sync::watch;

use super::Event;
use super::book::Book;
use crate::{Item, Query};

impl Request for Query {
    const KIND: iq::Type = iq::Type::Get;
    /// `None` when the version that was asked with is that of now (§2.6.3).
    type Answer = Option<Query>;

    fn read(result: &Stanza) -> Result<Option<Query>, ParseError> {
        result.get()
    }
}

/// What the extension and its service share.
#[derive(Debug)]
pub(super) struct Shared {
    book: Mutex<Book>,
    /// Whether this session's loading is over.
    settled: watch::Sender<bool>,
}

impl Shared {
    pub(super) fn new(most: usize) -> Self {
        Self { book: Mutex::new(Book::new(most)), settled: watch::Sender::new(false) }
    }

    pub(super) fn begin(&self) -> Query {
        self.settled.send_replace(false);
        self.book.lock().begin()
    }

    pub(super) fn lost(&self) {
        self.settled.send_replace(false);
    }

    pub(super) fn push(&self, ver: Option<String>, item: Item) -> Option<Event> {
        self.book.lock().push(ver, item)
    }
}

/// Loads the roster, and tells what has changed.
pub(super) async fn load(handle: Handle, shared: Arc<Shared>, query: Query) {
    let answer = handle.request(None, &query).await;
    let (mut events, last) = match answer {
        Ok(roster) => (shared.book.lock().loaded(roster), Event::Loaded),
        // The next session loads it anew, and has begun to.
        Err(RequestError::Lost) => return,
        Err(error) => (shared.book.lock().failed(), Event::Failed(error)),
    };
    shared.settled.send_replace(true);
    events.push(last);
    for event in events {
        if handle.emit(event).await.is_err() {
            return;
        }
    }
}

/// The contacts; a service of the client extension. What it answers is what the last roster and the pushes after it say.
#[derive(Debug)]
pub struct Roster {
    handle: Handle,
    shared: Arc<Shared>,
}

impl Roster {
    pub(super) fn new(handle: Handle, shared: Arc<Shared>) -> Self {
        Self { handle, shared }
    }

    /// The contact with this address.
    #[must_use]
    pub fn get(&self, jid: &BareJid) -> Option<Item> {
        self.shared.book.lock().get(&Jid::from(jid.clone())).cloned()
    }

    /// All contacts, sorted by address.
    #[must_use]
    pub fn items(&self) -> Vec<Item> {
        self.shared.book.lock().all().cloned().collect()
    }

    /// Whether the contact may see our presence: its subscription is `from` or `both`.
    #[must_use]
    pub fn sees_us(&self, jid: &BareJid) -> bool {
        self.get(jid).is_some_and(|item| item.subscription.is_from())
    }

    /// Waits until this session's roster is loaded, or cannot be. Cancel safe.
    pub async fn settled(&self) {
        let mut settled = self.shared.settled.subscribe();
        // The sender lives as long as this.
        let _settled = settled.wait_for(|settled| *settled).await;
    }

    /// The roster with its version, to be given to [`restore`](Self::restore) after the next start. As a payload it can be written.
    #[must_use]
    pub fn cached(&self) -> Query {
        self.shared.book.lock().cached()
    }

    /// Takes what was [cached](Self::cached), so that the server need not send the whole roster. To be called before the first session
    /// begins; says whether it was in time.
    pub fn restore(&self, cached: Query) -> bool {
        let mut book = self.shared.book.lock();
        let in_time = book.cached() == Query::default() && !book.is_loading();
        if in_time {
            book.restore(cached);
        }
        in_time
    }

    /// Adds a contact, or gives one another name and other groups (§2.3, §2.4). An empty name is none.
    ///
    /// # Errors
    /// [`RequestError`]. The roster changes when the server pushes the change.
    pub async fn add(&self, jid: BareJid, name: &str, groups: &[String]) -> Result<(), RequestError> {
        self.set(Item { name: name.to_owned(), groups: groups.to_vec(), ..Item::new(jid.into()) }).await
    }

    /// Gives a contact another name and leaves it in its groups (§2.4.1). Who is no contact becomes one.
    ///
    /// # Errors
    /// As [`add`](Self::add).
    pub async fn rename(&self, jid: BareJid, name: &str) -> Result<(), RequestError> {
        let groups = self.get(&jid).map(|item| item.groups).unwrap_or_default();
        self.add(jid, name, &groups).await
    }

    /// Removes a contact, and with it the subscriptions in both directions (§2.5).
    ///
    /// # Errors
    /// As [`add`](Self::add); `item-not-found` when there is none.
    pub async fn remove(&self, jid: BareJid) -> Result<(), RequestError> {
        self.set(Item { removed: true, ..Item::new(jid.into()) }).await
    }

    async fn set(&self, item: Item) -> Result<(), RequestError> {
        self.handle.exchange(Stanza::iq(iq::Type::Set).with(&Query::of(item))).await.map(drop)
    }
}

/// Who is told what tells that we are there, such as receipts; a value of configurations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audience {
    /// Nobody.
    Nobody,
    /// Who may see our presence. Without the extension `roster` that is nobody.
    #[default]
    Contacts,
    /// Whoever asks.
    Everyone,
}

impl Audience {
    /// Whether `who` is among them.
    #[must_use]
    pub fn has(self, who: &BareJid, roster: Option<&Roster>) -> bool {
        match self {
            Self::Nobody => false,
            Self::Contacts => roster.is_some_and(|roster| roster.sees_us(who)),
            Self::Everyone => true,
        }
    }
}
