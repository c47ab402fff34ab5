//! The client's side: it keeps the roster as the server has it.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use stonechat_extension::client::{
    self, Connected, Cx, Handle, Inbound, Installer, React, RequestError, Senders,
};
use stonechat_extension::{HandlerError, InstallError, Manifest, Reply};
use stonechat_stanza::jid::Jid;
use stonechat_stanza::{ParseError, Stanza, StanzaError, iq, ns};

use crate::{Item, Query};

/// Limits of the client extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// How many contacts are kept; further ones are not seen.
    pub max_contacts: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { max_contacts: 10_000 }
    }
}

/// What happened to the roster; an event of the client extension.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It is here, or here anew: [`Contacts`] has it.
    Loaded,
    /// A contact was added or changed.
    Set(Item),
    /// A contact was removed.
    Removed(Jid),
    /// The server did not give it.
    Failed(RequestError),
}

/// The roster; a service of the client extension.
#[derive(Debug)]
pub struct Contacts {
    handle: Handle,
    config: Config,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    items: BTreeMap<Jid, Item>,
    version: Option<String>,
}

impl State {
    /// Takes one item (RFC 6121 §2.1.6).
    fn take(&mut self, item: &Item, most: usize) -> Option<Change> {
        if item.removed {
            return self.items.remove(&item.jid).map(|_| Change::Removed(item.jid.clone()));
        }
        if self.items.len() >= most && !self.items.contains_key(&item.jid) {
            tracing::warn!(most, "the roster has more contacts than are kept");
            return None;
        }
        self.items.insert(item.jid.clone(), item.clone());
        Some(Change::Set(item.clone()))
    }
}

impl Contacts {
    /// All contacts, sorted by address.
    #[must_use]
    pub fn all(&self) -> Vec<Item> {
        self.state.lock().items.values().cloned().collect()
    }

    /// One contact.
    #[must_use]
    pub fn get(&self, jid: &Jid) -> Option<Item> {
        self.state.lock().items.get(jid).cloned()
    }

    /// The version that the server has given this state of the roster (§2.6). Together with [`all`](Self::all) it can be kept.
    #[must_use]
    pub fn version(&self) -> Option<String> {
        self.state.lock().version.clone()
    }

    /// Begins with a roster that was kept, so that a server with versions need only tell what has changed since. For before there is a
    /// session.
    pub fn restore(&self, version: String, items: impl IntoIterator<Item = Item>) {
        let items = items.into_iter().take(self.config.max_contacts);
        let items = items.map(|item| (item.jid.clone(), item)).collect();
        *self.state.lock() = State { items, version: Some(version) };
    }

    /// Adds a contact, or changes its name and groups (§2.3, §2.4). The server then tells that it has, which is when it shows here. Cancel
    /// safe, though the change may be made.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn set(&self, jid: Jid, name: &str, groups: Vec<String>) -> Result<(), RequestError> {
        let item = Item { name: name.to_owned(), groups, ..Item::new(jid) };
        self.handle.request(None, &Set(Query::of(item))).await
    }

    /// Removes a contact, and the subscriptions between it and us (§2.5). Cancel safe, as [`set`](Self::set).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn remove(&self, jid: Jid) -> Result<(), RequestError> {
        let item = Item { removed: true, ..Item::new(jid) };
        self.handle.request(None, &Set(Query::of(item))).await
    }

    /// The result of a request for the roster. Without a payload, what we have is still right, or is brought up to date by pushes (§2.6.3).
    fn loaded(&self, result: Result<Stanza, RequestError>) -> Change {
        let query = result.and_then(|result| Ok(result.get::<Query>()?));
        match query {
            Err(error) => return Change::Failed(error),
            Ok(None) => {}
            Ok(Some(query)) => {
                let mut state = State { version: query.ver, ..State::default() };
                for item in &query.items {
                    state.take(item, self.config.max_contacts);
                }
                *self.state.lock() = state;
            }
        }
        Change::Loaded
    }
}

/// A change that is asked for.
struct Set(Query);

impl stonechat_stanza::Payload for Set {
    const NS: &'static str = Query::NS;
    const NAME: &'static str = Query::NAME;

    fn parse(element: &stonechat_stanza::Element) -> Result<Self, ParseError> {
        Query::parse(element).map(Self)
    }

    fn to_element(&self) -> stonechat_stanza::Element {
        self.0.to_element()
    }
}

impl client::Query for Set {
    const KIND: iq::Type = iq::Type::Set;
    type Answer = ();

    fn read(_: &Stanza) -> Result<(), ParseError> {
        Ok(())
    }
}

/// The client extension: asks for the roster when a session begins, and takes the server's pushes.
#[derive(Debug)]
pub struct Extension(Arc<Contacts>);

impl client::Extension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("roster").about("keeps the roster").rfc(6121, "2").xep(237, "1.3");
    const CONFIG: &'static str = "\
# How many contacts are kept; further ones are not seen.
max-contacts = 10000
";
    type Config = Config;

    fn install(config: Config, client: &mut Installer<'_>) -> Result<(), InstallError> {
        let contacts = Arc::new(Contacts { handle: client.handle(), config, state: Mutex::default() });
        client.provide(Arc::clone(&contacts))?;
        let extension = client.share(Self(contacts));
        client.react::<Connected>(&extension);
        // §2.1.6: a push is from the account, or it is not one.
        client.iq_set(Senders::ACCOUNT, &extension)
    }
}

impl React<Connected> for Extension {
    fn react(&self, cx: &mut Cx<'_>, event: &Connected) -> Result<(), HandlerError> {
        if event.resumed {
            return Ok(());
        }
        // §2.6.2: a version is for servers that have said that they know versions.
        let versions = event.features.iter().any(|feature| feature.is("ver", ns::ROSTERVER));
        let known = self.0.version().unwrap_or_default();
        let query = Query { ver: versions.then_some(known), items: Vec::new() };
        let contacts = Arc::clone(&self.0);
        // In its place, as pushes may follow at once.
        cx.ask(Stanza::iq(iq::Type::Get).with(&query), move |cx, result| cx.emit(contacts.loaded(result)));
        Ok(())
    }
}

impl client::Answer<Query> for Extension {
    fn answer(&self, cx: &mut Cx<'_>, _: &Inbound, push: Query) -> Result<Reply, StanzaError> {
        // §2.1.6: one item, no more and no less.
        let [item] = push.items.as_slice() else { return Err(StanzaError::bad_request()) };
        let change = {
            let mut state = self.0.state.lock();
            if push.ver.is_some() {
                state.version = push.ver;
            }
            state.take(item, self.0.config.max_contacts)
        };
        if let Some(change) = change {
            cx.emit(change);
        }
        Ok(Reply::empty())
    }
}

stonechat_extension::register!(client: Extension);
