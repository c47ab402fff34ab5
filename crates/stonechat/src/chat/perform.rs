//! What is to be done, by the services of the client's extensions.

use std::sync::Arc;

use stonechat_client::{Client, Delivery, Progress, RequestError, SendError};
use stonechat_extension::client::Closed;
use stonechat_jid::BareJid;
use stonechat_stanza::{Stanza, rsm};
use stonechat_xep_chatstates::State as ChatState;
use stonechat_xep_chatstates::client::ChatStates;
use stonechat_xep_csi::client::ClientState;
use stonechat_xep_mam::Filter;
use stonechat_xep_mam::client::{Archive, Page};
use stonechat_xep_markers::client::Markers;
use stonechat_xep_muc::client::{Occupant, Rooms};
use stonechat_xep_presence::client::Presence;
use stonechat_xep_roster::client::Roster;
use tokio::sync::mpsc;

use super::event::{Effect, Event};
use super::room_service as rooms;

/// So many messages of an archive are read at once.
pub(super) const PAGE: u32 = 50;
/// So many stanzas wait for the client.
const WAITING: usize = 1024;

/// What is sent in its order.
#[derive(Debug)]
enum Outgoing {
    Stanza(Stanza, Option<String>),
    ChatState(BareJid, ChatState),
    Displayed(Stanza),
}

/// Does what is to be done; how that fares is reported.
#[derive(Debug)]
pub(super) struct Performer {
    client: Client,
    outbox: mpsc::Sender<Outgoing>,
    reports: mpsc::Sender<Event>,
}

impl Performer {
    pub(super) fn start(client: Client, reports: mpsc::Sender<Event>) -> Self {
        let (outbox, outgoing) = mpsc::channel(WAITING);
        tokio::spawn(send_all(client.clone(), outgoing, reports.clone()));
        Self { client, outbox, reports }
    }

    /// Has it done; an event, where it comes to nothing at once.
    pub(super) fn perform(&self, effect: Effect) -> Option<Event> {
        match effect {
            Effect::Send { stanza, follow } => return self.queue(Outgoing::Stanza(stanza, follow)),
            Effect::ChatState { to, state } => return self.queue(Outgoing::ChatState(to, state)),
            Effect::Displayed(message) => return self.queue(Outgoing::Displayed(message)),
            Effect::Add { jid, name } => {
                self.with("the contact cannot be added", move |client| add(client, jid, name))
            }
            Effect::Remove(jid) => {
                self.with("the contact cannot be removed", move |client| async move {
                    match client.service::<Roster>() {
                        Some(roster) => roster.remove(jid).await,
                        None => Ok(()),
                    }
                });
            }
            Effect::Answer { jid, accept } => {
                self.with("that cannot be answered", move |client| answer(client, jid, accept));
            }
            Effect::Join { room, nick, password } => {
                let client = self.client.clone();
                report(self.reports.clone(), rooms::join(client, room, nick, password));
            }
            Effect::Leave(room) => {
                self.with("the room cannot be left", move |client| rooms::leave(client, room));
            }
            Effect::Invite { room, who, reason } => {
                self.with("nobody can be invited", move |client| rooms::invite(client, room, who, reason));
            }
            Effect::Rename { room, nick } => {
                self.with("no other nickname", move |client| rooms::rename(client, room, nick));
            }
            Effect::Subject { room, text } => {
                self.with("no other subject", move |client| rooms::set_subject(client, room, text));
            }
            Effect::Bookmark { room, nick } => {
                self.with("the room cannot be remembered", move |client| rooms::remember(client, room, nick));
            }
            Effect::Forget(room) => {
                self.with("the room cannot be forgotten", move |client| rooms::forget(client, room));
            }
            Effect::FetchHistory { with, before } => {
                let archive = self.client.service::<Archive>();
                report(self.reports.clone(), async move {
                    match page(archive, &with, before).await {
                        Ok(page) => Some(Event::History { with, page }),
                        Err(error) => {
                            let what = format!("the archive cannot be read: {error}");
                            Some(Event::Failed { what, with: Some(with) })
                        }
                    }
                });
            }
            Effect::FetchRoom { room, before } => {
                let asked = rooms::past(self.client.clone(), room, before);
                report(self.reports.clone(), async { Some(asked.await) });
            }
            Effect::Active(active) => self.with("the server cannot be told", move |client| async move {
                if let Some(state) = client.service::<ClientState>() {
                    state.set_active(active).await?;
                }
                Ok(())
            }),
            Effect::Quit => {}
        }
        None
    }

