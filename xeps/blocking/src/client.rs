//! The client's side: [`Blocking`] is the service of the extension, [`Event`] what it tells the application.
//!
//! With every new session the list is fetched (§3.2), and pushes of the own account keep it up to date. The server keeps out what is blocked;
//! the client only knows who is.
//!
//! ```no_run
//! # use stonechat_extension::client::{RequestError, Tables};
//! use stonechat_xep_blocking::client::Blocking;
//!
//! # async fn run(tables: &Tables) -> Result<(), RequestError> {
//! let blocking = tables.service::<Blocking>().expect("the extension is installed");
//! blocking.block(&["romeo@montague.net".parse().expect("an address")]).await?;
//! # Ok(())
//! # }
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use stonechat_extension::client::{
    Answer, Connected, Cx, Extension as ClientExtension, Handle, Inbound, Installer, Query, React,
    RequestError, Senders,
};
use stonechat_extension::{HandlerError, InstallError, Manifest, Reply};
use stonechat_stanza::jid::{Jid, JidRef};
use stonechat_stanza::{ParseError, Payload, Stanza, StanzaError, iq};

use crate::{Block, BlockList, Item, List, Report, Unblock};

/// The configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Config {
    /// How many addresses of the list are kept; those beyond are not.
    pub most_addresses: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { most_addresses: 10_000 }
    }
}

/// What becomes of the list.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// It is there.
    Loaded,
    /// It cannot be had in this session, as from a server without blocking.
    Failed(RequestError),
    /// These addresses are blocked, by whichever session of the account.
    Blocked(Vec<Jid>),
    /// These addresses are not blocked any more.
    Unblocked(Vec<Jid>),
}

/// What is known of the list.
#[derive(Debug, Default)]
struct Known {
    addresses: BTreeSet<Jid>,
    most: usize,
    /// Pushes that came while the list was on its way: they are newer than it.
    waiting: Option<Vec<Change>>,
}

#[derive(Debug, Clone)]
enum Change {
    Block(Vec<Jid>),
    /// None for all (§3.5).
    Unblock(Vec<Jid>),
}

impl Known {
    fn loaded(&mut self, list: BlockList) -> Vec<Event> {
        self.addresses = addresses(list.items).into_iter().take(self.most).collect();
        let waiting = self.waiting.take().unwrap_or_default();
        std::iter::once(Event::Loaded).chain(waiting.into_iter().map(|change| self.apply(change))).collect()
    }

    fn push(&mut self, change: Change) -> Option<Event> {
        match &mut self.waiting {
            Some(waiting) if waiting.len() < self.most => {
                waiting.push(change);
                None
            }
            _ => Some(self.apply(change)),
        }
    }

    fn apply(&mut self, change: Change) -> Event {
        match change {
            Change::Block(all) => {
                let room = self.most.saturating_sub(self.addresses.len());
                self.addresses.extend(all.iter().take(room).cloned());
                Event::Blocked(all)
            }
            Change::Unblock(all) if all.is_empty() => {
                Event::Unblocked(std::mem::take(&mut self.addresses).into_iter().collect())
            }
            Change::Unblock(all) => {
                self.addresses.retain(|jid| !all.contains(jid));
                Event::Unblocked(all)
            }
        }
    }
}

fn addresses(items: Vec<Item>) -> Vec<Jid> {
    items.into_iter().map(|item| item.jid).collect()
}

/// The client extension; it provides [`Blocking`].
#[derive(Debug)]
pub struct Extension(Arc<Mutex<Known>>);

impl ClientExtension for Extension {
    const MANIFEST: Manifest =
        Manifest::new("blocking").about("has the list of who is blocked").xep(191, "1.3");
    const CONFIG: &'static str =
        "# How many addresses of the list are kept; those beyond are not.\nmost-addresses = 10000\n";
    type Config = Config;

