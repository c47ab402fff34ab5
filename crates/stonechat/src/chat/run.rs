//! The terminal and the connection of the chat.

use std::io::{IsTerminal as _, stdin, stdout};
use std::time::Duration;

use crossterm::event::{
    DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange, Event as Input,
    EventStream,
};
use crossterm::execute;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use ratatui::{DefaultTerminal, Frame};
use stonechat_client::{Event as Happening, Events, FastToken, RequestError};
use stonechat_extension::client::{Event as Told, new_id};
use stonechat_stanza::Kind;
use stonechat_stanza::error::Condition;
use stonechat_xep_bookmarks::client as bookmarks;
use stonechat_xep_carbons::client as carbons;
use stonechat_xep_chatstates::client as chatstates;
use stonechat_xep_mam::client as mam;
use stonechat_xep_muc::client::{self as muc, News};
use stonechat_xep_presence::client as presence;
use stonechat_xep_roster::client as roster;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::event::{Effect, Event};
use super::kept::Keeper;
use super::look::Look;
use super::model::Model;
use super::perform::Performer;
use super::said::{Heard, delayed};
use super::view;
use crate::account::Account;
use crate::credentials::{Credentials, For};
use crate::failure::Failure;

/// So many reports wait for the screen.
const WAITING: usize = 1024;
/// How long leaving may take.
const LAST_WORDS: Duration = Duration::from_secs(6);

/// Chats, until the user leaves.
pub(crate) async fn run(account: &Account) -> Result<(), Failure> {
    if !stdin().is_terminal() || !stdout().is_terminal() {
        return Err(Failure::usage("the chat needs a terminal; scripts use send and listen"));
    }
    let mut credentials = Credentials::of(account, For::Chat)?;
    match chat(account, &mut credentials).await {
        Err(failure) => {
            credentials.ask_after(failure, account)?;
            chat(account, &mut credentials).await
        }
        Ok(()) => Ok(()),
    }
}

async fn chat(account: &Account, credentials: &mut Credentials) -> Result<(), Failure> {
    let (client, mut events) = credentials.client(account, &account.extensions.all()).start()?;
    let keeper = Keeper::of(account);
    let model = Model::new(account.jid.clone(), new_id(), keeper.load()?, Timestamp::now());
    let (reports, reported) = mpsc::channel(WAITING);
    let performer = Performer::start(client.clone(), reports);
    let ended = {
        let mut screen = Screen::open()?;
        let mut chat = Chat { model, performer, credentials };
        let ended = chat.go(&mut screen, &mut events, reported).await;
        let kept = keeper.save(&chat.model.up_to);
        ended.and(kept)
    };
    // What was typed before still leaves.
    let drain = async { while events.next().await.is_some() {} };
    let left = tokio::time::timeout(LAST_WORDS, async { tokio::join!(client.close(), drain) }).await;
    ended?;
    left.map(drop).map_err(|_| Failure::timeout("the server did not end the session in time"))
}

/// The terminal, which is as it was before when this is dropped. ratatui does that, too, when the program panics.
struct Screen(DefaultTerminal);

impl Screen {
    fn open() -> Result<Self, Failure> {
        let no_terminal = |error| Failure::io("the terminal", error);
        let screen = Self(ratatui::try_init().map_err(no_terminal)?);
        execute!(stdout(), EnableBracketedPaste, EnableFocusChange).map_err(no_terminal)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Where that fails the terminal is gone.
        let _ = execute!(stdout(), DisableFocusChange, DisableBracketedPaste);
        ratatui::restore();
    }
}

struct Chat<'a> {
    model: Model,
    performer: Performer,
    credentials: &'a mut Credentials,
}

impl Chat<'_> {
    async fn go(
        &mut self,
        screen: &mut Screen,
        events: &mut Events,
        mut reported: mpsc::Receiver<Event>,
    ) -> Result<(), Failure> {
        let no_terminal = |error| Failure::io("the terminal", error);
        let no_signals = |error| Failure::io("signals", error);
        let look = Look::of_environment();
        let mut keys = EventStream::new();
        let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
        let mut hang_up = signal(SignalKind::hangup()).map_err(no_signals)?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
        let mut second = tokio::time::interval(Duration::from_secs(1));
        let (mut is_over, mut was_online) = (false, false);
        loop {
            let mut scroll = 0;
            let draw = |frame: &mut Frame<'_>| scroll = view::draw(&self.model, &look, frame);
            screen.0.draw(draw).map_err(no_terminal)?;
            self.model.scrolled(scroll);
            let event = tokio::select! {
                key = keys.next() => match key {
                    Some(key) => input(key.map_err(no_terminal)?),
                    None => return Ok(()),
                },
                happening = events.next(), if !is_over => match happening {
                    // Before there was a session, what is final is wrong with what the user has said.
                    Some(Happening::Closed(Some(error))) if !was_online => return Err(error.into()),
                    Some(Happening::Token(token)) => self.keep(token),
                    Some(happening) => translate(happening, &self.performer),
                    None => { is_over = true; None }
                },
                Some(report) = reported.recv() => Some(report),
                _ = second.tick() => Some(Event::Tick),
                _ = terminate.recv() => return Ok(()),
                _ = hang_up.recv() => return Ok(()),
                _ = interrupt.recv() => return Ok(()),
            };
            // Keys that come without end, as from a terminal that pastes so, are not to keep the client from its work.
            tokio::task::yield_now().await;
            was_online |= matches!(event, Some(Event::Online { .. }));
            let Some(event) = event else { continue };
            for effect in self.model.update(event, Timestamp::now()) {
                if matches!(effect, Effect::Quit) {
                    return Ok(());
                }
                if let Some(event) = self.performer.perform(effect) {
                    // What comes to nothing at once leads to nothing more.
                    let effects = self.model.update(event, Timestamp::now());
                    debug_assert!(effects.is_empty());
                }
            }
        }
    }
}

