//! The service that an application has.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use stonechat_extension::client::{Closed, Delivery, Handle, RequestError, new_id};
use stonechat_stanza::jid::BareJid;
use stonechat_stanza::payload::Builder;
use stonechat_stanza::{Stanza, StanzaError, iq, message, ns};
use stonechat_xep_disco::{Info, InfoQuery};
use tokio::sync::oneshot;

use super::act::{enter, judge, ping};
use super::shared::Shared;
use super::{Entered, Event, Join, Occupant, Said, Standing};
use crate::User;
use crate::room::Step;

/// Why we are not in a room.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The room does not let us in (§7.2.17).
    #[error("the room does not let us in: {0}")]
    Refused(StanzaError),
    /// The nickname is none.
    #[error("the nickname cannot be one")]
    Nick,
    /// We are in, or about to be.
    #[error("the room is entered already")]
    Already,
    /// We are in as many rooms as there may be.
    #[error("too many rooms are entered already")]
    TooMany,
    /// It was left before it was entered.
    #[error("the room was left before it was entered")]
    Left,
    /// The client is closed.
    #[error("the client is closed")]
    Closed,
}

/// The rooms that we are in, and those to be in; a service of the client extension.
#[derive(Debug)]
pub struct Rooms {
    pub(super) handle: Handle,
    pub(super) shared: Arc<Shared>,
}

impl Rooms {
    pub(super) fn new(handle: Handle, shared: Arc<Shared>) -> Self {
        Self { handle, shared }
    }

    /// Enters a room (§7.2), now or as soon as there is a session, and waits until we are in. A room that is not there is made, where the service lets
    /// us; see [`Entered::created`]. Cancel safe: who does not wait any longer is let in all the same, perhaps a little
    /// later; [`leave`](Self::leave) ends that.
    ///
    /// # Errors
    /// [`JoinError`].
    pub async fn join(&self, room: &BareJid, join: Join) -> Result<Entered, JoinError> {
        let place = room.with_resource(&join.nick).map_err(|_| JoinError::Nick)?;
        let (waiter, entered) = oneshot::channel();
        let join = Join { nick: place.resource().to_owned(), ..join };
        self.shared.add(room, join, waiter)?;
        if self.shared.is_online() {
            enter(&self.handle, &self.shared, room, Timestamp::now()).await;
        }
        entered.await.unwrap_or(Err(JoinError::Closed))
    }

