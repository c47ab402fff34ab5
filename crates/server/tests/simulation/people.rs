//! Who uses the servers: one person each, and a book of what became of all that they have written.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use parking_lot::Mutex;
use stonechat_extension::{Ending, Host, Letters, Mailbox, Session, Wire};
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::{Element, Kind, Stanza, message, ns, presence};
use tokio::task::JoinHandle;

/// What became of a message.
#[derive(Debug, Default, Clone)]
pub(crate) struct Fate {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) arrived: u32,
    pub(crate) bounced: u32,
}

impl Fate {
    pub(crate) const fn is_known(&self) -> bool {
        self.arrived + self.bounced > 0
    }
}

/// All messages.
pub(crate) type Book = Arc<Mutex<HashMap<String, Fate>>>;

/// What a person sees of others: by bare address, the sessions that are there and what they say.
type Seen = BTreeMap<String, BTreeMap<String, String>>;

/// A person with an account, and a session most of the time.
pub(crate) struct Person {
    pub(crate) jid: BareJid,
    pub(crate) contacts: BTreeSet<String>,
    host: Arc<Host>,
    book: Book,
    session: Option<(Arc<Session>, JoinHandle<()>)>,
    seen: Arc<Mutex<Seen>>,
    logins: u32,
    said: u32,
    pub(crate) status: String,
}

impl Person {
    pub(crate) async fn new(host: &Arc<Host>, book: &Book) -> Self {
        let jid: BareJid = format!("me@{}", host.domain()).parse().unwrap();
        host.create_account(&jid, "a password").await.unwrap();
        Self {
            jid,
            contacts: BTreeSet::new(),
            host: Arc::clone(host),
            book: Arc::clone(book),
            session: None,
            seen: Arc::default(),
            logins: 0,
            said: 0,
            status: String::new(),
        }
    }

    pub(crate) fn is_online(&self) -> bool {
        self.session.is_some()
    }

    /// Comes, and says so.
    pub(crate) async fn log_in(&mut self) {
        self.log_out().await;
        self.seen.lock().clear();
        self.logins += 1;
        let resource = format!("r{}", self.logins);
        let mailbox = Mailbox::new(Wire::InStream, 10 << 20);
        let session = self.host.bind(&self.jid, Some(&resource), mailbox, None).await.unwrap();
        let reader = Reader {
            host: Arc::clone(&self.host),
            session: Arc::clone(&session),
            book: Arc::clone(&self.book),
            seen: Arc::clone(&self.seen),
        };
        let reading = tokio::spawn(reader.read());
        self.session = Some((session, reading));
        self.shows(&resource).await;
    }

    /// Has another status.
    pub(crate) async fn shows(&mut self, status: &str) {
        status.clone_into(&mut self.status);
        let status = Element::builder("status", ns::CLIENT).append(status).build();
        self.send(Stanza::presence(presence::Type::Available).with_element(&status)).await;
    }

    /// Goes without a word, as a connection that breaks, after all that had come was read.
    pub(crate) async fn log_out(&mut self) {
        if let Some((session, reading)) = self.session.take() {
            session.mailbox().end(Ending::Shutdown);
            reading.await.unwrap();
            self.host.close(&session).await;
        }
    }

    /// Whether it has heard of all that it has written. Who has gone hears nothing of what comes back.
    pub(crate) fn waits_for_nothing(&self) -> bool {
        let book = self.book.lock();
        !book.values().any(|fate| fate.from == self.jid.as_str() && !fate.is_known())
    }

    pub(crate) async fn subscribes(&self, to: &str) {
        let to: Jid = to.parse().unwrap();
        self.send(Stanza::presence(presence::Type::Subscribe).with_to(to)).await;
    }

    /// Writes a message, which is noted down before it leaves.
    pub(crate) async fn writes(&mut self, to: &str) {
        self.said += 1;
        let id = format!("{}-{}", self.jid.domain(), self.said);
        let fate = Fate { from: self.jid.to_string(), to: to.to_owned(), ..Fate::default() };
        self.book.lock().insert(id.clone(), fate);
        let body = Element::builder("body", ns::CLIENT).append("hello").build();
        let to: Jid = to.parse().unwrap();
        self.send(Stanza::message(message::Type::Chat).with_id(&id).with_to(to).with_element(&body)).await;
    }

    async fn send(&self, stanza: Stanza) {
        if let Some((session, _)) = &self.session {
            self.host.from_client(session, stanza).await.unwrap();
        }
    }

    /// What it sees of somebody: the statuses of the sessions that are there.
    pub(crate) fn sees(&self, who: &str) -> Vec<String> {
        self.seen.lock().get(who).map(|sessions| sessions.values().cloned().collect()).unwrap_or_default()
    }
}

/// What a client does with what comes.
struct Reader {
    host: Arc<Host>,
    session: Arc<Session>,
    book: Book,
    seen: Arc<Mutex<Seen>>,
}

impl Reader {
    async fn read(self) {
        let mut letters = Letters::default();
        loop {
            self.session.mailbox().ready().await;
            self.session.mailbox().take(&mut letters);
            if letters.is_empty() {
                return;
            }
            let all: Vec<Stanza> = letters.iter().filter_map(|bytes| Stanza::parse(bytes).ok()).collect();
            letters.clear();
            for stanza in all {
                self.take(&stanza).await;
            }
        }
    }

    async fn take(&self, stanza: &Stanza) {
        let Some(from) = stanza.from() else { return };
        match stanza.kind() {
            Kind::Message(kind) => {
                let mut book = self.book.lock();
                let Some(fate) = stanza.id().and_then(|id| book.get_mut(id)) else { return };
                if kind == message::Type::Error { fate.bounced += 1 } else { fate.arrived += 1 }
            }
            Kind::Presence(presence::Type::Subscribe) => {
                let granted = Stanza::presence(presence::Type::Subscribed);
                let granted = granted.with_to(from.bare_str().parse::<Jid>().unwrap());
                self.host.from_client(&self.session, granted).await.unwrap();
            }
            Kind::Presence(presence::Type::Available) => {
                let status = stanza.find(ns::CLIENT, "status").map(|status| status.element().unwrap().text());
                let mut seen = self.seen.lock();
                let sessions = seen.entry(from.bare_str().to_owned()).or_default();
                sessions.insert(from.as_str().to_owned(), status.unwrap_or_default());
            }
            Kind::Presence(presence::Type::Unavailable) => {
                let mut seen = self.seen.lock();
                let Some(sessions) = seen.get_mut(from.bare_str()) else { return };
                sessions.remove(from.as_str());
            }
            _ => {}
        }
    }
}
