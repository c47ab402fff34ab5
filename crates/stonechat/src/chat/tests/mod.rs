//! The chat without a terminal and without a connection: events go in, effects and a screen come out.

mod connection;
mod contacts;
mod messages;
mod room_messages;
mod rooms;
mod screen;
mod unread;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use stonechat_client::{Progress, SendError};
use stonechat_stanza::Stanza;
use stonechat_xep_chatstates::State as ChatState;
use stonechat_xep_mam::client::{Message, Page};
use stonechat_xep_presence::client::Event as Presence;
use stonechat_xep_presence::{Availability, Show as Told};
use stonechat_xep_roster::Item;
use stonechat_xep_roster::client::Event as Change;

use super::contacts::Show;
use super::event::{Effect, Event};
use super::kept::Read;
use super::line::State;
use super::look::{Colors, Look};
use super::model::Model;
use super::said::Heard;
use super::view;

/// A chat at a time that the test says.
struct Chat {
    model: Model,
    now: Timestamp,
}

impl Chat {
    fn new() -> Self {
        let now: Timestamp = "2026-11-29T12:00:00Z".parse().unwrap();
        let model = Model::new("juliet@example.com".parse().unwrap(), "id".to_owned(), Read::new(), now);
        Self { model, now }
    }

    /// One that is online, with Romeo and the nurse as contacts.
    fn online() -> Self {
        let mut chat = Self::new();
        chat.does(Event::Online { jid: "juliet@example.com/balcony".parse().unwrap(), resumed: false });
        chat.contact("romeo@example.net", "Romeo");
        chat.contact("nurse@example.com", "");
        chat
    }

    fn contact(&mut self, jid: &str, name: &str) {
        let item = Item { name: name.to_owned(), ..Item::new(jid.parse().unwrap()) };
        self.does(Event::Roster(Change::Changed { item, before: None }));
    }

    /// In conversation with Romeo.
    fn talking() -> Self {
        let mut chat = Self::online();
        chat.enters("/open romeo@example.net");
        chat
    }

    fn does(&mut self, event: Event) -> Vec<String> {
        let effects = self.model.update(event, self.now);
        effects.iter().map(describe).collect()
    }

    fn later(&mut self, seconds: i64) -> Vec<String> {
        self.now += jiff::SignedDuration::from_secs(seconds);
        self.does(Event::Tick)
    }

    fn stanza(&mut self, xml: &str) -> Vec<String> {
        self.does(Event::Message(Heard::live(Stanza::parse(xml.as_bytes()).unwrap())))
    }

    /// A message that another device has received or sent.
    fn copy(&mut self, xml: &str) -> Vec<String> {
        let stanza = Stanza::parse(xml.as_bytes()).unwrap();
        self.does(Event::Message(Heard::live(stanza)))
    }

    /// What Romeo's client says of itself.
    fn romeo(&mut self, resource: &str, show: Option<Option<Told>>) {
        let from = format!("romeo@example.net/{resource}").parse().unwrap();
        let event = match show {
            Some(show) => {
                let availability = Availability { show, ..Availability::default() };
                Presence::Available { from, availability }
            }
            None => Presence::Unavailable { from, status: None },
        };
        self.does(Event::Presence(event));
    }

    /// What Romeo does.
    fn state(&mut self, state: ChatState) {
        self.does(Event::ChatState { from: "romeo@example.net/o".parse().unwrap(), state });
    }

    fn lines(&self) -> Vec<&str> {
        self.model.shown().unwrap().lines.iter().map(|line| line.body.as_str()).collect()
    }

    fn key(&mut self, code: KeyCode) -> Vec<String> {
        self.does(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
    }

    fn types(&mut self, text: &str) -> Vec<String> {
        text.chars().flat_map(|char| self.key(KeyCode::Char(char))).collect()
    }

    fn enters(&mut self, text: &str) -> Vec<String> {
        self.types(text);
        self.key(KeyCode::Enter)
    }

    fn screen(&self, width: u16, height: u16) -> String {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        let look = Look { colors: Colors::None, zone: TimeZone::UTC };
        terminal
            .draw(|frame| {
                view::draw(&self.model, &look, frame);
            })
            .unwrap();
        let text = terminal.backend().to_string();
        let rows = text.lines().map(|row| row.trim_matches('"').trim_end().to_owned());
        rows.collect::<Vec<_>>().join("\n")
    }
}

fn describe(effect: &Effect) -> String {
    match effect {
        Effect::Send { stanza, .. } => stanza.to_string(),
        Effect::ChatState { to, state } => format!("{} to {to}", state.as_str()),
        Effect::Displayed(message) => format!("read {}", message.id().unwrap_or_default()),
        Effect::Add { jid, name } => format!("add {jid} {name}"),
        Effect::Remove(jid) => format!("remove {jid}"),
        Effect::Answer { jid, accept } => format!("answer {jid} {accept}"),
        Effect::Join { room, nick, password } => format!("join {room} {nick} {password:?}"),
        Effect::Leave(room) => format!("leave {room}"),
        Effect::Invite { room, who, reason } => format!("invite {who} to {room} {reason:?}"),
        Effect::Rename { room, nick } => format!("rename {nick} in {room}"),
        Effect::Subject { room, text } => format!("subject {text} in {room}"),
        Effect::Bookmark { room, nick } => format!("bookmark {room} {nick}"),
        Effect::Forget(room) => format!("forget {room}"),
        Effect::FetchHistory { with, before } => format!("history {with} {before:?}"),
        Effect::FetchRoom { room, before } => format!("past of {room} {before:?}"),
        Effect::Active(active) => format!("active {active}"),
        Effect::Quit => "quit".to_owned(),
    }
}

fn archived(id: &str, from: &str, at: &str, children: &str) -> Message {
    let to = if from.starts_with("juliet") { "romeo@example.net" } else { "juliet@example.com" };
    let xml = format!("<message id='m{id}' from='{from}' to='{to}' type='chat'>{children}</message>");
    let message = Stanza::parse(xml.as_bytes()).unwrap();
    Message { id: id.to_owned(), at: Some(at.parse().unwrap()), message }
}

fn page(messages: Vec<Message>, complete: bool) -> Event {
    let page = Page { messages, complete, stable: true, set: <_>::default() };
    Event::History { with: "romeo@example.net".parse().unwrap(), page }
}

const HELLO: &str = "<message from='romeo@example.net/orchard' to='juliet@example.com' id='r1' type='chat'><body>hello</body>\
     <markable xmlns='urn:xmpp:chat-markers:0'/></message>";
