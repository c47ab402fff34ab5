//! The state of the chat, and what changes it: without a terminal, without a connection, without a clock.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crossterm::event::KeyEvent;
use jiff::Timestamp;
use stonechat_client::Progress;
use stonechat_jid::{BareJid, FullJid};
use stonechat_stanza::{Stanza, presence};
use stonechat_xep_mam::Archived;
use stonechat_xep_roster::{Item, Subscription};

use super::conversation::{Conversation, History, State};
use super::input::Input;
use super::wire::ChatState;

/// So many conversations are kept.
const MOST_CONVERSATIONS: usize = 500;
/// So many contacts, sessions of a contact, and requests for presence are kept.
pub(super) const MOST_CONTACTS: usize = 20_000;
pub(super) const MOST_RESOURCES: usize = 50;

/// What happens.
#[derive(Debug)]
pub(crate) enum Event {
    Online {
        jid: FullJid,
        resumed: bool,
    },
    Offline {
        why: String,
        retry: Option<Duration>,
    },
    Closed {
        why: Option<String>,
    },
    /// The whole roster.
    Roster(Vec<Item>),
    /// A change of the roster.
    Pushed(Item),
    Stanza(Stanza),
    /// A page of the archive, oldest first, and whether nothing is before it.
    History {
        with: BareJid,
        page: Vec<Archived>,
        complete: bool,
    },
    /// What was asked of the server came to nothing.
    Failed {
        what: String,
        with: Option<BareJid>,
    },
    /// How far the message with this id has got.
    Progress {
        id: String,
        progress: Progress,
    },
    Key(KeyEvent),
    Paste(String),
    /// Time has passed.
    Tick,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Send this; with an id, tell how it fares.
    Send {
        stanza: Stanza,
        follow: Option<String>,
    },
    /// Ask for the roster.
    FetchRoster,
    /// Change the roster.
    SetItem(Item),
    /// Ask for the messages before this one, or the last ones.
    FetchHistory {
        with: BareJid,
        before: Option<String>,
    },
    Quit,
}

/// The state of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Link {
    Connecting,
    Online,
    Offline { why: String, retry: Option<Timestamp> },
    Closed { why: Option<String> },
}

/// What somebody's presence shows (RFC 6121 §4.7.2.1), the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Show {
    Here,
    Away,
    Busy,
    Absent,
}

/// A contact.
#[derive(Debug, Default)]
pub(crate) struct Contact {
    pub(crate) name: String,
    pub(crate) subscription: Subscription,
    /// Its sessions.
    pub(crate) resources: BTreeMap<String, Show>,
}

impl Contact {
    /// The best that any of its sessions shows.
    pub(crate) fn show(&self) -> Show {
        self.resources.values().min().copied().unwrap_or(Show::Absent)
    }
}

/// Whether the other side was told that we are typing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Typing {
    pub(super) since: Timestamp,
}

/// The state of the chat.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) account: BareJid,
    pub(crate) session: Option<FullJid>,
    pub(crate) link: Link,
    pub(crate) contacts: BTreeMap<BareJid, Contact>,
    /// Who asks to see our presence.
    pub(crate) requests: BTreeSet<BareJid>,
    pub(crate) conversations: Vec<Conversation>,
    pub(crate) current: Option<usize>,
    pub(crate) input: Input,
    /// Something to know, until a key is pressed.
    pub(crate) notice: Option<String>,
    pub(super) typing: Option<Typing>,
    pub(super) now: Timestamp,
    ids: String,
    used_ids: u64,
}

impl Model {
    /// Nothing yet. `ids` is what nobody else's ids begin with.
    pub(crate) fn new(account: BareJid, ids: String, now: Timestamp) -> Self {
        Self {
            account,
            session: None,
            link: Link::Connecting,
            contacts: BTreeMap::new(),
            requests: BTreeSet::new(),
            conversations: Vec::new(),
            current: None,
            input: Input::default(),
            notice: None,
            typing: None,
            now,
            ids,
            used_ids: 0,
        }
    }

    /// Something happens; what is to be done.
    pub(crate) fn update(&mut self, event: Event, now: Timestamp) -> Vec<Effect> {
        self.now = now;
        match event {
            Event::Online { jid, resumed } => self.online(jid, resumed),
            Event::Offline { why, retry } => {
                let retry = retry.and_then(|retry| now.checked_add(retry).ok());
                self.link = Link::Offline { why, retry };
                self.disconnected()
            }
            Event::Closed { why } => {
                self.link = Link::Closed { why };
                self.disconnected()
            }
            Event::Roster(items) => {
                let mut old = std::mem::take(&mut self.contacts);
                for item in items {
                    let resources = old.remove(&item.jid.to_bare()).map(|contact| contact.resources);
                    self.contact(item, resources.unwrap_or_default());
                }
                Vec::new()
            }
            Event::Pushed(item) => {
                let resources = self.contacts.remove(&item.jid.to_bare()).map(|contact| contact.resources);
                self.contact(item, resources.unwrap_or_default());
                Vec::new()
            }
            Event::Stanza(stanza) => self.stanza(&stanza),
            Event::History { with, page, complete } => {
                self.history(&with, page, complete);
                Vec::new()
            }
            Event::Failed { what, with } => {
                if let Some(at) = with.and_then(|with| self.place(&with))
                    && self.conversations[at].history == History::Asked
                {
                    self.conversations[at].history = History::Unasked;
                }
                self.notice = Some(what);
                Vec::new()
            }
            Event::Progress { id, progress } => {
                self.progress(&id, progress);
                Vec::new()
            }
            Event::Key(key) => self.key(key),
            Event::Paste(text) => {
                self.input.insert(&text);
                self.typed()
            }
            Event::Tick => self.pause(),
        }
    }

