//! The terminal and the connection of the chat.

use std::io::{IsTerminal as _, stdin, stdout};
use std::time::Duration;

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste, Event as Input, EventStream};
use crossterm::execute;
use futures_util::StreamExt as _;
use jiff::Timestamp;
use ratatui::{DefaultTerminal, Frame};
use stonechat_client::{Client, Delivery, Event as Happening, Events, Progress, SendError};
use stonechat_jid::BareJid;
use stonechat_stanza::{Stanza, rsm};
use stonechat_xep_mam::Filter;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::look::Look;
use super::model::{Effect, Event, Model};
use super::view;
use crate::account::Account;
use crate::archive::{self, Pages};
use crate::command::roster::{fetch, set};
use crate::failure::Failure;
use crate::roster::{self, Pushed};
use crate::{session, stanzas};

/// So many messages of the archive are read at once.
const PAGE: u32 = 50;
/// So many stanzas wait for the client, and so many reports for the screen.
const WAITING: usize = 1024;
/// How long leaving may take.
const LAST_WORDS: Duration = Duration::from_secs(6);

/// Chats, until the user leaves.
pub(crate) async fn run(account: &Account) -> Result<(), Failure> {
    if !stdin().is_terminal() || !stdout().is_terminal() {
        return Err(Failure::usage("the chat needs a terminal; scripts use send and listen"));
    }
    let ids = stanzas::fresh_id()?;
    let builder = session::builder(account)?.extension(&archive::EXTENSION).extension(&roster::EXTENSION);
    let (client, mut events) = builder.start()?;
    let model = Model::new(account.jid.clone(), ids, Timestamp::now());
    let (reports, reported) = mpsc::channel(WAITING);
    let (outbox, outgoing) = mpsc::channel(WAITING);
    tokio::spawn(send_all(client.clone(), outgoing, reports.clone()));
    let mut chat = Chat { model, client, outbox, reports, patience: account.patience };
    let ended = {
        let mut screen = Screen::open()?;
        chat.go(&mut screen, &mut events, reported).await
    };
    let client = chat.client;
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
        execute!(stdout(), EnableBracketedPaste).map_err(no_terminal)?;
        Ok(screen)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // Where that fails the terminal is gone.
        let _ = execute!(stdout(), DisableBracketedPaste);
        ratatui::restore();
    }
}

struct Chat {
    model: Model,
    client: Client,
    outbox: mpsc::Sender<(Stanza, Option<String>)>,
    reports: mpsc::Sender<Event>,
    patience: Duration,
}

impl Chat {
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
                    Some(happening) => translate(happening),
                    None => { is_over = true; None }
                },
                Some(report) = reported.recv() => Some(report),
                _ = second.tick() => Some(Event::Tick),
                _ = terminate.recv() => return Ok(()),
                _ = hang_up.recv() => return Ok(()),
                _ = interrupt.recv() => return Ok(()),
            };
            was_online |= matches!(event, Some(Event::Online { .. }));
            let Some(event) = event else { continue };
            for effect in self.model.update(event, Timestamp::now()) {
                if matches!(effect, Effect::Quit) {
                    return Ok(());
                }
                self.perform(effect);
            }
        }
    }

    fn perform(&mut self, effect: Effect) {
        let handle = self.client.handle().with_timeout(self.patience);
        let reports = self.reports.clone();
        match effect {
            Effect::Send { stanza, follow } => {
                if let Err(error) = self.outbox.try_send((stanza, follow)) {
                    let (_, follow) = error.into_inner();
                    let progress = Progress::Failed(SendError::Closed);
                    let event = follow.map(|id| Event::Progress { id, progress });
                    let effects = event.map(|event| self.model.update(event, Timestamp::now()));
                    debug_assert!(effects.is_none_or(|effects| effects.is_empty()));
                }
            }
            Effect::FetchRoster => report(reports, async move {
                match fetch(&handle).await {
                    Ok(roster) => Event::Roster(roster.items),
                    Err(error) => failed("the contacts cannot be read", &error, None),
                }
            }),
            Effect::SetItem(item) => report(reports, async move {
                match set(&handle, item).await {
                    Ok(()) => Event::Tick,
                    Err(error) => failed("the contact cannot be changed", &error, None),
                }
            }),
            Effect::FetchHistory { with, before } => {
                let pages = self.client.service::<Pages>();
                report(reports, async move {
                    let set =
                        before.map_or_else(|| rsm::Request::last(PAGE), |id| rsm::Request::before(id, PAGE));
                    let filter = Filter { with: Some((&with).into()), ..Filter::default() };
                    let Some(pages) = pages else { return Event::Tick };
                    match pages.read(&handle, &filter, set).await {
                        Ok((page, fin)) => Event::History { with, page, complete: fin.complete },
                        Err(error) => failed("the archive cannot be read", &error, Some(with)),
                    }
                });
            }
            Effect::Quit => {}
        }
    }
}

fn failed(what: &str, error: &stonechat_client::RequestError, with: Option<BareJid>) -> Event {
    Event::Failed { what: format!("{what}: {error}"), with }
}

/// Has something asked, and the answer told to the model.
fn report(reports: mpsc::Sender<Event>, asked: impl Future<Output = Event> + Send + 'static) {
    tokio::spawn(async move {
        let event = asked.await;
        // When nobody listens any more, the user has left.
        let _left = reports.send(event).await;
    });
}

/// Gives the client what is to be sent, in its order.
async fn send_all(
    client: Client,
    mut outgoing: mpsc::Receiver<(Stanza, Option<String>)>,
    reports: mpsc::Sender<Event>,
) {
    while let Some((stanza, follow)) = outgoing.recv().await {
        let sent = client.send(stanza).await;
        let Some(id) = follow else { continue };
        match sent {
            Ok(delivery) => drop(tokio::spawn(follow_delivery(delivery, id, reports.clone()))),
            Err(_) => report(reports.clone(), async {
                Event::Progress { id, progress: Progress::Failed(SendError::Closed) }
            }),
        }
    }
}

async fn follow_delivery(mut delivery: Delivery, id: String, reports: mpsc::Sender<Event>) {
    let outcome = |result: Result<(), SendError>, delivery: &Delivery| match result {
        Ok(()) => delivery.progress(),
        Err(error) => Progress::Failed(error),
    };
    let sent = delivery.sent().await;
    let progress = outcome(sent, &delivery);
    let is_final = matches!(progress, Progress::Acknowledged | Progress::Failed(_));
    if reports.send(Event::Progress { id: id.clone(), progress }).await.is_err() || is_final {
        return;
    }
    let acknowledged = delivery.acknowledged().await;
    let progress = outcome(acknowledged, &delivery);
    // When nobody listens any more, the user has left.
    let _left = reports.send(Event::Progress { id, progress }).await;
}

/// What the terminal says; that its size is another is seen when it is drawn.
fn input(input: Input) -> Option<Event> {
    match input {
        Input::Key(key) => Some(Event::Key(key)),
        Input::Paste(text) => Some(Event::Paste(text)),
        _ => None,
    }
}

/// What the client says.
fn translate(happening: Happening) -> Option<Event> {
    Some(match happening {
        Happening::Online { jid, resumed } => Event::Online { jid, resumed },
        Happening::Offline { error, retry, .. } => Event::Offline { why: error.to_string(), retry },
        Happening::Closed(error) => Event::Closed { why: error.map(|error| error.to_string()) },
        Happening::Stanza(inbound) => Event::Stanza(inbound.stanza),
        Happening::Extension(event) => Event::Pushed(event.take::<Pushed>().ok()?.0),
        _ => return None,
    })
}
