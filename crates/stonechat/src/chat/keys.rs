//! What the keys do, and the commands that can be typed.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use jiff::SignedDuration;
use stonechat_jid::{BareJid, Jid};
use stonechat_stanza::{Stanza, presence};
use stonechat_xep_roster::Item;

use super::conversation::{History, Line, State};
use super::model::{Effect, Model, Typing};
use super::wire::{self, ChatState};

/// Who does not type for so long has paused (XEP-0085 §3).
const PAUSE: SignedDuration = SignedDuration::from_secs(5);
/// How far a page of the view is.
const PAGE: usize = 10;

/// The commands, with what follows them.
pub(crate) const COMMANDS: [(&str, &str); 8] = [
    ("/open", "JID: open a conversation"),
    ("/close", "close this conversation"),
    ("/add", "JID [NAME]: add a contact, and ask to see its presence"),
    ("/remove", "JID: remove a contact"),
    ("/accept", "JID: let somebody see your presence"),
    ("/refuse", "JID: do not let somebody see your presence"),
    ("/help", "say what can be typed"),
    ("/quit", "leave"),
];

impl Model {
    pub(super) fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        if key.kind == KeyEventKind::Release {
            return Vec::new();
        }
        self.notice = None;
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        let alt = key.modifiers.contains(KeyModifiers::ALT);
        match key.code {
            KeyCode::Char('c' | 'q') if control => return vec![Effect::Quit],
            KeyCode::Char('n') if control => return self.turn(1),
            KeyCode::Char('p') if control => return self.turn(-1),
            KeyCode::Char('a') if control => self.input.home(),
            KeyCode::Char('e') if control => self.input.end(),
            KeyCode::Char('w') if control => self.input.delete_word(),
            KeyCode::Char('u') if control => drop(self.input.take()),
            KeyCode::Char(digit @ '1'..='9') if alt => {
                let at = digit as usize - '1' as usize;
                return if at < self.conversations.len() { self.show(at) } else { Vec::new() };
            }
            KeyCode::Char(char) if !control && !alt => {
                self.input.insert(char.encode_utf8(&mut [0; 4]));
            }
            KeyCode::Backspace => self.input.backspace(),
            KeyCode::Delete => self.input.delete(),
            KeyCode::Left => self.input.left(),
            KeyCode::Right => self.input.right(),
            KeyCode::Home => self.input.home(),
            KeyCode::End => self.input.end(),
            KeyCode::Esc => drop(self.input.take()),
            KeyCode::PageUp => return self.page_up(),
            KeyCode::PageDown => return self.page_down(),
            KeyCode::Tab => self.complete(),
            KeyCode::Enter => return self.enter(),
            _ => return Vec::new(),
        }
        self.typed()
    }

    fn turn(&mut self, by: isize) -> Vec<Effect> {
        let count = self.conversations.len();
        if count == 0 {
            return Vec::new();
        }
        let at = self.current.map_or(0, |at| (at as isize + by).rem_euclid(count as isize) as usize);
        self.show(at)
    }

    fn page_up(&mut self) -> Vec<Effect> {
        let online = self.is_online();
        let Some(conversation) = self.shown_mut() else { return Vec::new() };
        // The view knows how far it goes, and goes no farther.
        conversation.scroll += PAGE;
        match std::mem::replace(&mut conversation.history, History::Asked) {
            History::Before(id) if online => {
                vec![Effect::FetchHistory { with: conversation.with.clone(), before: Some(id) }]
            }
            other => {
                conversation.history = other;
                Vec::new()
            }
        }
    }

    fn page_down(&mut self) -> Vec<Effect> {
        if let Some(conversation) = self.shown_mut() {
            conversation.scroll = conversation.scroll.saturating_sub(PAGE);
            if conversation.scroll == 0 {
                conversation.unread = 0;
            }
        }
        Vec::new()
    }

    fn complete(&mut self) {
        let known = self.contacts.keys().chain(&self.requests);
        let mut jids: Vec<&str> =
            known.chain(self.conversations.iter().map(|one| &one.with)).map(BareJid::as_str).collect();
        jids.sort_unstable();
        jids.dedup();
        self.input.complete(|word, first| {
            let candidates: Vec<&str> = match first && word.starts_with('/') {
                true => COMMANDS.iter().map(|(command, _)| *command).collect(),
                false => jids,
            };
            let fits =
                candidates.into_iter().filter(|candidate| !word.is_empty() && candidate.starts_with(word));
            fits.map(|candidate| format!("{candidate} ")).collect()
        });
    }

    fn enter(&mut self) -> Vec<Effect> {
        let text = self.input.take();
        let text = text.trim();
        match text.strip_prefix('/') {
            // Two slashes are a text that begins with one.
            Some(rest) if !rest.starts_with('/') => self.command(text),
            Some(text) => self.say(text),
            None if text.is_empty() => Vec::new(),
            None => self.say(text),
        }
    }

    /// Sends a message in the conversation that is shown.
    fn say(&mut self, text: &str) -> Vec<Effect> {
        self.typing = None;
        let (id, at) = (self.fresh_id(), self.now);
        let Some(conversation) = self.shown_mut() else {
            self.notice = Some("to whom? Open a conversation: /open JID".to_owned());
            return Vec::new();
        };
        let stanza = wire::chat(&conversation.with, &id, text);
        conversation.scroll = 0;
        conversation.unread = 0;
        let follow = Some(id.clone());
        let line = Line {
            id: Some(id),
            archive_id: None,
            mine: true,
            at,
            body: text.to_owned(),
            state: State::Queued,
        };
        conversation.insert(line);
        vec![Effect::Send { stanza, follow }]
    }

    fn command(&mut self, text: &str) -> Vec<Effect> {
        let (command, rest) = text.split_once(' ').unwrap_or((text, ""));
        let (jid, name) = rest.trim().split_once(' ').unwrap_or((rest.trim(), ""));
        let jid = BareJid::parse(jid).map_err(|error| format!("{command} JID: {error}"));
        let done = match command {
            "/quit" => Ok(vec![Effect::Quit]),
            "/help" => {
                let words = COMMANDS.map(|(command, what)| format!("{command} {what}"));
                self.notice = Some(words.join("; "));
                Ok(Vec::new())
            }
            "/close" => Ok(self.close()),
            "/open" => jid.map(|jid| match self.conversation(&jid) {
                Some(at) => self.show(at),
                None => Vec::new(),
            }),
            "/add" => jid.map(|jid| {
                let item = Item { name: name.trim().to_owned(), ..Item::new(Jid::from(&jid)) };
                vec![Effect::SetItem(item), subscription(presence::Type::Subscribe, &jid)]
            }),
            "/remove" => {
                jid.map(|jid| vec![Effect::SetItem(Item { removed: true, ..Item::new(jid.into()) })])
            }
            "/accept" => jid.map(|jid| self.answer(presence::Type::Subscribed, &jid)),
            "/refuse" => jid.map(|jid| self.answer(presence::Type::Unsubscribed, &jid)),
            _ => Err(format!("{command} is no command: /help says what can be typed")),
        };
        done.unwrap_or_else(|notice| {
            self.notice = Some(notice);
            Vec::new()
        })
    }

    fn close(&mut self) -> Vec<Effect> {
        let effects = self.stop_typing(ChatState::Active);
        if let Some(at) = self.current.take() {
            self.conversations.remove(at);
            self.current = self.conversations.len().checked_sub(1).map(|last| last.min(at));
        }
        effects
    }

    fn answer(&mut self, kind: presence::Type, jid: &BareJid) -> Vec<Effect> {
        self.requests.remove(jid);
        vec![subscription(kind, jid)]
    }

    /// Something in the line has changed: tells the other side, if that tells us such things.
    pub(super) fn typed(&mut self) -> Vec<Effect> {
        let is_message = !self.input.is_empty() && !self.input.text().starts_with('/');
        if !is_message {
            return self.stop_typing(ChatState::Active);
        }
        let was = self.typing.replace(Typing { since: self.now });
        if was.is_some() { Vec::new() } else { self.tell(ChatState::Composing) }
    }

    /// Nobody types any more.
    pub(super) fn stop_typing(&mut self, state: ChatState) -> Vec<Effect> {
        if self.typing.take().is_some() { self.tell(state) } else { Vec::new() }
    }

    /// Time has passed: who does not type has paused.
    pub(super) fn pause(&mut self) -> Vec<Effect> {
        let paused = self.typing.is_some_and(|typing| self.now.duration_since(typing.since) >= PAUSE);
        if paused { self.stop_typing(ChatState::Paused) } else { Vec::new() }
    }

    /// XEP-0085 §5.1: only to who tells chat states, too; and what waits for a connection is not true any more when there is one.
    fn tell(&self, state: ChatState) -> Vec<Effect> {
        let tells = self.shown().filter(|conversation| conversation.tells_states && self.is_online());
        let sent = tells.map(|conversation| Effect::Send {
            stanza: wire::state(&conversation.with, state),
            follow: None,
        });
        sent.into_iter().collect()
    }
}

fn subscription(kind: presence::Type, to: &BareJid) -> Effect {
    Effect::Send { stanza: Stanza::presence(kind).with_to(Jid::from(to)), follow: None }
}
