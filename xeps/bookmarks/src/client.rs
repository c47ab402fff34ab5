//! The client's side: [`Bookmarks`] is the service of the extension, [`Event`] what is told.
//!
//! With every new session the bookmarks are fetched, and what changes is told as it does. Only the own account's count.
//!
//! Where the extension `muc` is installed, rooms are entered that are to be entered by themselves, and left when that is no longer so, or the
//! bookmark is gone (§3.2, §4), unless the configuration says otherwise.
//!
//! ```no_run
//! # use stonechat_extension::client::{RequestError, Tables};
//! use stonechat_xep_bookmarks::client::Bookmarks;
//! use stonechat_xep_bookmarks::{Bookmark, Conference};
//!
//! # async fn run(tables: &Tables) -> Result<(), RequestError> {
//! let bookmarks = tables.service::<Bookmarks>().expect("the extension is installed");
//! let conference = Conference { autojoin: true, nick: Some("JC".into()), ..Conference::default() };
//! let room = "theplay@conference.shakespeare.lit".parse().expect("an address");
//! bookmarks.set(&Bookmark { room, conference }).await?;
//! # Ok(())
//! # }
//! ```

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use stonechat_extension::client::{
    Connected, Cx, Extension as ClientExtension, Installer, React, RequestError,
};
use stonechat_extension::{HandlerError, InstallError, Manifest};
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::{StanzaError, error::Condition};
use stonechat_xep_muc::client::{Join, Rooms};
use stonechat_xep_pubsub::client::{Nodes, Notice, Wanted, fetch, follow, items};
use stonechat_xep_pubsub::{Event as NodeEvent, Item, private};

use crate::{Bookmark, Conference, NS};

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// Whether rooms are entered and left as the bookmarks say.
    pub autojoin: bool,
    /// The nickname where a bookmark has none; empty for the name of the account.
    pub nick: String,
    /// So many bookmarks count.
    pub most: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { autojoin: true, nick: String::new(), most: 1000 }
    }
}

/// What is told of bookmarks.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// These are all.
    Loaded(Vec<Bookmark>),
    /// They cannot be fetched.
    Failed(RequestError),
    /// One is new, or another.
    Changed(Bookmark),
    /// One is gone.
    Removed(BareJid),
}

type Known = Arc<Mutex<BTreeMap<BareJid, Conference>>>;

/// The client extension; it provides [`Bookmarks`].
#[derive(Debug)]
pub struct Extension {
    config: Config,
    known: Known,
}

impl ClientExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("bookmarks").about("remembers rooms").xep(402, "1.2.0").needs("pubsub");
    const CONFIG: &'static str = "# Whether rooms are entered and left as the bookmarks say.\n\
        autojoin = true\n\
        # The nickname where a bookmark has none; empty for the name of the account.\n\
        nick = \"\"\n\
        # So many bookmarks count.\n\
        most = 1000\n";
    type Config = Config;

    fn install(config: Config, client: &mut Installer<'_>) -> Result<(), InstallError> {
        let known = Known::default();
        let bookmarks = client.share(Self { config, known: Arc::clone(&known) });
        let nodes = follow(client, NS, &bookmarks)?;
        client.react::<Connected>(&bookmarks);
        client.provide(Arc::new(Bookmarks { nodes, known }))
    }
}

/// The bookmark that an item is; `None` for what is none.
fn bookmark(item: &Item) -> Option<Bookmark> {
    let room = BareJid::parse_received(item.id.as_deref()?).ok()?;
    let conference = item.get::<Conference>().ok().flatten()?;
    Some(Bookmark { room, conference })
}

impl React<Connected> for Extension {
    /// §3.2. What changes meanwhile is told behind the answer, and is looked at behind it.
    fn react(&self, cx: &mut Cx<'_>, event: &Connected) -> Result<(), HandlerError> {
        if event.resumed {
            return Ok(());
        }
        let (config, known) = (self.config.clone(), Arc::clone(&self.known));
        cx.ask(fetch(NS, Wanted::All), move |cx, answer| {
            let this = Self { config, known };
            match answer.and_then(|answer| Ok(items(&answer)?)) {
                Ok(items) => this.loaded(cx, &items),
                // Nobody has ever remembered anything.
                Err(RequestError::Refused(StanzaError { condition: Condition::ItemNotFound, .. })) => {
                    this.loaded(cx, &[]);
                }
                // The next session asks anew.
                Err(RequestError::Lost | RequestError::Closed) => {}
                Err(error) => cx.emit(Event::Failed(error)),
            }
        });
        Ok(())
    }
}