    /// Leaves a room (§7.14), or wants to be in it no more. [`News::Exited`](super::News::Exited) tells when we are out.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn leave(&self, room: &BareJid, status: Option<&str>) -> Result<(), Closed> {
        let Some((stanza, steps)) = self.shared.with(room, |room| room.leave()) else { return Ok(()) };
        if let Some(mut stanza) = stanza {
            if let Some(status) = status {
                stanza.push_element(&Builder::new("status", ns::CLIENT).text(status).build());
            }
            self.handle.send(stanza).await?;
        }
        for step in steps {
            match step {
                Step::Forget => self.shared.forget(room),
                Step::Tell(news) => self.handle.emit(Event { room: room.clone(), news: *news }).await?,
                Step::Enter | Step::Check | Step::Inform => {}
            }
        }
        Ok(())
    }

    /// The rooms that we are in.
    #[must_use]
    pub fn rooms(&self) -> Vec<BareJid> {
        self.shared.rooms()
    }

    /// Who is in a room, ourselves among them, by nickname.
    #[must_use]
    pub fn occupants(&self, room: &BareJid) -> Vec<Occupant> {
        let all = self.shared.with(room, |room| room.occupants().cloned().collect::<Vec<_>>());
        let mut all = all.unwrap_or_default();
        all.sort_by(|one, other| one.nick.cmp(&other.nick));
        all
    }

    /// Our nickname in a room that we are in or want to be in.
    #[must_use]
    pub fn nick(&self, room: &BareJid) -> Option<String> {
        self.shared.with(room, |room| room.nick().to_owned())
    }

    /// The subject of a room.
    #[must_use]
    pub fn subject(&self, room: &BareJid) -> Option<String> {
        self.shared.with(room, |room| room.subject().map(str::to_owned)).flatten()
    }

    /// Reads a message of the archive of a room that we are in, as [`News::Said`](super::News::Said) tells what is said now; `id` is
    /// its id in the archive. When it was said is known to the archive. `None` when we are not in the room, and for what was not said to all in it.
    #[must_use]
    pub fn archived(&self, room: &BareJid, id: &str, message: &Stanza) -> Option<Said> {
        self.shared.with(room, |room| room.archived(id.to_owned(), message)).flatten()
    }

    /// Says something to all in a room (§7.4). It comes back as [`News::Said`](super::News::Said), and is said when it does.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn say(&self, room: &BareJid, text: &str) -> Result<Delivery, Closed> {
        let message = Stanza::message(message::Type::Groupchat).with_to(room.clone());
        self.handle.send(with_body(message, text).with_id(&new_id())).await
    }

    /// Says something to one occupant alone (§7.5).
    ///
    /// # Errors
    /// [`RequestError::NotSent`] when the nickname cannot be one; [`RequestError::Closed`].
    pub async fn whisper(&self, room: &BareJid, nick: &str, text: &str) -> Result<Delivery, RequestError> {
        let to = room.with_resource(nick).map_err(|_| RequestError::NotSent(StanzaError::jid_malformed()))?;
        let message = Stanza::message(message::Type::Chat).with_to(to).with(&User::default());
        Ok(self.handle.send(with_body(message, text)).await?)
    }

    /// Gives a room a subject (§8.1), or takes it away.
    ///
    /// # Errors
    /// [`Closed`].
    pub async fn set_subject(&self, room: &BareJid, subject: Option<&str>) -> Result<(), Closed> {
        let subject = Builder::new("subject", ns::CLIENT).text(subject.unwrap_or_default()).build();
        let message = Stanza::message(message::Type::Groupchat).with_to(room.clone()).with_element(&subject);
        self.handle.send(message).await.map(drop)
    }

    /// Asks for another nickname (§7.6). [`News::Renamed`](super::News::Renamed) or
    /// [`News::NickRefused`](super::News::NickRefused) tells how that went.
    ///
    /// # Errors
    /// [`RequestError::NotSent`] when we are not in the room, or the nickname cannot be one; [`RequestError::Closed`].
    pub async fn rename(&self, room: &BareJid, nick: &str) -> Result<(), RequestError> {
        let stanza = self.shared.with_own(room, |room, own| room.rename(nick, new_id(), own)).flatten();
        let stanza = stanza.ok_or_else(|| RequestError::NotSent(StanzaError::not_acceptable()))?;
        self.handle.send(stanza).await?;
        Ok(())
    }

    /// The nickname that a room keeps for us (§7.12); `None` where it keeps none, or does not know of that.
    ///
    /// # Errors
    /// [`RequestError`].
    pub async fn reserved_nick(&self, room: &BareJid) -> Result<Option<String>, RequestError> {
        let query = InfoQuery { node: Some("x-roomuser-item".to_owned()) };
        let question = Stanza::iq(iq::Type::Get).with_to(room.clone()).with(&query);
        match self.handle.exchange(question).await {
            Ok(answer) => {
                let info = answer.get::<Info>()?.unwrap_or_default();
                Ok(info.identities.into_iter().find_map(|identity| identity.name))
            }
            Err(RequestError::Refused(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Finds out whether we are still in a room (XEP-0410 §3.2). Where we are not it is told, and the room is entered again. Who knows no answer after
    /// `timeout` knows nothing.
    pub async fn check(&self, room: &BareJid, timeout: Duration) -> Standing {
        let to = self.nick(room).and_then(|nick| room.with_resource(&nick).ok());
        let Some(to) = to else { return Standing::Out };
        let answer = self.handle.with_timeout(timeout).exchange(ping(to.into())).await;
        let standing = judge(&answer.map(drop));
        let steps = self.shared.with(room, |room| room.checked(standing, None)).unwrap_or_default();
        for step in steps {
            match step {
                Step::Enter => enter(&self.handle, &self.shared, room, Timestamp::now()).await,
                Step::Tell(news) => {
                    // Who has closed the client does not want to know.
                    let _closed = self.handle.emit(Event { room: room.clone(), news: *news }).await;
                }
                Step::Check | Step::Inform | Step::Forget => {}
            }
        }
        standing
    }
}

pub(super) fn with_body(message: Stanza, text: &str) -> Stanza {
    message.with_element(&Builder::new("body", ns::CLIENT).text(text).build())
}