    /// Who is in a room.
    pub(super) fn occupants(&self, room: &BareJid) -> Vec<Occupant> {
        self.client.service::<Rooms>().map_or_else(Vec::new, |rooms| rooms.occupants(room))
    }

    fn queue(&self, outgoing: Outgoing) -> Option<Event> {
        match self.outbox.try_send(outgoing).map_err(mpsc::error::TrySendError::into_inner) {
            Err(Outgoing::Stanza(_, follow)) => follow.map(|id| failed(id, SendError::Closed)),
            // What was meant for now is no use later.
            Ok(()) | Err(_) => None,
        }
    }

    /// Has something asked, and told if it comes to nothing.
    fn with<F>(&self, what: &'static str, work: impl FnOnce(Client) -> F)
    where
        F: Future<Output = Result<(), RequestError>> + Send + 'static,
    {
        let work = work(self.client.clone());
        report(self.reports.clone(), async move {
            let error = work.await.err()?;
            Some(Event::Failed { what: format!("{what}: {error}"), with: None })
        });
    }
}

/// An extension that is switched off does nothing.
async fn add(client: Client, jid: BareJid, name: String) -> Result<(), RequestError> {
    if let Some(roster) = client.service::<Roster>() {
        roster.add(jid.clone(), &name, &[]).await?;
    }
    if let Some(presence) = client.service::<Presence>() {
        presence.subscribe(jid, None).await?;
    }
    Ok(())
}

async fn answer(client: Client, jid: BareJid, accept: bool) -> Result<(), RequestError> {
    let Some(presence) = client.service::<Presence>() else { return Ok(()) };
    if accept {
        presence.approve(jid).await?;
    } else {
        presence.deny(jid).await?;
    }
    Ok(())
}

async fn page(
    archive: Option<Arc<Archive>>,
    with: &BareJid,
    before: Option<String>,
) -> Result<Page, RequestError> {
    let Some(archive) = archive else {
        let set = rsm::Response::default();
        return Ok(Page { messages: Vec::new(), complete: true, stable: true, set });
    };
    let set = before.map_or_else(|| rsm::Request::last(PAGE), |id| rsm::Request::before(id, PAGE));
    let filter = Filter { with: Some(with.into()), ..Filter::default() };
    archive.page(None, &filter, set).await
}

/// Has something asked, and the answer told.
fn report(reports: mpsc::Sender<Event>, asked: impl Future<Output = Option<Event>> + Send + 'static) {
    tokio::spawn(async move {
        if let Some(event) = asked.await {
            // When nobody listens any more, the user has left.
            let _left = reports.send(event).await;
        }
    });
}

fn failed(id: String, error: SendError) -> Event {
    Event::Progress { id, progress: Progress::Failed(error) }
}

/// Gives the client what is to be sent, in its order.
async fn send_all(client: Client, mut outgoing: mpsc::Receiver<Outgoing>, reports: mpsc::Sender<Event>) {
    let (states, markers) = (client.service::<ChatStates>(), client.service::<Markers>());
    while let Some(next) = outgoing.recv().await {
        let sent = match next {
            Outgoing::Stanza(stanza, follow) => send(&client, stanza, follow, &reports).await,
            Outgoing::ChatState(to, state) => match &states {
                Some(states) => states.set(&to, state).await.map(drop),
                None => Ok(()),
            },
            Outgoing::Displayed(message) => match &markers {
                Some(markers) => markers.displayed(&message).await.map(drop),
                None => Ok(()),
            },
        };
        if sent == Err(Closed) {
            tracing::debug!("what was to be sent comes after the end");
        }
    }
}

async fn send(
    client: &Client,
    stanza: Stanza,
    follow: Option<String>,
    reports: &mpsc::Sender<Event>,
) -> Result<(), Closed> {
    let sent = client.send(stanza).await;
    let Some(id) = follow else { return sent.map(drop) };
    match sent {
        Ok(delivery) => drop(tokio::spawn(follow_delivery(delivery, id, reports.clone()))),
        Err(Closed) => report(reports.clone(), async { Some(failed(id, SendError::Closed)) }),
    }
    Ok(())
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
