//! What happens in the chat, and what is to be done.

use std::time::Duration;

use crossterm::event::KeyEvent;
use jiff::Timestamp;
use stonechat_client::Progress;
use stonechat_jid::{BareJid, FullJid, Jid};
use stonechat_stanza::Stanza;
use stonechat_xep_bookmarks::client::Event as Remembered;
use stonechat_xep_chatstates::State as ChatState;
use stonechat_xep_mam::client::Page;
use stonechat_xep_muc::client::{Invitation, News, Occupant, Said};
use stonechat_xep_presence::client::Event as Presence;
use stonechat_xep_roster::client::Event as Change;

use super::said::Heard;

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
    Roster(Change),
    Presence(Presence),
    Message(Heard),
    /// What somebody does in a conversation.
    ChatState {
        from: Jid,
        state: ChatState,
    },
    /// A page of the archive.
    History {
        with: BareJid,
        page: Page,
    },
    /// Something happens in a room.
    Room {
        room: BareJid,
        news: Box<News>,
        /// Who is there, of a room that was just entered.
        occupants: Vec<Occupant>,
    },
    /// A page of the archive of a room.
    Past {
        room: BareJid,
        past: Past,
    },
    Invited(Invitation),
    /// What is remembered of rooms.
    Remembered(Remembered),
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
    /// The terminal has got the focus, or lost it.
    Focus(bool),
    /// Time has passed.
    Tick,
}

/// What was said to all in a room, and when.
#[derive(Debug, Default)]
pub(crate) struct Past {
    pub(crate) said: Vec<(Said, Option<Timestamp>)>,
    /// The id of the first message of the page.
    pub(crate) first: Option<String>,
    /// Whether there is nothing before that.
    pub(crate) complete: bool,
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Send this; with an id, tell how it fares.
    Send {
        stanza: Stanza,
        follow: Option<String>,
    },
    /// Tell what we do.
    ChatState {
        to: BareJid,
        state: ChatState,
    },
    /// Tell that all up to this message was read, if that is to be told.
    Displayed(Stanza),
    /// Add a contact, and ask to see its presence.
    Add {
        jid: BareJid,
        name: String,
    },
    /// Remove a contact.
    Remove(BareJid),
    /// Let somebody see our presence, or do not.
    Answer {
        jid: BareJid,
        accept: bool,
    },
    /// Enter a room.
    Join {
        room: BareJid,
        nick: String,
        password: Option<String>,
    },
    /// Be in a room no more.
    Leave(BareJid),
    /// Invite somebody to a room.
    Invite {
        room: BareJid,
        who: BareJid,
        reason: Option<String>,
    },
    /// Have another nickname.
    Rename {
        room: BareJid,
        nick: String,
    },
    /// Give a room a subject.
    Subject {
        room: BareJid,
        text: String,
    },
    /// Remember a room, to be entered by itself.
    Bookmark {
        room: BareJid,
        nick: String,
    },
    /// Forget a room.
    Forget(BareJid),
    /// Ask for the messages before this one, or the last ones.
    FetchHistory {
        with: BareJid,
        before: Option<String>,
    },
    /// Ask a room for what was said before this message, or at last.
    FetchRoom {
        room: BareJid,
        before: Option<String>,
    },
    /// Tell the server whether the person looks.
    Active(bool),
    Quit,
}