impl Chat<'_> {
    /// Keeps a token for the next login; an event, where that cannot be done.
    fn keep(&mut self, token: Option<FastToken>) -> Option<Event> {
        let failure = self.credentials.keep(token.as_ref()).err()?;
        Some(Event::Failed { what: format!("the next login needs the password: {failure}"), with: None })
    }
}

/// What the terminal says; that its size is another is seen when it is drawn.
fn input(input: Input) -> Option<Event> {
    match input {
        Input::Key(key) => Some(Event::Key(key)),
        Input::Paste(text) => Some(Event::Paste(text)),
        Input::FocusGained => Some(Event::Focus(true)),
        Input::FocusLost => Some(Event::Focus(false)),
        _ => None,
    }
}

/// What the client says.
fn translate(happening: Happening, performer: &Performer) -> Option<Event> {
    Some(match happening {
        Happening::Online { jid, resumed } => Event::Online { jid, resumed },
        Happening::Offline { error, retry, .. } => Event::Offline { why: error.to_string(), retry },
        Happening::Closed(error) => Event::Closed { why: error.map(|error| error.to_string()) },
        Happening::Stanza(inbound) => match inbound.stanza.kind() {
            Kind::Message(_) => Event::Message(Heard::live(inbound.stanza)),
            _ => return None,
        },
        Happening::Extension(told) => {
            return of_room(told, performer).unwrap_or_else(of_extension);
        }
        _ => return None,
    })
}

/// What the extensions for rooms say; what another one says is given back.
fn of_room(told: Told, performer: &Performer) -> Result<Option<Event>, Told> {
    let told = match told.take::<muc::Event>() {
        Ok(muc::Event { room, news }) => {
            let entered = matches!(news, News::Entered(_));
            let occupants = if entered { performer.occupants(&room) } else { Vec::new() };
            return Ok(Some(Event::Room { room, news: Box::new(news), occupants }));
        }
        Err(told) => told,
    };
    let told = match told.take::<muc::Invitation>() {
        Ok(invitation) => return Ok(Some(Event::Invited(invitation))),
        Err(told) => told,
    };
    told.take::<bookmarks::Event>().map(|event| Some(Event::Remembered(event)))
}

/// What another extension says.
fn of_extension(told: Told) -> Option<Event> {
    let told = match told.take::<carbons::Event>() {
        Ok(carbons::Event::Copy { message, delay, .. }) => {
            let at = delay.map(|delay| delay.stamp.timestamp()).or_else(|| delayed(&message));
            return Some(Event::Message(Heard { stanza: message, at, archive_id: None }));
        }
        Ok(_) => return None,
        Err(told) => told,
    };
    let told = match told.take::<mam::Event>() {
        Ok(event) => return of_archive(event),
        Err(told) => told,
    };
    let told = match told.take::<roster::Event>() {
        Ok(change) => return Some(Event::Roster(change)),
        Err(told) => told,
    };
    let told = match told.take::<presence::Event>() {
        Ok(event) => return Some(Event::Presence(event)),
        Err(told) => told,
    };
    let chatstates::Event { from, state } = told.take().ok()?;
    Some(Event::ChatState { from, state })
}

fn of_archive(event: mam::Event) -> Option<Event> {
    let what = match event {
        mam::Event::Message(message) => {
            let at = message.at.map(stonechat_stanza::time::DateTime::timestamp);
            let (stanza, archive_id) = (message.message, Some(message.id));
            return Some(Event::Message(Heard { stanza, at, archive_id }));
        }
        mam::Event::Gap => "some of what came meanwhile is no longer in the archive".to_owned(),
        // There need not be an archive.
        mam::Event::Failed(RequestError::Refused(error))
            if matches!(
                error.condition,
                Condition::ServiceUnavailable | Condition::FeatureNotImplemented
            ) =>
        {
            return None;
        }
        mam::Event::Failed(error) => format!("what came meanwhile cannot be read: {error}"),
        _ => return None,
    };
    Some(Event::Failed { what, with: None })
}
