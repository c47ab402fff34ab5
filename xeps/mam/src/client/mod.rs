//! The client's side: [`Archive`] is the service of the extension, [`Event`] what it tells the application.
//!
//! # Catching up
//! With every new session the client asks for what has come into the account's archive since it was last there, page by page, and tells it
//! as [`Event::Message`], in the order of the archive. What comes live meanwhile comes as ever. Of both together each message is told
//! once: by the ids that the archive gives and that live messages and carbons carry (§3.5), whichever is first. What this client has sent itself
//! is not told.
//!
//! Where it stands is a [`Position`], which the application keeps, with the messages, and gives back after the next start. It stays some
//! messages behind the last one, so that what overtakes another on its way is not missed.
//!
//! When the message that the position names is gone, as after a long absence, it goes on by its time, and [`Event::Gap`] says that there may be
//! something missing (§4.1.3). A client without a position begins with the last messages of the archive.
//!
//! Results are believed only from the archive that was asked, with the id of the query (§8.2).
//!
//! ```no_run
//! # use stonechat_extension::client::{Event, RequestError, Tables};
//! use stonechat_stanza::rsm;
//! use stonechat_xep_mam::{Filter, client::{self, Archive}};
//!
//! # async fn run(tables: &Tables, event: Event) -> Result<(), RequestError> {
//! let archive = tables.service::<Archive>().expect("the extension is installed");
//! let with = Filter { with: Some("romeo@example.net".parse().expect("an address")), ..Filter::default() };
//! let page = archive.page(None, &with, rsm::Request::last(20)).await?;
//! println!("{} messages, and this is all: {}", page.messages.len(), page.complete);
//! if let Some(client::Event::Synced) = event.get() {
//!     println!("to be kept: {:?}", archive.position());
//! }
//! # Ok(())
//! # }
//! ```

mod position;
mod query;
mod sync;

use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use stonechat_extension::client::{
    Connected, Cx, Expected, Extension as ClientExtension, Guard, Handle, Inbound, Installer, Learned,
    Observe, Outbound, React, RequestError, Senders, Take, Way,
};
use stonechat_extension::{HandlerError, InstallError, Manifest, Verdict};
use stonechat_stanza::jid::{BareJid, Jid};
use stonechat_stanza::sid::StanzaId;
use stonechat_stanza::{Kind, Stanza, message, rsm};

use crate::{Archived, Filter, Metadata};
pub use position::Position;
use position::State;
use query::Queries;
pub use query::{Message, Page};

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Whether a new session catches up by itself.
    pub sync: bool,
    /// How many messages a page of that has.
    pub page: u32,
    /// How many of the last messages are fetched when there is no position; 0 for none.
    pub first: u32,
    /// How many messages the position stays behind the last one.
    pub overlap: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { sync: true, page: 50, first: 50, overlap: 100 }
    }
}

/// What is told of the archive.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A message of the past that was not told before.
    Message(Message),
    /// What follows in the archive upon the last known message cannot be found: from here on, messages of the time after it are told, and
    /// some may be missing.
    Gap,
    /// The client has caught up.
    Synced,
    /// It has not, in this session.
    Failed(RequestError),
}

/// What the extension and its service share.
#[derive(Debug)]
pub(crate) struct Shared {
    config: Config,
    queries: Queries,
    state: Mutex<State>,
}

/// The client extension; it provides an [`Archive`].
#[derive(Debug)]
pub struct Extension(Arc<Shared>);

impl ClientExtension for Extension {
    const MANIFEST: Manifest = Manifest::new("mam")
        .about("fetches from archives, and catches up")
        .xep(313, "1.1.3")
        .xep(359, "0.7.0");
    const CONFIG: &'static str = "# Whether a new session catches up by itself.\n\
        sync = true\n\
        # How many messages a page of that has.\n\
        page = 50\n\
        # How many of the last messages are fetched when there is no position; 0 for none.\n\
        first = 50\n\
        # How many messages the position stays behind the last one.\n\
        overlap = 100\n";
    type Config = Config;