    fn install(config: Config, client: &mut Installer<'_>) -> Result<(), InstallError> {
        let known = Arc::new(Mutex::new(Known { most: config.most_addresses, ..Known::default() }));
        client.provide(Arc::new(Blocking { handle: client.handle(), known: Arc::clone(&known) }))?;
        let blocking = client.share(Self(known));
        client.react::<Connected>(&blocking);
        client.iq_set::<Block>(Senders::ACCOUNT, &blocking)?;
        client.iq_set::<Unblock>(Senders::ACCOUNT, &blocking)
    }
}

impl Query for BlockList {
    const KIND: iq::Type = iq::Type::Get;
    type Answer = Self;

    fn read(result: &Stanza) -> Result<Self, ParseError> {
        result.get()?.ok_or_else(|| ParseError::missing_child("iq", "blocklist"))
    }
}

impl React<Connected> for Extension {
    fn react(&self, cx: &mut Cx<'_>, event: &Connected) -> Result<(), HandlerError> {
        if !event.resumed {
            self.0.lock().waiting = Some(Vec::new());
            cx.spawn(load(cx.handle(), Arc::clone(&self.0)));
        }
        Ok(())
    }
}

async fn load(handle: Handle, known: Arc<Mutex<Known>>) {
    let events = match handle.request(None, &BlockList::default()).await {
        Ok(list) => known.lock().loaded(list),
        // The next session asks anew, and has begun to.
        Err(RequestError::Lost) => return,
        Err(error) => {
            known.lock().waiting = None;
            vec![Event::Failed(error)]
        }
    };
    for event in events {
        if handle.emit(event).await.is_err() {
            return;
        }
    }
}

impl Answer<Block> for Extension {
    /// A push (§3.3).
    fn answer(&self, cx: &mut Cx<'_>, _: &Inbound, block: Block) -> Result<Reply, StanzaError> {
        if let Some(event) = self.0.lock().push(Change::Block(addresses(block.items))) {
            cx.emit(event);
        }
        Ok(Reply::empty())
    }
}

impl Answer<Unblock> for Extension {
    /// A push (§3.4, §3.5).
    fn answer(&self, cx: &mut Cx<'_>, _: &Inbound, unblock: Unblock) -> Result<Reply, StanzaError> {
        if let Some(event) = self.0.lock().push(Change::Unblock(addresses(unblock.items))) {
            cx.emit(event);
        }
        Ok(Reply::empty())
    }
}

/// Who is blocked; a service of the client extension.
#[derive(Debug)]
pub struct Blocking {
    handle: Handle,
    known: Arc<Mutex<Known>>,
}

impl Blocking {
    /// The addresses of the list, sorted.
    #[must_use]
    pub fn addresses(&self) -> Vec<Jid> {
        self.known.lock().addresses.iter().cloned().collect()
    }

    /// Whether somebody is blocked, by their address or one that covers it (§6).
    #[must_use]
    pub fn is_blocked(&self, who: JidRef<'_>) -> bool {
        self.known.lock().addresses.iter().cloned().collect::<List>().covers(who)
    }

    /// Blocks these addresses (§3.3); none is an error of the server's to tell. The list changes when the server pushes the change.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn block(&self, who: &[Jid]) -> Result<(), RequestError> {
        self.set(&Block { items: who.iter().cloned().map(Item::new).collect() }).await
    }

    /// Blocks an address and says why (XEP-0377 §6).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn report(&self, who: Jid, report: Report) -> Result<(), RequestError> {
        self.set(&Block { items: vec![Item { jid: who, report: Some(report) }] }).await
    }

    /// Blocks these addresses no more (§3.4). Does nothing for none, as that would be all (§3.5).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn unblock(&self, who: &[Jid]) -> Result<(), RequestError> {
        if who.is_empty() {
            return Ok(());
        }
        self.set(&Unblock { items: who.iter().cloned().map(Item::new).collect() }).await
    }

    /// Blocks nobody any more (§3.5).
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn unblock_all(&self) -> Result<(), RequestError> {
        self.set(&Unblock::default()).await
    }

    async fn set(&self, what: &impl Payload) -> Result<(), RequestError> {
        self.handle.exchange(Stanza::iq(iq::Type::Set).with(what)).await.map(drop)
    }
}

stonechat_extension::register!(client: Extension);
