//! What the keys do.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use jiff::SignedDuration;
use stonechat_jid::BareJid;
use stonechat_xep_chatstates::State as ChatState;

use super::commands::COMMANDS;
use super::event::Effect;
use super::model::{Model, Typing};

/// Who does not type for so long has paused (XEP-0085 §3).
const PAUSE: SignedDuration = SignedDuration::from_secs(5);
/// How far a page of the view is.
const PAGE: usize = 10;

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
            KeyCode::Esc => self.escape(),
            KeyCode::Up => return self.choose(true),
            KeyCode::Down => return self.choose(false),
            KeyCode::PageUp => return self.page_up(),
            KeyCode::PageDown => return self.page_down(),
            KeyCode::Tab => self.complete(),
            KeyCode::Enter => return self.enter(),
            _ => return Vec::new(),
        }
        self.typed()
    }

    fn escape(&mut self) {
        self.input.take();
        if let Some(conversation) = self.shown_mut() {
            conversation.chosen = None;
        }
    }

    fn choose(&mut self, older: bool) -> Vec<Effect> {
        if let Some(conversation) = self.shown_mut() {
            conversation.choose(older);
        }
        Vec::new()
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
        let more = if online { conversation.more() } else { None };
        more.into_iter().collect()
    }

    fn page_down(&mut self) -> Vec<Effect> {
        if let Some(conversation) = self.shown_mut() {
            conversation.scroll = conversation.scroll.saturating_sub(PAGE);
        }
        self.read()
    }

    fn complete(&mut self) {
        let is_command = self.input.text().starts_with('/');
        let names = self.names_to_complete();
        let jids = if is_command || names.is_empty() { self.jids_to_complete() } else { Vec::new() };
        self.input.complete(|word, first| {
            let commands = COMMANDS.iter().map(|(command, _)| (*command).to_owned());
            let candidates: Vec<String> = match first && is_command {
                true => commands.collect(),
                false => jids.into_iter().chain(names).collect(),
            };
            // Who is spoken to stands at the beginning.
            let end = if first && !is_command { ": " } else { " " };
            let word = word.to_lowercase();
            let fits = |candidate: &String| !word.is_empty() && candidate.to_lowercase().starts_with(&word);
            candidates.into_iter().filter(fits).map(|candidate| format!("{candidate}{end}")).collect()
        });
    }

    /// The nicknames in the room that is shown.
    fn names_to_complete(&self) -> Vec<String> {
        self.shown_room().map_or_else(Vec::new, |room| room.occupants.keys().cloned().collect())
    }

    /// All addresses that are known.
    fn jids_to_complete(&self) -> Vec<String> {
        let known = self.contacts.keys().chain(&self.requests);
        let rooms = self.bookmarks.keys().chain(self.invitations.keys());
        let all = known.chain(self.conversations.iter().map(|one| &one.with)).chain(rooms);
        let mut jids: Vec<String> = all.map(BareJid::to_string).collect();
        jids.sort_unstable();
        jids.dedup();
        jids
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

    /// What waits for a connection is not true any more when there is one.
    fn tell(&self, state: ChatState) -> Vec<Effect> {
        let told = self.shown().filter(|conversation| self.is_online() && conversation.room.is_none());
        told.map(|conversation| Effect::ChatState { to: conversation.with.clone(), state })
            .into_iter()
            .collect()
    }
}