    fn online(&mut self, jid: FullJid, resumed: bool) -> Vec<Effect> {
        self.session = Some(jid);
        self.link = Link::Online;
        if resumed {
            return Vec::new();
        }
        for contact in self.contacts.values_mut() {
            contact.resources.clear();
        }
        let mut effects = vec![Effect::FetchRoster];
        effects.push(Effect::Send { stanza: Stanza::presence(presence::Type::Available), follow: None });
        // What was missed meanwhile is in the archive.
        for conversation in &mut self.conversations {
            conversation.history = History::Asked;
            effects.push(Effect::FetchHistory { with: conversation.with.clone(), before: None });
        }
        effects
    }

    fn disconnected(&mut self) -> Vec<Effect> {
        self.typing = None;
        for conversation in &mut self.conversations {
            conversation.composing = false;
            if conversation.history == History::Asked {
                conversation.history = History::Unasked;
            }
        }
        Vec::new()
    }

    fn contact(&mut self, item: Item, resources: BTreeMap<String, Show>) {
        if item.removed || self.contacts.len() >= MOST_CONTACTS {
            return;
        }
        let contact = Contact { name: item.name, subscription: item.subscription, resources };
        self.contacts.insert(item.jid.to_bare(), contact);
    }

    fn progress(&mut self, id: &str, progress: Progress) {
        let Some(line) = self.conversations.iter_mut().find_map(|one| one.mine(id)) else { return };
        line.state = match (progress, &line.state) {
            // The receipt may be faster than the acknowledgement.
            (_, State::Delivered) => return,
            (Progress::Queued, _) => State::Queued,
            (Progress::Sent, _) => State::Sent,
            (Progress::Acknowledged, _) => State::Stored,
            (Progress::Failed(error), _) => State::Failed(error.to_string()),
        };
    }

    /// Whether there is a connection.
    pub(crate) fn is_online(&self) -> bool {
        self.link == Link::Online
    }

    /// The conversation that is shown.
    pub(crate) fn shown(&self) -> Option<&Conversation> {
        self.conversations.get(self.current?)
    }

    pub(super) fn shown_mut(&mut self) -> Option<&mut Conversation> {
        self.conversations.get_mut(self.current?)
    }

    fn place(&self, with: &BareJid) -> Option<usize> {
        self.conversations.iter().position(|one| one.with == *with)
    }

    /// The conversation with somebody, which begins if need be; `None` when there are too many.
    pub(super) fn conversation(&mut self, with: &BareJid) -> Option<usize> {
        if let Some(at) = self.place(with) {
            return Some(at);
        }
        if self.conversations.len() >= MOST_CONVERSATIONS {
            return None;
        }
        self.conversations.push(Conversation::new(with.clone()));
        Some(self.conversations.len() - 1)
    }

    /// Shows a conversation.
    pub(super) fn show(&mut self, at: usize) -> Vec<Effect> {
        let mut effects =
            if self.current == Some(at) { Vec::new() } else { self.stop_typing(ChatState::Active) };
        self.current = Some(at);
        let online = self.is_online();
        if let Some(conversation) = self.conversations.get_mut(at) {
            conversation.unread = 0;
            if conversation.history == History::Unasked && online {
                conversation.history = History::Asked;
                effects.push(Effect::FetchHistory { with: conversation.with.clone(), before: None });
            }
        }
        effects
    }

    /// The conversation that is shown is scrolled back so far, because there is no more of it.
    pub(crate) fn scrolled(&mut self, scroll: usize) {
        if let Some(conversation) = self.shown_mut() {
            conversation.scroll = scroll;
        }
    }

    /// What somebody is called.
    pub(crate) fn name<'a>(&'a self, jid: &'a BareJid) -> &'a str {
        let name = self.contacts.get(jid).map(|contact| contact.name.as_str());
        name.filter(|name| !name.is_empty()).unwrap_or_else(|| jid.as_str())
    }

    pub(super) fn fresh_id(&mut self) -> String {
        self.used_ids += 1;
        format!("{}-{}", self.ids, self.used_ids)
    }

    /// How many messages wait for a connection.
    pub(crate) fn queued(&self) -> usize {
        self.conversations.iter().map(Conversation::queued).sum()
    }
}