impl React<Notice> for Extension {
    fn react(&self, cx: &mut Cx<'_>, notice: &Notice) -> Result<(), HandlerError> {
        // What others remember, or want us to, is theirs.
        if !notice.is_own || notice.event.node() != Some(NS) {
            return Ok(());
        }
        match &notice.event {
            NodeEvent::Items { items, retracted, .. } => {
                items.iter().filter_map(bookmark).for_each(|bookmark| self.changed(cx, bookmark));
                let gone = retracted.iter().filter_map(|id| BareJid::parse_received(id).ok());
                gone.for_each(|room| self.removed(cx, room));
            }
            NodeEvent::Purged { .. } | NodeEvent::Deleted { .. } => {
                let all: Vec<BareJid> = self.known.lock().keys().cloned().collect();
                all.into_iter().for_each(|room| self.removed(cx, room));
            }
            NodeEvent::Configured { .. } | NodeEvent::Subscription(_) => {}
        }
        Ok(())
    }
}

impl Extension {
    fn loaded(&self, cx: &mut Cx<'_>, items: &[Item]) {
        let all: Vec<Bookmark> = items.iter().filter_map(bookmark).take(self.config.most).collect();
        let new = all.iter().map(|bookmark| (bookmark.room.clone(), bookmark.conference.clone())).collect();
        let old = std::mem::replace(&mut *self.known.lock(), new);
        cx.emit(Event::Loaded(all.clone()));
        for bookmark in &all {
            self.follow(cx, bookmark);
        }
        // Those that went while we were away.
        let is_there = |room: &BareJid| all.iter().any(|bookmark| bookmark.room == *room);
        for (room, _) in old.into_iter().filter(|(room, conference)| conference.autojoin && !is_there(room)) {
            self.leave(cx, room);
        }
    }

    fn changed(&self, cx: &mut Cx<'_>, bookmark: Bookmark) {
        {
            let mut known = self.known.lock();
            if known.len() >= self.config.most && !known.contains_key(&bookmark.room) {
                return tracing::debug!("more bookmarks than may be");
            }
            known.insert(bookmark.room.clone(), bookmark.conference.clone());
        }
        self.follow(cx, &bookmark);
        cx.emit(Event::Changed(bookmark));
    }

    fn removed(&self, cx: &mut Cx<'_>, room: BareJid) {
        if self.known.lock().remove(&room).is_some() {
            self.leave(cx, room.clone());
            cx.emit(Event::Removed(room));
        }
    }

    /// Enters or leaves the room, as the bookmark says (§4).
    fn follow(&self, cx: &mut Cx<'_>, bookmark: &Bookmark) {
        let Bookmark { room, conference } = bookmark;
        let Some(rooms) = self.rooms(cx) else { return };
        if !conference.autojoin {
            return self.leave(cx, room.clone());
        }
        if rooms.nick(room).is_some() {
            return;
        }
        let mut join = Join::as_nick(self.nick(cx, conference)).other_nicks(3);
        join.enter.password.clone_from(&conference.password);
        let room = room.clone();
        cx.spawn(async move {
            // How that goes, the events of the room tell.
            let _told = rooms.join(&room, join).await;
        });
    }

    fn leave(&self, cx: &mut Cx<'_>, room: BareJid) {
        if let Some(rooms) = self.rooms(cx).filter(|rooms| rooms.nick(&room).is_some()) {
            cx.spawn(async move {
                // Who has closed the client is in no rooms.
                let _closed = rooms.leave(&room, None).await;
            });
        }
    }

    fn rooms(&self, cx: &Cx<'_>) -> Option<Arc<Rooms>> {
        cx.service::<Rooms>().filter(|_| self.config.autojoin)
    }

    fn nick(&self, cx: &Cx<'_>, conference: &Conference) -> String {
        let configured = Some(self.config.nick.as_str()).filter(|nick| !nick.is_empty());
        let account = || cx.account().local().unwrap_or_else(|| cx.account().domain());
        conference.nick.as_deref().or(configured).unwrap_or_else(account).to_owned()
    }
}

/// Remembers rooms; a service of the client extension.
#[derive(Debug)]
pub struct Bookmarks {
    nodes: Arc<Nodes>,
    known: Known,
}

impl Bookmarks {
    /// All that are known, by their addresses.
    #[must_use]
    pub fn all(&self) -> Vec<Bookmark> {
        let known = self.known.lock();
        let all = known.iter();
        all.map(|(room, conference)| Bookmark { room: room.clone(), conference: conference.clone() })
            .collect()
    }

    /// What is remembered of a room.
    #[must_use]
    pub fn get(&self, room: &BareJid) -> Option<Conference> {
        self.known.lock().get(room).cloned()
    }

    /// Remembers a room, or remembers something else of it (§3.3, §3.4). Who changes one takes what [`get`](Self::get) gives, so that what other programs
    /// keep there stays. It counts when the account tells of it.
    ///
    /// # Errors
    /// [`RequestError`]; [`RequestError::NotSent`] when the server cannot keep it from others.
    pub async fn set(&self, bookmark: &Bookmark) -> Result<(), RequestError> {
        let item = Item::of(&bookmark.conference).with_id(bookmark.room.as_str());
        self.nodes.publish_as(None, NS, item, &private()).await.map(drop)
    }

    /// Forgets a room (§3.5).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn remove(&self, room: &BareJid) -> Result<(), RequestError> {
        self.nodes.retract(None, NS, room.as_str(), true).await
    }
}

stonechat_extension::register!(client: Extension);
