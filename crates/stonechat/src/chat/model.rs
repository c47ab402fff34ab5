//! The state of the chat, and what changes it: without a terminal, without a connection, without a clock.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use stonechat_jid::{BareJid, FullJid};
use stonechat_xep_bookmarks::Conference;
use stonechat_xep_chatstates::State as ChatState;

use super::attention::Attention;
use super::contacts::Show;
use super::conversation::{Conversation, History};
use super::event::{Effect, Event};
use super::input::Input;
use super::kept::Read;

/// So many conversations are kept.
pub(super) const MOST_CONVERSATIONS: usize = 500;

/// The state of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Link {
    Connecting,
    Online,
    Offline { why: String, retry: Option<Timestamp> },
    Closed { why: Option<String> },
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
    /// The contacts, and what they are called.
    pub(crate) contacts: BTreeMap<BareJid, String>,
    /// Who is there, by their sessions.
    pub(super) present: BTreeMap<BareJid, BTreeMap<String, Show>>,
    /// Who asks to see our presence.
    pub(crate) requests: BTreeSet<BareJid>,
    pub(crate) conversations: Vec<Conversation>,
    /// What is remembered of rooms.
    pub(crate) bookmarks: BTreeMap<BareJid, Conference>,
    /// The rooms to which we were invited, with their passwords.
    pub(super) invitations: BTreeMap<BareJid, Option<String>>,
    pub(crate) current: Option<usize>,
    /// Up to where conversations were read on this device.
    pub(crate) up_to: Read,
    pub(crate) input: Input,
    /// Something to know, until a key is pressed.
    pub(crate) notice: Option<String>,
    pub(super) typing: Option<Typing>,
    pub(super) attention: Attention,
    pub(super) now: Timestamp,
    ids: String,
    used_ids: u64,
}

impl Model {
    /// Nothing yet but what was read before. `ids` is what nobody else's ids begin with.
    pub(crate) fn new(account: BareJid, ids: String, read: Read, now: Timestamp) -> Self {
        Self {
            account,
            session: None,
            link: Link::Connecting,
            contacts: BTreeMap::new(),
            present: BTreeMap::new(),
            requests: BTreeSet::new(),
            conversations: Vec::new(),
            bookmarks: BTreeMap::new(),
            invitations: BTreeMap::new(),
            current: None,
            up_to: read,
            input: Input::default(),
            notice: None,
            typing: None,
            attention: Attention::at(now),
            now,
            ids,
            used_ids: 0,
        }
    }

    /// Something happens; what is to be done.
    pub(crate) fn update(&mut self, event: Event, now: Timestamp) -> Vec<Effect> {
        self.now = now;
        match event {
            Event::Online { jid, resumed } => return self.online(jid, resumed),
            Event::Message(heard) => return self.message(&heard),
            Event::Key(key) => {
                let mut effects = self.acted();
                effects.extend(self.key(key));
                return effects;
            }
            Event::Paste(text) => {
                let mut effects = self.acted();
                self.input.insert(&text);
                effects.extend(self.typed());
                return effects;
            }
            Event::Focus(focused) => return self.focus(focused),
            Event::Tick => {
                let mut effects = self.pause();
                effects.extend(self.look());
                return effects;
            }
            Event::Offline { why, retry } => {
                let retry = retry.and_then(|retry| now.checked_add(retry).ok());
                self.disconnected(Link::Offline { why, retry });
            }
            Event::Closed { why } => self.disconnected(Link::Closed { why }),
            Event::Roster(change) => self.roster(change),
            Event::Presence(event) => self.presence(event),
            Event::ChatState { from, state } => {
                if let Some(at) =
                    self.place(&from.to_bare()).filter(|at| self.conversations[*at].room.is_none())
                {
                    self.conversations[at].composing = state == ChatState::Composing;
                }
            }
            Event::History { with, page } => self.history(&with, page),
            Event::Room { room, news, occupants } => return self.in_room(&room, *news, occupants),
            Event::Past { room, past } => self.past_of_room(&room, past),
            Event::Invited(invitation) => self.invited(invitation),
            Event::Remembered(event) => self.remembered(event),
            Event::Failed { what, with } => {
                if let Some(at) = with.and_then(|with| self.place(&with))
                    && self.conversations[at].history == History::Asked
                {
                    self.conversations[at].history = History::Unasked;
                }
                self.notice = Some(what);
            }
            Event::Progress { id, progress } => self.progress(&id, progress),
        }
        Vec::new()
    }

    /// A session. What was missed before it comes by itself.
    fn online(&mut self, jid: FullJid, resumed: bool) -> Vec<Effect> {
        self.session = Some(jid);
        self.link = Link::Online;
        if resumed {
            return Vec::new();
        }
        self.present.clear();
        self.current.map_or_else(Vec::new, |at| self.show(at))
    }

    fn disconnected(&mut self, link: Link) {
        self.link = link;
        self.typing = None;
        for conversation in &mut self.conversations {
            conversation.composing = false;
            if conversation.history == History::Asked {
                conversation.history = History::Unasked;
            }
        }
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

    pub(super) fn place(&self, with: &BareJid) -> Option<usize> {
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
        if let Some(conversation) = self.conversations.get_mut(at)
            && conversation.history == History::Unasked
            && conversation.room.is_none()
            && online
        {
            conversation.history = History::Asked;
            effects.push(Effect::FetchHistory { with: conversation.with.clone(), before: None });
        }
        effects.extend(self.read());
        effects
    }

    /// The conversation that is shown is scrolled back so far, because there is no more of it.
    pub(crate) fn scrolled(&mut self, scroll: usize) {
        if let Some(conversation) = self.shown_mut() {
            conversation.scroll = scroll;
        }
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