    fn install(config: Config, client: &mut Installer<'_>) -> Result<(), InstallError> {
        let expected = Expected::default();
        let state = Mutex::new(State::new(config.overlap));
        let shared = Arc::new(Shared { config, queries: Queries::new(expected.clone()), state });
        client.provide(Arc::new(Archive { handle: client.handle(), shared: Arc::clone(&shared) }))?;
        let archive = client.share(Self(shared));
        client.react::<Connected>(&archive);
        client.guard::<Learned>(&archive);
        client.react::<Learned>(&archive);
        client.observe::<Outbound>(&archive);
        client.take::<Archived>(Senders::ACCOUNT.or_expected(&expected), &archive)
    }
}

impl React<Connected> for Extension {
    fn react(&self, cx: &mut Cx<'_>, event: &Connected) -> Result<(), HandlerError> {
        if !event.resumed && self.0.config.sync {
            let run = self.0.state.lock().begin(cx.now());
            cx.spawn(sync::sync(cx.handle(), Arc::clone(&self.0), run));
        }
        Ok(())
    }
}

impl Take<Archived> for Extension {
    fn take(&self, cx: &mut Cx<'_>, message: &Inbound, result: Archived) -> Result<(), HandlerError> {
        let Some(found) = self.0.queries.result(message, result) else { return Ok(()) };
        let own = found.message.from().is_some_and(|from| from.bare_str() == cx.account().as_str());
        let sent = if own { found.message.id() } else { None };
        let at = found.at.map(stonechat_stanza::time::DateTime::timestamp);
        if self.0.state.lock().result(&found.id, at, sent) {
            if !found.message.kind().is_error() {
                cx.react_at(&Learned { message: found.message.clone(), way: Way::Past });
            }
            cx.emit(Event::Message(found));
        }
        Ok(())
    }
}

/// The id that the own account's archive has given to a message (§3.5), which its server lets nobody else write.
#[must_use]
pub fn id_of(message: &Stanza, account: &BareJid) -> Option<String> {
    if !matches!(message.kind(), Kind::Message(kind) if kind != message::Type::Groupchat) {
        return None;
    }
    let ids = message.children().filter_map(|child| child.parse::<StanzaId>().ok());
    ids.into_iter().find(|id| id.by.as_str() == account.as_str()).map(|id| id.id)
}

impl Guard<Learned> for Extension {
    /// What the archive has told already does not come a second time, as from offline storage or as a copy.
    fn guard(&self, cx: &Cx<'_>, event: &Learned) -> Verdict {
        match id_of(&event.message, cx.account()) {
            Some(id) if event.way != Way::Past && self.0.state.lock().was_told(&id) => Verdict::Drop,
            _ => Verdict::Allow,
        }
    }
}

impl React<Learned> for Extension {
    fn react(&self, cx: &mut Cx<'_>, event: &Learned) -> Result<(), HandlerError> {
        if event.way != Way::Past
            && let Some(id) = id_of(&event.message, cx.account())
        {
            self.0.state.lock().live(id, cx.now());
        }
        Ok(())
    }
}

impl Observe<Outbound> for Extension {
    fn observe(&self, _: &mut Cx<'_>, event: &Outbound) {
        if let (Kind::Message(kind), Some(id)) = (event.stanza.kind(), event.stanza.id())
            && kind != message::Type::Groupchat
        {
            self.0.state.lock().sent(id.to_owned());
        }
    }
}

/// Archives; a service of the client extension.
#[derive(Debug)]
pub struct Archive {
    handle: Handle,
    shared: Arc<Shared>,
}

impl Archive {
    /// A page of an archive: the own account's with `None`. What it holds does not count for catching up. Cancel safe.
    ///
    /// # Errors
    /// [`RequestError`]; `item-not-found` when the page begins or ends at a message that is not there (§4.3.1).
    pub async fn page(
        &self,
        of: Option<Jid>,
        filter: &Filter,
        set: rsm::Request,
    ) -> Result<Page, RequestError> {
        self.shared.queries.page(&self.handle, of, filter, set).await
    }

    /// The first and the last message of an archive (§5).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn metadata(&self, of: Option<Jid>) -> Result<Metadata, RequestError> {
        self.handle.request(of, &Metadata::default()).await
    }

    /// Where the client stands, to be [given back](Self::restore) after the next start. To be kept with the messages that were told.
    #[must_use]
    pub fn position(&self) -> Position {
        self.shared.state.lock().position()
    }

    /// Takes the position of an earlier run. To be called before the first session begins; says whether it was in time.
    pub fn restore(&self, position: Position) -> bool {
        self.shared.state.lock().restore(position)
    }
}

stonechat_extension::register!(client: Extension);
